//! A clock that stands still between runs and follows tokio's paused time within one.

use std::sync::{Arc, Mutex, PoisonError};

use jiff::SignedDuration;
use ostracon::domain::Moment;
use ostracon::world::{Clock, Random, Uptime};
use tokio::time::Instant;

/// The time of a story.
pub(super) struct StoryClock(Mutex<Time>);

struct Time {
    now: Moment,
    /// How long the machine has been up, whatever its clock was set to since.
    up: SignedDuration,
    /// When the run that is under way began, by tokio's clock.
    run: Option<Instant>,
    /// How often that run may still look at the clock.
    looks: u64,
}

/// How often one run may look at the clock: whatever it writes down has a time, so a run that
/// writes for ever, without a call and without a pause, fails before it has filled the memory.
const MOST_LOOKS: u64 = 1_000_000;

impl StoryClock {
    /// A clock that starts here.
    pub(super) fn new(now: Moment) -> Self {
        Self(Mutex::new(Time { now, up: SignedDuration::ZERO, run: None, looks: 0 }))
    }

    /// Follows tokio's clock from now on: called within its runtime.
    pub(super) fn start(&self) {
        self.with(|time| (time.run, time.looks) = (Some(Instant::now()), MOST_LOOKS));
    }

    /// Stands still again: called within the same runtime.
    pub(super) fn stop(&self) {
        let passed = self.with(|time| time.passed());
        self.with(|time| time.run = None);
        self.pass(passed);
    }

    /// Lets time pass between runs.
    pub(super) fn pass(&self, span: SignedDuration) {
        self.with(|time| (time.now, time.up) = (time.now + span, time.up + span));
    }

    /// Sets the clock between runs: no time passes.
    pub(super) fn set(&self, now: Moment) {
        self.with(|time| time.now = now);
    }

    fn with<T>(&self, step: impl FnOnce(&mut Time) -> T) -> T {
        step(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Time {
    /// How long the run that is under way has been going on.
    fn passed(&self) -> SignedDuration {
        self.run
            .map_or(SignedDuration::ZERO, |run| SignedDuration::try_from(run.elapsed()).unwrap())
    }
}

impl Clock for StoryClock {
    fn now(&self) -> Moment {
        self.with(|time| {
            if time.run.is_some() {
                assert!(time.looks > 0, "a run looks at the clock for ever");
                time.looks -= 1;
            }
            time.now + time.passed()
        })
    }

    fn uptime(&self) -> Option<Uptime> {
        let up = self.with(|time| time.up + time.passed());
        Some(Uptime { clock: "story".to_owned(), millis: up.as_millis().try_into().unwrap() })
    }
}

/// A clock that is ahead of another, as a machine's is whose providers keep the right time.
pub(super) struct Ahead {
    pub(super) of: Arc<dyn Clock>,
    pub(super) by: SignedDuration,
}

impl Clock for Ahead {
    fn now(&self) -> Moment {
        self.of.now() + self.by
    }

    fn uptime(&self) -> Option<Uptime> {
        self.of.uptime()
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

    /// One of these.
    pub(super) fn pick<T: Copy>(&self, choices: &[T]) -> T {
        choices[usize::try_from(self.below(choices.len() as u64)).unwrap()]
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
