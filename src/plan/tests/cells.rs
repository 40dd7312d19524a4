//! Every state of a row against a policy that wants it, one that does not, and upkeep.
//!
//! A column is one of [`SORTS`]: ZEGO user, ZEGO stream, Tencent, Volcengine, Agora.

use super::bench::{Bench, DAY, MINUTE, SORTS, Sort, at, lines, until};
use crate::domain::{Enforcement, Until};

const END: i64 = 30 * DAY;

type Prepare = fn(&mut Enforcement);

/// Rows that no doubt is about; the sort's own row is held since an hour.
const STATES: [(&str, Prepare); 4] = [
    ("held", |_| {}),
    ("fresh", |row| row.held.as_mut().unwrap().written = at(-MINUTE)),
    ("waiting", |row| {
        row.held = None;
        row.waiting = Some(at(-MINUTE));
    }),
    ("gone", |row| row.held = None),
];

fn row(sort: Sort, state: &str) -> Enforcement {
    let mut row = sort.row("9", until(END));
    let prepare = STATES.iter().find(|(name, _)| *name == state).unwrap().1;
    prepare(&mut row);
    row
}

fn check(state: &str, expected: [&str; 5], plan: impl Fn(Sort) -> String) {
    for (sort, expected) in SORTS.into_iter().zip(expected) {
        assert_eq!(plan(sort), expected, "{state} {sort:?}");
    }
}

#[test]
fn what_is_wanted_is_imposed_once_and_then_left_alone() {
    let wanted = |sort: Sort| vec![sort.wanted("9", until(END))];
    check("absent", ["impose new_entry impose change"; 5], |sort| {
        lines(&Bench::new(wanted(sort), vec![]).plan())
    });
    let kick = "kick rekick_due impose upkeep";
    for (state, expected) in [
        ("held", [kick, "-", "-", "-", "-"]),
        ("fresh", ["-"; 5]),
        ("waiting", ["impose new_entry impose change"; 5]),
        ("gone", ["impose recovered impose change"; 5]),
    ] {
        check(state, expected, |sort| {
            let plan = Bench::new(wanted(sort), vec![row(sort, state)]).plan();
            assert_eq!(plan.waiting(), u64::from(state == "waiting"));
            assert_eq!(plan.operations.len() as u64 + plan.unchanged, 1);
            lines(&plan)
        });
    }
}

#[test]
fn what_no_entry_wants_is_lifted_or_forgotten_where_nothing_is_held() {
    check("absent", ["-"; 5], |_| lines(&Bench::new(vec![], vec![]).plan()));
    let forget = "forget entry_removed record change";
    let lift = "lift entry_removed lift change";
    let held = [forget, lift, lift, lift, "lift entry_removed lift#7 change"];
    for (state, expected) in
        [("held", held), ("fresh", held), ("waiting", [forget; 5]), ("gone", [forget; 5])]
    {
        check(state, expected, |sort| {
            let plan = Bench::new(vec![], vec![row(sort, state)]).plan();
            assert!(plan.operations.iter().all(|operation| operation.source.is_none()));
            assert_eq!(plan.waiting(), 0, "an end does not wait");
            lines(&plan)
        });
    }
}

#[test]
fn upkeep_imposes_nothing_and_lifts_nothing_before_its_time() {
    let kick = "kick rekick_due impose upkeep";
    for (state, expected) in [
        ("held", [kick, "-", "-", "-", "-"]),
        ("fresh", ["-"; 5]),
        ("waiting", ["-"; 5]),
        ("gone", ["-"; 5]),
    ] {
        check(state, expected, |sort| {
            // A policy that wants something else is not even looked at.
            let wanted = vec![sort.wanted("8", Until::Never)];
            lines(&Bench::new(wanted, vec![row(sort, state)]).upkeep())
        });
    }
}

#[test]
fn an_edited_until_is_amended_with_a_call_only_where_the_provider_must_know() {
    let record = "amend until_changed record change";
    let call = "amend until_changed impose change";
    for (state, edited, expected) in [
        // Later: Agora's rule of a day is renewed in its time.
        ("fresh", until(END + DAY), [record, record, call, record, record]),
        ("fresh", Until::Never, [record, record, call, record, record]),
        ("fresh", until(END + 1), [record, record, call, record, record]),
        // Earlier, but still after the end of Agora's day.
        ("fresh", until(2 * DAY), [record, record, call, record, record]),
        // Before the end of Agora's day.
        (
            "fresh",
            until(DAY / 2),
            [record, record, call, record, "amend until_changed renew#7 change"],
        ),
        // A kick that is due goes along.
        ("held", until(END + DAY), [call, record, call, record, record]),
    ] {
        check(state, expected, |sort| {
            lines(&Bench::new(vec![sort.wanted("9", edited)], vec![row(sort, state)]).plan())
        });
    }
}

#[test]
fn an_edited_reason_is_amended_only_where_the_provider_keeps_it() {
    let amend = "amend reason_changed impose change";
    check("reason", ["-", "-", amend, "-", "-"], |sort| {
        let mut wanted = sort.wanted("9", until(END));
        wanted.reason = Some("fraud".into());
        lines(&Bench::new(vec![wanted], vec![row(sort, "fresh")]).plan())
    });
    check("reason gone", ["-", "-", amend, "-", "-"], |sort| {
        let mut wanted = sort.wanted("9", until(END));
        wanted.reason = None;
        lines(&Bench::new(vec![wanted], vec![row(sort, "fresh")]).plan())
    });
}

#[test]
fn the_place_and_the_id_of_an_entry_never_cause_an_operation() {
    check("moved", ["-"; 5], |sort| {
        let mut wanted = sort.wanted("9", until(END));
        wanted.source.as_mut().unwrap().line = 77;
        wanted.entry = Some("case-1".into());
        lines(&Bench::new(vec![wanted], vec![row(sort, "fresh")]).plan())
    });
}
