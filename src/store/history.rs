//! Events of the audit log, and which of them are asked for.

use crate::domain::{Moment, Restriction, Until, Who};

/// One row of the audit log, with the run it belongs to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Event {
    /// Its number.
    pub seq: i64,
    /// When it was known.
    pub at: Moment,
    /// The run.
    pub run: String,
    /// Who began the run; `None` if that is not recorded.
    pub who: Option<Who>,
    /// Why the run was allowed or begun, if somebody said.
    pub note: Option<String>,
    /// The call, if there was one.
    pub call: Option<i64>,
    /// What it was done to.
    pub restriction: Restriction,
    /// What was done.
    pub action: String,
    /// Why.
    pub because: String,
    /// Until when.
    pub until: Until,
    /// The `id` of the entry.
    pub entry: Option<String>,
    /// Where the entry stands.
    pub source: Option<String>,
    /// What the entry says for people, as a JSON object.
    pub meta: Option<String>,
    /// Why, as the entry says.
    pub reason: Option<String>,
    /// What the provider was told, in words.
    pub told: Option<String>,
    /// What came of it.
    pub outcome: String,
    /// The provider's code.
    pub code: Option<String>,
    /// The provider's message.
    pub message: Option<String>,
    /// The provider's id of the request.
    pub request_id: Option<String>,
}

/// Which events are asked for.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct HistoryFilter {
    /// Those about this subject, by its id.
    pub subject: Option<String>,
    /// Those about this restriction.
    pub restriction: Option<Restriction>,
    /// Those of this run.
    pub run: Option<String>,
    /// Those from this instant on.
    pub since: Option<Moment>,
}

/// In which order events are shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SortOrder {
    /// As they happened.
    OldestFirst,
    /// The other way round.
    NewestFirst,
}
