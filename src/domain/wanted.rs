//! A restriction as the policy wants it.

use std::sync::Arc;

use super::{Moment, Restriction, Source, Until};

/// One restriction that one entry asks for.
///
/// Entries may overlap, so several can name the same restriction; [`crate::plan`] lets the
/// latest `until` among those wanted now govern.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Wanted {
    /// What is restricted.
    pub restriction: Restriction,
    /// Not before this instant, if the entry says so.
    pub from: Option<Moment>,
    /// Until when.
    pub until: Until,
    /// Why, as the provider may be told.
    pub reason: Option<Arc<str>>,
    /// The `id` of the entry, if it has one.
    pub entry: Option<Arc<str>>,
    /// Where the entry stands.
    pub source: Source,
}

impl Wanted {
    /// Whether the entry wants its restriction in force at `now`.
    pub fn is_wanted_at(&self, now: Moment) -> bool {
        self.from.is_none_or(|from| from <= now) && !self.until.has_passed(now)
    }
}
