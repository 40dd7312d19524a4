//! The record of runs.

use rusqlite::{Connection, OptionalExtension as _};

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

/// The row of `meta` that says which runs had a wrong clock, once somebody has said so: those that
/// began after the first instant and not after the second, in milliseconds.
const ACCEPTED: &str = "clock_accepted";

/// When the newest run began, without those whose clock somebody has called wrong.
pub(super) fn newest(connection: &Connection) -> rusqlite::Result<Option<Moment>> {
    let sql = "SELECT value FROM meta WHERE key = ?1";
    let text: Option<String> =
        connection.query_row(sql, [ACCEPTED], |row| row.get(0)).optional()?;
    let wrong = text.and_then(|text| serde_json::from_str(&text).ok());
    let (after, to): (i64, i64) = wrong.unwrap_or((i64::MAX, i64::MAX));
    let sql = "SELECT max(started) FROM run WHERE started <= ?1 OR started > ?2";
    let newest: Option<i64> = connection.query_row(sql, [after, to], |row| row.get(0))?;
    Ok(newest.map(Moment::from_millis))
}

impl State {
    /// Remembers that the clock says `now` rightly, and that runs recorded later than that had a
    /// wrong one: no run is compared with them again.
    pub fn accept_clock(&mut self, now: Moment) -> Result<(), StateError> {
        let failed = doing("record that the clock is right");
        let sql = "SELECT max(started) FROM run";
        let newest: Option<i64> =
            self.connection.query_row(sql, [], |row| row.get(0)).map_err(&failed)?;
        let Some(newest) = newest.filter(|newest| *newest > now.millis()) else { return Ok(()) };
        let text = format!("[{}, {newest}]", now.millis());
        let sql = "INSERT OR REPLACE INTO meta (key, value) VALUES (?1, ?2)";
        self.connection.execute(sql, [ACCEPTED, &text]).map_err(&failed)?;
        Ok(())
    }

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
