//! What a provider caps is renewed in time, and once.

use jiff::SignedDuration;

use super::bench::{Bench, DAY, HOUR, MINUTE, Sort, at, calls, lines, until};
use crate::domain::{Enforcement, Lapse, Until, Wanted};
use crate::plan::{Phase, Plan};
use crate::provider::Options;

const RENEW: &str = "renew renewal_due renew#7 upkeep";
const CREATE: &str = "renew renewal_due impose upkeep";

fn agora(ends: Until, row: Enforcement) -> Bench {
    Bench::new(vec![Sort::Agora.wanted("9", ends)], vec![row])
}

/// A rule for `ends` that was written at [`at`] 0 and lapses then.
fn rule(ends: Until, lapse: i64) -> Enforcement {
    let mut row = Sort::Agora.row_of("9", ends, at(0));
    row.held.as_mut().unwrap().lapse = Lapse::At(at(lapse));
    row
}

#[test]
fn a_capped_ban_is_renewed_before_it_lapses() {
    for (ends, renew_before, seconds, expected) in [
        (Until::Never, None, 12 * HOUR - 1, "-"),
        (Until::Never, None, 12 * HOUR, RENEW),
        (until(30 * DAY), None, 12 * HOUR - 1, "-"),
        (until(30 * DAY), None, 23 * HOUR, RENEW),
        (until(30 * DAY), Some(1), 23 * HOUR - 1, "-"),
        (until(30 * DAY), Some(1), 23 * HOUR, RENEW),
        // Lapsed: there is nothing left to push out, so it is made again.
        (until(30 * DAY), None, DAY - 1, RENEW),
        (until(30 * DAY), None, DAY, CREATE),
        (until(30 * DAY), None, 3 * DAY, CREATE),
    ] {
        let renew_before = renew_before.map(SignedDuration::from_hours);
        let options = Options { renew_before, ..Options::default() };
        let bench = agora(ends, rule(ends, DAY)).options("agora", options).at(at(seconds));
        assert_eq!(lines(&bench.plan()), expected, "{ends} {seconds}");
        assert_eq!(lines(&bench.upkeep()), expected, "{ends} {seconds}");
    }
}

#[test]
fn a_ban_longer_than_ten_years_is_renewed_at_half_of_them() {
    const YEARS: i64 = 3650 * DAY;
    for (ends, seconds, expected) in [
        (Until::Never, YEARS / 2 - 1, "-"),
        (Until::Never, YEARS / 2, CREATE),
        (until(2 * YEARS), YEARS / 2, CREATE),
        (until(YEARS), YEARS / 2, "-"),
        (until(YEARS), YEARS - 1, "-"),
    ] {
        let wanted = vec![Sort::Tencent.wanted("9", ends)];
        let row = Sort::Tencent.row_of("9", ends, at(0));
        let bench = Bench::new(wanted, vec![row]).at(at(seconds));
        assert_eq!(lines(&bench.plan()), expected, "{ends} {seconds}");
    }
}

#[test]
fn the_last_renewal_holds_to_the_end_however_little_is_left() {
    for seconds in [0, HOUR, 20 * HOUR - 1] {
        let ends = until(20 * HOUR);
        let bench = agora(ends, rule(ends, 20 * HOUR)).at(at(seconds));
        assert_eq!(lines(&bench.plan()), "-", "{seconds}");
    }
}

#[test]
fn an_end_reported_within_a_minute_of_what_was_asked_is_not_renewed_again_and_again() {
    let ends = until(20 * HOUR);
    for (early, expected) in [(1, "-"), (60, "-"), (61, RENEW), (HOUR, RENEW), (-60, "-")] {
        let bench = agora(ends, rule(ends, 20 * HOUR - early)).at(at(10 * HOUR));
        assert_eq!(lines(&bench.plan()), expected, "{early} s early");
    }
}

#[test]
fn a_capped_call_that_by_chance_ends_shortly_before_until_is_renewed() {
    for seconds_more in [1, 30, 60, 61] {
        let ends = until(DAY + seconds_more);
        let bench = agora(ends, rule(ends, DAY)).at(at(12 * HOUR));
        assert_eq!(lines(&bench.plan()), RENEW, "{seconds_more}");
    }
    let bench = agora(until(DAY), rule(until(DAY), DAY)).at(at(12 * HOUR));
    assert_eq!(lines(&bench.plan()), "-");
}

#[test]
fn an_until_edited_by_less_than_the_tolerance_still_reaches_the_provider() {
    for sort in [Sort::Tencent, Sort::Agora] {
        for seconds in [1, 30, 60] {
            let wanted = vec![sort.wanted("9", until(HOUR + seconds))];
            let bench = Bench::new(wanted, vec![sort.row_of("9", until(HOUR), at(0))]);
            let lines = lines(&bench.plan());
            assert!(!lines.contains("record"), "{sort:?} {seconds}: {lines}");
        }
    }
}

#[test]
fn an_until_edited_to_the_very_end_that_is_held_needs_no_call() {
    let bench = agora(until(DAY), rule(until(30 * DAY), DAY));
    assert_eq!(lines(&bench.plan()), "amend until_changed record change");
    let bench = agora(until(DAY), rule(until(30 * DAY), DAY)).at(at(13 * HOUR));
    assert_eq!(lines(&bench.plan()), "amend until_changed record change");
}

#[test]
fn an_amend_of_what_is_due_for_renewal_or_has_lapsed_renews_it_too() {
    for (seconds, expected) in [
        (11 * HOUR, "amend until_changed record change"),
        (12 * HOUR, "amend until_changed renew#7 change"),
        (DAY, "amend until_changed impose change"),
    ] {
        let bench = agora(Until::Never, rule(until(30 * DAY), DAY)).at(at(seconds));
        assert_eq!(lines(&bench.plan()), expected, "{seconds}");
    }
}

#[test]
fn renewals_go_in_order_of_lapse_and_before_imposes() {
    let lapses = [("1", 5), ("2", 3), ("3", 4), ("4", 1), ("5", 2)];
    let mut wanted: Vec<Wanted> =
        lapses.iter().map(|(id, _)| Sort::Agora.wanted(id, Until::Never)).collect();
    wanted.push(Sort::Agora.wanted("0", Until::Never));
    let recorded = lapses.iter().map(|(id, lapse)| {
        let mut row = Sort::Agora.row(id, Until::Never);
        row.held.as_mut().unwrap().lapse = Lapse::At(at(lapse * HOUR));
        row
    });
    let plan = Bench::new(wanted, recorded.collect()).plan();
    assert_eq!(sent(&plan), ["4", "5", "2", "3", "1", "0"]);
    assert_eq!(plan.steps[4].phase, Phase::Renewal);
}

fn sent(plan: &Plan) -> Vec<String> {
    calls(plan).into_iter().flat_map(|call| call.items).map(|item| item.id.to_string()).collect()
}

#[test]
fn a_target_that_asks_for_it_has_its_bans_repeated() {
    let reassert_every = Some(SignedDuration::from_mins(10));
    let options = Options { reassert_every, ..Options::default() };
    for (seconds, expected) in
        [(10 * MINUTE - 1, "-"), (10 * MINUTE, "renew reassert_due impose upkeep")]
    {
        let wanted = vec![Sort::Tencent.wanted("9", until(DAY))];
        let row = Sort::Tencent.row_of("9", until(DAY), at(0));
        let bench = Bench::new(wanted, vec![row]).options("tencent", options.clone());
        assert_eq!(lines(&bench.at(at(seconds)).plan()), expected);
    }
}

#[test]
fn a_renewal_that_waited_is_tried_again_last() {
    let mut row = Sort::Tencent.row_of("9", Until::Never, at(-2000 * DAY));
    row.waiting = Some(at(-MINUTE));
    let wanted = ["1", "9"].map(|id| Sort::Tencent.wanted(id, Until::Never));
    let plan = Bench::new(wanted.into(), vec![row]).plan();
    assert_eq!(sent(&plan), ["1", "9"]);
    assert_eq!(plan.steps[1].phase, Phase::Waiting);
    assert!(plan.operations[1].upkeep);
}
