//! Pauses before the next attempt of a call.

use std::time::Duration;

/// The longest pause that a run makes because a provider asks for it.
pub(super) const LONGEST_BELIEVED: Duration = Duration::from_mins(5);

/// How long to pause.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Pause {
    /// Not at all.
    None,
    /// Longer with every attempt, and at least as long as the provider says.
    BackOff {
        /// How many attempts there were.
        attempt: u32,
        /// What the provider says.
        after: Duration,
    },
    /// The account is too quick: slow down and wait, at least as long as the provider says.
    Throttled {
        /// How many throttling answers there were.
        attempt: u32,
        /// What the provider says.
        after: Duration,
    },
}

impl Pause {
    /// How long it is; chance makes it shorter, but not than the provider says.
    pub fn span(self, bits: u64) -> Duration {
        match self {
            Self::None => Duration::ZERO,
            Self::BackOff { attempt, after } | Self::Throttled { attempt, after } => {
                back_off(attempt, bits).max(after)
            }
        }
    }
}

/// The first pause, before chance shortens it.
const FIRST_PAUSE: Duration = Duration::from_millis(500);

/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// The pause before attempt number `attempt` + 1: exponential, with full jitter from `bits`.
///
/// Our own few lines instead of a crate: randomness must come from the world, so that a run can
/// be replayed.
fn back_off(attempt: u32, bits: u64) -> Duration {
    let ceiling = FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(attempt.saturating_sub(1)));
    let ceiling = ceiling.min(LONGEST_PAUSE).as_millis();
    let share = u128::from(bits >> 32);
    Duration::from_millis(u64::try_from((ceiling * share) >> 32).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_half_a_minute_and_never_beyond() {
        for attempt in [1, 2, 7, 32, u32::MAX] {
            let longest = back_off(attempt, u64::MAX);
            assert!(longest <= LONGEST_PAUSE, "{longest:?}");
            assert_eq!(back_off(attempt, 0), Duration::ZERO);
        }
        assert!(back_off(1, u64::MAX) < FIRST_PAUSE);
    }
}
