//! Confirming repeated bans by the room's list.
//!
//! Whether banning somebody anew moves the end of the ban is not documented. So the room is
//! listed afterwards, once for all of its subjects; an end that is off is unbanned, then banned:
//! the one exception to make before break.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use jiff::SignedDuration;

use super::outcome::{Failure, Fate};
use super::records::{self, Sent, Written};
use super::retry_policy::Proof;
use super::target_executor::TargetExecutor;
use super::work::Work;
use crate::domain::{Evidence, Id, Lapse};
use crate::plan::{Means, Operation};
use crate::provider::{Call, Capability, Cursor, Item, Listed, Verb};
use crate::store::Record;

/// How far an end may be from what was asked (design §5).
const END_TOLERANCE: SignedDuration = SignedDuration::from_secs(5);

impl TargetExecutor {
    /// Confirms what was banned anew in a room.
    pub(super) async fn confirm(&self, room: Option<Id>, operations: &[usize]) {
        let all = &self.shared.plan.operations;
        let Some(first) = operations.first().and_then(|index| all.get(*index)) else { return };
        let mut about = call_of(first);
        about.room = room;
        let listed = match self.list(&about).await {
            Ok(rows) => rows,
            Err(failure) => return self.leave_in_doubt(operations, &failure),
        };
        let Some(capability) = self.capability(&about) else { return };
        let rows: BTreeMap<&Id, &Listed> = listed.iter().map(|row| (&row.id, row)).collect();
        let mut off: BTreeMap<_, Vec<(usize, bool)>> = BTreeMap::new();
        for index in operations {
            let Some(operation) = all.get(*index) else { continue };
            let row = rows.get(&operation.restriction.subject.id);
            let end = row.map(|row| row.lapse);
            // It was asked for between the first attempt and now: a capped end moves with that.
            // An earlier run's clock may have been ahead of ours. What was told is a span, which
            // counts from the provider's clock.
            let begun = self.shared.plan.now;
            let doubted = operation.doubted.as_ref().map_or(begun, |doubt| doubt.since);
            let asked = [begun.min(doubted), self.now().max(doubted)]
                .map(|at| capability.expiry.term(operation.until, at).lapse);
            let asked = widened(asked, self.clock_ahead.load(Ordering::Relaxed));
            if let Some(row) = row.filter(|row| is_near(row.lapse, asked)) {
                let proof = Proof::in_list(row);
                self.confirmed(*index, (row.lapse, Evidence::Observed), &proof).await;
            } else {
                // An end that has passed is as good as none.
                let standing = end.is_some_and(|end| !end.has_passed(self.now()));
                let key = (operation.reason.clone(), operation.until);
                off.entry(key).or_default().push((*index, standing));
            }
        }
        for group in off.into_values() {
            for batch in group.chunks(capability.batch) {
                self.ban_anew(capability, batch).await;
            }
        }
    }

    /// Unbans those who are banned, then bans all of them.
    async fn ban_anew(&self, capability: &'static Capability, batch: &[(usize, bool)]) {
        let all: Vec<usize> = batch.iter().map(|(index, _)| *index).collect();
        let standing = batch.iter().filter(|(_, standing)| *standing);
        let standing: Vec<usize> = standing.map(|(index, _)| *index).collect();
        let mut proof = None;
        for (verb, operations) in [(Verb::Lift, &standing), (Verb::Impose, &all)] {
            let Some(mut work) = self.work(verb, operations) else { continue };
            match self.send_with_retry(&mut work).await {
                Ok(banned) => proof = Some(banned),
                Err(failure) => return self.leave_in_doubt(&all, &failure),
            }
        }
        let Some(proof) = proof else { return };
        for index in &all {
            let Some(operation) = self.shared.plan.operations.get(*index) else { continue };
            let lapse = capability.expiry.term(operation.until, self.now()).lapse;
            self.confirmed(*index, (lapse, Evidence::Acknowledged), &proof).await;
        }
    }

    fn work(&self, verb: Verb, operations: &[usize]) -> Option<Work> {
        let all = &self.shared.plan.operations;
        let mut call = call_of(all.get(*operations.first()?)?);
        call.verb = verb;
        let item = |index: &usize| {
            let id = all.get(*index)?.restriction.subject.id.clone();
            Some(Item { id, rule: None })
        };
        call.items = operations.iter().filter_map(item).collect();
        Some(Work::new(call, operations.to_vec()))
    }

    async fn confirmed(&self, index: usize, (lapse, evidence): (Lapse, Evidence), proof: &Proof) {
        let Some(operation) = self.shared.plan.operations.get(index) else { return };
        let at = self.now();
        let written = Written { at, lapse, rule: None, evidence, twin: None };
        let row = Record::Put(records::held(operation, written, proof));
        let fate = (Fate::Done, None);
        let audit = self.shared.audit(operation, at, fate, Sent::NOTHING);
        self.settle_by_record(index, vec![row, audit]).await;
    }

    fn leave_in_doubt(&self, operations: &[usize], failure: &Failure) {
        for index in operations {
            self.note(*index, Fate::InDoubt, Some(failure.clone()));
        }
    }
}

/// Where ends may lie that were asked for, if their spans count from a clock so many seconds ahead.
fn widened([first, last]: [Lapse; 2], ahead: i64) -> [Lapse; 2] {
    let moved = |lapse: Lapse, by: i64| match lapse {
        Lapse::At(end) => Lapse::At(end + SignedDuration::from_secs(by)),
        Lapse::Open => Lapse::Open,
    };
    [moved(first, ahead.min(0)), moved(last, ahead.max(0))]
}

/// Whether an end lies where calls between two instants asked for it.
fn is_near(end: Lapse, asked: [Lapse; 2]) -> bool {
    match (end, asked) {
        (Lapse::At(end), [Lapse::At(first), Lapse::At(last)]) => {
            first - end <= END_TOLERANCE && end - last <= END_TOLERANCE
        }
        (Lapse::Open, [Lapse::Open, Lapse::Open]) => true,
        (Lapse::At(_) | Lapse::Open, [Lapse::At(_) | Lapse::Open, _]) => false,
    }
}

/// The call of an operation, without subjects.
fn call_of(operation: &Operation) -> Call {
    let verb = match operation.means {
        Means::Call { verb, rule: _ } => verb,
        Means::Record => Verb::Impose,
    };
    Call {
        verb,
        kind: operation.restriction.subject.kind,
        room: operation.restriction.room.clone(),
        deny: operation.restriction.deny,
        reason: operation.reason.clone(),
        until: operation.until,
        items: Vec::new(),
        cursor: Cursor::START,
    }
}
