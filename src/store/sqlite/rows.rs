//! Enforcements as rows.

use std::collections::BTreeMap;

use rusqlite::{CachedStatement, Connection, params};

use super::reading::{Reading, columns, unreadable};
use super::words::Words;
use crate::domain::{Enforcement, Id, Lapse, Moment, Restriction, RuleId, TargetName};
use crate::store::remembered::asked_text;

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

/// The rows while a transaction writes them.
pub(super) struct Table<'t> {
    connection: &'t Connection,
    put: CachedStatement<'t>,
    words: Words,
}

impl<'t> Table<'t> {
    /// The rows.
    pub(super) fn new(connection: &'t Connection) -> rusqlite::Result<Self> {
        let put = connection.prepare_cached(
            "INSERT OR REPLACE INTO enforcement (target, room, kind, subject, deny, until, told,
             entry, since, written, lapse, rule, evidence, twin_since, doubt, doubt_since,
             doubt_lapse, waiting, seen, doubt_asked, twin_asked)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17,
             ?18, ?19, ?20, ?21)",
        )?;
        Ok(Self { connection, put, words: Words::default() })
    }

    /// Writes a row, over an earlier one about the same restriction.
    pub(super) fn put(&mut self, row: &Enforcement) -> rusqlite::Result<()> {
        let Enforcement { restriction, until, reason, entry, held, doubt, waiting } = row;
        let Restriction { target, room, subject, deny } = restriction;
        let moment = |moment: Moment| moment.millis();
        let lapse = |lapse: Lapse| lapse.at().map(moment);
        let doubt = doubt.as_ref();
        let twin = held.as_ref().and_then(|held| held.twin.as_ref());
        let number = |text| self.words.number(self.connection, text);
        let told = reason.as_ref().map(number).transpose()?;
        let rule = held.as_ref().and_then(|held| held.rule.as_ref());
        let rule = rule.map(|rule| self.rule(rule)).transpose()?.flatten();
        // By place: looking so many names up costs as much as the insert.
        self.put.execute(params![
            target.as_str(),
            room.as_ref().map_or("", Id::as_str),
            subject.kind.name(),
            subject.id.as_str(),
            deny.bits(),
            until.at().map(moment),
            told,
            entry.as_deref(),
            held.as_ref().map(|held| moment(held.since)),
            held.as_ref().map(|held| moment(held.written)),
            held.as_ref().and_then(|held| lapse(held.lapse)),
            rule,
            held.as_ref().map(|held| held.evidence.name()),
            twin.map(|twin| moment(twin.since)),
            doubt.map(|doubt| doubt.action.name()),
            doubt.map(|doubt| moment(doubt.since)),
            doubt.and_then(|doubt| lapse(doubt.lapse)),
            waiting.map(moment),
            held.as_ref().and_then(|held| held.seen).map(moment),
            doubt.map(|doubt| asked_text(&doubt.asked)),
            twin.map(|twin| asked_text(&twin.asked)),
        ])?;
        Ok(())
    }

    /// A rule's id as its column has it ([`super::schema`]).
    fn rule(&mut self, rule: &RuleId) -> rusqlite::Result<Option<i64>> {
        let text = |text| self.words.number(self.connection, text).map(|number| -number);
        rule.text().map(text).transpose().map(|text| text.or(rule.number()))
    }
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
