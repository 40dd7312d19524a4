//! Calls that may still count for a rate: those of earlier runs, within the same second.
//!
//! When they were made the time of day cannot tell: it may have been set since. So the newest
//! calls count as if they had just been made, unless a clock that nobody sets proves that the
//! state has been at rest since.

use std::time::Duration;

use rusqlite::{Connection, OptionalExtension as _, params};

use crate::world::Uptime;

/// The newest calls of each rate, and since when there were none.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct RecentCalls {
    /// The rates.
    pub rates: Vec<UsedRate>,
    /// When the last run gave the state back; `None` if it was killed, or had no such clock.
    pub rested: Option<Uptime>,
}

/// How much of a rate was used.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UsedRate {
    /// Who shares it.
    pub rate_key: String,
    /// Which of the documented rates.
    pub lane: usize,
    /// How many of the newest calls were of it.
    pub calls: usize,
}

impl RecentCalls {
    /// Whether all of them are over for so long by `now` that no window of this length has any.
    pub fn are_past(&self, now: Option<&Uptime>, window: Duration) -> bool {
        let passed = now.zip(self.rested.as_ref()).and_then(|(now, rested)| now.since(rested));
        passed.is_some_and(|passed| passed > window)
    }
}

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

/// Remembers that the state is at rest from now on, or, without a reading, that it is not.
pub(super) fn set_rested(connection: &Connection, now: Option<&Uptime>) -> rusqlite::Result<()> {
    match now {
        Some(now) => connection.execute(
            "INSERT OR REPLACE INTO meta (key, value) VALUES (?1, ?2)",
            params![RESTED, now.to_text()],
        )?,
        None => connection.execute("DELETE FROM meta WHERE key = ?1", [RESTED])?,
    };
    Ok(())
}
