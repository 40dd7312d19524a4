//! Operations into calls: as full as the provider allows, in the order they should be sent.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher as _};
use std::sync::Arc;

use super::{Means, Operation};
use crate::domain::{
    Action, Because, Deny, Id, Kind, Lapse, Moment, Restriction, TargetName, Until,
};
use crate::provider::{Call, Capability, Cursor, Expiry, Item, Target, Verb};

/// One call of a plan, by the operations it carries.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Step {
    /// The target it goes to.
    pub target: TargetName,
    /// When it is sent, among the steps of its target.
    pub phase: Phase,
    /// How the target restricts what it is about.
    pub capability: &'static Capability,
    /// The operations, by their index in the plan, in the order of the call's items.
    pub operations: Vec<usize>,
}

impl Step {
    /// The call, out of the operations of its plan. It is made when it is needed: where each
    /// restriction has an end of its own, a plan has a million of them.
    pub fn call(&self, operations: &[Operation]) -> Option<Call> {
        let carried = || self.operations.iter().filter_map(|index| operations.get(*index));
        let operation = carried().next()?;
        let Restriction { room, subject, deny, .. } = &operation.restriction;
        let item = |operation: &Operation| {
            let Means::Call { rule, .. } = &operation.means else { return None };
            Some(Item { id: operation.restriction.subject.id.clone(), rule: rule.clone() })
        };
        let queued = Queued::of(operation, self.capability)?;
        Some(Call {
            verb: queued.verb,
            kind: subject.kind,
            room: room.clone(),
            deny: *deny,
            reason: queued.reason().cloned(),
            until: operation.until,
            items: carried().filter_map(item).collect(),
            cursor: Cursor::START,
        })
    }
}

/// The order in which the steps of one target are sent.
///
/// What was ordered comes first, then ends that are overdue, then what would lapse; lifts before imposes, since they
/// free the room's quota; what waited last time comes last.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Phase {
    /// What a person ordered: it waits for nothing else of its target.
    Ordered,
    /// Lifts whose time has come.
    OverdueLift,
    /// Renewals, in order of lapse.
    Renewal,
    /// All other lifts.
    Lift,
    /// Changes in place.
    Amend,
    /// New restrictions.
    Impose,
    /// Lifts of what one of the imposes replaces.
    ReplacedLift,
    /// Kicks that are due again.
    Kick,
    /// What the provider said "not yet" to last time: the first call of each room.
    Waiting,
    /// The rest of that.
    StillWaiting,
}

/// Puts the operations that need a call into calls.
pub fn batch(operations: &[Operation], targets: &BTreeMap<TargetName, Arc<Target>>) -> Vec<Step> {
    let form_of = |operation: &Operation| {
        let restriction = &operation.restriction;
        targets.get(&restriction.target)?.provider.facts().capability(restriction.subject.kind)
    };
    let queued = |(index, operation)| Some((index, Queued::of(operation, form_of(operation)?)?));
    let mut queue: Vec<_> = operations.iter().enumerate().filter_map(queued).collect();
    // Stable: else they stay in the order of the plan.
    queue.sort_by_key(|(_, queued)| queued.order());
    let key_of = |step: &Step| {
        let first = operations.get(*step.operations.first()?)?;
        Queued::of(first, step.capability).map(|queued| queued.key())
    };
    let mut steps: Vec<Step> = Vec::new();
    // The newest step of each key, by the key's hash: where every ban has its own end there are as
    // many keys as bans.
    let mut open: BTreeMap<u64, usize> = BTreeMap::new();
    for (index, queued) in queue {
        let key = queued.key();
        let hash = hash(&key);
        let room_left = open.get(&hash).and_then(|at| steps.get_mut(*at));
        let room_left = room_left.filter(|step| {
            step.operations.len() < queued.capability.batch && key_of(step).as_ref() == Some(&key)
        });
        if let Some(step) = room_left {
            step.operations.push(index);
        } else {
            open.insert(hash, steps.len());
            let (target, capability) =
                (queued.operation.restriction.target.clone(), queued.capability);
            steps.push(Step { target, phase: queued.phase, capability, operations: vec![index] });
        }
    }
    one_per_room_first(&mut steps, operations);
    steps.shrink_to_fit();
    steps
}

/// A hash that is the same in every process: plans must not differ.
fn hash(key: &Key<'_>) -> u64 {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    hasher.finish()
}

/// Of the calls about what had to wait, lets one a room go first: its answer may save the others.
fn one_per_room_first(steps: &mut [Step], operations: &[Operation]) {
    let mut rooms = BTreeSet::new();
    for step in steps.iter_mut().filter(|step| step.phase == Phase::Waiting) {
        let first = step.operations.first().and_then(|index| operations.get(*index));
        let room = first.map(|first| (step.capability.kind, &first.restriction.room));
        if !rooms.insert((step.target.clone(), room)) {
            step.phase = Phase::StillWaiting;
        }
    }
    steps.sort_by_key(|step| step.phase);
}

/// An operation on its way into a call.
struct Queued<'a> {
    operation: &'a Operation,
    capability: &'static Capability,
    verb: Verb,
    phase: Phase,
}

/// What two operations must have in common to share a call.
#[derive(PartialEq, Eq, Hash)]
struct Key<'a> {
    target: &'a TargetName,
    verb: &'static str,
    kind: Kind,
    room: Option<&'a Id>,
    deny: Deny,
    reason: Option<&'a Arc<str>>,
    until: Option<Until>,
    /// The parts of the queue that share no calls with the rest: what was ordered, what waited, and
    /// what waits for another.
    apart: Option<Phase>,
}

impl<'a> Queued<'a> {
    fn of(operation: &'a Operation, capability: &'static Capability) -> Option<Self> {
        let Means::Call { verb, rule: _ } = operation.means else { return None };
        Some(Self { operation, capability, verb, phase: phase(operation) })
    }

    /// Renewals go by lapse; what waits goes by when it was last asked about.
    fn order(&self) -> (Phase, Option<Moment>) {
        let recorded = self.operation.recorded.as_ref();
        let since = match self.phase {
            Phase::Renewal => self.operation.lapse().and_then(Lapse::at),
            Phase::Waiting | Phase::StillWaiting => recorded.and_then(|row| row.waiting),
            Phase::Ordered
            | Phase::OverdueLift
            | Phase::Lift
            | Phase::Amend
            | Phase::Impose
            | Phase::ReplacedLift
            | Phase::Kick => None,
        };
        (self.phase, since)
    }

    fn key(&self) -> Key<'a> {
        let restriction = &self.operation.restriction;
        let apart = matches!(self.phase, Phase::Ordered | Phase::Waiting | Phase::ReplacedLift);
        Key {
            target: &restriction.target,
            verb: match self.verb {
                Verb::Impose => "impose",
                Verb::Renew => "renew",
                Verb::Lift => "lift",
                Verb::List => "list",
            },
            kind: restriction.subject.kind,
            room: restriction.room.as_ref(),
            deny: restriction.deny,
            reason: self.reason(),
            until: (self.capability.expiry != Expiry::Open && self.verb != Verb::Lift)
                .then_some(self.operation.until),
            apart: apart.then_some(self.phase),
        }
    }

    /// The reason to send along, where the provider takes one with such a call.
    fn reason(&self) -> Option<&'a Arc<str>> {
        let sent =
            self.capability.reason.is_some_and(|reason| reason.sent) && self.verb != Verb::Lift;
        self.operation.reason.as_ref().filter(|_| sent)
    }
}

fn phase(operation: &Operation) -> Phase {
    if operation.waited {
        return Phase::Waiting;
    }
    if operation.because == Because::Ordered && operation.after.is_none() {
        return Phase::Ordered;
    }
    match operation.action {
        Action::Lift if operation.upkeep => Phase::OverdueLift,
        Action::Lift if operation.after.is_some() => Phase::ReplacedLift,
        Action::Lift | Action::Forget => Phase::Lift,
        Action::Renew => Phase::Renewal,
        Action::Amend => Phase::Amend,
        Action::Impose => Phase::Impose,
        Action::Kick => Phase::Kick,
    }
}
