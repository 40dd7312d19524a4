//! The newest calls, which may still count for a rate.

use rusqlite::{Connection, OptionalExtension as _, params};

use crate::store::{RecentCalls, UsedRate};
use crate::world::Uptime;

/// How many of the newest calls are looked at: more than one machine can make in a second.
pub(super) const RECENT: i64 = 5000;

/// The row of `meta` that remembers since when the state is at rest.
const RESTED: &str = "rested";

pub(super) fn read(connection: &Connection) -> rusqlite::Result<RecentCalls> {
    let mut statement = connection.prepare(
        "SELECT rate_key, lane, count(*)
         FROM (SELECT rate_key, lane FROM call ORDER BY id DESC LIMIT ?1) GROUP BY 1, 2",
    )?;
    let number = |number: i64| usize::try_from(number).unwrap_or(usize::MAX);
    let rates = statement.query_map([RECENT], |row| {
        let (lane, calls) = (number(row.get(1)?), number(row.get(2)?));
        Ok(UsedRate { rate_key: row.get(0)?, lane, calls })
    })?;
    let rested: Option<String> = connection
        .query_row("SELECT value FROM meta WHERE key = ?1", [RESTED], |row| row.get(0))
        .optional()?;
    let rested = rested.as_deref().and_then(Uptime::parse);
    Ok(RecentCalls { rates: rates.collect::<Result<_, _>>()?, rested })
}

/// Remembers that the state is at rest from now on, or, without a reading, that it is not: a call
/// is about to be made.
pub(super) fn set_rested(connection: &Connection, now: Option<&Uptime>) -> rusqlite::Result<()> {
    match now {
        Some(now) => connection.execute(
            "INSERT OR REPLACE INTO meta (key, value) VALUES (?1, ?2)",
            params![RESTED, now.to_text()],
        )?,
        None => connection.prepare_cached("DELETE FROM meta WHERE key = ?1")?.execute([RESTED])?,
    };
    Ok(())
}
