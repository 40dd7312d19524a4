//! What a run records before anything else: what the files say now and the state does not know.

use std::collections::BTreeSet;

use super::prepare::Files;
use crate::domain::{BegunChange, GuardSettings, Moment, ProtectedKey, TargetName};
use crate::plan::{Plan, Resolved};
use crate::store::{ReadPolicy, Record, Snapshot};

/// What to record of the targets before anything else.
pub(super) fn first_records(
    files: &Files,
    plan: &Plan,
    resolved: &Resolved,
    snapshot: &Snapshot,
) -> impl Iterator<Item = Record> {
    let moves = resolved.moves.iter();
    let renames = moves.map(|(from, to)| Record::Rename { from: from.clone(), to: to.clone() });
    let is_gone = |name: &&TargetName| {
        !files.config.targets.contains_key(*name) && !resolved.moves.contains_key(*name)
    };
    let unbinds = snapshot.bound.keys().filter(is_gone).cloned().map(Record::Unbind);
    let binds = files.bounds().into_iter().map(|(name, bound)| Record::Bind(name, bound));
    // What a guard holds back must be guarded next time too.
    let protected = files.newly_protected(snapshot).filter(|_| !plan.is_held_back());
    let protected = protected.map(Record::Protect);
    let guards = files.newly_guarded(snapshot).map(Record::Guards);
    let policy = files.newly_read(snapshot, plan.now).map(Record::Policy);
    let changes = files.newly_begun(plan, snapshot);
    let records: Vec<Record> = renames
        .chain(unbinds)
        .chain(binds)
        .chain(protected)
        .chain(guards)
        .chain(policy)
        .chain(changes)
        .collect();
    records.into_iter()
}

impl Files {
    /// Who is protected now, if that is not what the state remembers.
    pub(super) fn newly_protected(&self, snapshot: &Snapshot) -> Option<BTreeSet<ProtectedKey>> {
        let keys = self.protected().keys();
        (self.wanted.is_some() && keys != snapshot.protected).then_some(keys)
    }

    /// The guards, if they are not what the state remembers.
    pub(super) fn newly_guarded(&self, snapshot: &Snapshot) -> Option<GuardSettings> {
        let settings = self.guard_settings();
        (snapshot.guards.as_ref() != Some(&settings)).then_some(settings)
    }

    /// The policy, if it is not the one that the state remembers.
    fn newly_read(&self, snapshot: &Snapshot, now: Moment) -> Option<ReadPolicy> {
        self.wanted.as_ref()?;
        let (digest, _) = self.digests();
        let is_known = snapshot.policy.as_ref().is_some_and(|it| it.digest == digest);
        (!is_known).then_some(ReadPolicy { digest, at: now })
    }

    /// What to record of changes that somebody acknowledged: that a plan begins one, and that others
    /// are no longer what the files ask for.
    fn newly_begun(&self, plan: &Plan, snapshot: &Snapshot) -> Vec<Record> {
        if self.wanted.is_none() {
            return Vec::new();
        }
        let files = self.digests();
        let others = snapshot.begun.iter().filter(|change| change.files != files);
        let mut records: Vec<Record> =
            others.map(|change| Record::AbandonChange(change.digest.clone())).collect();
        let is_known = snapshot
            .begun
            .iter()
            .any(|change| change.files == files && plan.guarded.is_subset(&change.operations));
        let guard = plan.guards.first().filter(|_| !plan.is_held_back() && !is_known);
        records.extend(guard.map(|guard| {
            let (digest, operations) = (guard.change_digest.clone(), plan.guarded.clone());
            Record::BeginChange(BegunChange { digest, files, operations })
        }));
        records
    }
}
