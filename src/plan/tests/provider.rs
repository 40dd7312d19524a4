//! A provider that does at once what it is told, and the state that records it.

use std::collections::BTreeMap;

use super::bench::{Bench, RULE};
use crate::domain::{Action, Enforcement, Evidence, Held, Kind, Lapse, Moment, Restriction};
use crate::plan::{Means, Operation, Plan};
use crate::provider::Verb;

/// What the provider holds, and until when.
pub(super) type Holds = BTreeMap<Restriction, Lapse>;

/// Carries a plan out: changes the state of `bench`, and what the provider holds.
///
/// Goes by the steps, so that an operation in no step is not done.
pub(super) fn apply(bench: &mut Bench, holds: &mut Holds, plan: &Plan) {
    let called = plan.steps.iter().flat_map(|step| &step.operations);
    let recorded = (0..plan.operations.len())
        .filter(|index| plan.operations[*index].means == Means::Record)
        .collect::<Vec<_>>();
    let order: Vec<usize> = called.copied().chain(recorded).collect();
    let mut seen = order.clone();
    seen.sort_unstable();
    assert_eq!(seen, (0..plan.operations.len()).collect::<Vec<_>>(), "each is done once");
    for index in order {
        carry_out(bench, holds, plan.now, &plan.operations[index]);
    }
}

fn carry_out(bench: &mut Bench, holds: &mut Holds, now: Moment, operation: &Operation) {
    let before = bench.recorded.iter().position(|row| row.restriction == operation.restriction);
    let before = before.map(|index| bench.recorded.remove(index));
    match operation.means {
        Means::Call { verb: Verb::Lift, .. } => {
            holds.remove(&operation.restriction);
        }
        Means::Record | Means::Call { .. } => {}
    }
    if matches!(operation.action, Action::Lift | Action::Forget) {
        return;
    }
    let before = before.and_then(|row| row.held);
    let held = match (operation.means.clone(), before) {
        (Means::Record, before) => before,
        (Means::Call { verb, rule }, before) => {
            let held = written(bench, operation, now, before.as_ref());
            if verb == Verb::Renew {
                assert_eq!(rule, Some(RULE.into()));
                let holds = holds.get(&operation.restriction);
                assert!(holds.is_some_and(|lapse| !lapse.has_passed(now)), "renewed what is gone");
            }
            holds.insert(operation.restriction.clone(), held.lapse);
            Some(held)
        }
    };
    bench.recorded.push(Enforcement {
        restriction: operation.restriction.clone(),
        until: operation.until,
        reason: operation.reason.clone(),
        entry: operation.entry.clone(),
        held,
        doubt: None,
        waiting: None,
    });
}

fn written(bench: &Bench, operation: &Operation, now: Moment, before: Option<&Held>) -> Held {
    let restriction = &operation.restriction;
    let facts = bench.targets[&restriction.target].provider.facts();
    let numbered = facts.name == "agora" && restriction.subject.kind == Kind::User;
    Held {
        since: before.map_or(now, |held| held.since),
        written: now,
        lapse: facts
            .capability(restriction.subject.kind)
            .unwrap()
            .expiry
            .term(operation.until, now)
            .lapse,
        rule: numbered.then(|| RULE.into()),
        evidence: Evidence::Acknowledged,
        seen: None,
        twin: None,
    }
}
