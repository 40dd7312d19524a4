//! When there will be something to do again, and what the rates make of a plan.

use jiff::SignedDuration;

use super::bench::{Bench, DAY, HOUR, MINUTE, Sort, at, lines, until};
use crate::domain::{Because, Enforcement, Lapse, Moment, Until};
use crate::plan::{NextDue, Plan};
use crate::provider::Options;

const NOTHING: NextDue = NextDue { at: None, latest: None, because: None };

fn due(at: Moment, latest: Option<Moment>, because: Because) -> NextDue {
    NextDue { at: Some(at), latest, because: Some(because) }
}

fn wanted_and_held(sort: Sort, until: Until) -> Bench {
    Bench::new(vec![sort.wanted("9", until)], vec![sort.row("9", until)])
}

#[test]
fn what_is_held_is_due_at_its_end_or_at_its_renewal() {
    let end = at(30 * DAY);
    let renewal = due(at(11 * HOUR), Some(at(23 * HOUR)), Because::RenewalDue);
    for (sort, until, expected) in [
        (Sort::Volcengine, Until::At(end), due(end, Some(end), Because::Expired)),
        (Sort::ZegoStream, Until::At(end), due(end, Some(end), Because::Expired)),
        // It ends by itself: what is left to do is to forget it, and nothing is ever late.
        (Sort::Tencent, Until::At(end), due(end, None, Because::Expired)),
        (Sort::Agora, until(20 * HOUR), due(at(20 * HOUR), None, Because::Expired)),
        (Sort::Agora, Until::At(end), renewal),
        (Sort::Agora, Until::Never, renewal),
        (Sort::Volcengine, Until::Never, NOTHING),
        // Kicks are repeated by every run; they set no date.
        (Sort::ZegoUser, Until::At(end), due(end, None, Because::Expired)),
        (Sort::ZegoUser, Until::Never, NOTHING),
    ] {
        let bench = wanted_and_held(sort, until);
        assert_eq!(bench.plan().next_due, expected, "{sort:?} {until}");
        assert_eq!(bench.upkeep().next_due, expected, "{sort:?} {until}");
    }
}

#[test]
fn what_the_plan_will_do_is_taken_for_done() {
    let end = at(30 * DAY);
    for (sort, until, expected) in [
        (Sort::Volcengine, Until::At(end), due(end, Some(end), Because::Expired)),
        (Sort::Agora, Until::Never, due(at(12 * HOUR), Some(at(DAY)), Because::RenewalDue)),
        (Sort::Tencent, Until::At(end), due(end, None, Because::Expired)),
        (Sort::ZegoUser, Until::Never, NOTHING),
    ] {
        let plan = Bench::new(vec![sort.wanted("9", until)], vec![]).plan();
        assert_eq!(plan.next_due, expected, "{sort:?}");
    }
    let renewed = wanted_and_held(Sort::Agora, Until::Never).at(at(20 * HOUR)).plan();
    assert_eq!(renewed.next_due, due(at(32 * HOUR), Some(at(44 * HOUR)), Because::RenewalDue));
    // An amend that is only recorded moves nothing at the provider.
    let row = Sort::Agora.row("9", until(30 * DAY));
    let recorded = Bench::new(vec![Sort::Agora.wanted("9", Until::Never)], vec![row]).plan();
    assert_eq!(lines(&recorded), "amend until_changed record change");
    let expected = due(at(11 * HOUR), Some(at(23 * HOUR)), Because::RenewalDue);
    assert_eq!(recorded.next_due, expected);
    let lifted = Bench::new(vec![], vec![Sort::Volcengine.row("9", until(DAY))]).plan();
    assert_eq!(lifted.next_due, NOTHING);
}

#[test]
fn an_entry_of_the_future_is_due_when_it_starts() {
    let mut wanted = Sort::Tencent.wanted("9", until(DAY));
    wanted.from = Some(at(HOUR));
    let plan = Bench::new(vec![wanted], vec![]).plan();
    assert_eq!(plan.next_due, due(at(HOUR), None, Because::NewEntry));
}

#[test]
fn the_earliest_of_all_dates_is_the_next() {
    let sorts = [(Sort::Volcengine, until(3 * DAY)), (Sort::Agora, Until::Never)];
    let bench = Bench::new(
        sorts.iter().map(|(sort, until)| sort.wanted("9", *until)).collect(),
        sorts.iter().map(|(sort, until)| sort.row("9", *until)).collect(),
    );
    let options =
        Options { renew_before: Some(SignedDuration::from_hours(2)), ..Options::default() };
    let plan = bench.options("agora", options).plan();
    assert_eq!(plan.next_due, due(at(21 * HOUR), Some(at(23 * HOUR)), Because::RenewalDue));
}

#[test]
fn a_ban_that_the_provider_holds_for_too_long_must_be_lifted_at_until() {
    let mut row = Sort::Tencent.row("9", until(DAY));
    row.held.as_mut().unwrap().lapse = Lapse::At(at(2 * DAY));
    let bench = Bench::new(vec![Sort::Tencent.wanted("9", until(DAY))], vec![row]);
    assert_eq!(bench.plan().next_due, due(at(DAY), Some(at(DAY)), Because::Expired));
    assert_eq!(lines(&bench.at(at(DAY)).plan()), "lift expired lift upkeep");
}

#[test]
fn a_repeat_that_a_target_asks_for_is_due_too() {
    let reassert_every = Some(SignedDuration::from_mins(90));
    let bench = wanted_and_held(Sort::Tencent, until(DAY));
    let plan = bench.options("tencent", Options { reassert_every, ..Options::default() }).plan();
    assert_eq!(plan.next_due, due(at(30 * MINUTE), None, Because::ReassertDue));
}

#[test]
fn nothing_is_due_in_the_past() {
    let early =
        Options { renew_before: Some(SignedDuration::from_hours(48)), ..Options::default() };
    let plan = wanted_and_held(Sort::Agora, Until::Never).options("agora", early).plan();
    assert_eq!(plan.next_due.at, Some(at(0)));
}

/// Target, calls and seconds as JSON.
fn forecast(plan: &Plan) -> Vec<(String, u64, String)> {
    let lines = plan.forecast.iter().map(|line| {
        (line.target.to_string(), line.calls, serde_json::to_string(&line.seconds).unwrap())
    });
    lines.collect()
}

#[test]
fn a_forecast_reckons_with_each_targets_rate_and_lanes_side_by_side() {
    let ids = || (1000..1100).map(|id: u32| id.to_string());
    let recorded: Vec<Enforcement> = ids().map(|id| Sort::Agora.row(&id, until(DAY))).collect();
    let wanted = [Sort::Tencent, Sort::ZegoUser, Sort::ZegoStream]
        .iter()
        .flat_map(|sort| ids().map(|id| sort.wanted(&id, until(DAY))));
    let mut bench = Bench::new(wanted.collect(), recorded);
    let expected = [("agora", 100, "10.0"), ("tencent", 5, "0.025"), ("zego", 25, "0.4")];
    let expected = expected.map(|(name, calls, seconds)| (name.into(), calls, seconds.into()));
    assert_eq!(forecast(&bench.plan()), expected);

    bench.targets.values_mut().for_each(|target| {
        let slow = crate::provider::Target { rate: Some(1), ..(**target).clone() };
        *target = slow.into();
    });
    assert_eq!(forecast(&bench.plan())[2], ("zego".into(), 25, "20.0".into()));
}
