//! What a run has learned about rooms, so that it does not ask the same thing again and again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use crate::domain::{Id, Kind};
use crate::provider::Call;

/// What a run has learned about the rooms of a target.
#[derive(Debug, Default)]
pub struct Rooms(Mutex<Notes>);

#[derive(Debug, Default)]
struct Notes {
    full: BTreeSet<Room>,
    absent: BTreeSet<Room>,
    asked_again: BTreeMap<Room, u32>,
    unconfirmed: BTreeMap<Option<Id>, Vec<usize>>,
}

type Room = (Kind, Option<Id>);

/// Calls that one run spends on a room's subjects that had to wait last time. Whoever waits
/// longest without being asked about comes first, so that everybody has a turn in time.
const MOST_ASKED_AGAIN: u32 = 50;

impl Rooms {
    /// Remembers that a room can hold no more of a kind.
    pub fn note_full(&self, call: &Call) {
        self.with(|notes| notes.full.insert(room(call)));
    }

    /// Whether a room is known to hold no more.
    pub fn is_full(&self, call: &Call) -> bool {
        self.with(|notes| notes.full.contains(&room(call)))
    }

    /// Remembers that a room does not exist.
    pub fn note_absent(&self, call: &Call) {
        self.with(|notes| notes.absent.insert(room(call)));
    }

    /// Whether a room is known not to exist.
    pub fn is_absent(&self, call: &Call) -> bool {
        self.with(|notes| notes.absent.contains(&room(call)))
    }

    /// Counts a call about subjects that had to wait; whether there may be one.
    pub fn may_ask_again(&self, call: &Call) -> bool {
        self.with(|notes| {
            let asked = notes.asked_again.entry(room(call)).or_default();
            *asked += 1;
            *asked <= MOST_ASKED_AGAIN
        })
    }

    /// Remembers that a room's list must confirm these operations.
    pub fn confirm_later(&self, room: Option<Id>, operations: &[usize]) {
        self.with(|notes| notes.unconfirmed.entry(room).or_default().extend(operations));
    }

    /// What a list must confirm, room by room; forgets it.
    pub fn take_unconfirmed(&self) -> BTreeMap<Option<Id>, Vec<usize>> {
        self.with(|notes| std::mem::take(&mut notes.unconfirmed))
    }

    fn with<T>(&self, step: impl FnOnce(&mut Notes) -> T) -> T {
        step(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn room(call: &Call) -> Room {
    (call.kind, call.room.clone())
}
