//! How the service is, for whoever asks from outside.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::metrics::Metrics;
use super::systemd;
use crate::apply::{Fate, Progress};
use crate::domain::{Moment, TargetName};
use crate::plan::Operation;

/// How the service is.
#[derive(Default)]
pub(super) struct Board {
    /// What it can be measured by.
    pub(super) metrics: Metrics,
    signs: Mutex<Signs>,
}

/// What is seen of it from outside.
struct Signs {
    /// When it last went round its loop.
    alive: Instant,
    /// Why it is not ready; `None` if it is.
    unready: Option<String>,
    /// What is wrong with the files.
    failure: Option<String>,
    /// What a guard holds back.
    held_back: Option<String>,
}

impl Default for Signs {
    fn default() -> Self {
        let unready = Some("no pass has ended yet".to_owned());
        Self { alive: Instant::now(), unready, failure: None, held_back: None }
    }
}

/// A service that was not heard of for this long counts as hung: reading a million entries takes
/// less.
const HUNG_AFTER: Duration = Duration::from_mins(1);

impl Board {
    /// It lives.
    pub(super) fn alive(&self) {
        self.signs().alive = Instant::now();
    }

    /// Whether it lives.
    pub(super) fn is_alive(&self) -> bool {
        self.signs().alive.elapsed() < HUNG_AFTER
    }

    /// It does its work.
    pub(super) fn ready(&self) {
        let mut signs = self.signs();
        if signs.unready.take().is_some() {
            systemd::status("keeps time");
        }
    }

    /// It does not do its work, since this is so.
    pub(super) fn not_ready(&self, why: &str) {
        let mut signs = self.signs();
        if signs.unready.as_deref() != Some(why) {
            systemd::status(why);
            signs.unready = Some(why.to_owned());
        }
    }

    /// Why it does not do its work; `None` if it does.
    pub(super) fn unready(&self) -> Option<String> {
        self.signs().unready.clone()
    }

    /// What is wrong with the files now, if anything is.
    pub(super) fn files(&self, failure: Option<String>) {
        self.metrics.files(failure.is_none());
        self.signs().failure = failure;
    }

    /// What a guard holds back, if anything.
    pub(super) fn held_back(&self, what: Option<String>) {
        self.signs().held_back = what;
    }

    /// What somebody must do something about.
    pub(super) fn failures(&self) -> Vec<String> {
        let signs = self.signs();
        signs.failure.iter().chain(&signs.held_back).cloned().collect()
    }

    fn signs(&self) -> MutexGuard<'_, Signs> {
        self.signs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A run tells how its calls and operations end.
impl Progress for Board {
    fn begin(&self, _target: &TargetName, _operations: u64) {}

    fn advance(&self, _target: &TargetName, _operations: u64) {}

    fn end(&self, _target: &TargetName) {}

    fn answered(&self, target: &TargetName, outcome: &'static str, code: Option<&str>) {
        self.metrics.answered(target, outcome, code);
    }

    fn settled(&self, operation: &Operation, fate: Fate, at: Moment) {
        self.metrics.settled(operation, fate, at);
    }
}
