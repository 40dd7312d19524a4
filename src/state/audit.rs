//! What was done to whom, when and why: written once, never changed.

use rusqlite::Connection;
use rusqlite::types::Value;

use super::chain::{self, Link};
use crate::domain::{Id, Moment, Restriction, Until};

/// One operation's outcome, for the audit log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AuditRow {
    /// When it was known.
    pub at: Moment,
    /// The run.
    pub run: String,
    /// The call, if there was one.
    pub call: Option<i64>,
    /// What it was done to.
    pub restriction: Restriction,
    /// What was done.
    pub action: &'static str,
    /// Why.
    pub because: &'static str,
    /// Until when.
    pub until: Until,
    /// The `id` of the entry.
    pub entry: Option<String>,
    /// Where the entry stands.
    pub source: Option<String>,
    /// What came of it.
    pub outcome: &'static str,
    /// The provider's code.
    pub code: Option<String>,
    /// The provider's message.
    pub message: Option<String>,
    /// The provider's id of the request.
    pub request_id: Option<String>,
}

/// Appends a row to the log, and to the chain, whose head becomes `newest`: the caller keeps it.
pub(super) fn append(
    connection: &Connection,
    newest: &mut Option<Link>,
    row: &AuditRow,
) -> rusqlite::Result<()> {
    let head = match newest.take() {
        Some(head) => head,
        None => chain::head(connection)?,
    };
    let mut values = values(head.seq.saturating_add(1), row);
    let link = head.next(&values);
    values.push(Value::Text(link.hash.clone()));
    connection
        .prepare_cached(
            "INSERT INTO audit (seq, at, run, call, target, room, kind, subject, deny, action,
             because, until, entry, source, outcome, code, message, request_id, hash)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17,
             ?18, ?19)",
        )?
        .execute(rusqlite::params_from_iter(values))?;
    *newest = Some(link);
    Ok(())
}

/// The columns of a row, in the order of the table, without its hash.
fn values(seq: i64, row: &AuditRow) -> Vec<Value> {
    let AuditRow { at, run, call, restriction, action, because, until, .. } = row;
    let Restriction { target, room, subject, deny } = restriction;
    let text = |text: &str| Value::Text(text.to_owned());
    let number = |number: Option<i64>| number.map_or(Value::Null, Value::Integer);
    let optional = |text: &Option<String>| text.clone().map_or(Value::Null, Value::Text);
    vec![
        Value::Integer(seq),
        Value::Integer(at.millis()),
        text(run),
        number(*call),
        text(target.as_str()),
        text(room.as_ref().map_or("", Id::as_str)),
        text(subject.kind.name()),
        text(subject.id.as_str()),
        Value::Integer(deny.bits().into()),
        text(action),
        text(because),
        number(until.at().map(Moment::millis)),
        optional(&row.entry),
        optional(&row.source),
        text(row.outcome),
        optional(&row.code),
        optional(&row.message),
        optional(&row.request_id),
    ]
}
