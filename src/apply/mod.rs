//! Layer 4: carries a plan out. It may pace, retry, narrow a refused batch, record, or stop; it
//! never chooses.

pub mod accounts;
pub mod attempt;
pub mod bearing;
pub mod budget;
mod clearance;
mod confirm;
pub mod converge;
pub mod fates;
pub mod in_flight;
pub mod journal;
mod list;
pub mod outcome;
mod paging;
pub mod pause;
pub mod queue;
pub mod rate_limiter;
pub mod read;
mod record;
pub mod records;
pub mod resolve_doubt;
pub mod retry_policy;
pub mod rooms;
pub mod run;
mod send_with_retry;
mod shared_list;
pub mod shutdown;
pub mod target_executor;
pub mod work;

pub use accounts::KnownAccounts;
pub use journal::{Journal, journal};
pub use outcome::{Failure, Fate, Outcome, Problem, Stopped, Tally};
pub use rate_limiter::WINDOW;
pub use read::{Survey, Surveyed, View, survey};
pub use run::{ApplyRequest, ApplyResult, LONG_AGO, apply, carry_out};
pub use shutdown::{Cause, Shutdown};

use crate::domain::{Moment, TargetName};
use crate::plan::Operation;

/// Who is told how far a run is.
pub trait Progress: Send + Sync {
    /// A target has so many operations to carry out.
    fn begin(&self, target: &TargetName, operations: u64);
    /// So many more have their fates.
    fn advance(&self, target: &TargetName, operations: u64);
    /// All of them have.
    fn end(&self, target: &TargetName);
    /// A call was answered, or was not: what came of it in a word, and the provider's code.
    fn answered(&self, _target: &TargetName, _outcome: &'static str, _code: Option<&str>) {}
    /// An operation met its fate.
    fn settled(&self, _operation: &Operation, _fate: Fate, _at: Moment) {}
}
