//! Reading the audit log.

use rusqlite::{Connection, Row, named_params};

use super::error::doing;
use super::schema::version_of;
use super::{State, reading};
use crate::domain::{Moment, Until, Who};
use crate::store::{Event, HistoryFilter, SortOrder, StateError};

impl State {
    /// Shows the events that are asked for, one by one, until `see` has seen enough.
    pub(super) fn events(
        &self,
        filter: &HistoryFilter,
        order: SortOrder,
        see: &mut dyn FnMut(&Event) -> bool,
    ) -> Result<(), StateError> {
        let reading = doing("read the audit log");
        let HistoryFilter { subject, restriction, run, since } = filter;
        let sql = query(&self.connection, order).map_err(&reading)?;
        let mut statement = self.connection.prepare(&sql).map_err(&reading)?;
        let subject = restriction.as_ref().map(|it| it.subject.id.as_str()).or(subject.as_deref());
        let mut found = statement
            .query(named_params! {
                ":subject": subject,
                ":run": run,
                ":since": since.map(Moment::millis),
            })
            .map_err(&reading)?;
        while let Some(row) = found.next().map_err(&reading)? {
            let event = event(row).map_err(&reading)?;
            let is_asked = restriction.as_ref().is_none_or(|asked| *asked == event.restriction);
            if is_asked && !see(&event) {
                break;
            }
        }
        Ok(())
    }
}

/// The query of a state of whatever version: one that is only read is not brought up to date.
fn query(connection: &Connection, order: SortOrder) -> rusqlite::Result<String> {
    let who = who_of("audit.who", connection)?;
    let direction = match order {
        SortOrder::OldestFirst => "",
        SortOrder::NewestFirst => "DESC",
    };
    let texts = if has_words(connection)? { SHARED_TEXTS } else { NO_TEXTS };
    Ok(format!(
        "SELECT audit.*, run.user, run.host, run.note, {who}, {texts} FROM audit
         LEFT JOIN run ON run.id = audit.run
         WHERE (:subject IS NULL OR subject = :subject)
           AND (:run IS NULL OR audit.run = :run)
           AND (:since IS NULL OR at >= :since)
         ORDER BY seq {direction}"
    ))
}

const SHARED_TEXTS: &str = "
  (SELECT text FROM words WHERE id = audit.meta) AS meta_text,
  (SELECT text FROM words WHERE id = audit.told) AS told_text,
  (SELECT text FROM words WHERE id = audit.reason) AS reason_text";

const NO_TEXTS: &str = "NULL AS meta_text, NULL AS told_text, NULL AS reason_text";

/// Whether a state keeps words: not those of earlier versions.
pub(super) fn has_words(connection: &Connection) -> rusqlite::Result<bool> {
    Ok(version_of(connection)? >= 3)
}

/// The column that [`who()`] reads, from the number of its words.
pub(super) fn who_of(number: &str, connection: &Connection) -> rusqlite::Result<String> {
    Ok(if has_words(connection)? {
        format!("(SELECT text FROM words WHERE id = {number}) AS who_text")
    } else {
        "NULL AS who_text".to_owned()
    })
}

fn event(row: &Row<'_>) -> rusqlite::Result<Event> {
    let until: Option<i64> = row.get("until")?;
    Ok(Event {
        seq: row.get("seq")?,
        at: Moment::from_millis(row.get("at")?),
        run: row.get("run")?,
        who: who(row)?,
        note: row.get("note")?,
        call: row.get("call")?,
        restriction: reading::restriction(row)?,
        action: row.get("action")?,
        because: row.get("because")?,
        until: until.map_or(Until::Never, |at| Until::At(Moment::from_millis(at))),
        entry: row.get("entry")?,
        source: row.get("source")?,
        meta: row.get("meta_text")?,
        reason: row.get("reason_text")?,
        told: row.get("told_text")?,
        outcome: row.get("outcome")?,
        code: row.get("code")?,
        message: row.get("message")?,
        request_id: row.get("request_id")?,
    })
}

/// Who began a run: as the words say, or, where there are none, the account.
pub(super) fn who(row: &Row<'_>) -> rusqlite::Result<Option<Who>> {
    let text: Option<String> = row.get("who_text")?;
    if let Some(who) = text.and_then(|text| serde_json::from_str(&text).ok()) {
        return Ok(Some(who));
    }
    let account: (Option<String>, Option<String>) = (row.get("user")?, row.get("host")?);
    Ok(match account {
        (Some(user), Some(host)) => Some(Who { user, host, ..Who::default() }),
        (None, _) | (_, None) => None,
    })
}
