//! What holds for every policy, state and instant.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::bench::{Bench, DAY, HOUR, SORTS, Sort, at, calls};
use super::provider::{Holds, apply};
use crate::domain::{Moment, Until, Wanted};
use crate::plan::document::{Provenance, StateMark, write};
use crate::plan::{Operation, Plan};
use crate::provider::Mechanism;

fn sort() -> impl Strategy<Value = Sort> {
    proptest::sample::select(SORTS.to_vec())
}

/// An entry about one of a few subjects, from and until within some days, to the millisecond.
fn entry() -> impl Strategy<Value = Wanted> {
    let millis = -DAY * 1000..4 * DAY * 1000;
    let until = option::weighted(0.9, 1..3 * DAY * 1000);
    let text = option::of(proptest::sample::select(vec!["a", "b", "c"]));
    let place = (proptest::sample::select(vec!["x.yaml", "y.yaml"]), 1u32..5);
    (sort(), 1u32..4, option::of(millis), until, text.clone(), text, place).prop_map(
        |(sort, id, from, length, reason, entry, (file, line))| {
            let from = from.map(|millis| at(0) + SignedDuration::from_millis(millis));
            let start = from.unwrap_or(at(0));
            let end = length.map(|millis| start + SignedDuration::from_millis(millis));
            let mut wanted = sort.wanted(&id.to_string(), end.map_or(Until::Never, Until::At));
            wanted.from = from;
            wanted.reason = reason.map(Into::into);
            wanted.entry = entry.map(Into::into);
            wanted.source.as_mut().unwrap().file = file.into();
            wanted.source.as_mut().unwrap().line = line;
            wanted
        },
    )
}

fn policy() -> impl Strategy<Value = Vec<Wanted>> {
    vec(entry(), 0..12)
}

/// The state after a run of this policy at [`at`] 0.
fn after_a_run(policy: Vec<Wanted>) -> (Bench, Holds) {
    let (mut bench, mut holds) = (Bench::new(policy, vec![]), Holds::new());
    drop(run(&mut bench, &mut holds));
    (bench, holds)
}

fn run(bench: &mut Bench, holds: &mut Holds) -> Plan {
    let plan = bench.plan();
    apply(bench, holds, &plan);
    plan
}

fn json(plan: &Plan) -> String {
    let provenance = Provenance {
        policy_digest: String::new(),
        config_digest: String::new(),
        state: StateMark { lineage: None, serial: 0 },
        changes: vec![],
        guard_changes: Vec::new(),
        targets: BTreeMap::new(),
    };
    let mut bytes = Vec::new();
    write(plan, &provenance, &mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

fn is_wanted(bench: &Bench, operation: &Operation, now: Moment) -> bool {
    bench
        .wanted
        .iter()
        .filter(|wanted| wanted.is_wanted_at(now))
        .flat_map(Wanted::restrictions)
        .any(|restriction| restriction == operation.restriction)
}

/// Everything that is wanted now and that a provider can hold is held.
fn nothing_is_missing(bench: &Bench, holds: &Holds) -> Result<(), TestCaseError> {
    for wanted in bench.wanted.iter().filter(|wanted| wanted.is_wanted_at(bench.now)) {
        let restriction = wanted.restriction_of(&wanted.ids[0]);
        let lapse = holds.get(&restriction);
        let in_force = lapse.is_some_and(|lapse| !lapse.has_passed(bench.now));
        prop_assert!(in_force, "{} is missing at {}", restriction, bench.now);
    }
    Ok(())
}

proptest! {
    #[test]
    fn the_order_of_entries_and_files_does_not_change_a_byte(
        (policy, shuffled) in policy().prop_flat_map(|policy| {
            (Just(policy.clone()), Just(policy).prop_shuffle())
        }),
        (before, hours) in (policy(), 0..100i64),
    ) {
        let (first, _) = after_a_run(before);
        let plan = |wanted| {
            let mut bench = first.clone().at(at(hours * HOUR));
            bench.wanted = wanted;
            json(&bench.plan())
        };
        prop_assert_eq!(plan(policy), plan(shuffled));
    }

    #[test]
    fn a_plan_that_was_carried_out_leaves_nothing_to_do(
        (before, after) in (policy(), policy()),
        millis in 0..4 * DAY * 1000,
    ) {
        let (mut bench, mut holds) = after_a_run(before);
        bench.wanted = after;
        bench.now = at(0) + SignedDuration::from_millis(millis);
        drop(run(&mut bench, &mut holds));
        nothing_is_missing(&bench, &holds)?;
        let again = bench.plan();
        prop_assert!(again.operations.is_empty(), "{:?}", again.operations);
        prop_assert!(again.steps.is_empty());
        prop_assert!(bench.upkeep().operations.is_empty());
        prop_assert_eq!(again.unchanged, bench.recorded.len() as u64);
    }

    #[test]
    fn as_time_goes_on_nothing_ends_early_and_nothing_lapses(
        policy in policy(),
        // Agora's rules are renewed when half a day is left: a run at least as often keeps them.
        steps in vec(1..=12 * HOUR * 1000, 1..20),
    ) {
        let (mut bench, mut holds) = after_a_run(policy);
        for millis in steps {
            bench.now = bench.now + SignedDuration::from_millis(millis);
            for row in &bench.recorded {
                let lapse = holds[&row.restriction];
                let due_end = row.until.has_passed(bench.now);
                prop_assert!(due_end || !lapse.has_passed(bench.now), "{} lapsed", row.restriction);
            }
            let plan = run(&mut bench, &mut holds);
            for operation in &plan.operations {
                prop_assert!(operation.upkeep || is_wanted(&bench, operation, bench.now));
                let ends = operation.source.is_none();
                prop_assert!(!ends || operation.until.has_passed(bench.now));
            }
            nothing_is_missing(&bench, &holds)?;
        }
    }

    #[test]
    fn upkeep_alone_keeps_what_is_recorded_and_starts_nothing(
        policy in policy(),
        steps in vec(1..=12 * HOUR * 1000, 1..20),
    ) {
        let (mut bench, mut holds) = after_a_run(policy);
        for millis in steps {
            bench.now = bench.now + SignedDuration::from_millis(millis);
            let before = bench.recorded.len();
            let plan = bench.upkeep();
            prop_assert!(plan.operations.iter().all(|operation| operation.upkeep));
            apply(&mut bench, &mut holds, &plan);
            prop_assert!(bench.recorded.len() <= before);
            for row in &bench.recorded {
                prop_assert!(!holds[&row.restriction].has_passed(bench.now));
            }
        }
    }

    #[test]
    fn nothing_but_kicks_is_to_be_done_before_it_is_due(
        policy in policy(),
        millis in 1..4 * DAY * 1000,
    ) {
        let (mut bench, mut holds) = after_a_run(policy);
        let due = run(&mut bench, &mut holds).next_due;
        let kicks_only = |plan: &Plan| {
            plan.operations.iter().all(|operation| {
                let kind = operation.restriction.subject.kind;
                let facts = bench.targets[&operation.restriction.target].provider.facts();
                facts.capability(kind).unwrap().mechanism == Mechanism::Kicks && operation.source.is_some()
                    && operation.upkeep
            })
        };
        let moment = at(0) + SignedDuration::from_millis(millis);
        let before = due.at.map_or(moment, |due| moment.min(due - SignedDuration::from_millis(1)));
        prop_assert!(kicks_only(&bench.clone().at(before).plan()), "before {:?}", due);
        if let Some(due) = due.at {
            prop_assert!(!kicks_only(&bench.clone().at(due).plan()), "at {due}");
        }
    }

    #[test]
    fn every_operation_with_a_call_is_in_exactly_one_call_that_fits(
        (before, after) in (policy(), policy()),
        hours in 0..100i64,
    ) {
        let (mut bench, mut holds) = after_a_run(before);
        bench.wanted = after;
        bench.now = at(hours * HOUR);
        // Whether each is in exactly one is for `apply` to see.
        let plan = run(&mut bench, &mut holds);
        for (step, call) in plan.steps.iter().zip(calls(&plan)) {
            let facts = bench.targets[&step.target].provider.facts();
            prop_assert_eq!(Some(step.capability), facts.capability(call.kind));
            prop_assert!((1..=step.capability.batch).contains(&call.items.len()));
            prop_assert_eq!(call.items.len(), step.operations.len());
        }
        prop_assert!(plan.operations.is_sorted_by_key(|operation| &operation.restriction));
    }
}
