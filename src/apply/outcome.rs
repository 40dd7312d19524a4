//! What came of a run.

use schemars::JsonSchema;
use serde::Serialize;

use super::Cause;
use crate::domain::TargetName;

/// What came of one operation.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// It is done.
    Done,
    /// The provider says "not yet".
    Waiting,
    /// It failed.
    Failed,
    /// It was not begun.
    Deferred,
    /// A call was sent and nobody knows whether it took effect.
    InDoubt,
    /// Its `until` passed before it could be sent.
    Dropped,
}

impl Fate {
    /// The name, as in the audit log.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Waiting => "waiting",
            Self::Failed => "failed",
            Self::Deferred => "deferred",
            Self::InDoubt => "in_doubt",
            Self::Dropped => "dropped",
        }
    }
}

/// Why an operation is not done.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Failure {
    /// What went wrong, in words; may quote the provider.
    pub error: String,
    /// The provider's code.
    pub code: Option<String>,
    /// The provider's id of the request.
    pub request_id: Option<String>,
}

/// An operation that is not done.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Problem {
    /// The operation, by its index in the plan.
    pub operation: usize,
    /// What came of it.
    pub fate: Fate,
    /// Why.
    pub failure: Failure,
}

/// A target at which nothing more was sent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stopped {
    /// The target.
    pub target: TargetName,
    /// Why.
    pub failure: Failure,
    /// What a person can do about it.
    pub hint: String,
}

/// What came of a run.
#[derive(Clone, PartialEq, Eq, Debug)]
#[must_use]
pub struct Outcome {
    /// The run.
    pub run: String,
    /// How many operations ended how.
    pub tally: Tally,
    /// The operations that are not done, in the order of the plan.
    pub problems: Vec<Problem>,
    /// The targets at which nothing more was sent.
    pub stopped: Vec<Stopped>,
    /// Why the run stopped before its work was done, if it did.
    pub cause: Option<Cause>,
}

/// How many operations ended how.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, JsonSchema)]
pub struct Tally {
    /// Done.
    pub done: u64,
    /// Not yet possible: tried again next run.
    pub waiting: u64,
    /// Refused by the provider, or not sent because the target stopped.
    pub failed: u64,
    /// Not begun before the deadline or an interrupt.
    pub deferred: u64,
    /// Sent, effect unknown: settled by the next run.
    pub in_doubt: u64,
    /// Not sent since `until` had passed.
    pub dropped: u64,
}

impl Tally {
    /// Counts one more.
    pub fn count(&mut self, fate: Fate) {
        let Self { done, waiting, failed, deferred, in_doubt, dropped } = self;
        *match fate {
            Fate::Done => done,
            Fate::Waiting => waiting,
            Fate::Failed => failed,
            Fate::Deferred => deferred,
            Fate::InDoubt => in_doubt,
            Fate::Dropped => dropped,
        } += 1;
    }

    /// Whether the state is true and another run is needed.
    pub fn needs_another_run(&self) -> bool {
        let Self { done: _, waiting: _, failed, deferred, in_doubt, dropped: _ } = self;
        failed + deferred + in_doubt > 0
    }
}

impl std::ops::AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        let Self { done, waiting, failed, deferred, in_doubt, dropped } = other;
        self.done += done;
        self.waiting += waiting;
        self.failed += failed;
        self.deferred += deferred;
        self.in_doubt += in_doubt;
        self.dropped += dropped;
    }
}
