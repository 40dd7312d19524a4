//! Rows about which a call was sent that nobody knows the effect of.

use super::bench::{Bench, DAY, HOUR, MINUTE, SORTS, Sort, at, lines, until};
use crate::domain::{Action, Enforcement};

const END: i64 = 30 * DAY;

/// A row in doubt; nothing is known to be held after an unanswered first impose.
fn row(sort: Sort, action: Action) -> Enforcement {
    let mut row = sort.row_of("9", until(END), at(-MINUTE));
    row.doubt = Some(sort.doubt(action, until(END)));
    if action == Action::Impose {
        row.held = None;
    }
    row
}

fn check(action: Action, expected: [&str; 5], plan: impl Fn(Sort) -> String) {
    for (sort, expected) in SORTS.into_iter().zip(expected) {
        assert_eq!(plan(sort), expected, "{action} {sort:?}");
    }
}

#[test]
fn a_doubt_about_what_is_wanted_is_settled_by_the_same_call_again() {
    let impose = "impose in_doubt impose upkeep";
    let [renew, amend] = ["renew in_doubt impose upkeep", "amend in_doubt impose upkeep"];
    for (action, expected) in [
        (Action::Impose, [impose; 5]),
        (Action::Renew, [renew, renew, renew, renew, "renew in_doubt renew#7 upkeep"]),
        (Action::Amend, [amend, amend, amend, amend, "amend in_doubt renew#7 upkeep"]),
        (Action::Lift, [impose, impose, impose, impose, "impose in_doubt renew#7 upkeep"]),
    ] {
        check(action, expected, |sort| {
            let wanted = vec![sort.wanted("9", until(END))];
            let plan = Bench::new(wanted, vec![row(sort, action)]).plan();
            assert_eq!((plan.in_doubt(), plan.waiting()), (1, 0));
            lines(&plan)
        });
    }
    let wanted = vec![Sort::ZegoUser.wanted("9", until(END))];
    let plan = Bench::new(wanted, vec![row(Sort::ZegoUser, Action::Kick)]).plan();
    assert_eq!(lines(&plan), "kick in_doubt impose upkeep");
}

#[test]
fn upkeep_settles_a_doubt_and_finishes_a_lift() {
    let impose = "impose in_doubt impose upkeep";
    let [renew, amend] = ["renew in_doubt impose upkeep", "amend in_doubt impose upkeep"];
    let lift = "lift in_doubt lift upkeep";
    let forget = "forget in_doubt record upkeep";
    for (action, expected) in [
        (Action::Impose, [impose; 5]),
        (Action::Renew, [renew, renew, renew, renew, "renew in_doubt renew#7 upkeep"]),
        (Action::Amend, [amend, amend, amend, amend, "amend in_doubt renew#7 upkeep"]),
        (Action::Lift, [forget, lift, lift, lift, "lift in_doubt lift#7 upkeep"]),
    ] {
        check(action, expected, |sort| {
            lines(&Bench::new(vec![], vec![row(sort, action)]).upkeep())
        });
    }
}

#[test]
fn a_doubt_about_what_is_not_wanted_ends_in_a_lift() {
    let forget = "forget entry_removed record change";
    let lift = "lift entry_removed lift change";
    let numbered = "lift entry_removed lift#7 change";
    let finish = "lift in_doubt lift upkeep";
    for (action, expected) in [
        // Which rule an unanswered create made is for the list to say.
        (Action::Impose, [forget, lift, lift, lift, lift]),
        (Action::Renew, [forget, lift, lift, lift, numbered]),
        (Action::Amend, [forget, lift, lift, lift, numbered]),
        (
            Action::Lift,
            [
                "forget in_doubt record upkeep",
                finish,
                finish,
                finish,
                "lift in_doubt lift#7 upkeep",
            ],
        ),
    ] {
        check(action, expected, |sort| lines(&Bench::new(vec![], vec![row(sort, action)]).plan()));
    }
}

#[test]
fn a_policy_that_changed_meanwhile_makes_settling_a_change() {
    let [impose, amend] = ["impose in_doubt impose change", "amend in_doubt impose change"];
    let numbered = "amend in_doubt renew#7 change";
    for (action, expected) in [
        (Action::Impose, [impose; 5]),
        (Action::Renew, [amend, amend, amend, amend, numbered]),
        (Action::Amend, [amend, amend, amend, amend, numbered]),
        (Action::Lift, [impose, impose, impose, impose, "impose in_doubt renew#7 change"]),
    ] {
        check(action, expected, |sort| {
            let wanted = vec![sort.wanted("9", until(END - DAY))];
            let plan = Bench::new(wanted, vec![row(sort, action)]).plan();
            let shortens = action == Action::Renew || action == Action::Amend;
            assert_eq!(plan.operations[0].is_guarded_lift(), shortens, "{action} {sort:?}");
            lines(&plan)
        });
    }
    let wanted = vec![Sort::ZegoUser.wanted("9", until(DAY))];
    let plan = Bench::new(wanted, vec![row(Sort::ZegoUser, Action::Kick)]).plan();
    assert_eq!(lines(&plan), "amend in_doubt impose change");
}

#[test]
fn a_doubt_is_over_once_what_it_asked_for_would_have_ended() {
    for (hours, expected) in
        [(0, "lift entry_removed lift change"), (24, "forget entry_removed record change")]
    {
        let bench = Bench::new(vec![], vec![row(Sort::Agora, Action::Impose)]);
        assert_eq!(lines(&bench.at(at(hours * HOUR)).plan()), expected);
    }
    // The rule known has lapsed, but an unanswered renewal may have pushed it out.
    let mut renewed = row(Sort::Agora, Action::Renew);
    renewed.held = Some(Sort::Agora.held(until(END), at(-25 * HOUR)));
    let bench = Bench::new(vec![], vec![renewed]);
    assert_eq!(lines(&bench.plan()), "lift entry_removed lift#7 change");
    assert_eq!(lines(&bench.at(at(DAY)).plan()), "forget entry_removed record change");
}

#[test]
fn an_expired_row_in_doubt_is_still_lifted_where_nothing_else_ends_it() {
    for (sort, expected) in [
        (Sort::ZegoUser, "forget expired record upkeep"),
        (Sort::ZegoStream, "lift expired lift upkeep"),
        (Sort::Tencent, "forget expired record upkeep"),
        (Sort::Volcengine, "lift expired lift upkeep"),
        (Sort::Agora, "forget expired record upkeep"),
    ] {
        let bench = Bench::new(vec![], vec![row(sort, Action::Impose)]).at(at(END));
        assert_eq!(lines(&bench.plan()), expected, "{sort:?}");
        assert_eq!(lines(&bench.upkeep()), expected, "{sort:?}");
    }
    let bench = Bench::new(vec![], vec![row(Sort::Volcengine, Action::Lift)]).at(at(END));
    assert_eq!(lines(&bench.upkeep()), "lift in_doubt lift upkeep");
    let bench = Bench::new(vec![], vec![row(Sort::Tencent, Action::Lift)]).at(at(END));
    assert_eq!(lines(&bench.upkeep()), "forget expired record upkeep");
}

#[test]
fn a_row_that_waits_and_is_in_doubt_is_followed_up_too() {
    let waiting = |sort: Sort, action| {
        let row = row(sort, action);
        Enforcement { held: None, waiting: Some(at(-MINUTE)), ..row }
    };
    let settled = "impose in_doubt impose upkeep";
    let [lift, finish] = ["lift entry_removed lift change", "lift in_doubt lift upkeep"];
    for (action, unwanted) in [
        (Action::Impose, lift),
        (Action::Amend, lift),
        (Action::Renew, lift),
        (Action::Lift, finish),
    ] {
        for sort in SORTS {
            let wanted = vec![sort.wanted("9", until(END))];
            let plan = Bench::new(wanted, vec![waiting(sort, action)]).plan();
            assert_eq!((plan.in_doubt(), plan.waiting()), (1, 1), "{action} {sort:?}");
            assert_eq!(lines(&plan), settled, "{action} {sort:?}");
            assert!(plan.operations[0].waited, "{action} {sort:?}");
            if sort == Sort::ZegoUser {
                continue;
            }
            let plan = Bench::new(vec![], vec![waiting(sort, action)]).plan();
            assert_eq!(lines(&plan), unwanted, "{action} {sort:?}");
            let upkeep = Bench::new(vec![], vec![waiting(sort, action)]).upkeep();
            let expected = if action == Action::Lift { finish } else { settled };
            assert_eq!(lines(&upkeep), expected, "{action} {sort:?}");
        }
    }
}
