//! The record of runs.

use crate::domain::{Moment, Who};

/// A run, as it is recorded.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RunRow {
    /// Its id.
    pub id: String,
    /// When it began.
    pub started: Moment,
    /// When it ended; `None` if it is under way or was killed.
    pub finished: Option<Moment>,
    /// Who began it.
    pub who: Who,
    /// Why it was allowed or begun, if somebody said.
    pub note: Option<String>,
    /// How many operations ended how, as JSON; empty if it had none.
    pub outcome: Option<String>,
}
