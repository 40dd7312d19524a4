//! Operations into calls: full, and in order.

use super::bench::{Bench, DAY, HOUR, MINUTE, Sort, at, calls, until};
use crate::domain::{Deny, Enforcement, Id, Lapse, Until, Wanted};
use crate::plan::{Phase, Plan};
use crate::provider::Verb;

fn ids(count: usize) -> impl Iterator<Item = String> {
    (0..count).map(|number| format!("{}", 1000 + number))
}

fn wanted(sort: Sort, count: usize) -> Vec<Wanted> {
    ids(count).map(|id| sort.wanted(&id, until(DAY))).collect()
}

fn rows(sort: Sort, count: usize) -> Vec<Enforcement> {
    ids(count).map(|id| sort.row(&id, until(DAY))).collect()
}

fn sizes(plan: &Plan) -> Vec<usize> {
    calls(plan).iter().map(|call| call.items.len()).collect()
}

#[test]
fn calls_are_as_full_as_the_provider_allows() {
    for (sort, expected) in
        [(Sort::ZegoUser, vec![5, 5, 2]), (Sort::Agora, vec![1; 12]), (Sort::Tencent, vec![12])]
    {
        assert_eq!(sizes(&Bench::new(wanted(sort, 12), vec![]).plan()), expected, "{sort:?}");
    }
    for (sort, full) in [
        (Sort::Tencent, 20),
        (Sort::ZegoStream, 20),
        (Sort::Volcengine, 50),
        (Sort::VolcengineDevice, 50),
    ] {
        let imposes = Bench::new(wanted(sort, 2 * full + 1), vec![]).plan();
        assert_eq!(sizes(&imposes), [full, full, 1], "{sort:?}");
        let lifts = Bench::new(vec![], rows(sort, 2 * full)).plan();
        assert_eq!(sizes(&lifts), [full, full], "{sort:?}");
        assert!(calls(&lifts).iter().all(|call| call.verb == Verb::Lift));
    }
}

#[test]
fn users_and_devices_go_apart() {
    let both = [wanted(Sort::Volcengine, 30), wanted(Sort::VolcengineDevice, 30)].concat();
    assert_eq!(sizes(&Bench::new(both, vec![]).plan()), [30, 30]);
}

#[test]
fn a_call_has_one_room_reason_and_until_where_the_provider_takes_them() {
    let edits: [fn(&mut Wanted); 3] = [
        |wanted| wanted.room = wanted.room.as_ref().map(|_| Id::new("2")),
        |wanted| wanted.reason = Some("fraud".into()),
        |wanted| wanted.until = Until::Never,
    ];
    for (sort, calls) in [
        (Sort::Tencent, [2, 2, 2]),
        (Sort::ZegoUser, [2, 2, 1]),
        (Sort::ZegoStream, [1, 1, 1]),
        (Sort::Volcengine, [2, 1, 1]),
        (Sort::Agora, [2, 2, 2]),
    ] {
        for (edit, calls) in edits.into_iter().zip(calls) {
            let mut wanted = wanted(sort, 2);
            edit(&mut wanted[1]);
            let plan = Bench::new(wanted, vec![]).plan();
            assert_eq!(plan.steps.len(), calls, "{sort:?}");
        }
    }
}

#[test]
fn lifts_share_a_call_whatever_their_reason_and_until() {
    let mut rows = rows(Sort::Tencent, 20);
    for (hour, row) in (1..).zip(&mut rows) {
        row.until = until(hour * HOUR);
        row.reason = Some(format!("reason {hour}").into());
    }
    rows[0].restriction.room = Some(Id::new("2"));
    assert_eq!(sizes(&Bench::new(vec![], rows).plan()), [19, 1]);
}

#[test]
fn overdue_lifts_fill_their_calls_with_other_lifts() {
    let mut rows = rows(Sort::Volcengine, 50);
    rows.iter_mut().skip(40).for_each(|row| row.until = until(0));
    let plan = Bench::new(vec![], rows).plan();
    assert_eq!(sizes(&plan), [50]);
    assert_eq!(plan.steps[0].phase, Phase::OverdueLift);
    assert_eq!(calls(&plan)[0].items[0].id.as_str(), "1040");
}

#[test]
fn calls_carry_what_their_operations_say() {
    let plan = Bench::new(wanted(Sort::Tencent, 21), rows(Sort::Agora, 2)).plan();
    for (step, call) in plan.steps.iter().zip(calls(&plan)) {
        for (item, index) in call.items.iter().zip(&step.operations) {
            let operation = &plan.operations[*index];
            assert_eq!(item.id, operation.restriction.subject.id);
            assert_eq!(call.room, operation.restriction.room);
            assert_eq!(call.until, operation.until);
            let lifts = call.verb == Verb::Lift;
            assert_eq!(item.rule.is_some(), lifts, "Agora lifts by number");
            assert_eq!(call.reason.is_some(), !lifts);
        }
    }
}

#[test]
fn overdue_lifts_go_first_then_lifts_then_imposes() {
    let mut recorded = rows(Sort::Volcengine, 3);
    recorded[0].restriction.room = Some(Id::new("3"));
    recorded[1].until = until(0);
    recorded[2].restriction.room = Some(Id::new("2"));
    let plan = Bench::new(vec![Sort::Volcengine.wanted("1", until(DAY))], recorded).plan();
    let phases: Vec<_> = plan.steps.iter().map(|step| step.phase).collect();
    assert_eq!(phases, [Phase::OverdueLift, Phase::Lift, Phase::Lift, Phase::Impose]);
}

#[test]
fn kicks_go_after_imposes_and_amends_before() {
    let zego = |id: &str, room: &str| {
        let mut wanted = Sort::ZegoUser.wanted(id, until(DAY));
        wanted.room = Some(Id::new(room));
        wanted
    };
    let mut row = Sort::ZegoUser.row("1", until(DAY));
    row.restriction.room = Some(Id::new("1"));
    let plan = Bench::new(vec![zego("1", "1"), zego("2", "2")], vec![row]).plan();
    let phases: Vec<_> = plan.steps.iter().map(|step| step.phase).collect();
    assert_eq!(phases, [Phase::Impose, Phase::Kick]);

    let tencent = vec![Sort::Tencent.wanted("1", until(2)), Sort::Tencent.wanted("0", until(DAY))];
    let row = Sort::Tencent.row("1", until(DAY));
    let plan = Bench::new(tencent, vec![row]).plan();
    let phases: Vec<_> = plan.steps.iter().map(|step| step.phase).collect();
    assert_eq!(phases, [Phase::Amend, Phase::Impose]);
}

fn waiting(sort: Sort, id: &str) -> Enforcement {
    let mut row = sort.row(id, until(DAY));
    row.held = None;
    row.waiting = Some(at(-MINUTE));
    row
}

#[test]
fn what_waited_goes_last_in_calls_of_its_own() {
    for sort in [Sort::Tencent, Sort::Volcengine] {
        let recorded = ids(4).take(2).map(|id| waiting(sort, &id)).collect();
        let plan = Bench::new(wanted(sort, 4), recorded).plan();
        assert_eq!(sizes(&plan), [2, 2]);
        assert_eq!(calls(&plan)[0].items[0].id.as_str(), "1002");
        assert_eq!(plan.steps[1].phase, Phase::Waiting);
        assert_eq!(plan.waiting(), 2);
    }
}

#[test]
fn a_lift_does_not_wait_because_an_amend_did() {
    let mut row = Sort::Volcengine.row("9", until(0));
    row.waiting = Some(at(-MINUTE));
    let wanted = vec![Sort::Volcengine.wanted("1", until(DAY))];
    let plan = Bench::new(wanted, vec![row]).plan();
    let phases: Vec<_> = plan.steps.iter().map(|step| step.phase).collect();
    assert_eq!(phases, [Phase::OverdueLift, Phase::Impose]);
    assert_eq!(plan.waiting(), 0);
}

#[test]
fn a_replaced_deny_set_is_lifted_after_its_replacement_is_made() {
    let deny = |deny| {
        let mut wanted = Sort::Agora.wanted("9", until(DAY));
        wanted.deny = deny;
        wanted
    };
    for replacement in [Deny::PUBLISH_AUDIO, Deny::EVERYTHING] {
        let other = Sort::Agora.row("8", until(DAY));
        let row = Sort::Agora.row("9", until(DAY));
        let plan = Bench::new(vec![deny(replacement)], vec![row, other]).plan();
        let order: Vec<_> =
            plan.steps.iter().map(|step| (step.phase, step.operations[0])).collect();
        // The lift of somebody else does not wait.
        assert_eq!(order, [(Phase::Lift, 0), (Phase::Impose, 2), (Phase::ReplacedLift, 1)]);
        assert_eq!(plan.operations[1].after, Some(2));
        assert_eq!((plan.operations[0].after, plan.operations[2].after), (None, None));
    }
    // A replacement that sorts before what it replaces.
    let mut row = Sort::Agora.row("9", until(DAY));
    row.restriction.deny = Deny::PUBLISH_AUDIO;
    let plan = Bench::new(vec![deny(Deny::JOIN)], vec![row]).plan();
    assert_eq!((plan.operations[0].after, plan.operations[1].after), (None, Some(0)));
}

#[test]
fn another_room_or_an_end_by_time_waits_for_no_replacement() {
    let mut elsewhere = Sort::Agora.wanted("9", until(DAY));
    elsewhere.room = Some(Id::new("2"));
    elsewhere.deny = Deny::PUBLISH_AUDIO;
    let plan = Bench::new(vec![elsewhere.clone()], vec![Sort::Agora.row("9", until(DAY))]).plan();
    assert!(plan.operations.iter().all(|operation| operation.after.is_none()));

    elsewhere.room = Some(Id::new("1"));
    let mut expired = Sort::Agora.row("9", until(0));
    expired.held.as_mut().unwrap().lapse = Lapse::At(at(5));
    let plan = Bench::new(vec![elsewhere], vec![expired]).plan();
    assert_eq!(plan.steps[0].phase, Phase::OverdueLift);
    assert!(plan.operations.iter().all(|operation| operation.after.is_none()));
}
