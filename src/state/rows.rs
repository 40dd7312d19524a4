//! Enforcements as rows.

use rusqlite::{CachedStatement, Connection, Row, params};

use crate::domain::{
    Action, Deny, Doubt, Enforcement, Evidence, Held, Id, Kind, Lapse, Moment, Restriction, RuleId,
    Subject, TargetName, Until,
};

/// Reads every row, in the canonical order of restrictions.
pub(super) fn read_all(connection: &Connection) -> rusqlite::Result<Vec<Enforcement>> {
    let mut statement = connection
        .prepare("SELECT * FROM enforcement ORDER BY target, room, kind, subject, deny")?;
    let rows = statement.query_map([], enforcement)?;
    rows.collect()
}

/// The rows while a transaction writes them.
pub(super) struct Table<'t>(CachedStatement<'t>);

impl<'t> Table<'t> {
    /// The rows.
    pub(super) fn new(connection: &'t Connection) -> rusqlite::Result<Self> {
        let put = connection.prepare_cached(
            "INSERT OR REPLACE INTO enforcement (target, room, kind, subject, deny, until, reason,
             entry, since, written, lapse, rule, evidence, twin_since, doubt, doubt_since,
             doubt_lapse, waiting)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17,
             ?18)",
        )?;
        Ok(Self(put))
    }

    /// Writes a row, over an earlier one about the same restriction.
    pub(super) fn put(&mut self, row: &Enforcement) -> rusqlite::Result<()> {
        let Enforcement { restriction, until, reason, entry, held, doubt, waiting } = row;
        let Restriction { target, room, subject, deny } = restriction;
        let moment = |moment: Moment| moment.millis();
        let lapse = |lapse: Lapse| lapse.at().map(moment);
        // By place: looking eighteen names up costs as much as the insert.
        self.0.execute(params![
            target.as_str(),
            room.as_ref().map_or("", Id::as_str),
            subject.kind.name(),
            subject.id.as_str(),
            deny.bits(),
            until.at().map(moment),
            reason.as_deref(),
            entry.as_deref(),
            held.as_ref().map(|held| moment(held.since)),
            held.as_ref().map(|held| moment(held.written)),
            held.as_ref().and_then(|held| lapse(held.lapse)),
            held.as_ref().and_then(|held| held.rule).map(|rule| rule.0),
            held.as_ref().map(|held| held.evidence.name()),
            held.as_ref().and_then(|held| held.twin_since).map(moment),
            doubt.map(|doubt| doubt.action.name()),
            doubt.map(|doubt| moment(doubt.since)),
            doubt.and_then(|doubt| lapse(doubt.lapse)),
            waiting.map(moment),
        ])?;
        Ok(())
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

fn enforcement(row: &Row<'_>) -> rusqlite::Result<Enforcement> {
    let moment = |name: &str| -> rusqlite::Result<Option<Moment>> {
        Ok(row.get::<_, Option<i64>>(name)?.map(Moment::from_millis))
    };
    let lapse = |name: &str| -> rusqlite::Result<Lapse> {
        Ok(moment(name)?.map_or(Lapse::Open, Lapse::At))
    };
    let held = match (moment("since")?, moment("written")?) {
        (Some(since), Some(written)) => Some(Held {
            since,
            written,
            lapse: lapse("lapse")?,
            rule: row.get::<_, Option<i64>>("rule")?.map(RuleId),
            evidence: word(row, "evidence", Evidence::parse)?,
            twin_since: moment("twin_since")?,
        }),
        (None, _) | (_, None) => None,
    };
    let doubt = match moment("doubt_since")? {
        Some(since) => Some(Doubt {
            action: word(row, "doubt", Action::parse)?,
            since,
            lapse: lapse("doubt_lapse")?,
        }),
        None => None,
    };
    Ok(Enforcement {
        restriction: restriction(row)?,
        until: moment("until")?.map_or(Until::Never, Until::At),
        reason: row.get::<_, Option<String>>("reason")?.map(Into::into),
        entry: row.get::<_, Option<String>>("entry")?.map(Into::into),
        held,
        doubt,
        waiting: moment("waiting")?,
    })
}

/// Reads the columns that name a restriction.
pub(super) fn restriction(row: &Row<'_>) -> rusqlite::Result<Restriction> {
    let room: String = row.get("room")?;
    Ok(Restriction {
        target: word(row, "target", TargetName::parse)?,
        room: (!room.is_empty()).then(|| Id::new(room)),
        subject: Subject {
            kind: word(row, "kind", Kind::parse)?,
            id: Id::new(row.get::<_, String>("subject")?),
        },
        deny: Deny::from_bits(row.get("deny")?).ok_or_else(|| unreadable("deny"))?,
    })
}

fn word<T>(row: &Row<'_>, name: &str, parse: fn(&str) -> Option<T>) -> rusqlite::Result<T> {
    let text: String = row.get(name)?;
    parse(&text).ok_or_else(|| unreadable(name))
}

fn unreadable(name: &str) -> rusqlite::Error {
    rusqlite::Error::InvalidColumnName(format!("{name} holds a value that means nothing"))
}
