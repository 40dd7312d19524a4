//! How much is recorded, counted where guards and warnings ask for it.

use std::collections::BTreeMap;

use crate::domain::{Enforcement, Id, Kind, Restriction, TargetName};
use crate::provider::Capability;

/// What a pass over the recorded rows counts.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct RecordedCounts {
    /// How many rows of each target may be in force.
    pub in_force: BTreeMap<TargetName, u64>,
    /// How many restrictions of a kind are held in each room that takes only so many.
    pub held: BTreeMap<Room, u64>,
}

/// A room, and what is counted in it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Room {
    /// Its target.
    pub target: TargetName,
    /// What kind of subjects.
    pub kind: Kind,
    /// Its id; `None` for the whole app.
    pub id: Option<Id>,
}

impl Room {
    /// The room of a restriction.
    pub fn of(restriction: &Restriction) -> Self {
        Self {
            target: restriction.target.clone(),
            kind: restriction.subject.kind,
            id: restriction.room.clone(),
        }
    }
}

impl RecordedCounts {
    /// Counts a row.
    pub(super) fn count(&mut self, row: &Enforcement, capability: &Capability) {
        if row.may_be_in_force() {
            match self.in_force.get_mut(&row.restriction.target) {
                Some(count) => *count += 1,
                None => drop(self.in_force.insert(row.restriction.target.clone(), 1)),
            }
        }
        if capability.quota.is_some() && row.held.is_some() {
            *self.held.entry(Room::of(&row.restriction)).or_default() += 1;
        }
    }
}
