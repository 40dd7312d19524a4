//! Records that are written together, column by column.

use std::collections::BTreeMap;

use super::columns::{Cell, Rows};
use super::rows;
use crate::domain::{Enforcement, Id, Moment, Restriction};
use crate::store::audit_chain::{Link, Value};
use crate::store::tables::Kind;
use crate::store::{Answered, AuditRow, Intent, Record};

/// The columns of a call as it is intended.
pub(super) const INTENT: [(&str, Kind); 10] = [
    ("id", Kind::Number),
    ("run", Kind::Text),
    ("target", Kind::Text),
    ("rate_key", Kind::Text),
    ("lane", Kind::Number),
    ("verb", Kind::Text),
    ("kind", Kind::Text),
    ("room", Kind::Text),
    ("subjects", Kind::Number),
    ("intended", Kind::Number),
];

/// The columns of what came of a call.
pub(super) const ANSWER: [(&str, Kind); 8] = [
    ("run", Kind::Text),
    ("id", Kind::Number),
    ("sent", Kind::Number),
    ("answered", Kind::Number),
    ("outcome", Kind::Text),
    ("code", Kind::Text),
    ("message", Kind::Text),
    ("request_id", Kind::Text),
];

/// One group, ready to be sent any number of times.
#[derive(Debug)]
pub(super) struct Group {
    /// What is rare, one by one, before everything else.
    pub(super) first: Vec<Record>,
    pub(super) intents: Rows,
    pub(super) answers: Rows,
    pub(super) puts: Rows,
    pub(super) drops: Rows,
    pub(super) audit: Vec<AuditRow>,
}

impl Group {
    /// Records, sorted into what goes together.
    pub(super) fn of(records: &mut dyn Iterator<Item = &Record>) -> Self {
        let mut group = Self {
            first: Vec::new(),
            intents: Rows::new(&INTENT),
            answers: Rows::new(&ANSWER),
            puts: Rows::new(&rows::COLUMNS),
            drops: Rows::new(rows::key()),
            audit: Vec::new(),
        };
        // What is said last of a restriction counts: one statement cannot change a row twice.
        let mut known: BTreeMap<&Restriction, Option<&Enforcement>> = BTreeMap::new();
        for record in records {
            match record {
                Record::Intent(intent) => group.intents.push(cells_of_intent(intent)),
                Record::Answered(answered) => group.answers.push(cells_of_answer(answered)),
                Record::Put(row) => drop(known.insert(&row.restriction, Some(row))),
                Record::Drop(restriction) => drop(known.insert(restriction, None)),
                Record::Audit(row) => group.audit.push(storable(row)),
                Record::Order(_)
                | Record::Protect(_)
                | Record::Bind(..)
                | Record::Unbind(_)
                | Record::Guards(_)
                | Record::Policy(_)
                | Record::BeginChange(_)
                | Record::AbandonChange(_)
                | Record::Rename { .. } => group.first.push(record.clone()),
            }
        }
        for (restriction, row) in known {
            match row {
                Some(row) => rows::add(row, &mut group.puts),
                None => group.drops.push(rows::cells_of(restriction)),
            }
        }
        group
    }
}

fn cells_of_intent(intent: &Intent) -> [Cell; 10] {
    let Intent { call, run, target, rate_key, lane, verb, kind, room, subjects, at } = intent;
    let number = |number: usize| Cell::Number(Some(i64::try_from(number).unwrap_or(i64::MAX)));
    [
        Cell::Number(Some(*call)),
        Cell::text(run),
        Cell::text(target.as_str()),
        Cell::text(rate_key),
        number(*lane),
        Cell::text(verb),
        Cell::text(kind.name()),
        Cell::text(room.as_ref().map_or("", Id::as_str)),
        number(*subjects),
        Cell::Number(Some(at.millis())),
    ]
}

fn cells_of_answer(answered: &Answered) -> [Cell; 8] {
    let Answered { call, run, sent, at, outcome, code, message, request_id } = answered;
    [
        Cell::text(run),
        Cell::Number(Some(*call)),
        Cell::Number(sent.map(Moment::millis)),
        Cell::Number(Some(at.millis())),
        Cell::text(outcome),
        Cell::optional(code.as_deref()),
        Cell::optional(message.as_deref()),
        Cell::optional(request_id.as_deref()),
    ]
}

/// The row with texts that a server takes, so that its hash covers what is stored.
fn storable(row: &AuditRow) -> AuditRow {
    let clean = |text: &Option<String>| text.as_deref().map(super::columns::without_nul);
    let (code, message) = (clean(&row.code), clean(&row.message));
    AuditRow { code, message, request_id: clean(&row.request_id), ..row.clone() }
}

/// Adds audit rows to what is sent, each with who began its run; the head after them.
pub(super) fn append<'a>(
    rows: &'a [AuditRow],
    head: &Link,
    who: impl Fn(&'a AuditRow) -> &'a str,
    log: &mut Rows,
) -> Link {
    let mut head = head.clone();
    for row in rows {
        let columns = row.values(head.seq.saturating_add(1));
        let texts = row.texts(who(row));
        let next = head.next(&mut columns.into_iter().chain(texts));
        let hash = [Cell::text(&next.hash)];
        log.push(columns.into_iter().map(cell).chain(hash).chain(texts.into_iter().map(cell)));
        head = next;
    }
    head
}

/// A value as the server takes it.
pub(super) fn cell(value: Value<'_>) -> Cell {
    match value {
        // A null is one in a column of either kind.
        Value::Null => Cell::Text(None),
        Value::Integer(number) => Cell::Number(Some(number)),
        Value::Text(text) => Cell::text(text),
    }
}
