//! What an entry wants.

use std::sync::Arc;

use super::{Deny, Id, Kind, Moment, Restriction, Source, Subject, TargetName, Until};

/// What one entry, or one order, asks for at one target: restrictions that differ in their subjects only.
///
/// Entries may overlap, so several can name the same restriction; [`crate::plan`] lets the
/// latest `until` among those wanted now govern.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Wanted {
    /// The target at which they are enforced.
    pub target: TargetName,
    /// The room they are limited to; `None` where they hold in the whole app.
    pub room: Option<Id>,
    /// What kind of subjects.
    pub kind: Kind,
    /// The subjects, in order, each once.
    pub ids: Vec<Id>,
    /// What is denied.
    pub deny: Deny,
    /// Not before this instant, if the entry says so.
    pub from: Option<Moment>,
    /// Until when.
    pub until: Until,
    /// Why, as the provider may be told.
    pub reason: Option<Arc<str>>,
    /// The `id` of the entry, if it has one.
    pub entry: Option<Arc<str>>,
    /// Where the entry stands; `None` of an order.
    pub source: Option<Source>,
    /// The order that asks for it; `None` of an entry.
    pub order: Option<Arc<str>>,
}

impl Wanted {
    /// Whether the entry wants its restrictions in force at `now`.
    pub fn is_wanted_at(&self, now: Moment) -> bool {
        self.from.is_none_or(|from| from <= now) && !self.until.has_passed(now)
    }

    /// What its restrictions have in common of what comes first in their canonical order.
    pub fn place(&self) -> (&TargetName, Option<&Id>, Kind) {
        (&self.target, self.room.as_ref(), self.kind)
    }

    /// Its restriction of this subject.
    pub fn restriction_of(&self, id: &Id) -> Restriction {
        Restriction {
            target: self.target.clone(),
            room: self.room.clone(),
            subject: Subject { kind: self.kind, id: id.clone() },
            deny: self.deny,
        }
    }

    /// Its restrictions, in canonical order.
    pub fn restrictions(&self) -> impl Iterator<Item = Restriction> {
        self.ids.iter().map(|id| self.restriction_of(id))
    }
}
