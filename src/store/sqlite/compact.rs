//! Making the file of a state as small as what it holds.

use jiff::SignedDuration;
use rusqlite::{Connection, params};

use super::error::doing;
use super::{State, recent};
use crate::domain::Moment;
use crate::store::StateError;

/// How long the record of a call is kept: `doctor` counts those of the last hour, and people ask
/// about yesterday's.
const CALLS_ARE_KEPT: SignedDuration = SignedDuration::from_hours(24);

impl State {
    /// How many bytes the file takes when all is put back into it.
    pub(super) fn size(&self) -> Result<u64, StateError> {
        let sql = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size";
        let bytes: i64 = self
            .connection
            .query_row(sql, [], |row| row.get(0))
            .map_err(doing("measure the state"))?;
        Ok(bytes.unsigned_abs())
    }

    /// Drops the record of calls that nothing reads any more, and writes the file anew without
    /// the room that rows have left behind; how many calls were dropped.
    ///
    /// The audit log stays as it is, to the byte: it says for itself what each call came to. If
    /// the disk is full the file stays as it was.
    pub(super) fn compact(&mut self, fence: i64, now: Moment) -> Result<usize, StateError> {
        let failed = doing("compact the state");
        let transaction = self.connection.transaction().map_err(&failed)?;
        let current: i64 = transaction
            .query_row("SELECT fence FROM lease", [], |row| row.get(0))
            .map_err(&failed)?;
        if current != fence {
            return Err(StateError::LeaseLost);
        }
        let dropped = drop_calls(&transaction, now).map_err(&failed)?;
        transaction.commit().map_err(&failed)?;
        self.connection.execute_batch("VACUUM").map_err(&failed)?;
        Ok(dropped)
    }
}

/// Drops the calls that are neither recent nor unanswered: those are still read, or may be asked
/// for.
fn drop_calls(connection: &Connection, now: Moment) -> rusqlite::Result<usize> {
    connection.execute(
        "DELETE FROM call
         WHERE id <= (SELECT id FROM call ORDER BY id DESC LIMIT 1 OFFSET ?1)
           AND answered IS NOT NULL AND coalesce(sent, intended) <= ?2",
        params![recent::RECENT, (now - CALLS_ARE_KEPT).millis()],
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 24 * 60 * 60 * 1000;

    #[test]
    fn only_calls_that_are_answered_old_and_not_among_the_newest_are_dropped() {
        let mut state = State::in_memory("lineage").unwrap();
        // Call 7 was never answered; 100 and those after it are of the last day.
        state
            .connection
            .execute_batch(&format!(
                "WITH RECURSIVE number(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number
                   WHERE n < {newest} + 200)
                 INSERT INTO call (id, run, target, rate_key, lane, verb, kind, room, subjects,
                   intended, answered, outcome)
                 SELECT n, 'r', 't', 'k', 0, 'ban', 'user', '', 1,
                   iif(n < 100, 0, 1), iif(n = 7, NULL, 1), 'done' FROM number",
                newest = recent::RECENT,
            ))
            .unwrap();
        let now = Moment::from_millis(DAY);
        assert_eq!(state.compact(0, now).unwrap(), 98);
        let kept = "SELECT count(*), min(id), max(id) FROM call WHERE id <> 7";
        let kept: (i64, i64, i64) = state
            .connection
            .query_row(kept, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .unwrap();
        assert_eq!(kept, (recent::RECENT + 101, 100, recent::RECENT + 200));
        let later = Moment::from_millis(2 * DAY);
        assert_eq!(state.compact(0, later).unwrap(), 101);
        assert_eq!(state.compact(0, later).unwrap(), 0);
    }

    #[test]
    fn who_has_lost_the_lease_compacts_nothing() {
        let mut state = State::in_memory("lineage").unwrap();
        let lost = state.compact(1, Moment::from_millis(0));
        assert!(matches!(lost, Err(StateError::LeaseLost)));
    }
}
