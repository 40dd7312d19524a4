//! What all policy files together ask for.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::problem::{Findings, Problem, Spot, quote};
use crate::domain::{Id, Protected, Source, TargetName, Wanted};

/// What was read so far.
#[derive(Default)]
pub(super) struct Desired {
    /// How many entries there are.
    pub(super) entries: usize,
    /// Whoever is protected.
    pub(super) protected: Protected,
    /// Where each protection stands.
    pub(super) protections: BTreeMap<Source, Spot>,
    /// Where each `id` of an entry stands.
    pub(super) ids: BTreeMap<Arc<str>, Spot>,
    /// What each entry says for people, as a JSON object, by where the entry stands.
    pub(super) metas: BTreeMap<Source, Arc<str>>,
    /// Every room once: thousands of entries are about the same few.
    rooms: BTreeSet<Id>,
    /// Every reason once.
    reasons: BTreeSet<Arc<str>>,
    wanted: Vec<Wanted>,
    /// Where the subject of each of `wanted` stands.
    spots: Vec<Spot>,
    /// For each target the first entry that reaches everybody somewhere, and how many do.
    wide: BTreeMap<TargetName, (Spot, usize)>,
}

impl Desired {
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

    /// Adds a restriction; its subject stands at `spot`.
    pub(super) fn push(&mut self, wanted: Wanted, spot: Spot) {
        self.wanted.push(wanted);
        self.spots.push(spot);
    }

    /// Remembers the `id` of an entry, which no other may have.
    pub(super) fn name(&mut self, id: &Arc<str>, spot: &Spot, findings: &mut Findings) {
        if let Some(first) = self.ids.get(id) {
            let problem = Problem::new(
                "duplicate-id",
                spot.at,
                format!("two entries have the id {}", quote(id)),
            )
            .help("an `id` names one entry of the whole workspace");
            findings.push_with(spot, problem, first, "first here");
        } else {
            self.ids.insert(Arc::clone(id), spot.clone());
        }
    }

    /// Notes an entry that reaches everybody somewhere.
    pub(super) fn note_wide(&mut self, target: &TargetName, spot: &Spot) {
        if let Some((_, count)) = self.wide.get_mut(target) {
            *count += 1;
        } else {
            self.wide.insert(target.clone(), (spot.clone(), 1));
        }
    }

    /// Everything that is asked for, in canonical order, without those who are protected.
    pub(super) fn finish(mut self, findings: &mut Findings) -> (Vec<Wanted>, Protected, usize) {
        self.drop_protected(findings);
        self.report_wide(findings);
        let mut wanted = self.wanted;
        wanted.sort_unstable_by(|a, b| order(a).cmp(&order(b)));
        (wanted, self.protected, self.entries)
    }

    fn drop_protected(&mut self, findings: &mut Findings) {
        let Self { protected, protections, wanted, spots, .. } = self;
        let mut skipped: BTreeMap<Arc<str>, (Spot, String, usize)> = BTreeMap::new();
        let mut spots = spots.iter();
        wanted.retain(|wanted| {
            let (Some(spot), Some(protection)) =
                (spots.next(), protected.covers(&wanted.restriction))
            else {
                return true;
            };
            let id = quote(wanted.restriction.subject.id.as_str());
            if spot.file.quotable {
                let target = &wanted.restriction.target;
                let problem =
                    Problem::new("protected", spot.at, format!("{id} is protected at `{target}`"))
                        .help("take the subject out of the entry, or out of `protect`");
                match protections.get(&protection.source) {
                    Some(other) => findings.push_with(spot, problem, other, "protected here"),
                    None => findings.push(&spot.file, problem),
                }
            } else {
                skipped
                    .entry(Arc::clone(&spot.file.name))
                    .or_insert_with(|| (spot.clone(), id, 0))
                    .2 += 1;
            }
            false
        });
        for (spot, id, count) in skipped.into_values() {
            let others =
                if count > 1 { format!(", and {} more", count - 1) } else { String::new() };
            let message = format!("{id} is protected and skipped{others}");
            findings.push(&spot.file, Problem::warning("protected-skipped", spot.at, message));
        }
    }

    fn report_wide(&self, findings: &mut Findings) {
        for (target, (spot, count)) in &self.wide {
            if self.protected.reaches(target) {
                let bans = if *count == 1 { "a wide ban" } else { "wide bans" };
                let message = format!("`protect` cannot shield anybody at `{target}` from {bans}");
                let code = "protect-cannot-shield-wide";
                findings.push(&spot.file, Problem::warning(code, spot.at, message));
            }
        }
    }
}

/// A total order, so that the result does not depend on the order of files.
fn order(wanted: &Wanted) -> impl Ord {
    let Wanted { restriction, from, until, reason, entry, source } = wanted;
    (restriction, until, from, reason, entry, source)
}
