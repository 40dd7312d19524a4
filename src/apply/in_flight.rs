//! How many calls of a target may be on their way: its rate, times the latency as measured.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// How many calls of a target may be on their way, so that its rate is reached however slowly the
/// provider answers, and no more.
#[derive(Debug)]
pub struct InFlight {
    per_second: u32,
    most: usize,
    latency: Mutex<Duration>,
}

/// A call takes this much longer than its answer: its intent and its end are written down.
const OVERHEAD: Duration = Duration::from_millis(250);

/// No request waits for its answer longer than this.
const SLOWEST: Duration = Duration::from_secs(25);

/// More calls of one target are never on their way: each of them needs memory while it is.
const MOST: usize = 4000;

/// The measured latency follows a slower answer at once, and a quicker one by this share.
const EASES_OFF: u32 = 16;

impl InFlight {
    /// Nothing is known yet of a target that may be sent so many calls a second, and of the
    /// process's connections may have so many.
    pub fn new(per_second: u32, most: usize) -> Self {
        Self { per_second: per_second.max(1), most, latency: Mutex::default() }
    }

    /// No rate holds a target back: so many calls are on their way to it.
    pub fn unpaced(most: usize) -> Self {
        Self::new(u32::MAX, most)
    }

    /// The same, of a target that is known to answer within so long.
    #[must_use]
    pub fn answered_in(self, latency: Duration) -> Self {
        self.observe(latency);
        self
    }

    /// How long answers take, as far as is known.
    pub fn answers_in(&self) -> Duration {
        *self.latency.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes how long an answer took.
    pub fn observe(&self, took: Duration) {
        let mut latency = self.latency.lock().unwrap_or_else(PoisonError::into_inner);
        let eased = latency.saturating_sub(latency.saturating_sub(took) / EASES_OFF);
        *latency = eased.max(took).min(SLOWEST);
    }

    /// How long a call takes, as far as is known.
    pub fn latency(&self) -> Duration {
        self.answers_in() + OVERHEAD
    }

    /// How many calls may be on their way; a quarter to spare.
    pub fn limit(&self) -> usize {
        let calls = self.latency() * self.per_second * 5 / 4;
        let calls = usize::try_from(calls.as_secs()).unwrap_or(usize::MAX).saturating_add(4);
        calls.min(self.most).min(MOST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(per_second: u32, answers: &[u64]) -> usize {
        let in_flight = InFlight::new(per_second, 7000);
        for millis in answers {
            in_flight.observe(Duration::from_millis(*millis));
        }
        in_flight.limit()
    }

    #[test]
    fn as_many_calls_are_on_their_way_as_rate_and_latency_ask_for() {
        for (per_second, answers, expected) in [
            (200, &[][..], 66),
            (10, &[100], 8),
            (200, &[100], 91),
            (200, &[1000], 316),
            // A slower answer counts at once, a quicker one little by little.
            (200, &[100, 1000], 316),
            (200, &[1000, 100], 302),
            // However long something claims to have taken.
            (200, &[u64::MAX], 4000),
            (u32::MAX, &[1000], 4000),
        ] {
            assert_eq!(after(per_second, answers), expected, "{per_second}/s {answers:?}");
        }
    }
}
