//! A clock that stands still between runs and follows tokio's paused time within one.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::SignedDuration;
use ostracon::domain::Moment;
use ostracon::world::{Clock, Random};
use tokio::time::Instant;

/// The time of a story.
pub(super) struct StoryClock(Mutex<Time>);

struct Time {
    now: Moment,
    /// When the run that is under way began, by tokio's clock.
    run: Option<Instant>,
}

impl StoryClock {
    /// A clock that starts here.
    pub(super) fn new(now: Moment) -> Self {
        Self(Mutex::new(Time { now, run: None }))
    }

    /// Follows tokio's clock from now on: called within its runtime.
    pub(super) fn start(&self) {
        self.with(|time| time.run = Some(Instant::now()));
    }

    /// Stands still again: called within the same runtime.
    pub(super) fn stop(&self) {
        let now = self.now();
        self.with(|time| *time = Time { now, run: None });
    }

    /// Lets time pass between runs.
    pub(super) fn pass(&self, span: SignedDuration) {
        self.with(|time| time.now = time.now + span);
    }

    fn with<T>(&self, step: impl FnOnce(&mut Time) -> T) -> T {
        step(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Clock for StoryClock {
    fn now(&self) -> Moment {
        self.with(|time| {
            let passed = time.run.map_or(Duration::ZERO, |run| run.elapsed());
            time.now + SignedDuration::try_from(passed).unwrap()
        })
    }
}

/// Chance that is the same for the same seed (splitmix64, public domain).
pub(super) struct Seeded(Mutex<u64>);

impl Seeded {
    /// The chance of this seed.
    pub(super) fn new(seed: u64) -> Self {
        Self(Mutex::new(seed))
    }

    /// A number below `end`.
    pub(super) fn below(&self, end: u64) -> u64 {
        self.bits() % end
    }

    /// Whether something that happens `percent` times in a hundred happens now.
    pub(super) fn happens(&self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

impl Random for Seeded {
    fn bits(&self) -> u64 {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = *state;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }
}
