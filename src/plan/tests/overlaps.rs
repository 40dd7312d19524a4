//! Entries that overlap: which governs when, and what follows from that.

use super::bench::{Bench, DAY, HOUR, Sort, at, lines, until};
use crate::domain::{Because, Moment, Until, Wanted};
use crate::plan::NextDue;

/// An entry about the same user: id, from and until in hours.
fn entry(id: &str, from: Option<i64>, hours: i64) -> Wanted {
    let mut wanted = Sort::Volcengine.wanted("9", until(hours * HOUR));
    wanted.entry = Some(id.into());
    wanted.from = from.map(|hours| at(hours * HOUR));
    wanted
}

/// The plan at an hour, with the row that plans an hour apart would have left.
fn governed(claims: &[Wanted], hour: i64) -> (String, Option<String>) {
    let recorded = hour.checked_sub(1).filter(|before| *before >= 0).and_then(|before| {
        let plan = Bench::new(claims.to_vec(), vec![]).at(at(before * HOUR)).plan();
        let operation = plan.operations.first()?.clone();
        Some(Sort::Volcengine.row_of("9", operation.until, at(before * HOUR)))
    });
    let now = at(hour * HOUR);
    let plan = Bench::new(claims.to_vec(), recorded.into_iter().collect()).at(now).plan();
    let entry = plan.operations.first().and_then(|operation| operation.entry.clone());
    (lines(&plan), entry.map(|entry| entry.to_string()))
}

#[test]
fn the_latest_until_governs_at_every_boundary() {
    let claims = [entry("a", None, 4), entry("b", Some(2), 6), entry("c", Some(8), 9)];
    let (amend, impose) = ("amend until_changed record change", "impose new_entry impose change");
    for (hour, expected, by) in [
        (0, impose, Some("a")),
        (1, "-", None),
        (2, amend, Some("b")),
        (3, "-", None),
        (4, "-", None),
        (5, "-", None),
        (6, "lift expired lift upkeep", None),
        (7, "-", None),
        (8, impose, Some("c")),
        (9, "lift expired lift upkeep", None),
    ] {
        let (lines, entry) = governed(&claims, hour);
        assert_eq!((lines.as_str(), entry.as_deref()), (expected, by), "hour {hour}");
    }
}

#[test]
fn taking_the_governing_entry_away_shortens_and_the_other_stays_in_force() {
    let row = Sort::Volcengine.row("9", until(6 * HOUR));
    let plan = Bench::new(vec![entry("a", None, 4)], vec![row]).plan();
    assert_eq!(lines(&plan), "amend until_changed record change");
    assert!(plan.operations[0].is_guarded_lift());
}

#[test]
fn taking_another_entry_away_changes_nothing() {
    let row = Sort::Volcengine.row("9", until(6 * HOUR));
    assert_eq!(lines(&Bench::new(vec![entry("b", None, 6)], vec![row]).plan()), "-");
}

#[test]
fn an_entry_that_starts_as_another_ends_leaves_no_gap() {
    let claims = [entry("a", None, 4), entry("b", Some(4), 6)];
    let (lines, entry) = governed(&claims, 4);
    // Three hours earlier only `a` had governed.
    assert_eq!(lines, "amend until_changed record change");
    assert_eq!(entry.as_deref(), Some("b"));
}

#[test]
fn an_entry_of_the_future_does_nothing_before_its_first_millisecond() {
    let claims = vec![entry("a", Some(1), 4)];
    let just_before = Moment::from_millis(at(HOUR).millis() - 1);
    assert_eq!(lines(&Bench::new(claims.clone(), vec![]).at(just_before).plan()), "-");
    let on_time = Bench::new(claims, vec![]).at(at(HOUR)).plan();
    assert_eq!(lines(&on_time), "impose new_entry impose change");
}

#[test]
fn another_deny_set_is_another_restriction() {
    let mut audio = Sort::Agora.wanted("9", until(DAY));
    audio.deny = crate::domain::Deny::PUBLISH_AUDIO;
    let row = Sort::Agora.row("9", until(DAY));
    let plan = Bench::new(vec![audio, Sort::Agora.wanted("9", until(DAY))], vec![row]).plan();
    assert_eq!(lines(&plan), "impose new_entry impose change");
    assert_eq!(plan.unchanged, 1);
}

fn due(claims: Vec<Wanted>) -> NextDue {
    let row = Sort::Volcengine.row("9", until(6 * HOUR));
    Bench::new(claims, vec![row]).plan().next_due
}

#[test]
fn the_next_start_is_due_only_if_it_changes_something() {
    let governing = || entry("b", None, 6);
    let expired = (Some(at(6 * HOUR)), Some(Because::Expired));
    for (other, expected) in [
        // It is overruled from first to last.
        (entry("a", Some(2), 4), expired),
        // It says the same, and only its id would govern.
        (entry("a", Some(2), 6), expired),
        (entry("a", Some(2), 8), (Some(at(2 * HOUR)), Some(Because::UntilChanged))),
        (entry("a", Some(7), 8), expired),
    ] {
        let due = due(vec![governing(), other]);
        assert_eq!((due.at, due.because), expected);
    }
}

#[test]
fn a_start_that_changes_a_reason_is_due_where_the_provider_keeps_one() {
    for (sort, expected) in
        [(Sort::Tencent, Because::ReasonChanged), (Sort::Volcengine, Because::Expired)]
    {
        let governing = sort.wanted("9", until(6 * HOUR));
        let mut other = governing.clone();
        other.from = Some(at(HOUR));
        other.reason = Some("a".into());
        let row = sort.row("9", until(6 * HOUR));
        let due = Bench::new(vec![governing, other], vec![row]).plan().next_due;
        assert_eq!(due.because, Some(expected), "{sort:?}");
    }
}

#[test]
fn of_two_equal_entries_the_smallest_id_then_reason_governs() {
    let claim = |id: Option<&str>, reason: &str| {
        let mut claim = Sort::Tencent.wanted("9", Until::Never);
        claim.entry = id.map(Into::into);
        claim.reason = Some(reason.into());
        claim
    };
    let claims = [claim(None, "a"), claim(Some("x"), "c"), claim(Some("x"), "b")];
    let plan = Bench::new(claims.to_vec(), vec![]).plan();
    let governing = &plan.operations[0];
    assert_eq!((governing.entry.as_deref(), governing.reason.as_deref()), (Some("x"), Some("b")));
}
