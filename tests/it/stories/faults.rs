//! Stories about what goes wrong: lost requests and answers, refusals, crashes.

use std::time::Duration;

use jiff::SignedDuration;
use ostracon::domain::Moment;
use ostracon::exit::Exit;
use ostracon::provider::Method;
use ostracon::sandbox::{Incoming, InjectedFault, RepeatBan};

use super::{Story, hours};
use crate::workspace::CONFIG;

/// Something of every form that holds, and a kick.
const EVERYTHING: &str = "bans:
  - { target: z, room: r, users: [u], until: never }
  - { target: t, room: r, users: [u1, u2], until: 2026-12-20T00:00:00Z }
  - { target: v, room: 5, users: [6], devices: [d], until: never }
  - { target: a, users: [7], until: never }
  - { target: a, ips: [203.0.113.7], wide: true, until: never }
  - { target: a, room: c, wide: true, until: never }
forbidden_streams:
  - { target: z, streams: [s], until: never }
";

/// Everything that can become of a request without the caller hearing of it.
const SILENT: [InjectedFault; 8] = [
    InjectedFault::Unreachable,
    InjectedFault::Starved,
    InjectedFault::LoseRequest,
    InjectedFault::LoseAnswer,
    InjectedFault::Status(503),
    InjectedFault::LateStatus(504),
    InjectedFault::Garbage,
    InjectedFault::Delay(Duration::from_secs(25)),
];

fn to(provider: &'static str) -> impl Fn(&Incoming) -> bool + Send {
    let of_agora = |it: &Incoming| it.path.contains("kicking-rule");
    let of_tencent = |it: &Incoming| it.path.starts_with("/v4/");
    let of_volcengine = |it: &Incoming| it.query.contains("Version=");
    move |incoming| match provider {
        "agora" => of_agora(incoming),
        "tencent" => of_tencent(incoming),
        "volcengine" => of_volcengine(incoming),
        _ => !of_agora(incoming) && !of_tencent(incoming) && !of_volcengine(incoming),
    }
}

#[test]
fn lack_of_handles_is_no_silence_of_the_provider_and_costs_no_retry() {
    let users: Vec<_> = (1..=100).map(|user: u32| user.to_string()).collect();
    let policy =
        format!("bans:\n  - {{ target: a, users: [{}], until: never }}\n", users.join(", "));
    // Two hundred retries are more than a target has.
    for (fate, exit) in
        [(InjectedFault::Starved, Exit::Done), (InjectedFault::Unreachable, Exit::Unfinished)]
    {
        let story = Story::new();
        story.policy(&policy);
        let mut tries = std::collections::BTreeMap::<Vec<u8>, u32>::new();
        story.sandbox.inject_faults(move |incoming: &Incoming| {
            let tries = tries.entry(incoming.body.clone()).or_default();
            *tries += 1;
            if *tries <= 2 { fate } else { InjectedFault::Answer }
        });
        story.apply().ends(exit);
    }
}

#[test]
fn a_call_that_brings_no_answer_is_settled_within_the_run_and_leaves_no_twin() {
    for provider in ["zego", "tencent", "volcengine", "agora"] {
        for fate in SILENT {
            for spared in 0..2 {
                let story = Story::new();
                story.policy(EVERYTHING);
                story.strike(fate, spared, to(provider));
                story.apply().ends(Exit::Done);
                story.agrees();
                story.settled();
                story.policy("bans:\n  - { target: t, room: r, users: [u1], until: never }\n");
                story.strike(fate, spared, to(provider));
                story.advance(SignedDuration::from_secs(5));
                story.apply().ends(Exit::Done);
                story.agrees();
                story.settled();
            }
        }
    }
}

#[test]
fn a_provider_that_is_down_leaves_doubts_that_the_next_run_settles() {
    for fate in SILENT {
        let story = Story::new();
        story.policy(EVERYTHING);
        story.sandbox.inject_faults(move |_: &Incoming| fate);
        story.apply().ends(Exit::Unfinished);
        story.calm();
        story.advance(SignedDuration::from_secs(30));
        story.apply().ends(Exit::Done);
        story.agrees();
        story.settled();
    }
}

#[test]
fn a_renewal_that_brings_no_answer_moves_the_same_rule() {
    for fate in SILENT {
        let story = Story::new();
        story.policy("bans:\n  - { target: a, users: [7], until: never }\n");
        story.apply().ends(Exit::Done);
        story.advance(hours(13));
        story.sandbox.inject_faults(move |_: &Incoming| fate);
        story.apply().ends(Exit::Unfinished);
        story.calm();
        // The end that was known has passed, the end that was asked for has not.
        story.advance(hours(12));
        story.apply().ends(Exit::Done);
        story.agrees();
    }
}

#[test]
fn a_rule_that_is_found_late_is_renewed_at_once() {
    let story = Story::new();
    story.policy("bans:\n  - { target: a, users: [7], until: never }\n");
    story.sandbox.inject_faults(|it: &Incoming| match it.method {
        Method::Post => InjectedFault::LoseAnswer,
        Method::Get | Method::Put | Method::Delete => InjectedFault::Unreachable,
    });
    story.apply().ends(Exit::Unfinished);
    story.calm();
    story.advance(hours(20));
    story.apply().ends(Exit::Done);
    story.holds(&["agora 7"]);
    assert!(story.end_of("7") > story.now() + hours(23));
    story.settled();
}

#[test]
fn a_rule_made_for_another_end_than_the_recorded_one_is_found_again() {
    let ban = |until: &str| format!("bans:\n  - {{ target: a, users: [7], until: {until} }}\n");
    // Within the run, and by the next one.
    for lost in [1, usize::MAX] {
        let story = Story::new();
        story.policy(&ban("2026-11-20T13:00:00Z"));
        story.apply().ends(Exit::Done);
        story.advance(hours(2));
        story.policy(&ban("2026-11-21T03:00:00Z"));
        let mut calls = 0;
        story.sandbox.inject_faults(move |it: &Incoming| {
            calls += 1;
            match it.method {
                _ if calls > lost => InjectedFault::Answer,
                Method::Post => InjectedFault::LoseAnswer,
                Method::Get | Method::Put | Method::Delete => InjectedFault::Unreachable,
            }
        });
        story.apply();
        story.calm();
        story.advance(SignedDuration::from_secs(5));
        story.apply().ends(Exit::Done);
        story.holds(&["agora 7"]);
        story.settled();
    }
}

#[test]
fn a_rule_that_vanished_is_made_again_when_it_is_renewed() {
    let story = Story::new();
    story.policy("bans:\n  - { target: a, users: [7], until: never }\n");
    story.apply().ends(Exit::Done);
    story.sandbox.lose_rule(1954);
    story.advance(hours(13));
    story.apply().ends(Exit::Done);
    story.agrees();
}

#[test]
fn a_wrong_secret_stops_its_target_alone() {
    for (variable, provider) in
        [("Z", "zego"), ("T", "tencent"), ("W", "volcengine"), ("B", "agora")]
    {
        let mut story = Story::new();
        story.policy(EVERYTHING);
        story.variable(variable, "wrong-secret-of-thirty-two-bytes");
        let run = story.apply().ends(Exit::Unfinished);
        assert_eq!(run.count("in_doubt"), 0);
        let wanted = story.wanted();
        let others: Vec<_> = wanted.iter().filter(|row| !row.starts_with(provider)).collect();
        assert_eq!(story.held().iter().collect::<Vec<_>>(), others);
        let seen = story.sandbox.seen();
        assert_eq!(seen.iter().filter(|call| call.provider == provider).count(), 1, "{seen:?}");
    }
}

#[test]
fn a_secret_that_is_missing_stops_its_target_before_anything_is_sent() {
    let mut story = Story::new();
    story.policy(EVERYTHING);
    story.variable("T", "");
    assert_eq!(story.apply().ends(Exit::Unfinished).count("failed"), 2);
    assert!(story.held().iter().all(|row| !row.starts_with("tencent")));
    assert!(story.sandbox.seen().iter().all(|call| call.provider != "tencent"));
}

#[test]
fn throttling_slows_a_run_down_and_loses_nothing() {
    for after in [None, Some(Duration::from_secs(3))] {
        let story = Story::new();
        story.policy(EVERYTHING);
        let mut calls = 0;
        story.sandbox.inject_faults(move |_: &Incoming| {
            calls += 1;
            if calls % 2 == 1 { InjectedFault::Throttle(after) } else { InjectedFault::Answer }
        });
        story.apply().ends(Exit::Done);
        story.agrees();
    }
}

#[test]
fn a_run_that_follows_a_crash_keeps_the_rate_that_the_crashed_one_used() {
    let users: Vec<String> = (1..=60).map(|user| user.to_string()).collect();
    for (latency, millis) in
        [(1500, 1700), (1500, 2500), (3000, 5000), (3000, 5500), (4000, 6030), (4000, 6060)]
    {
        let story = Story::new();
        story.sandbox.set_latency(Duration::from_millis(latency));
        let users = users.join(", ");
        story.policy(&format!("bans:\n  - {{ target: a, users: [{users}], until: never }}\n"));
        assert!(story.crash_after(Duration::from_millis(millis)).is_none());
        story.apply().ends(Exit::Done);
        story.agrees();
    }
}

#[test]
fn a_run_long_after_another_waits_for_none_of_its_calls() {
    let story = Story::new();
    let ban = |room: u32| {
        let users: Vec<String> = (1..=30).map(|user| user.to_string()).collect();
        let users = users.join(", ");
        format!("  - {{ target: a, room: r{room}, users: [{users}], until: never }}\n")
    };
    let mut policy = "bans:\n".to_owned();
    let mut spans = Vec::new();
    for room in 0..2 {
        policy += &ban(room);
        story.policy(&policy);
        let (before, begun) = (story.sandbox.seen().len(), story.now());
        story.apply().ends(Exit::Done);
        let seen = story.sandbox.seen();
        spans.push(seen[before + 9].at - begun);
        story.advance(hours(1));
    }
    assert_eq!(spans[0], spans[1], "its tenth call is sent as soon as that of the first run");
}

#[test]
fn a_ban_whose_repeat_keeps_the_old_end_is_lifted_and_made_again() {
    for (repeat, unbans) in [(RepeatBan::MovesEnd, 0), (RepeatBan::KeepsOldEnd, 1)] {
        let story = Story::new();
        story.sandbox.set_repeat_ban(repeat);
        let ban = |until: &str| {
            format!("bans:\n  - {{ target: t, room: r, users: [u], until: {until} }}\n")
        };
        story.policy(&ban("2026-12-20T00:00:00Z"));
        story.apply().ends(Exit::Done);
        story.policy(&ban("2026-12-24T00:00:00Z"));
        story.advance(hours(1));
        story.apply().ends(Exit::Done);
        let until = Moment::parse("2026-12-24T00:00:00Z").unwrap();
        assert!((story.end_of("u") - until).abs() <= SignedDuration::from_secs(1));
        let unbanned = story.sandbox.seen();
        let unbanned = unbanned.iter().filter(|call| call.action == "unban_member").count();
        assert_eq!(unbanned, unbans, "{repeat:?}");
        story.settled();
    }
}

#[test]
fn a_ban_that_may_have_kept_its_later_end_is_lifted_at_the_earlier_one() {
    let ban =
        |until: &str| format!("bans:\n  - {{ target: t, room: r, users: [u], until: {until} }}\n");
    let story = Story::new();
    story.sandbox.set_repeat_ban(RepeatBan::KeepsOldEnd);
    story.policy(&ban("2026-12-20T00:00:00Z"));
    story.apply().ends(Exit::Done);
    story.policy(&ban("2026-11-20T14:00:00Z"));
    story.advance(hours(1));
    story.sandbox.inject_faults(|it: &Incoming| {
        if it.path.contains("list") { InjectedFault::Unreachable } else { InjectedFault::Answer }
    });
    story.apply().ends(Exit::Unfinished);
    story.calm();
    story.advance(hours(2));
    story.apply().ends(Exit::Done);
    story.holds(&[]);
    story.settled();
}

#[test]
fn a_slow_list_does_not_make_an_endless_ban_look_wrong() {
    let story = Story::new();
    story.policy("bans:\n  - { target: t, room: r, users: [u], until: 2026-12-20T00:00:00Z }\n");
    story.apply().ends(Exit::Done);
    story.sandbox.set_latency(Duration::from_secs(8));
    story.policy("bans:\n  - { target: t, room: r, users: [u], until: never }\n");
    story.advance(hours(1));
    story.apply().ends(Exit::Done);
    let unbanned = story.sandbox.seen();
    assert!(unbanned.iter().all(|call| call.action != "unban_member"), "{unbanned:?}");
}

#[test]
fn a_crash_at_any_instant_loses_no_fact() {
    for latency in [0, 40] {
        for millis in (0..=400).step_by(13) {
            let story = Story::seeded(millis);
            story.config(&format!("{CONFIG}guards: {{ max_lifts: {{ percent: 100 }} }}\n"));
            story.sandbox.set_latency(Duration::from_millis(latency));
            story.policy(EVERYTHING);
            story.crash_after(Duration::from_millis(millis));
            story.apply().ends(Exit::Done);
            story.agrees();
            story.settled();
        }
    }
}
