//! Desired against recorded: one pass over two sorted lists.

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::iter::Peekable;

use super::decide::{Change, End};
use super::due::{DueDates, NextDue};
use super::overlap::{Claims, claims};
use super::standing_orders::{StandingOrders, comes_back};
use super::{Inputs, Means, Operation, RecordedCounts};
use crate::domain::{Action, Because, Desired, Enforcement, Moment, Restriction, TargetName};
use crate::provider::Verb;

/// What differs, and when it will differ again.
#[derive(Debug)]
pub struct Diff {
    /// The operations, in the canonical order of their restrictions.
    pub operations: Vec<Operation>,
    /// How many restrictions are as they should be.
    pub unchanged: u64,
    /// When there will be something to do again.
    pub next_due: NextDue,
    /// When whoever keeps time has something to do again at each target.
    pub next_wakes: BTreeMap<TargetName, Moment>,
    /// How much is recorded.
    pub counts: RecordedCounts,
}

/// Compares what the policy and orders want with what the state knows, in the canonical order of
/// restrictions.
pub fn diff<R: Borrow<Enforcement>>(
    inputs: &Inputs<'_>,
    recorded: impl Iterator<Item = R>,
) -> Diff {
    let mut found = Found {
        operations: Vec::new(),
        unchanged: 0,
        due: NextDue::NEVER,
        wakes: BTreeMap::new(),
        counts: RecordedCounts::default(),
    };
    let orders = StandingOrders::of(inputs);
    let policy = inputs.wanted.into_iter().flat_map(Desired::iter);
    let wanted = claims(policy.chain(&orders.bans));
    let mut wanted = wanted.filter(|claims| in_scope(inputs, &claims.restriction)).peekable();
    let is_in_scope = |row: &R| in_scope(inputs, &row.borrow().restriction);
    let mut recorded = recorded.filter(is_in_scope).peekable();
    while let Some((claims, row)) = next_pair(&mut wanted, &mut recorded) {
        found.compare((inputs, &orders), claims.as_ref(), row.as_ref().map(R::borrow));
    }
    order_replacements(&mut found.operations);
    Diff {
        operations: found.operations,
        unchanged: found.unchanged,
        next_due: found.due,
        next_wakes: found.wakes,
        counts: found.counts,
    }
}

impl Diff {
    /// Adds the upkeep of what a guard holds back, since upkeep is done all the same: what is to
    /// be changed or ended stays as it is for now, and must not lapse meanwhile.
    pub(super) fn keep_up_what_is_held_back(&mut self, inputs: &Inputs<'_>) {
        let held_back = self.operations.iter().filter(|operation| !operation.upkeep);
        let rows = held_back.filter_map(|operation| operation.recorded.as_deref());
        let upkeep: Vec<Operation> = rows
            .filter(|row| !row.until.has_passed(inputs.now))
            .filter_map(|row| {
                let (target, capability) = inputs.capability(&row.restriction)?;
                Change::new(inputs.now, target, capability).of_upkeep(row)
            })
            .collect();
        self.operations.extend(upkeep);
        // Stable: the operation that is held back comes before its upkeep.
        self.operations.sort_by(|a, b| a.restriction.cmp(&b.restriction));
        order_replacements(&mut self.operations);
    }
}

fn in_scope(inputs: &Inputs<'_>, restriction: &Restriction) -> bool {
    inputs.scope.includes_restriction(restriction)
}

/// Takes the smaller head of two sorted lists, or both heads where they are about the same.
fn next_pair<'a, R: Borrow<Enforcement>>(
    wanted: &mut Peekable<impl Iterator<Item = Claims<'a>>>,
    recorded: &mut Peekable<impl Iterator<Item = R>>,
) -> Option<(Option<Claims<'a>>, Option<R>)> {
    let order = match (wanted.peek(), recorded.peek()) {
        (None, None) => return None,
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (Some(claims), Some(row)) => claims.restriction.cmp(&row.borrow().restriction),
    };
    let claims = order.is_le().then(|| wanted.next()).flatten();
    let row = order.is_ge().then(|| recorded.next()).flatten();
    Some((claims, row))
}

struct Found {
    operations: Vec<Operation>,
    unchanged: u64,
    due: NextDue,
    wakes: BTreeMap<TargetName, Moment>,
    counts: RecordedCounts,
}

impl Found {
    fn compare(
        &mut self,
        (inputs, orders): (&Inputs<'_>, &StandingOrders<'_>),
        claims: Option<&Claims<'_>>,
        row: Option<&Enforcement>,
    ) {
        let restriction = claims.map(|claims| &claims.restriction);
        let Some(restriction) = restriction.or(row.map(|row| &row.restriction)) else { return };
        let Some((target, capability)) = inputs.capability(restriction) else { return };
        if let Some(row) = row {
            self.counts.count(row, capability);
        }
        let mut change = Change::new(inputs.now, target, capability);
        let lift = orders.lift(restriction);
        let governs_at = |at| claims.and_then(|claims| claims.governing(at));
        let governing = governs_at(inputs.now).filter(|_| lift.is_none());
        let mut due = DueDates::new(inputs.now);
        if let Some(start) = claims.and_then(|claims| claims.next_start(inputs.now, capability)) {
            let (at, because) = start;
            due.starts(at, because);
        }
        if let Some(at) = comes_back(lift, |at| governs_at(at).is_some()) {
            due.starts(at, Because::NewEntry);
        }
        // An upkeep plan takes a row for its own entry, as long as it has not ended, nobody has begun
        // to lift it, and no order says otherwise.
        let keeps_itself = inputs.wanted.is_none()
            && lift.is_none()
            && row.is_some_and(|row| {
                let lifting = row.doubt.as_ref().is_some_and(|doubt| doubt.action == Action::Lift);
                let outlasts = governing.is_none_or(|ordered| ordered.until <= row.until);
                !row.until.has_passed(inputs.now) && !lifting && outlasts
            });
        let operation = match (governing, row) {
            (_, Some(row)) if keeps_itself => change.of_upkeep(row),
            (Some(wanted), row) => change.of_wanted((restriction, wanted), row),
            (None, Some(row)) => {
                let end = if let Some(order) = lift {
                    End::Ordered(order)
                } else if row.until.has_passed(inputs.now) {
                    End::Expired
                } else if inputs.protected.covers(restriction).is_some() {
                    End::Protected
                } else if claims.is_some() {
                    End::NotWantedNow
                } else {
                    End::EntryRemoved
                };
                Some(change.of_unwanted(row, end))
            }
            (None, None) => None,
        };
        change.note_due(&mut due, operation.as_ref(), row);
        self.due = self.due.min(due.next_due());
        if let Some(at) = due.next_wake() {
            self.wakes_at(&restriction.target, at);
        }
        match operation {
            Some(operation) => self.operations.push(operation),
            None => self.unchanged += u64::from(row.is_some()),
        }
    }
}

impl Found {
    /// Something is to be done at a target then.
    fn wakes_at(&mut self, target: &TargetName, at: Moment) {
        match self.wakes.get_mut(target) {
            Some(earliest) => *earliest = at.min(*earliest),
            None => drop(self.wakes.insert(target.clone(), at)),
        }
    }
}

/// Make before break: a lift whose subject is restricted anew with another `deny` set, in the
/// same room, waits for that.
fn order_replacements(operations: &mut [Operation]) {
    let same_subject = |a: &Operation, b: &Operation| {
        let (a, b) = (&a.restriction, &b.restriction);
        a.target == b.target && a.room == b.room && a.subject == b.subject
    };
    let mut start = 0;
    for group in operations.chunk_by_mut(same_subject) {
        let replacement = group.iter().position(|operation| operation.action == Action::Impose);
        for lift in group.iter_mut().filter(|operation| is_sent_lift(operation)) {
            lift.after = replacement.map(|replacement| start + replacement);
        }
        start += group.len();
    }
}

fn is_sent_lift(operation: &Operation) -> bool {
    matches!(operation.means, Means::Call { verb: Verb::Lift, .. }) && !operation.upkeep
}
