//! The record of runs as a table.

use rusqlite::{Connection, OptionalExtension as _};

use super::error::doing;
use super::{State, history};
use crate::domain::Moment;
use crate::store::{RunRow, StateError};

/// The row of `meta` that says when the newest run began, in milliseconds. Runs recorded later than
/// that had a wrong clock, as somebody has said since.
const NEWEST: &str = "newest_run";

/// When the newest run began, without those whose clock somebody has called wrong.
pub(super) fn newest(connection: &Connection) -> rusqlite::Result<Option<Moment>> {
    // Where no run has written it down yet, the record of runs says it.
    let sql = "SELECT coalesce((SELECT CAST(value AS INTEGER) FROM meta WHERE key = ?1),
                               (SELECT max(started) FROM run))";
    let newest: Option<i64> = connection.query_row(sql, [NEWEST], |row| row.get(0))?;
    Ok(newest.map(Moment::from_millis))
}

/// Writes down when the newest run began.
pub(super) fn set_newest(connection: &Connection, at: Moment) -> rusqlite::Result<()> {
    let sql = "INSERT OR REPLACE INTO meta (key, value) VALUES (?1, ?2)";
    connection.execute(sql, [NEWEST, &at.millis().to_string()])?;
    Ok(())
}

impl State {
    /// Remembers that the clock says `now` rightly, and that runs recorded later than that had a
    /// wrong one: no run is compared with them again, but with those that follow.
    pub(super) fn accept_clock(&mut self, now: Moment) -> Result<(), StateError> {
        set_newest(&self.connection, now).map_err(doing("record that the clock is right"))
    }

    /// When the newest of the runs began that had begun by `at`.
    pub(super) fn newest_run_by(&self, at: Moment) -> Result<Option<Moment>, StateError> {
        let sql = "SELECT max(started) FROM run WHERE started <= ?1";
        let newest: Result<Option<i64>, _> =
            self.connection.query_row(sql, [at.millis()], |row| row.get(0));
        Ok(newest.map_err(doing("read the record of runs"))?.map(Moment::from_millis))
    }

    /// The run that began last, without those whose clock somebody has called wrong.
    pub(super) fn last_run(&self) -> Result<Option<RunRow>, StateError> {
        let reading = doing("read the record of runs");
        let who = history::who_of("run.who", &self.connection).map_err(&reading)?;
        let sql = format!(
            "SELECT id, started, finished, user, host, note, outcome, {who} FROM run
             WHERE started <= ?1 AND instr(id, '/') = 0 ORDER BY started DESC, id DESC LIMIT 1"
        );
        let newest = newest(&self.connection).map_err(&reading)?;
        self.connection
            .query_row(&sql, [newest.map(Moment::millis)], |row| {
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
