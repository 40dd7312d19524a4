//! The record of runs.

use rusqlite::OptionalExtension as _;

use super::error::{StateError, doing};
use super::{State, history};
use crate::domain::{Moment, Who};

/// A run, as it is recorded.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RunRow {
    /// Its id.
    pub id: String,
    /// When it began.
    pub started: Moment,
    /// When it ended; `None` if it is under way or was killed.
    pub finished: Option<Moment>,
    /// Who began it.
    pub who: Who,
    /// Why it was allowed or begun, if somebody said.
    pub note: Option<String>,
    /// How many operations ended how, as JSON; empty if it had none.
    pub outcome: Option<String>,
}

impl State {
    /// The run that began last.
    pub fn last_run(&self) -> Result<Option<RunRow>, StateError> {
        let reading = doing("read the record of runs");
        let who = history::who_of("run.who", &self.connection).map_err(&reading)?;
        let sql = format!(
            "SELECT id, started, finished, user, host, note, outcome, {who} FROM run
             ORDER BY started DESC, id DESC LIMIT 1"
        );
        self.connection
            .query_row(&sql, [], |row| {
                Ok(RunRow {
                    id: row.get(0)?,
                    started: Moment::from_millis(row.get(1)?),
                    finished: row.get::<_, Option<i64>>(2)?.map(Moment::from_millis),
                    who: history::who(row)?.unwrap_or_default(),
                    note: row.get(5)?,
                    outcome: row.get(6)?,
                })
            })
            .optional()
            .map_err(reading)
    }
}
