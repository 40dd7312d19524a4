//! What is not as it was at the last apply about the guards: whoever loosens one must be seen.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::GuardSettings;

/// One limit that is not as it was at the last apply.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize, JsonSchema)]
pub struct GuardChange {
    /// The limit, as `max_lifts.percent`.
    pub guard: String,
    /// What it was; null for none.
    pub before: Option<String>,
    /// What it is; null for none.
    pub after: Option<String>,
}

/// Compares the guards of the config with those of the last apply; nothing has changed before the
/// first.
pub fn guard_changes(before: Option<&GuardSettings>, now: &GuardSettings) -> Vec<GuardChange> {
    let Some(before) = before else { return Vec::new() };
    let mut names: Vec<&String> = before.keys().chain(now.keys()).collect();
    names.sort();
    names.dedup();
    let change = |guard: &String| GuardChange {
        guard: guard.clone(),
        before: before.get(guard).cloned(),
        after: now.get(guard).cloned(),
    };
    names.into_iter().map(change).filter(|change| change.before != change.after).collect()
}
