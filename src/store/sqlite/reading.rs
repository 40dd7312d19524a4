//! Rows as enforcements, read one after the other.

use std::collections::BTreeSet;
use std::sync::Arc;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row};

use super::schema::version_of;
use crate::domain::{
    Action, Deny, Doubt, Enforcement, Evidence, Held, Id, Kind, Lapse, Moment, Restriction, RuleId,
    Subject, TargetName, Twin, Until, Untils,
};
use crate::store::remembered::asked_of;

/// Reads rows one after the other, with one copy of what neighbours have in common.
#[derive(Default)]
pub(super) struct Reading {
    target: Option<TargetName>,
    room: Option<Id>,
    kind: Option<Kind>,
    entry: Option<Arc<str>>,
    reasons: BTreeSet<Arc<str>>,
}

/// The columns of a row, in the order in which they are read. A state of an earlier version,
/// which is only read, lacks some.
pub(super) fn columns(connection: &Connection) -> rusqlite::Result<String> {
    let version = version_of(connection)?;
    let seen = if version >= 3 { "seen" } else { "NULL" };
    let asked = match version {
        ..4 => "coalesce(doubt_lapse, 'never'), 'never'",
        4..6 => {
            "coalesce(doubt_earliest || ',', '') || coalesce(doubt_lapse, 'never'),
             coalesce(twin_earliest, 'never') || ',' || coalesce(twin_latest, 'never')"
        }
        6.. => "doubt_asked, twin_asked",
    };
    let reason = if version >= 5 { "(SELECT text FROM words WHERE id = told)" } else { "reason" };
    let rule = if version >= 3 {
        "iif(rule < 0, (SELECT text FROM words WHERE id = -rule), rule)"
    } else {
        "rule"
    };
    // What is coalesced tells whether any of the rare ones says anything.
    Ok(format!(
        "target, room, kind, subject, deny, until, {reason}, entry, since, written, lapse, {rule},
         evidence, twin_since, doubt, doubt_since, doubt_lapse, waiting, {seen},
         coalesce(twin_since, doubt_since, waiting), {asked}"
    ))
}

/// The columns that name a restriction.
const KEY: [usize; 5] = [0, 1, 2, 3, 4];

/// How many reasons are remembered: a state of which each row has its own gains nothing by it.
const MOST_REASONS: usize = 1000;

impl Reading {
    /// Reads a row; its columns are those of [`columns`].
    pub(super) fn enforcement(&mut self, row: &Row<'_>) -> rusqlite::Result<Enforcement> {
        let moment = |index: usize| -> rusqlite::Result<Option<Moment>> {
            Ok(row.get::<_, Option<i64>>(index)?.map(Moment::from_millis))
        };
        let lapse = |index: usize| -> rusqlite::Result<Lapse> {
            Ok(moment(index)?.map_or(Lapse::Open, Lapse::At))
        };
        let is_rare = moment(19)?.is_some();
        let rare = |index: usize| if is_rare { moment(index) } else { Ok(None) };
        let held = match (moment(8)?, moment(9)?) {
            (Some(since), Some(written)) => Some(Held {
                since,
                written,
                lapse: lapse(10)?,
                rule: rule(row, 11)?,
                evidence: word(row, 12, "evidence", Evidence::parse)?,
                twin: match rare(13)? {
                    Some(since) => Some(Twin { since, asked: asked(row, 21)? }),
                    None => None,
                },
                seen: moment(18)?,
            }),
            (None, _) | (_, None) => None,
        };
        let doubt = match rare(15)? {
            Some(since) => {
                let action = word(row, 14, "doubt", Action::parse)?;
                Some(Doubt { action, since, lapse: lapse(16)?, asked: asked(row, 20)? })
            }
            None => None,
        };
        Ok(Enforcement {
            restriction: self.restriction(row, KEY)?,
            until: moment(5)?.map_or(Until::Never, Until::At),
            reason: self.reason(row, 6)?,
            entry: self.entry(row, 7)?,
            held,
            doubt,
            waiting: rare(17)?,
        })
    }

    fn restriction(
        &mut self,
        row: &Row<'_>,
        [target, room, kind, subject, deny]: [usize; 5],
    ) -> rusqlite::Result<Restriction> {
        let id = Id::new(text(row, subject)?.ok_or_else(|| unreadable("subject"))?);
        Ok(Restriction {
            target: self.target(row, target)?,
            room: self.room(row, room)?,
            subject: Subject { kind: self.kind(row, kind)?, id },
            deny: Deny::from_bits(row.get(deny)?).ok_or_else(|| unreadable("deny"))?,
        })
    }

    fn target(&mut self, row: &Row<'_>, index: usize) -> rusqlite::Result<TargetName> {
        if let Some(known) =
            same(self.target.as_ref(), |name| name.as_str().as_bytes(), row, index)?
        {
            return Ok(known);
        }
        let target = text(row, index)?.and_then(TargetName::parse);
        self.target.clone_from(&target);
        target.ok_or_else(|| unreadable("target"))
    }

    fn room(&mut self, row: &Row<'_>, index: usize) -> rusqlite::Result<Option<Id>> {
        if let Some(known) = same(self.room.as_ref(), |room| room.as_str().as_bytes(), row, index)?
        {
            return Ok(Some(known));
        }
        let room = text(row, index)?.filter(|room| !room.is_empty()).map(Id::new);
        self.room.clone_from(&room);
        Ok(room)
    }

    fn kind(&mut self, row: &Row<'_>, index: usize) -> rusqlite::Result<Kind> {
        if let Some(known) = same(self.kind.as_ref(), |kind| kind.name().as_bytes(), row, index)? {
            return Ok(known);
        }
        let kind = word(row, index, "kind", Kind::parse)?;
        self.kind = Some(kind);
        Ok(kind)
    }

    fn entry(&mut self, row: &Row<'_>, index: usize) -> rusqlite::Result<Option<Arc<str>>> {
        if let Some(known) = same(self.entry.as_ref(), |entry| entry.as_bytes(), row, index)? {
            return Ok(Some(known));
        }
        let entry = text(row, index)?.map(Into::into);
        self.entry.clone_from(&entry);
        Ok(entry)
    }

    fn reason(&mut self, row: &Row<'_>, index: usize) -> rusqlite::Result<Option<Arc<str>>> {
        let Some(reason) = text(row, index)? else { return Ok(None) };
        if let Some(known) = self.reasons.get(reason) {
            return Ok(Some(Arc::clone(known)));
        }
        let reason: Arc<str> = reason.into();
        if self.reasons.len() < MOST_REASONS {
            self.reasons.insert(Arc::clone(&reason));
        }
        Ok(Some(reason))
    }
}

/// What the row before had, if this one has the same: most rows differ from their neighbours in
/// the subject only, and to compare bytes costs less than to read a text.
fn same<T: Clone>(
    known: Option<&T>,
    bytes: impl FnOnce(&T) -> &[u8],
    row: &Row<'_>,
    index: usize,
) -> rusqlite::Result<Option<T>> {
    let Some(known) = known else { return Ok(None) };
    let is_same = row.get_ref(index)?.as_bytes_or_null()? == Some(bytes(known));
    Ok(is_same.then(|| known.clone()))
}

/// A text, borrowed from the row.
fn text<'r>(row: &'r Row<'_>, index: usize) -> rusqlite::Result<Option<&'r str>> {
    Ok(row.get_ref(index)?.as_str_or_null()?)
}

/// A rule's id: a number, or a text.
fn rule(row: &Row<'_>, index: usize) -> rusqlite::Result<Option<RuleId>> {
    Ok(match row.get_ref(index)? {
        ValueRef::Integer(number) => Some(number.into()),
        other => other.as_str_or_null()?.map(RuleId::new),
    })
}

/// Every `until` that was asked for.
fn asked(row: &Row<'_>, index: usize) -> rusqlite::Result<Untils> {
    text(row, index)?.and_then(asked_of).ok_or_else(|| unreadable("asked"))
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

pub(super) fn unreadable(name: &str) -> rusqlite::Error {
    rusqlite::Error::InvalidColumnName(format!("{name} holds a value that means nothing"))
}
