//! What one policy file asks for, whatever the others say: the unit that is read in parallel.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::problem::{Findings, Trace};
use super::yaml::At;
use crate::domain::{Id, Kind, Protection, TargetName, Wanted};

/// What one file asks for.
pub(super) struct Part {
    /// The file.
    pub(super) file: Arc<str>,
    /// How many entries it has.
    pub(super) entries: usize,
    /// Whom it protects, and where that stands.
    pub(super) protections: Vec<(Kind, Id, Protection, At)>,
    /// The `id` of each entry that has one, and where it stands.
    pub(super) ids: Vec<(Arc<str>, At)>,
    /// What its entries say for people, as JSON objects, and where each stands.
    pub(super) metas: Vec<(At, Arc<str>)>,
    /// Each restriction it asks for; in canonical order once [`finished`](Self::finish).
    pub(super) wanted: Vec<Asked>,
    /// For each target the first entry that reaches everybody somewhere, and how many do.
    pub(super) wide: BTreeMap<TargetName, (At, usize)>,
    /// The digests of the file and of the lists that it names.
    pub(super) digests: BTreeMap<String, String>,
    /// What was found wrong within it.
    pub(super) findings: Findings,
    /// Every room once: thousands of entries are about the same few.
    rooms: BTreeSet<Id>,
    /// Every reason once.
    reasons: BTreeSet<Arc<str>>,
}

/// A restriction that a file asks for, and where its subject stands: there, or in a list.
pub(super) struct Asked {
    pub(super) wanted: Wanted,
    pub(super) trace: Trace,
}

impl Part {
    /// A file that asks for nothing yet.
    pub(super) fn new(file: Arc<str>) -> Self {
        Self {
            file,
            entries: 0,
            protections: Vec::new(),
            ids: Vec::new(),
            metas: Vec::new(),
            wanted: Vec::new(),
            wide: BTreeMap::new(),
            digests: BTreeMap::new(),
            findings: Findings::default(),
            rooms: BTreeSet::new(),
            reasons: BTreeSet::new(),
        }
    }

    /// The one copy of a room.
    pub(super) fn share_room(&mut self, room: Id) -> Id {
        if let Some(known) = self.rooms.get(&room) {
            return known.clone();
        }
        self.rooms.insert(room.clone());
        room
    }

    /// The one copy of a reason.
    pub(super) fn share_reason(&mut self, reason: &Arc<str>) -> Arc<str> {
        if let Some(known) = self.reasons.get(reason) {
            return Arc::clone(known);
        }
        self.reasons.insert(Arc::clone(reason));
        Arc::clone(reason)
    }

    /// Notes an entry that reaches everybody somewhere.
    pub(super) fn note_wide(&mut self, target: &TargetName, at: At) {
        if let Some((_, count)) = self.wide.get_mut(target) {
            *count += 1;
        } else {
            self.wide.insert(target.clone(), (at, 1));
        }
    }

    /// Puts what it asks for in order, and drops what only reading needed.
    pub(super) fn finish(mut self) -> Self {
        self.wanted.sort_unstable_by(|a, b| order(&a.wanted).cmp(&order(&b.wanted)));
        self.wanted.shrink_to_fit();
        (self.rooms, self.reasons) = (BTreeSet::new(), BTreeSet::new());
        self
    }
}

/// A total order, so that the result does not depend on the order of files.
pub(super) fn order(wanted: &Wanted) -> impl Ord {
    let Wanted { restriction, from, until, reason, entry, source } = wanted;
    (restriction, until, from, reason, entry, source)
}
