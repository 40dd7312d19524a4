//! Reading the audit log.

use rusqlite::{Row, named_params};

use super::error::{StateError, doing};
use super::{State, rows};
use crate::domain::{Moment, Restriction, Until};

/// One row of the audit log, with the run it belongs to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Event {
    /// Its number.
    pub seq: i64,
    /// When it was known.
    pub at: Moment,
    /// The run.
    pub run: String,
    /// The account the run was started under; `None` if the run is not recorded.
    pub user: Option<String>,
    /// The machine the run was on.
    pub host: Option<String>,
    /// Why the run was allowed or begun, if somebody said.
    pub note: Option<String>,
    /// The call, if there was one.
    pub call: Option<i64>,
    /// What it was done to.
    pub restriction: Restriction,
    /// What was done.
    pub action: String,
    /// Why.
    pub because: String,
    /// Until when.
    pub until: Until,
    /// The `id` of the entry.
    pub entry: Option<String>,
    /// Where the entry stands.
    pub source: Option<String>,
    /// What came of it.
    pub outcome: String,
    /// The provider's code.
    pub code: Option<String>,
    /// The provider's message.
    pub message: Option<String>,
    /// The provider's id of the request.
    pub request_id: Option<String>,
}

/// Which events are asked for.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Narrowed {
    /// Those about this subject, by its id.
    pub subject: Option<String>,
    /// Those about this restriction.
    pub restriction: Option<Restriction>,
    /// Those of this run.
    pub run: Option<String>,
    /// Those from this instant on.
    pub since: Option<Moment>,
}

impl State {
    /// Shows the events that are asked for, oldest first, one by one; `see` may fail, which ends
    /// the reading.
    pub fn history<E>(
        &self,
        narrowed: &Narrowed,
        mut see: impl FnMut(&Event) -> Result<(), E>,
    ) -> Result<Result<(), E>, StateError> {
        let reading = doing("read the audit log");
        let Narrowed { subject, restriction, run, since } = narrowed;
        let mut statement = self
            .connection
            .prepare(
                "SELECT audit.*, run.user, run.host, run.note FROM audit
                 LEFT JOIN run ON run.id = audit.run
                 WHERE (:subject IS NULL OR subject = :subject)
                   AND (:run IS NULL OR audit.run = :run)
                   AND (:since IS NULL OR at >= :since)
                 ORDER BY seq",
            )
            .map_err(&reading)?;
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
            if restriction.as_ref().is_some_and(|asked| *asked != event.restriction) {
                continue;
            }
            if let Err(error) = see(&event) {
                return Ok(Err(error));
            }
        }
        Ok(Ok(()))
    }
}

fn event(row: &Row<'_>) -> rusqlite::Result<Event> {
    let until: Option<i64> = row.get("until")?;
    Ok(Event {
        seq: row.get("seq")?,
        at: Moment::from_millis(row.get("at")?),
        run: row.get("run")?,
        user: row.get("user")?,
        host: row.get("host")?,
        note: row.get("note")?,
        call: row.get("call")?,
        restriction: rows::restriction(row)?,
        action: row.get("action")?,
        because: row.get("because")?,
        until: until.map_or(Until::Never, |at| Until::At(Moment::from_millis(at))),
        entry: row.get("entry")?,
        source: row.get("source")?,
        outcome: row.get("outcome")?,
        code: row.get("code")?,
        message: row.get("message")?,
        request_id: row.get("request_id")?,
    })
}
