//! Enforcements as rows.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension as _, Row, named_params, params};

use super::history;
use crate::domain::{
    Action, Deny, Doubt, Enforcement, Evidence, Held, Id, Kind, Lapse, Moment, Restriction, RuleId,
    Subject, TargetName, Until,
};

/// Reads every row, in the canonical order of restrictions.
pub(super) fn read_all(connection: &Connection) -> rusqlite::Result<Vec<Enforcement>> {
    each(connection, |rows| rows.collect())?
}

/// Counts the rows of each target.
pub(super) fn count(connection: &Connection) -> rusqlite::Result<BTreeMap<TargetName, usize>> {
    let mut statement =
        connection.prepare("SELECT target, count(*) FROM enforcement GROUP BY target")?;
    let counts = statement.query_map([], |row| {
        let name = TargetName::parse(&row.get::<_, String>(0)?);
        let count = usize::try_from(row.get::<_, i64>(1)?).unwrap_or(usize::MAX);
        Ok((name.ok_or_else(|| unreadable("target"))?, count))
    })?;
    counts.collect()
}

/// Lets `read` see the rows one by one, in the canonical order of restrictions.
pub(super) fn each<T>(
    connection: &Connection,
    read: impl FnOnce(&mut dyn Iterator<Item = rusqlite::Result<Enforcement>>) -> T,
) -> rusqlite::Result<T> {
    let columns = columns(connection)?;
    let mut statement = connection.prepare(&format!(
        "SELECT {columns} FROM enforcement ORDER BY target, room, kind, subject, deny"
    ))?;
    let mut reading = Reading::default();
    let mut rows = statement.query_map([], |row| reading.enforcement(row))?;
    Ok(read(&mut rows))
}

/// Reads the rows about these restrictions, in the order of the restrictions.
pub(super) fn about(
    connection: &Connection,
    restrictions: &BTreeSet<Restriction>,
) -> rusqlite::Result<Vec<Enforcement>> {
    let columns = columns(connection)?;
    let mut statement = connection.prepare(&format!(
        "SELECT {columns} FROM enforcement
         WHERE target = ?1 AND room = ?2 AND kind = ?3 AND subject = ?4 AND deny = ?5"
    ))?;
    let mut reading = Reading::default();
    let mut found = Vec::new();
    for Restriction { target, room, subject, deny } in restrictions {
        let room = room.as_ref().map_or("", Id::as_str);
        let (kind, subject) = (subject.kind.name(), subject.id.as_str());
        let key = params![target.as_str(), room, kind, subject, deny.bits()];
        found.extend(statement.query_row(key, |row| reading.enforcement(row)).optional()?);
    }
    Ok(found)
}

/// Writes a row, over an earlier one about the same restriction.
pub(super) fn put(connection: &Connection, row: &Enforcement) -> rusqlite::Result<()> {
    let Enforcement { restriction, until, reason, entry, held, doubt, waiting } = row;
    let Restriction { target, room, subject, deny } = restriction;
    let moment = |moment: Moment| moment.millis();
    let lapse = |lapse: Lapse| lapse.at().map(moment);
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO enforcement VALUES (:target, :room, :kind, :subject, :deny,
             :until, :reason, :entry, :since, :written, :lapse, :rule, :evidence, :twin_since,
             :doubt, :doubt_since, :doubt_lapse, :waiting, :seen)",
        )?
        .execute(named_params! {
            ":target": target.as_str(),
            ":room": room.as_ref().map_or("", Id::as_str),
            ":kind": subject.kind.name(),
            ":subject": subject.id.as_str(),
            ":deny": deny.bits(),
            ":until": until.at().map(moment),
            ":reason": reason.as_deref(),
            ":entry": entry.as_deref(),
            ":since": held.as_ref().map(|held| moment(held.since)),
            ":written": held.as_ref().map(|held| moment(held.written)),
            ":lapse": held.as_ref().and_then(|held| lapse(held.lapse)),
            ":rule": held.as_ref().and_then(|held| held.rule).map(|rule| rule.0),
            ":evidence": held.as_ref().map(|held| held.evidence.name()),
            ":twin_since": held.as_ref().and_then(|held| held.twin_since).map(moment),
            ":doubt": doubt.map(|doubt| doubt.action.name()),
            ":doubt_since": doubt.map(|doubt| moment(doubt.since)),
            ":doubt_lapse": doubt.and_then(|doubt| lapse(doubt.lapse)),
            ":waiting": waiting.map(moment),
            ":seen": held.as_ref().and_then(|held| held.seen).map(moment),
        })?;
    Ok(())
}

/// Drops the row about a restriction, if there is one.
pub(super) fn drop_row(connection: &Connection, restriction: &Restriction) -> rusqlite::Result<()> {
    let Restriction { target, room, subject, deny } = restriction;
    connection
        .prepare_cached(
            "DELETE FROM enforcement
             WHERE target = ?1 AND room = ?2 AND kind = ?3 AND subject = ?4 AND deny = ?5",
        )?
        .execute(params![
            target.as_str(),
            room.as_ref().map_or("", Id::as_str),
            subject.kind.name(),
            subject.id.as_str(),
            deny.bits(),
        ])?;
    Ok(())
}

/// Reads rows one after the other, with one copy of what neighbours have in common.
#[derive(Default)]
struct Reading {
    target: Option<TargetName>,
    room: Option<Id>,
    reasons: BTreeSet<Arc<str>>,
}

/// The columns of a row, in the order in which they are read. A state of an earlier version,
/// which is only read, does not say when a list showed what.
fn columns(connection: &Connection) -> rusqlite::Result<String> {
    let seen = if history::has_words(connection)? { "seen" } else { "NULL" };
    Ok(format!(
        "target, room, kind, subject, deny, until, reason, entry, since, written, lapse, rule,
         evidence, twin_since, doubt, doubt_since, doubt_lapse, waiting, {seen}"
    ))
}

/// The columns that name a restriction.
const KEY: [usize; 5] = [0, 1, 2, 3, 4];

/// How many reasons are remembered: a state of which each row has its own gains nothing by it.
const MOST_REASONS: usize = 1000;

impl Reading {
    /// Reads a row; its columns are those of the table, in order.
    fn enforcement(&mut self, row: &Row<'_>) -> rusqlite::Result<Enforcement> {
        let moment = |index: usize| -> rusqlite::Result<Option<Moment>> {
            Ok(row.get::<_, Option<i64>>(index)?.map(Moment::from_millis))
        };
        let lapse = |index: usize| -> rusqlite::Result<Lapse> {
            Ok(moment(index)?.map_or(Lapse::Open, Lapse::At))
        };
        let held = match (moment(8)?, moment(9)?) {
            (Some(since), Some(written)) => Some(Held {
                since,
                written,
                lapse: lapse(10)?,
                rule: row.get::<_, Option<i64>>(11)?.map(RuleId),
                evidence: word(row, 12, "evidence", Evidence::parse)?,
                twin_since: moment(13)?,
                seen: moment(18)?,
            }),
            (None, _) | (_, None) => None,
        };
        let doubt = match moment(15)? {
            Some(since) => Some(Doubt {
                action: word(row, 14, "doubt", Action::parse)?,
                since,
                lapse: lapse(16)?,
            }),
            None => None,
        };
        Ok(Enforcement {
            restriction: self.restriction(row, KEY)?,
            until: moment(5)?.map_or(Until::Never, Until::At),
            reason: text(row, 6)?.map(|reason| self.share(reason)),
            entry: text(row, 7)?.map(Into::into),
            held,
            doubt,
            waiting: moment(17)?,
        })
    }

    fn restriction(
        &mut self,
        row: &Row<'_>,
        [target, room, kind, subject, deny]: [usize; 5],
    ) -> rusqlite::Result<Restriction> {
        let target = text(row, target)?.unwrap_or_default();
        let known = self.target.take().filter(|known| known.as_str() == target);
        let target = known.or_else(|| TargetName::parse(target));
        let target = target.ok_or_else(|| unreadable("target"))?;
        self.target = Some(target.clone());
        let room = text(row, room)?.filter(|room| !room.is_empty());
        let room = room.map(|room| {
            let known = self.room.take().filter(|known| known.as_str() == room);
            known.unwrap_or_else(|| Id::new(room))
        });
        self.room.clone_from(&room);
        let kind = word(row, kind, "kind", Kind::parse)?;
        let id = Id::new(text(row, subject)?.ok_or_else(|| unreadable("subject"))?);
        let deny = Deny::from_bits(row.get(deny)?).ok_or_else(|| unreadable("deny"))?;
        Ok(Restriction { target, room, subject: Subject { kind, id }, deny })
    }

    fn share(&mut self, reason: &str) -> Arc<str> {
        if let Some(known) = self.reasons.get(reason) {
            return Arc::clone(known);
        }
        let reason: Arc<str> = reason.into();
        if self.reasons.len() < MOST_REASONS {
            self.reasons.insert(Arc::clone(&reason));
        }
        reason
    }
}

/// A text, borrowed from the row.
fn text<'r>(row: &'r Row<'_>, index: usize) -> rusqlite::Result<Option<&'r str>> {
    Ok(row.get_ref(index)?.as_str_or_null()?)
}

fn word<T>(
    row: &Row<'_>,
    index: usize,
    name: &str,
    parse: fn(&str) -> Option<T>,
) -> rusqlite::Result<T> {
    text(row, index)?.and_then(parse).ok_or_else(|| unreadable(name))
}

/// Reads a restriction from the columns that are named as in the table.
pub(super) fn restriction(row: &Row<'_>) -> rusqlite::Result<Restriction> {
    let statement = row.as_ref();
    let mut columns = KEY;
    for (column, name) in columns.iter_mut().zip(["target", "room", "kind", "subject", "deny"]) {
        *column = statement.column_index(name)?;
    }
    Reading::default().restriction(row, columns)
}

fn unreadable(name: &str) -> rusqlite::Error {
    rusqlite::Error::InvalidColumnName(format!("{name} holds a value that means nothing"))
}
