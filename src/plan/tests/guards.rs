//! What guards count, and of how many.

use super::bench::{Bench, DAY, HOUR, Sort, at, lines, until};
use crate::domain::{Ack, Action, Enforcement, Guards, Limit, ProtectedKey, Source, Until, Wanted};
use crate::plan::{Guard, Operation, Plan};

const FAR: i64 = 30 * DAY;

type Edit = fn(&mut Vec<Wanted>);

fn ids(count: usize) -> impl Iterator<Item = String> {
    (0..count).map(|number| (1000 + number).to_string())
}

fn rows(sort: Sort, count: usize) -> Vec<Enforcement> {
    ids(count).map(|id| sort.row(&id, until(FAR))).collect()
}

fn wanted(sort: Sort, count: usize) -> Vec<Wanted> {
    ids(count).map(|id| sort.wanted(&id, until(FAR))).collect()
}

fn guarded(mut bench: Bench, guards: Guards) -> Plan {
    bench.guards = guards;
    bench.plan()
}

/// Guard, target, operations, in force and limit of everything that holds the plan back.
fn found(plan: &Plan) -> Vec<(Guard, &str, u64, u64, &str)> {
    let guards = plan.guards.iter().map(|held| {
        let target = held.target.as_ref().map_or("all", |name| name.as_str());
        (held.guard, target, held.operations, held.in_force, held.limit.as_deref().unwrap_or("-"))
    });
    guards.collect()
}

#[test]
fn without_a_section_more_than_thirty_percent_of_lifts_are_held_back() {
    for (in_force, gone, held_back) in
        [(10, 3, false), (10, 4, true), (9, 8, false), (100, 30, false), (100, 31, true)]
    {
        let kept = wanted(Sort::Volcengine, in_force).split_off(gone);
        let bench = Bench::new(kept, rows(Sort::Volcengine, in_force));
        let plan = guarded(bench, Guards::default());
        assert_eq!(plan.is_held_back(), held_back, "{gone} of {in_force}");
        let operations = &plan.operations;
        assert!(operations.iter().all(|operation| plan.permits(operation) != held_back));
    }
}

#[test]
fn imposes_are_unlimited_unless_the_config_says_otherwise() {
    let bench = || Bench::new(wanted(Sort::Tencent, 500), vec![]);
    assert!(!guarded(bench(), Guards::default()).is_held_back());
    let max_imposes = Limit { count: Some(499), percent: None };
    let plan = guarded(bench(), Guards { max_imposes, ..Guards::default() });
    assert_eq!(found(&plan), [(Guard::MaxImposes, "tencent", 500, 0, "499")]);
}

#[test]
fn every_way_of_taking_a_restriction_away_counts_as_a_lift() {
    let max_lifts = Limit { count: Some(0), percent: None };
    let edits: [(&str, Edit); 5] = [
        ("entry gone", |wanted| {
            wanted.remove(0);
        }),
        ("until in the past", |wanted| wanted[0].until = until(-1)),
        ("until now", |wanted| wanted[0].until = until(0)),
        ("from in the future", |wanted| wanted[0].from = Some(at(1))),
        ("earlier until", |wanted| wanted[0].until = until(FAR - 1)),
    ];
    for sort in [Sort::ZegoUser, Sort::ZegoStream, Sort::Tencent, Sort::Volcengine, Sort::Agora] {
        for (name, edit) in edits {
            let mut wanted = wanted(sort, 2);
            edit(&mut wanted);
            let bench = Bench::new(wanted, rows(sort, 2));
            let plan = guarded(bench, Guards { max_lifts, ..Guards::default() });
            let expected = (Guard::MaxLifts, plan.operations[0].restriction.target.as_str());
            assert_eq!(found(&plan), [(expected.0, expected.1, 1, 2, "0")], "{name} {sort:?}");
        }
        let bench = Bench::new(vec![], rows(sort, 1)).protect(&sort.restriction("1000"));
        let guards = Guards { max_lifts, allow_empty: true, ..Guards::default() };
        assert!(guarded(bench, guards).is_held_back(), "protected {sort:?}");
    }
}

#[test]
fn a_later_until_or_another_reason_counts_for_nothing() {
    let none = Limit { count: Some(0), percent: None };
    let guards = Guards { max_lifts: none, max_imposes: none, allow_empty: false };
    let edits: [fn(&mut Wanted); 3] = [
        |wanted| wanted.until = Until::Never,
        |wanted| wanted.until = until(FAR + 1),
        |wanted| wanted.reason = None,
    ];
    for edit in edits {
        let mut wanted = wanted(Sort::Tencent, 1);
        edit(&mut wanted[0]);
        let plan = guarded(Bench::new(wanted, rows(Sort::Tencent, 1)), guards.clone());
        assert_eq!(plan.count(Action::Amend), 1);
        assert!(!plan.is_held_back());
    }
}

#[test]
fn upkeep_never_counts_and_is_permitted_when_the_rest_is_held_back() {
    let none = Limit { count: Some(0), percent: None };
    let guards = Guards { max_lifts: none, max_imposes: none, allow_empty: false };
    // An end, a renewal and a kick that are due; a doubt to settle; one entry gone.
    let mut doubted = Sort::Tencent.row("4", until(DAY));
    doubted.held = None;
    doubted.doubt = Some(Sort::Tencent.doubt(Action::Impose, until(DAY)));
    let recorded = vec![
        Sort::Volcengine.row("1", until(0)),
        Sort::Agora.row_of("2", until(DAY), at(-20 * HOUR)),
        Sort::ZegoUser.row("3", until(DAY)),
        doubted,
    ];
    let wanted = vec![
        Sort::Agora.wanted("2", until(DAY)),
        Sort::ZegoUser.wanted("3", until(DAY)),
        Sort::Tencent.wanted("4", until(DAY)),
    ];
    let plan = guarded(Bench::new(wanted.clone(), recorded.clone()), guards.clone());
    assert_eq!(plan.operations.len(), 4, "{}", lines(&plan));
    assert!(!plan.is_held_back(), "{:?}", plan.guards);

    let with_lift = [recorded, vec![Sort::Volcengine.row("5", until(DAY))]].concat();
    let plan = guarded(Bench::new(wanted, with_lift), guards);
    assert!(plan.is_held_back());
    let permitted = plan.operations.iter().filter(|operation| plan.permits(operation)).count();
    assert_eq!((permitted, plan.operations.len()), (4, 5));
}

#[test]
fn rows_that_time_has_ended_do_not_dilute_the_percentage() {
    // 90 lapsed by themselves; of the 10 left in force, 4 would be lifted.
    let mut recorded = rows(Sort::Tencent, 100);
    for row in &mut recorded[..90] {
        row.until = until(0);
        row.held = Some(Sort::Tencent.held(until(0), at(-HOUR)));
    }
    let kept = wanted(Sort::Tencent, 100).split_off(94);
    let plan = guarded(Bench::new(kept, recorded), Guards::default());
    assert_eq!(found(&plan), [(Guard::MaxLifts, "tencent", 4, 10, "30 %")]);
}

#[test]
fn waiting_rows_are_not_in_force_and_forgetting_them_lifts_nobody() {
    let mut recorded = rows(Sort::Tencent, 20);
    for row in &mut recorded {
        row.held = None;
        row.waiting = Some(at(-1));
    }
    let plan = guarded(Bench::new(vec![], recorded), Guards::default());
    assert_eq!(plan.count(Action::Forget), 20);
    assert!(!plan.is_held_back());
}

#[test]
fn a_limit_holds_for_each_target_and_for_all_together() {
    let max_lifts = Limit { count: Some(5), percent: None };
    let guards = || Guards { max_lifts, ..Guards::default() };
    let recorded = [rows(Sort::Tencent, 4), rows(Sort::Volcengine, 2)].concat();
    let others = || vec![Sort::Agora.wanted("1", Until::Never)];
    let plan = guarded(Bench::new(others(), recorded), guards());
    assert_eq!(found(&plan), [(Guard::MaxLifts, "all", 6, 6, "5")]);

    let recorded = [rows(Sort::Tencent, 6), rows(Sort::Volcengine, 2)].concat();
    let plan = guarded(Bench::new(others(), recorded), guards());
    let expected = [(Guard::MaxLifts, "tencent", 6, 6, "5"), (Guard::MaxLifts, "all", 8, 8, "5")];
    assert_eq!(found(&plan), expected);

    // A small target is emptied, which is little of the whole.
    let recorded = [rows(Sort::Tencent, 10), rows(Sort::Volcengine, 200)].concat();
    let plan = guarded(Bench::new(wanted(Sort::Volcengine, 200), recorded), Guards::default());
    assert_eq!(found(&plan), [(Guard::MaxLifts, "tencent", 10, 10, "30 %")]);
}

#[test]
fn a_plan_for_one_target_reckons_with_what_is_in_force_there() {
    let recorded = [rows(Sort::Tencent, 10), rows(Sort::Volcengine, 200)].concat();
    let mut bench = Bench::new(wanted(Sort::Tencent, 10).split_off(4), recorded);
    bench.scope = crate::plan::Scope::Only([Sort::Tencent.target()].into());
    let max_lifts = Limit { count: Some(3), percent: None };
    let plan = guarded(bench, Guards { max_lifts, ..Guards::default() });
    assert_eq!(found(&plan), [(Guard::MaxLifts, "tencent", 4, 10, "3")]);
}

#[test]
fn an_empty_policy_is_held_back_while_something_is_in_force() {
    let no_limit = Limit { count: None, percent: None };
    let strict = Guards { max_lifts: no_limit, max_imposes: no_limit, allow_empty: false };
    let plan = guarded(Bench::new(vec![], rows(Sort::Tencent, 1)), strict.clone());
    assert_eq!(found(&plan), [(Guard::AllowEmpty, "all", 1, 1, "-")]);
    let allowed = Guards { allow_empty: true, ..strict.clone() };
    assert!(!guarded(Bench::new(vec![], rows(Sort::Tencent, 1)), allowed).is_held_back());
    assert!(!guarded(Bench::new(vec![], vec![]), strict.clone()).is_held_back());

    // An entry that is not wanted now is an entry.
    let mut later = Sort::Tencent.wanted("1", until(DAY));
    later.from = Some(at(1));
    let plan = guarded(Bench::new(vec![later], rows(Sort::Tencent, 1)), strict);
    assert!(!plan.is_held_back());
}

#[test]
fn an_upkeep_plan_is_never_held_back() {
    let none = Limit { count: Some(0), percent: None };
    let mut bench = Bench::new(vec![], rows(Sort::Volcengine, 20)).at(at(FAR));
    bench.guards = Guards { max_lifts: none, max_imposes: none, allow_empty: false };
    let plan = bench.upkeep();
    assert_eq!(plan.count(Action::Lift), 20);
    assert!(!plan.is_held_back());
}

#[test]
fn what_a_guard_holds_back_is_kept_up_meanwhile() {
    let row = |id: &String| Sort::Agora.row_of(id, until(FAR), at(-20 * HOUR));
    let shortened = |id: &String| Sort::Agora.wanted(id, until(FAR - DAY));
    let ids: Vec<String> = ids(10).collect();
    let bench = Bench::new(ids.iter().map(shortened).collect(), ids.iter().map(row).collect());
    let plan = guarded(bench, Guards::default());
    assert!(plan.is_held_back());
    let count = |action, upkeep| {
        let alike = |operation: &&Operation| {
            operation.action == action && plan.permits(operation) == upkeep
        };
        plan.operations.iter().filter(alike).count()
    };
    assert_eq!((count(Action::Amend, false), count(Action::Renew, true)), (10, 10));
}

#[test]
fn a_guard_that_is_nearly_reached_is_warned_of() {
    let warned = |gone: usize| {
        let kept = wanted(Sort::Volcengine, 100).split_off(gone);
        let bench = Bench::new(kept, rows(Sort::Volcengine, 100));
        let plan = guarded(bench, Guards::default());
        plan.warnings.into_iter().map(|warning| warning.message).collect::<Vec<_>>()
    };
    assert!(warned(23).is_empty());
    let message = "24 of the 30 that `max_lifts` allows at `volcengine` are used";
    assert_eq!(warned(24), [message]);
    assert!(warned(31).is_empty());
}

fn acknowledged(mut bench: Bench, digest: &str) -> Plan {
    let source = Source { file: "acks/x.yaml".into(), line: 1, column: 1 };
    let (who, why) = ("alice".to_owned(), "appeals".to_owned());
    bench.acks = vec![Ack { digest: digest.to_owned(), who, why, source }];
    guarded(bench, Guards::default())
}

#[test]
fn what_is_acknowledged_is_not_held_back_and_nothing_else_is_acknowledged() {
    let bench = |gone: usize, moment: i64| {
        let kept = wanted(Sort::Volcengine, 100).split_off(gone);
        Bench::new(kept, rows(Sort::Volcengine, 100)).at(at(moment))
    };
    let plan = guarded(bench(40, 0), Guards::default());
    let digest = plan.guards[0].change_digest.clone();
    let later = acknowledged(bench(40, HOUR), &digest);
    assert!(!later.is_held_back());
    assert_eq!(later.guards[0].acknowledged_by.as_deref(), Some("alice"));
    for gone in [39, 41] {
        assert!(acknowledged(bench(gone, 0), &digest).is_held_back(), "{gone}");
    }
}

#[test]
fn who_is_protected_no_longer_is_held_back_until_acknowledged() {
    let bench = || {
        let mut bench = Bench::new(wanted(Sort::Tencent, 1), vec![]);
        let restriction = Sort::Tencent.restriction("host");
        let (target, kind) = (Some(restriction.target), restriction.subject.kind);
        bench.unprotected = vec![ProtectedKey { target, kind, id: restriction.subject.id }];
        bench
    };
    let plan = guarded(bench(), Guards::default());
    assert_eq!(found(&plan), [(Guard::Protect, "all", 1, 0, "-")]);
    assert!(plan.is_held_back());
    assert_eq!(plan.warnings[0].message, "`tencent/user:host` is protected no longer");
    assert!(!acknowledged(bench(), &plan.guards[0].change_digest).is_held_back());
}
