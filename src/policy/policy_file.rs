//! What one policy file asks for, whatever the others say: the unit that is read in parallel.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::entry::Reading;
use super::files::Folder;
use super::list::{ListMark, Lists};
use super::memo::Memo;
use super::problem::{Findings, Reporter, Spot};
use super::read_policy::read_policy;
use super::target_index::TargetIndex;
use super::yaml::At;
use super::{digest, text};
use crate::domain::{Id, Kind, Protected, Protection, TargetName, Wanted};

/// What one file asks for.
pub(super) struct PolicyFile {
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
    /// What its entries ask for.
    pub(super) wanted: Arc<Vec<Wanted>>,
    /// For each target the first entry that reaches everybody somewhere, and how many do.
    pub(super) wide: BTreeMap<TargetName, (At, usize)>,
    /// The digest of the file; empty if it could not be read.
    pub(super) digest: String,
    /// The lists that it names.
    pub(super) lists: Vec<ListMark>,
    /// What was found wrong within it.
    pub(super) findings: Findings,
    /// Every room once: thousands of entries are about the same few.
    rooms: BTreeSet<Id>,
    /// Every reason once.
    reasons: BTreeSet<Arc<str>>,
}

/// Who is looked for while a file is read, and where they were found.
pub(super) struct Watch<'a> {
    protected: &'a Protected,
    places: Vec<Place>,
}

impl Watch<'_> {
    /// Notes where those of these subjects stand who are looked for.
    pub(super) fn look(&mut self, target: &TargetName, kind: Kind, ids: &[(Id, Spot)]) {
        let is_watched = |(id, _): &&(Id, Spot)| self.protected.of(target, kind, id).is_some();
        self.places.extend(ids.iter().filter(is_watched).map(|(id, spot)| Place {
            target: target.clone(),
            kind,
            id: id.clone(),
            spot: spot.clone(),
        }));
    }
}

/// A subject at one target, and where it stands: in the file, or in a list.
pub(super) struct Place {
    pub(super) target: TargetName,
    pub(super) kind: Kind,
    pub(super) id: Id,
    pub(super) spot: Spot,
}

impl PolicyFile {
    /// A file that asks for nothing yet.
    pub(super) fn new(file: Arc<str>) -> Self {
        Self {
            file,
            entries: 0,
            protections: Vec::new(),
            ids: Vec::new(),
            metas: Vec::new(),
            wanted: Arc::default(),
            wide: BTreeMap::new(),
            digest: String::new(),
            lists: Vec::new(),
            findings: Findings::default(),
            rooms: BTreeSet::new(),
            reasons: BTreeSet::new(),
        }
    }

    /// Reads a policy file and the lists that it names; `memo` may have read it before.
    pub(super) fn read(folder: &Folder, index: &TargetIndex, memo: &Memo, name: &str) -> Self {
        let mut policy = Self::new(name.into());
        match folder.read(name) {
            Ok(bytes) => {
                let digest = digest::of_bytes(&bytes);
                if let Some(policy) = memo.policy(name, &digest) {
                    return policy;
                }
                policy.digest = digest;
                policy.parse(folder, index, bytes, None);
            }
            Err(diagnostic) => policy.findings.push_bare(*diagnostic),
        }
        policy
    }

    /// The same once more, if it says no more than the bytes of its file: no list, and nothing that
    /// is wrong.
    pub(super) fn again(&self) -> Option<Self> {
        if !self.lists.is_empty() || !self.findings.are_none() {
            return None;
        }
        let Self { file, entries, protections, ids, metas, wanted, wide, digest, .. } = self;
        Some(Self {
            entries: *entries,
            protections: protections.clone(),
            ids: ids.clone(),
            metas: metas.clone(),
            wanted: Arc::clone(wanted),
            wide: wide.clone(),
            digest: digest.clone(),
            ..Self::new(Arc::clone(file))
        })
    }

    /// The digests of the file and of the lists that it names, by their names.
    pub(super) fn digests(&self) -> impl Iterator<Item = (String, String)> {
        let file = (!self.digest.is_empty()).then(|| (self.file.to_string(), self.digest.clone()));
        let lists = self.lists.iter().map(|list| (list.name.clone(), list.digest.clone()));
        file.into_iter().chain(lists)
    }

    /// Reads what the bytes of the file say, and where those stand who are protected.
    fn parse(
        &mut self,
        folder: &Folder,
        index: &TargetIndex,
        bytes: Vec<u8>,
        protected: Option<&Protected>,
    ) -> Vec<Place> {
        let file = match text::decode(&self.file, bytes, true) {
            Ok(file) => Arc::new(file),
            Err(diagnostic) => {
                self.findings.push_bare(*diagnostic);
                return Vec::new();
            }
        };
        let mut findings = Findings::default();
        let mut lists = Lists::new(folder);
        let watch = protected.map(|protected| Watch { protected, places: Vec::new() });
        let mut reading = Reading { index, lists: &mut lists, policy: self, watch };
        let mut reporter = Reporter { file: &file, findings: &mut findings };
        read_policy(&file.text, &mut reading, &mut reporter);
        let places = reading.watch.map(|watch| watch.places).unwrap_or_default();
        self.lists = lists.marks.into_iter().collect();
        self.findings = findings;
        (self.rooms, self.reasons) = (BTreeSet::new(), BTreeSet::new());
        places
    }

    /// Where those stand who are protected, found by reading the file again; `None` if it or one
    /// of its lists is not what it was.
    pub(super) fn places(
        &self,
        folder: &Folder,
        index: &TargetIndex,
        protected: &Protected,
    ) -> Option<Vec<Place>> {
        let bytes = folder.read(&self.file).ok()?;
        let is_same = digest::of_bytes(&bytes) == self.digest;
        let mut again = Self::new(Arc::clone(&self.file));
        let places = again.parse(folder, index, bytes, Some(protected));
        (is_same && again.lists == self.lists).then_some(places)
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
}
