//! Stories about what holds a run back: guards, waiting rooms, moved targets, quotas, locks.

use jiff::SignedDuration;
use ostracon::exit::Exit;

use super::{Story, hours};
use crate::workspace::CONFIG;

fn users(range: std::ops::RangeInclusive<u32>) -> String {
    range.map(|user| user.to_string()).collect::<Vec<_>>().join(", ")
}

fn bans(entries: &[String]) -> String {
    let entries: Vec<_> = entries
        .iter()
        .map(|entry| {
            format!(
                "  - {{ {entry} }}
"
            )
        })
        .collect();
    format!(
        "bans:
{}",
        entries.concat()
    )
}

#[test]
fn removing_entries_lifts_exactly_those() {
    let story = Story::new();
    story.policy(&bans(&[
        "target: t, room: r, users: [a, b, c], until: never".into(),
        "target: v, room: 1, users: [1, 2, 3], until: never".into(),
        "target: a, users: [1, 2, 3], until: never".into(),
    ]));
    story.apply().ends(Exit::Done);
    story.policy(&bans(&[
        "target: t, room: r, users: [a, c], until: never".into(),
        "target: v, room: 1, users: [1, 2, 3], until: never".into(),
        "target: a, users: [2, 3], until: never".into(),
    ]));
    story.advance(hours(1));
    assert_eq!(story.planned(), ["lift 1 entry_removed", "lift b entry_removed"]);
    story.apply().ends(Exit::Done);
    story.agrees();
}

#[test]
fn a_guard_holds_lifts_back_while_upkeep_is_done() {
    let story = Story::new();
    story.policy(&bans(&[
        format!("target: v, room: 1, users: [{}], until: never", users(1..=10)),
        "target: v, room: 1, users: [99], until: 2026-11-20T13:00:00Z".into(),
        "target: a, users: [7], until: never".into(),
    ]));
    story.apply().ends(Exit::Done);
    story.policy(&bans(&[
        format!("target: v, room: 1, users: [{}], until: never", users(1..=3)),
        "target: v, room: 1, users: [50], until: never".into(),
        "target: v, room: 1, users: [99], until: 2026-11-20T13:00:00Z".into(),
        "target: a, users: [7], until: never".into(),
    ]));
    story.advance(hours(13));
    assert_eq!(story.command(&["plan"]).0, Exit::Guarded);
    story.apply().ends(Exit::Guarded);
    let held = story.held();
    assert_eq!(held.iter().filter(|row| row.starts_with("volcengine")).count(), 10, "{held:?}");
    assert!(!held.contains(&"volcengine 1 99".to_owned()), "what expired is lifted");
    assert!(story.end_of("7") > story.now() + hours(23), "what would lapse is renewed");
    story.apply().ends(Exit::Guarded);
}

#[test]
fn an_empty_policy_is_held_back_but_an_expired_one_is_not() {
    let story = Story::new();
    let ban = bans(&["target: v, room: 1, users: [1], until: 2026-11-20T13:00:00Z".into()]);
    story.policy(&ban);
    story.apply().ends(Exit::Done);
    story.policy("bans: []\n");
    story.apply().ends(Exit::Guarded);
    story.holds(&["volcengine 1 1"]);
    story.advance(hours(1));
    story.apply().ends(Exit::Done);
    story.holds(&[]);
}

#[test]
fn an_end_edited_into_the_past_lifts_at_once() {
    for target in ["t, room: r, users: [x]", "v, room: 1, users: [1]", "a, users: [7]"] {
        let story = Story::new();
        story.policy(&bans(&[format!("target: {target}, until: never")]));
        story.apply().ends(Exit::Done);
        story.policy(&bans(&[format!("target: {target}, until: 2026-11-20T12:30:00Z")]));
        story.advance(hours(1));
        story.apply().ends(Exit::Done);
        story.holds(&[]);
        story.settled();
    }
}

#[test]
fn another_deny_set_is_in_force_before_the_old_one_is_lifted() {
    let story = Story::new();
    story.policy(&bans(&["target: a, room: c, users: [7], until: never".into()]));
    story.apply().ends(Exit::Done);
    story.policy(&bans(&[
        "target: a, room: c, users: [7], deny: [publish_audio], until: never".into()
    ]));
    story.advance(hours(1));
    // The replacement is refused: what it replaces stays.
    story.strike(ostracon::sandbox::InjectedFault::Status(400), 0, |it| {
        it.method == ostracon::provider::Method::Post
    });
    story.apply().ends(Exit::Unfinished);
    story.holds(&["agora c 7"]);
    story.calm();
    story.advance(SignedDuration::from_secs(5));
    story.apply().ends(Exit::Done);
    story.holds(&["agora c 7 publish_audio"]);
    let seen = story.sandbox.seen();
    let actions: Vec<_> = seen.iter().map(|call| call.action.as_str()).collect();
    assert_eq!(actions, ["POST", "POST", "DELETE"]);
}

#[test]
fn one_user_who_is_not_registered_waits_and_the_others_go_through() {
    let story = Story::new();
    story.sandbox.set_unregistered(17);
    let ban = bans(&[format!("target: v, room: 1, users: [{}], until: never", users(1..=30))]);
    story.policy(&ban);
    let run = story.apply().ends(Exit::Done);
    assert_eq!((run.count("done"), run.count("waiting")), (29, 1));
    assert_eq!(run.problems(), ["17 impose waiting"]);
    assert_eq!(story.held().len(), 29);
    assert!(story.sandbox.calls() <= 11, "narrowing takes 2·log₂n calls");
    story.sandbox.set_registered(17);
    story.advance(hours(1));
    story.apply().ends(Exit::Done);
    story.agrees();
}

#[test]
fn a_room_that_does_not_exist_waits_and_costs_one_call() {
    let story = Story::new();
    story.sandbox.set_missing_room("tencent", "gone");
    story.policy(&bans(&[
        format!("target: t, room: gone, users: [{}], until: never", users(1..=90)),
        "target: t, room: here, users: [1], until: never".into(),
    ]));
    let run = story.apply().ends(Exit::Done);
    assert_eq!((run.count("done"), run.count("waiting")), (1, 90));
    let first = story.sandbox.calls();
    story.advance(hours(1));
    story.apply().ends(Exit::Done);
    assert!(story.sandbox.calls() - first <= 5, "{}", story.sandbox.calls() - first);
    story.sandbox.set_existing_room("tencent", "gone");
    story.advance(hours(1));
    story.apply().ends(Exit::Done);
    story.agrees();
    story.settled();
}

#[test]
fn lifts_make_room_before_imposes_need_it() {
    let story = Story::new();
    story.config(&format!("{CONFIG}guards: {{ max_lifts: {{ percent: 100 }} }}\n"));
    story.sandbox.set_quota(3);
    let ban =
        |range| bans(&[format!("target: v, room: 1, users: [{}], until: never", users(range))]);
    story.policy(&ban(1..=3));
    story.apply().ends(Exit::Done);
    story.policy(&ban(3..=5));
    story.advance(hours(1));
    story.apply().ends(Exit::Done);
    story.agrees();
    story.policy(&ban(3..=7));
    story.advance(hours(1));
    let run = story.apply().ends(Exit::Unfinished);
    assert_eq!(run.count("failed"), 2);
    story.holds(&["volcengine 1 3", "volcengine 1 4", "volcengine 1 5"]);
}

#[test]
fn a_renamed_target_is_refused_until_it_says_where_it_comes_from() {
    let story = Story::new();
    story.policy(&bans(&["target: v, room: 1, users: [1], until: never".into()]));
    story.apply().ends(Exit::Done);
    let calls = story.sandbox.calls();
    story.policy(&bans(&["target: w, room: 1, users: [1], until: never".into()]));
    story.config(&CONFIG.replace("  v:\n", "  w:\n"));
    let refused = story.apply().ends(Exit::Error).error;
    assert!(refused.starts_with("the state has 1 restrictions of target `v`"), "{refused}");
    story.config(&CONFIG.replace("  v:\n", "  w:\n    moved_from: v\n"));
    story.apply().ends(Exit::Done);
    story.settled();
    assert_eq!(story.sandbox.calls(), calls);
    story.apply().ends(Exit::Done);
    story.holds(&["volcengine 1 1"]);
}

#[test]
fn a_lost_state_is_refused_when_its_lineage_is_known() {
    let story = Story::new();
    story.policy(&bans(&["target: v, room: 1, users: [1], until: never".into()]));
    story.apply().ends(Exit::Done);
    let lineage = story.snapshot().mark.lineage.unwrap();
    story.config(&format!("{CONFIG}lineage: {lineage}\n"));
    story.apply().ends(Exit::Done);
    std::fs::remove_file(story.files.path().join(".ostracon/state.db")).unwrap();
    story.apply().ends(Exit::State);
    assert_eq!(story.command(&["plan"]).0, Exit::State);
    assert!(!story.files.path().join(".ostracon/state.db").exists());
}

#[test]
fn a_deadline_defers_what_is_not_begun() {
    let story = Story::new();
    story.policy(&bans(&[format!("target: a, users: [{}], until: never", users(1..=60))]));
    let run = story.apply_with(&["--deadline", "2s"]).ends(Exit::Unfinished);
    assert_eq!(run.count("done") + run.count("deferred"), 60);
    assert!((15..=30).contains(&run.count("done")), "{run:?}");
    story.apply().ends(Exit::Done);
    story.agrees();
}

#[test]
fn protecting_somebody_lifts_the_ban() {
    let story = Story::new();
    story.policy(&bans(&["target: t, room: r, users: [host, x], until: never".into()]));
    story.apply().ends(Exit::Done);
    let protect = "protect:\n  - { users: [host], reason: staff }\n";
    let ban = bans(&["target: t, room: r, users: [x], until: never".into()]);
    story.policy(&(ban + protect));
    assert_eq!(story.planned(), ["lift host protected"]);
    story.apply().ends(Exit::Done);
    story.holds(&["tencent r x"]);
}

#[test]
fn runs_within_one_second_share_its_calls_whatever_the_clock_is_set_to_between_them() {
    let story = Story::new();
    let start = story.now();
    let (mut set, mut arrivals) = (SignedDuration::ZERO, Vec::new());
    for run in 1..=5 {
        story.policy(&bans(&[format!("target: a, users: [{}], until: never", users(1..=4 * run))]));
        story.apply().ends(Exit::Done);
        let seen = story.sandbox.seen();
        arrivals.extend(seen.iter().skip(arrivals.len()).map(|call| call.at - start - set));
        story.set_clock(story.now() + hours(1));
        set += hours(1);
    }
    assert_eq!(arrivals.len(), 20);
    for first in &arrivals {
        let within =
            |at: &&SignedDuration| (*first..*first + SignedDuration::from_secs(1)).contains(at);
        let calls = arrivals.iter().filter(within).count();
        assert!(calls <= 10, "{calls} calls in a second: {arrivals:?}");
    }
    // Once a second has passed, nobody has to wait, whatever the clock was set to.
    story.advance(SignedDuration::from_millis(1100));
    story.set_clock(story.now() - SignedDuration::from_millis(1100));
    story.policy(&bans(&["target: a, users: [99], until: never".into()]));
    let begun = story.now();
    story.apply_with(&["--target", "a"]);
    assert!(story.now() - begun < SignedDuration::from_millis(300), "{}", story.now());
}

#[test]
fn one_target_can_be_applied_alone() {
    let story = Story::new();
    story.policy(&bans(&[
        "target: t, room: r, users: [x], until: never".into(),
        "target: a, users: [7], until: never".into(),
    ]));
    story.apply_with(&["--target", "a"]).ends(Exit::Done);
    story.holds(&["agora 7"]);
    story.apply().ends(Exit::Done);
    story.agrees();
}
