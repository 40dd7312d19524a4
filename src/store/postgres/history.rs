//! Reading the audit log and the calls.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use tokio_postgres::Row;

use super::lease::Parameter;
use super::{State, runs};
use crate::domain::{Deny, Id, Kind, Moment, Restriction, Subject, TargetName, Until};
use crate::store::{Event, HistoryFilter, SortOrder, StateError, Usage};

impl State {
    /// Shows the events that are asked for, one by one, until `see` has seen enough.
    pub(super) fn events(
        &self,
        filter: &HistoryFilter,
        order: SortOrder,
        see: &mut dyn FnMut(&Event) -> bool,
    ) -> Result<(), StateError> {
        let HistoryFilter { subject, restriction, run, since } = filter;
        let subject = restriction.as_ref().map(|it| it.subject.id.as_str()).or(subject.as_deref());
        let parameters = vec![
            Parameter::Text(subject.map(super::columns::without_nul)),
            Parameter::Text(run.as_deref().map(super::columns::without_nul)),
            Parameter::Number(since.map(Moment::millis)),
        ];
        let direction = match order {
            SortOrder::OldestFirst => "",
            SortOrder::NewestFirst => "DESC",
        };
        let sql = format!("{EVENTS} {direction}");
        for event in &self.each(("read the audit log", sql, parameters), event) {
            let event = event?;
            let is_asked = restriction.as_ref().is_none_or(|asked| *asked == event.restriction);
            if is_asked && !see(&event) {
                break;
            }
        }
        Ok(())
    }

    /// How each rate was used in the hour before `now`.
    pub(super) fn usage(
        &self,
        now: Moment,
    ) -> Result<BTreeMap<(String, usize), Usage>, StateError> {
        let sql = "SELECT rate_key, lane, coalesce(sent, intended) FROM ostracon.call
                   WHERE coalesce(sent, intended) > $1 AND coalesce(sent, intended) <= $2
                   ORDER BY 3";
        let hour_ago = now - SignedDuration::from_hours(1);
        let parameters = vec![Parameter::moment(hour_ago), Parameter::moment(now)];
        let call = |row: &Row| {
            let lane = usize::try_from(row.get::<_, i64>(1)).ok()?;
            Some(((row.get::<_, String>(0), lane), Moment::from_millis(row.get(2))))
        };
        let mut calls: BTreeMap<(String, usize), Vec<Moment>> = BTreeMap::new();
        let rows = self.each(("read the record of calls", sql.to_owned(), parameters), call);
        for row in &rows {
            let (rate, at) = row?;
            calls.entry(rate).or_default().push(at);
        }
        Ok(calls.into_iter().map(|(rate, calls)| (rate, Usage::of(&calls, now))).collect())
    }
}

/// Events in their order; the reasons and the like are the last columns.
const EVENTS: &str = "
SELECT audit.seq, audit.at, audit.run, audit.call, audit.target, audit.room, audit.kind,
  audit.subject, audit.deny, audit.action, audit.because, audit.until, audit.entry, audit.source,
  audit.outcome, audit.code, audit.message, audit.request_id, audit.meta, audit.told, audit.reason,
  audit.who, run.\"user\", run.host, run.note
FROM ostracon.audit LEFT JOIN ostracon.run ON run.id = audit.run
WHERE ($1::text IS NULL OR audit.subject = $1)
  AND ($2::text IS NULL OR audit.run = $2)
  AND ($3::bigint IS NULL OR audit.at >= $3)
ORDER BY audit.seq";

fn event(row: &Row) -> Option<Event> {
    let until: Option<i64> = row.get(11);
    let who: (Option<&str>, Option<&str>, Option<&str>) = (row.get(21), row.get(22), row.get(23));
    Some(Event {
        seq: row.get(0),
        at: Moment::from_millis(row.get(1)),
        run: row.get(2),
        who: match who {
            (text, Some(user), Some(host)) => Some(runs::who(text, (user, host))),
            (Some(text), _, _) => serde_json::from_str(text).ok(),
            (None, _, _) => None,
        },
        note: row.get(24),
        call: row.get(3),
        restriction: restriction(row)?,
        action: row.get(9),
        because: row.get(10),
        until: until.map_or(Until::Never, |at| Until::At(Moment::from_millis(at))),
        entry: row.get(12),
        source: row.get(13),
        meta: row.get(18),
        reason: row.get(20),
        told: row.get(19),
        outcome: row.get(14),
        code: row.get(15),
        message: row.get(16),
        request_id: row.get(17),
    })
}

fn restriction(row: &Row) -> Option<Restriction> {
    let room: &str = row.get(5);
    Some(Restriction {
        target: TargetName::parse(row.get(4))?,
        room: (!room.is_empty()).then(|| Id::new(room)),
        subject: Subject { kind: Kind::parse(row.get(6))?, id: Id::new(row.get::<_, &str>(7)) },
        deny: Deny::from_bits(u8::try_from(row.get::<_, i64>(8)).ok()?)?,
    })
}
