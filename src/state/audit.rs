//! What was done to whom, when and why: written once, never changed.

use rusqlite::{Connection, params};

use crate::domain::{Action, Because, Id, Moment, Restriction, Until};

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
    pub action: Action,
    /// Why.
    pub because: Because,
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

/// Appends a row.
pub(super) fn append(connection: &Connection, row: &AuditRow) -> rusqlite::Result<()> {
    let Restriction { target, room, subject, deny } = &row.restriction;
    connection
        .prepare_cached(
            "INSERT INTO audit (at, run, call, target, room, kind, subject, deny, action, because,
             until, entry, source, outcome, code, message, request_id)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)",
        )?
        .execute(params![
            row.at.millis(),
            row.run,
            row.call,
            target.as_str(),
            room.as_ref().map_or("", Id::as_str),
            subject.kind.name(),
            subject.id.as_str(),
            deny.bits(),
            row.action.name(),
            row.because.name(),
            row.until.at().map(Moment::millis),
            row.entry,
            row.source,
            row.outcome,
            row.code,
            row.message,
            row.request_id,
        ])?;
    Ok(())
}
