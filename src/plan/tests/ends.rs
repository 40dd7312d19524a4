//! How restrictions end: by time, by edit, by protection.

use jiff::SignedDuration;

use super::bench::{Bench, DAY, HOUR, MINUTE, SORTS, Sort, at, line, lines, until};
use crate::domain::{Enforcement, Lapse, Until};

#[test]
fn an_end_comes_at_until_and_not_a_millisecond_earlier() {
    let forget = "forget expired record upkeep";
    let lift = "lift expired lift upkeep";
    let agora_lift = "lift expired lift#7 upkeep";
    // Tencent and Agora were asked for whole seconds, so they hold half a second longer.
    for (millis, expected) in [
        (-1, ["-"; 5]),
        (0, [forget, lift, lift, lift, agora_lift]),
        (499, [forget, lift, lift, lift, agora_lift]),
        (500, [forget, lift, forget, lift, forget]),
        (DAY * 1000, [forget, lift, forget, lift, forget]),
    ] {
        for (sort, expected) in SORTS.into_iter().zip(expected) {
            let wanted = sort.wanted("9", until(MINUTE));
            let written = at(-MINUTE) + SignedDuration::from_millis(500);
            let row = sort.row_of("9", wanted.until, written);
            let now = at(MINUTE) + SignedDuration::from_millis(millis);
            let bench = Bench::new(vec![wanted], vec![row]).at(now);
            assert_eq!(lines(&bench.plan()), expected, "{sort:?} {millis}");
            assert_eq!(lines(&bench.upkeep()), expected, "{sort:?} {millis}");
        }
    }
}

fn end_of(sort: Sort, row: Enforcement, edit: fn(&mut crate::domain::Wanted)) -> String {
    let mut wanted = sort.wanted("9", row.until);
    edit(&mut wanted);
    let plan = Bench::new(vec![wanted], vec![row]).plan();
    let guarded = plan.operations.iter().filter(|operation| operation.is_guarded_lift()).count();
    format!("{} guarded:{guarded}", lines(&plan))
}

#[test]
fn an_until_edited_into_the_past_is_a_lift_that_counts() {
    for (sort, expected) in [
        (Sort::ZegoUser, "forget until_changed record change guarded:1"),
        (Sort::ZegoStream, "lift until_changed lift change guarded:1"),
        (Sort::Tencent, "lift until_changed lift change guarded:1"),
        (Sort::Volcengine, "lift until_changed lift change guarded:1"),
        (Sort::Agora, "lift until_changed lift#7 change guarded:1"),
    ] {
        let row = || sort.row("9", until(30 * DAY));
        assert_eq!(end_of(sort, row(), |wanted| wanted.until = until(-DAY)), expected);
        assert_eq!(end_of(sort, row(), |wanted| wanted.until = until(0)), expected);
        assert_eq!(end_of(sort, row(), |wanted| wanted.from = Some(at(1))), expected);
    }
}

#[test]
fn a_from_of_this_instant_keeps_what_is_in_force() {
    let row = Sort::Tencent.row("9", until(30 * DAY));
    assert_eq!(end_of(Sort::Tencent, row, |wanted| wanted.from = Some(at(0))), "- guarded:0");
}

#[test]
fn what_time_ends_counts_for_no_guard_even_if_its_entry_is_gone() {
    for sort in SORTS {
        let row = sort.row("9", until(0));
        let plan = Bench::new(vec![], vec![row]).plan();
        assert!(plan.operations.iter().all(|operation| operation.upkeep), "{sort:?}");
        assert!(!plan.operations[0].is_guarded_lift(), "{sort:?}");
    }
}

#[test]
fn what_has_lapsed_is_forgotten_without_a_call_when_its_entry_goes() {
    for sort in [Sort::Tencent, Sort::Agora] {
        for (lapse, expected) in [(1, "lift entry_removed lift"), (0, "forget entry_removed rec")] {
            let mut row = sort.row("9", Until::Never);
            row.held.as_mut().unwrap().lapse = Lapse::At(at(lapse));
            let lines = lines(&Bench::new(vec![], vec![row]).plan());
            assert!(lines.starts_with(expected), "{sort:?} {lapse}: {lines}");
        }
    }
}

#[test]
fn a_protected_subject_is_lifted_everywhere_and_others_are_not() {
    for sort in SORTS {
        let bench = Bench::new(
            vec![sort.wanted("8", until(DAY))],
            vec![sort.row_of("8", until(DAY), at(-1)), sort.row_of("9", until(DAY), at(-1))],
        )
        .protect(&sort.restriction("9"));
        let plan = bench.plan();
        assert_eq!((plan.operations.len(), plan.unchanged), (1, 1));
        let line = line(&plan.operations[0]);
        assert!(line.contains(" protected "), "{line}");
        assert!(plan.operations[0].is_guarded_lift(), "protecting counts as a lift");
    }
}

#[test]
fn a_protected_subject_whose_time_is_up_has_expired() {
    let bench = Bench::new(vec![], vec![Sort::Volcengine.row("9", until(0))])
        .protect(&Sort::Volcengine.restriction("9"));
    assert_eq!(lines(&bench.plan()), "lift expired lift upkeep");
}

#[test]
fn a_zego_ban_is_imposed_kicked_again_in_time_and_forgotten() {
    let sort = Sort::ZegoUser;
    let wanted = || vec![sort.wanted("9", until(HOUR))];
    let bench = |minutes| {
        let row = sort.row_of("9", until(HOUR), at(0));
        lines(&Bench::new(wanted(), vec![row]).at(at(minutes * MINUTE)).plan())
    };
    assert_eq!(lines(&Bench::new(wanted(), vec![]).plan()), "impose new_entry impose change");
    assert_eq!(bench(14), "-");
    assert_eq!(bench(15), "kick rekick_due impose upkeep");
    assert_eq!(bench(59), "kick rekick_due impose upkeep");
    assert_eq!(bench(60), "forget expired record upkeep");
}

#[test]
fn a_plan_for_some_targets_leaves_the_others_alone() {
    let mut bench = Bench::new(
        SORTS.iter().map(|sort| sort.wanted("8", Until::Never)).collect(),
        SORTS.iter().map(|sort| sort.row("9", Until::Never)).collect(),
    );
    bench.scope = crate::plan::Scope::Only([Sort::Tencent.target()].into());
    let plan = bench.plan();
    assert_eq!(lines(&plan), "impose new_entry impose change, lift entry_removed lift change");
    assert!(plan.steps.iter().all(|step| step.target == Sort::Tencent.target()));
}
