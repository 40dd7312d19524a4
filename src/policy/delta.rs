//! What changed in a policy since it was read as a whole, found without reading the rest.
//!
//! Everything here gives up, as `None`, at the first thing that only a reading of the whole can
//! judge: an error, a warning, a change of `protect`. The caller then reads the whole.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use super::config::{Config, Reading as ConfigReading};
use super::files::Folder;
use super::index::{fingerprint_of_id, fingerprints};
use super::known::Known;
use super::opening::Opening;
use super::part::Part;
use super::shelf::Shelf;
use super::{FileMark, Leave, digest, fingerprint, parallel};
use crate::domain::{Ack, Moment, Protected, Restriction, Until, Wanted};

/// The policy as it was when it was read as a whole.
#[derive(Clone, Copy)]
pub struct Before<'a> {
    /// The digest of the config.
    pub config_digest: &'a str,
    /// The files, in order of their names.
    pub marks: &'a [FileMark],
    /// The numbers of the files in which an `id` of this fingerprint stood; `None` if that cannot
    /// be told.
    pub files_of_id: &'a (dyn Fn(u64) -> Option<Vec<u32>> + Sync),
    /// Whoever was protected.
    pub protected: &'a Protected,
    /// Where what the files say is kept.
    pub shelf: &'a dyn Shelf,
}

/// What changed.
pub struct Delta<'a> {
    /// The config, which is what it was.
    pub config: Config,
    /// What people have acknowledged.
    pub acks: Vec<Ack>,
    /// How many entries the whole policy has now.
    pub entries: usize,
    /// The digest of the whole policy as it is now.
    pub policy_digest: String,
    /// What the files that changed ask for now.
    pub wanted: Vec<Wanted>,
    /// What the files that changed, or are gone, asked for before.
    pub before: Vec<Wanted>,
    basis: Before<'a>,
    /// The numbers of the files that are gone or not what they were.
    changed: BTreeSet<u32>,
    known: Known,
}

impl<'a> Delta<'a> {
    /// Finds what changed in the workspace.
    pub fn of(directory: &Path, leave: &Leave, before: Before<'a>) -> Option<Self> {
        let mut opening = Opening::of(directory, leave);
        let names = opening.policies();
        let acks = opening.acks();
        let Opening { folder, config, findings } = opening;
        let (ConfigReading { config, known }, config_digest) = config?;
        if !findings.is_empty() || config_digest != before.config_digest {
            return None;
        }
        let marks: BTreeMap<&str, (u32, &FileMark)> =
            before.marks.iter().zip(0..).map(|(mark, at)| (&*mark.name, (at, mark))).collect();
        let look = |name: &String| {
            let mark = marks.get(name.as_str()).map(|(_, mark)| *mark);
            look(&folder, &known, name, (mark, &before))
        };
        let found: Vec<Found> = parallel::map(&names, look).into_iter().collect::<Option<_>>()?;
        let mut delta = Self {
            config,
            acks,
            entries: 0,
            policy_digest: String::new(),
            wanted: Vec::new(),
            before: Vec::new(),
            basis: before,
            changed: marks.values().map(|(number, _)| *number).collect(),
            known,
        };
        let mut digests = BTreeMap::new();
        let mut fresh = Vec::new();
        for (name, found) in names.iter().zip(found) {
            match (found, marks.get(name.as_str())) {
                (Found::Same, Some((number, mark))) => {
                    delta.changed.remove(number);
                    delta.entries += mark.entries;
                    digests.extend(mark.digests());
                }
                (Found::Same, None) => return None,
                (Found::Fresh(part), _) => {
                    digests.extend(FileMark::of(&part).digests());
                    fresh.push(*part);
                }
            }
        }
        delta.policy_digest = digest::of_files(&digests);
        delta.add(fresh)?;
        Some(delta)
    }

    /// Takes in what the changed files ask for, unless that has to do with other files.
    fn add(&mut self, fresh: Vec<Part>) -> Option<()> {
        let mut is_wide = false;
        let mut ids = Vec::new();
        for part in fresh {
            is_wide |= !part.wide.is_empty();
            self.entries += part.entries;
            ids.extend(part.ids.iter().map(|(id, _)| fingerprint_of_id(id)));
            self.wanted.extend(part.wanted);
        }
        for number in self.changed.clone() {
            let part = self.part(number)?;
            is_wide |= !part.wide.is_empty();
            self.before.extend(part.wanted);
        }
        let protected = self.basis.protected;
        // Also before: then there was a warning that is not true any more.
        let mut all = self.wanted.iter().chain(&self.before);
        let is_protected = all.any(|wanted| protected.covers_any(wanted));
        if is_protected || (is_wide && !protected.is_empty()) || self.has_known(&mut ids) {
            return None;
        }
        Some(())
    }

    /// Whether one of these ids stands there twice, or in a file that did not change.
    fn has_known(&self, ids: &mut [u64]) -> bool {
        ids.sort_unstable();
        let is_twice = ids.windows(2).any(|pair| matches!(pair, [a, b] if a == b));
        is_twice
            || ids.iter().any(|id| {
                let files = (self.basis.files_of_id)(*id);
                files.is_none_or(|files| files.iter().any(|file| !self.changed.contains(file)))
            })
    }

    /// The fingerprints of all that the changed files ask for otherwise than before. Where an
    /// entry stands makes no difference: it moves with every line above it.
    pub fn touched(&self) -> BTreeSet<u64> {
        let [before, now] = [&self.before, &self.wanted].map(|wanted| {
            let mut claims: Vec<_> = wanted.iter().flat_map(claims).collect();
            claims.sort_unstable();
            claims
        });
        let mut prints = BTreeSet::new();
        for (some, others) in [(&before, &now), (&now, &before)] {
            let is_new = |claim: &&Claim<'_>| others.binary_search(claim).is_err();
            prints.extend(
                some.iter().filter(is_new).map(|(restriction, ..)| fingerprint(restriction)),
            );
        }
        prints
    }

    /// What these files ask for of these fingerprints, those that did not change.
    pub fn asked(&self, files: &BTreeSet<u32>, prints: &BTreeSet<u64>) -> Option<Vec<Wanted>> {
        let mut wanted = Vec::new();
        for number in files.difference(&self.changed) {
            wanted.extend(only(self.part(*number)?.wanted, prints));
        }
        // What a list says is kept as the list says it.
        self.basis.protected.spare(&mut wanted);
        Some(wanted)
    }

    /// What a file said when the whole was read.
    fn part(&self, number: u32) -> Option<Part> {
        let mark = self.basis.marks.get(usize::try_from(number).ok()?)?;
        let key = mark.key(self.basis.config_digest);
        let bytes = self.basis.shelf.get(&key)?;
        let part = Part::of_bytes(mark.name.as_str().into(), &bytes, &self.known)?;
        // What stands there may be of an earlier time, when a list was another.
        (part.lists == mark.lists).then_some(part)
    }
}

/// What is wanted of these fingerprints.
pub fn only(wanted: Vec<Wanted>, prints: &BTreeSet<u64>) -> impl Iterator<Item = Wanted> {
    wanted.into_iter().filter_map(|mut it| {
        let is_in = fingerprints(&it).map(|print| prints.contains(&print)).collect::<Vec<_>>();
        let mut is_in = is_in.into_iter();
        it.ids.retain(|_| is_in.next().unwrap_or_default());
        (!it.ids.is_empty()).then_some(it)
    })
}

/// What an entry asks for of one subject, wherever it stands.
type Claim<'a> = (Restriction, Option<Moment>, Until, Option<&'a Arc<str>>, Option<&'a Arc<str>>);

fn claims(wanted: &Wanted) -> impl Iterator<Item = Claim<'_>> {
    let Wanted { from, until, reason, entry, .. } = wanted;
    let claim = |restriction| (restriction, *from, *until, reason.as_ref(), entry.as_ref());
    wanted.restrictions().map(claim)
}

/// What became of a file.
enum Found {
    /// It is what it was.
    Same,
    /// It is new, or says something else.
    Fresh(Box<Part>),
}

fn look(
    folder: &Folder,
    known: &Known,
    name: &str,
    (mark, before): (Option<&FileMark>, &Before<'_>),
) -> Option<Found> {
    if let Some(mark) = mark {
        let is_same = folder.digest(name).ok()? == mark.digest;
        if is_same && mark.lists.iter().all(|list| list.is_current(folder, name)) {
            return Some(Found::Same);
        }
    }
    let part = Part::read(folder, known, name, (before.config_digest, None));
    let is_plain = part.findings.is_empty() && part.protections.is_empty();
    is_plain.then(|| Found::Fresh(Box::new(part)))
}
