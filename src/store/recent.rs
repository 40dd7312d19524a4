//! Calls that may still count for a rate: those of earlier runs, within the same second.
//!
//! When they were made the time of day cannot tell: it may have been set since. So the newest
//! calls count as if they had just been made, unless a clock that nobody sets proves that the
//! state has been at rest since.

use std::time::Duration;

use crate::world::Uptime;

/// The newest calls of each rate, and since when there were none.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct RecentCalls {
    /// The rates.
    pub rates: Vec<UsedRate>,
    /// When the last run gave the state back; `None` if calls were made since, as by a run that was
    /// killed, or if it had no such clock.
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
