//! How many retries a target may spend in a run: an outage must not be answered by a storm.

use std::sync::{Mutex, PoisonError};

/// The retries that a target has left in this run.
#[derive(Debug)]
pub struct RetryBudget(Mutex<Purse>);

#[derive(Debug)]
struct Purse {
    /// In fractions of a retry: [`SHARE`] make one.
    fractions: u32,
    /// Attempts in a row that brought no answer.
    silent: u32,
}

/// So many answered calls earn one retry.
const SHARE: u32 = 5;

/// Retries to begin with: enough for a few calls of a small run.
const TO_BEGIN_WITH: u32 = 50;

/// Retries that can be saved up.
const MOST: u32 = 500;

/// After this many attempts in a row without an answer, and with nothing left to spend, the
/// provider counts as unreachable.
const SILENT_MEANS_GONE: u32 = 20;

impl Default for RetryBudget {
    fn default() -> Self {
        Self(Mutex::new(Purse { fractions: TO_BEGIN_WITH * SHARE, silent: 0 }))
    }
}

impl RetryBudget {
    /// An attempt was answered.
    pub fn answered(&self) {
        self.with(|purse| {
            purse.fractions = (purse.fractions + 1).min(MOST * SHARE);
            purse.silent = 0;
        });
    }

    /// An attempt was not answered.
    pub fn unanswered(&self) {
        self.with(|purse| purse.silent = purse.silent.saturating_add(1));
    }

    /// Takes one retry, if there is one left.
    pub fn spend(&self) -> bool {
        self.with(|purse| {
            let left = purse.fractions.checked_sub(SHARE);
            purse.fractions = left.unwrap_or(purse.fractions);
            left.is_some()
        })
    }

    /// Whether the provider counts as unreachable.
    pub fn is_hopeless(&self) -> bool {
        self.with(|purse| purse.fractions < SHARE && purse.silent >= SILENT_MEANS_GONE)
    }

    fn with<T>(&self, step: impl FnOnce(&mut Purse) -> T) -> T {
        step(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retries_run_out_and_answers_earn_new_ones() {
        let budget = RetryBudget::default();
        let spent = (0..1000).take_while(|_| budget.spend()).count();
        assert_eq!(spent, 50);
        (0..SHARE).for_each(|_| budget.answered());
        assert!(budget.spend());
        assert!(!budget.spend());
    }

    #[test]
    fn a_provider_that_stays_silent_counts_as_unreachable_once_nothing_is_left() {
        let budget = RetryBudget::default();
        (0..SILENT_MEANS_GONE).for_each(|_| budget.unanswered());
        assert!(!budget.is_hopeless());
        while budget.spend() {}
        assert!(budget.is_hopeless());
        budget.answered();
        assert!(!budget.is_hopeless());
    }
}
