//! The service: what it does to the second, what it goes by when files break, and that it yields to
//! whatever is more urgent.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use jiff::SignedDuration;
use ostracon::commands::run::Nudge;
use ostracon::domain::{Moment, OrderKind};
use ostracon::exit::Exit;
use ostracon::provider::Method;
use ostracon::sandbox::{Incoming, InjectedFault};

use super::orders::{note_beside, policy, told};
use super::story::Happening;
use super::{Story, hours};
use crate::workspace::CONFIG;

pub(super) fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Something that happens, of which the service is told by nobody.
pub(super) fn quietly<'a>(happens: impl FnOnce() + 'a) -> Happening<'a> {
    Box::new(move |_| happens())
}

/// Another policy, of which the service is told.
pub(super) fn edit<'a>(story: &'a Story, policy: &'a str) -> Happening<'a> {
    Box::new(move |nudges| {
        story.policy(policy);
        nudges.send(Nudge::Files).unwrap();
    })
}

/// What was done, as `action subject` and when, from the audit log.
pub(super) fn done(story: &Story) -> Vec<(String, Moment)> {
    let (_, history) = story.run(&["history", "--format", "jsonl"]);
    let events = history.lines().map(|it| serde_json::from_str::<serde_json::Value>(it).unwrap());
    let text = |event: &serde_json::Value, key: &str| event[key].as_str().unwrap().to_owned();
    let mut done: Vec<_> = events
        .filter(|event| event["outcome"] == "done")
        .map(|event| {
            let what = format!("{} {}", text(&event, "action"), text(&event, "subject"));
            (what, Moment::parse(&text(&event, "at")).unwrap())
        })
        .collect();
    done.sort_by_key(|(_, at)| *at);
    done
}

/// When something was done, for the only time.
#[track_caller]
fn when(story: &Story, what: &str) -> Moment {
    let done = done(story);
    let found: Vec<_> = done.iter().filter(|(it, _)| it == what).map(|(_, at)| *at).collect();
    match found[..] {
        [at] => at,
        _ => panic!("{what}: {found:?} of {done:#?}"),
    }
}

pub(super) fn millis_after(story: &Story, what: &str, instant: &str) -> i64 {
    let at = Moment::parse(instant).unwrap();
    when(story, what).millis() - at.millis()
}

#[test]
fn what_ends_is_lifted_within_a_second_of_its_end_and_never_before() {
    let story = Story::new();
    let ends = ["12:00:40Z", "12:01:00.250Z", "12:01:00.300Z", "12:05:07Z"];
    let mut policy = "forbidden_streams:\n".to_owned();
    for (index, end) in ends.iter().enumerate() {
        writeln!(policy, "  - {{ target: z, streams: [s{index}], until: 2026-11-20T{end} }}")
            .unwrap();
    }
    story.policy(&policy);
    assert_eq!(story.serve(secs(600), vec![]), Exit::Terminated);
    for (index, end) in ends.iter().enumerate() {
        let late = millis_after(&story, &format!("lift s{index}"), &format!("2026-11-20T{end}"));
        assert!((0..1000).contains(&late), "s{index}: {late} ms");
    }
    story.holds(&[]);
}

#[test]
fn renewals_are_made_when_due_and_what_ends_by_itself_is_left_to() {
    let story = Story::new();
    story.config(&CONFIG.replace("provider: agora", "provider: agora\n    renew_before: 23h"));
    story.policy(
        "bans:\n  - { target: a, users: [7], until: never }\n  \
         - { target: a, users: [8], until: 2026-11-20T14:10:00Z }\n",
    );
    assert_eq!(story.serve(secs(9000), vec![]), Exit::Terminated);
    story.holds(&["agora 7"]);
    let done = done(&story);
    let what: Vec<_> = done.iter().map(|(what, _)| &**what).collect();
    assert_eq!(what, ["impose 7", "impose 8", "renew 7", "renew 7", "forget 8"]);
    for (hour, renewed) in [(1, done[2].1), (2, done[3].1)] {
        let late = renewed - (Moment::parse("2026-11-20T12:00:00Z").unwrap() + hours(hour));
        assert!((0..3).contains(&late.as_secs()), "{late:#}");
    }
    assert_eq!(story.sandbox.calls(), 4, "a quiet hour costs nothing");
    story.settled();
}

#[test]
fn a_kick_is_repeated_as_often_as_the_target_says() {
    let story = Story::new();
    let config = CONFIG.replace("provider: zego", "provider: zego\n    rekick_every: 5s");
    story.config(&config);
    story.policy("bans:\n  - { target: z, room: r, users: [u], until: 2026-11-20T12:01:00Z }\n");
    story.serve(secs(120), vec![]);
    let kicks = done(&story).into_iter().filter(|(what, _)| !what.starts_with("forget"));
    let kicks: Vec<_> = kicks.map(|(_, at)| at).collect();
    assert!((11..=13).contains(&kicks.len()), "{kicks:?}");
    for pair in kicks.windows(2) {
        let apart = pair[1].millis() - pair[0].millis();
        assert!((5000..5600).contains(&apart), "{apart}");
    }
}

#[test]
fn an_edit_is_taken_up_at_once_if_it_is_told_and_within_half_a_minute_if_not() {
    for is_told in [true, false] {
        let story = Story::new();
        let (before, after) = (policy(""), policy("never"));
        story.policy(&before);
        let happening =
            if is_told { edit(&story, &after) } else { quietly(|| story.policy(&after)) };
        story.serve(secs(120), vec![(secs(60), happening)]);
        let late = millis_after(&story, "impose 7", "2026-11-20T12:01:00Z");
        let most = if is_told { 1_000 } else { 31_000 };
        assert!((0..most).contains(&late), "{is_told}: {late} ms");
        story.settled();
    }
}

#[test]
fn broken_files_leave_the_last_good_ones_in_force_and_time_goes_on() {
    let story = Story::new();
    let good = "bans:\n  - { target: v, room: \"1\", users: [7], until: 2026-11-20T12:02:00Z }\n  \
                - { target: a, users: [8], until: never }\n";
    let bad = "bans:\n  - { target: nowhere, users: [7], until: never }\n";
    let mended = "bans:\n  - { target: a, users: [8, 9], until: never }\n";
    story.policy(good);
    let happenings = vec![(secs(60), edit(&story, bad)), (secs(300), edit(&story, mended))];
    story.serve(secs(360), happenings);
    let late = millis_after(&story, "lift 7", "2026-11-20T12:02:00Z");
    assert!((0..1000).contains(&late), "{late}");
    let late = millis_after(&story, "impose 9", "2026-11-20T12:05:00Z");
    assert!((0..1000).contains(&late), "{late}");
    story.holds(&["agora 8", "agora 9"]);
}

#[test]
fn a_service_that_starts_with_a_broken_policy_does_upkeep_until_it_is_mended() {
    let story = Story::new();
    story.policy("bans:\n  - { target: a, users: [7, 8], until: never }\n");
    story.apply().ends(Exit::Done);
    story.policy("bans: oops\n");
    story.advance(hours(11));
    // Agora lets go after a day: the renewal is due after half of it.
    story.serve(secs(2 * 3600), vec![]);
    story.advance(hours(12));
    story.holds(&["agora 7", "agora 8"]);
    let mended = "bans:\n  - { target: a, users: [7, 8, 9], until: never }\n";
    story.serve(secs(60), vec![(secs(10), edit(&story, mended))]);
    story.holds(&["agora 7", "agora 8", "agora 9"]);
}

/// A policy of 150 bans at Agora, which takes ten a second, and one stream that ends soon.
fn crawling() -> String {
    let mut policy = policy("");
    for user in 100..250 {
        writeln!(policy, "  - {{ target: a, users: [{user}], until: never }}").unwrap();
    }
    policy
}

#[test]
fn orders_ends_and_edits_do_not_wait_for_a_long_pass() {
    let story = Story::new();
    story.sandbox.set_latency(Duration::from_millis(100));
    let end = "forbidden_streams:\n  - { target: z, streams: [s], until: 2026-11-20T12:00:05Z }\n";
    let (long, fewer) = (crawling() + end, policy("") + end);
    story.config(&format!("{CONFIG}guards: {{ max_lifts: {{ percent: 100 }} }}\n"));
    story.policy(&long);
    let note = note_beside(&story, OrderKind::Ban);
    let happenings = vec![(secs(3), quietly(note)), (secs(9), edit(&story, &fewer))];
    story.serve(secs(60), happenings);
    let ordered = millis_after(&story, "impose 7", "2026-11-20T12:00:03Z");
    assert!((0..2_000).contains(&ordered), "ordered: {ordered} ms");
    let lifted = millis_after(&story, "lift s", "2026-11-20T12:00:05Z");
    assert!((0..1_000).contains(&lifted), "lifted: {lifted} ms");
    // What is not wanted any more was not sent, and what was sent is lifted.
    let imposed = done(&story).iter().filter(|(what, _)| what.starts_with("impose 1")).count();
    assert!((50..110).contains(&imposed), "{imposed}");
    story.holds(&["agora 7", "agora 8"]);
}

#[test]
fn what_is_refused_is_tried_again_ever_more_seldom_and_hurts_nobody_else() {
    let story = Story::new();
    story.policy("bans:\n  - { target: a, users: [7], until: never }\n  - { target: t, room: r, users: [u], until: never }\n");
    story.sandbox.inject_faults(|incoming: &Incoming| {
        let is_agora = incoming.path.contains("kicking-rule");
        if is_agora { InjectedFault::LoseRequest } else { InjectedFault::Answer }
    });
    story.serve(secs(3600), vec![]);
    story.holds(&["tencent r u"]);
    assert!(story.sandbox.seen().len() < 100, "{}", story.sandbox.seen().len());
    story.calm();
    story.serve(secs(60), vec![]);
    story.holds(&["agora 7", "tencent r u"]);
}

/// What Tencent answers to a ban that it does not take.
const REFUSED: &str = r#"{ "ActionStatus": "FAIL", "ErrorCode": 10004, "ErrorInfo": "No." }"#;

#[test]
fn what_is_refused_is_not_sent_again_by_every_pass_that_others_need() {
    let story = Story::new();
    let mut policy = "bans:\n  - { target: t, room: r, users: [u], until: never }\n".to_owned();
    policy += "forbidden_streams:\n";
    for second in 1..60 {
        writeln!(
            policy,
            "  - {{ target: z, streams: [s{second}], until: 2026-11-20T12:01:{second:02}Z }}"
        )
        .unwrap();
    }
    story.policy(&policy);
    let tries = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&tries);
    story.sandbox.inject_faults(move |incoming: &Incoming| {
        if !incoming.path.contains("ban_member") {
            return InjectedFault::Answer;
        }
        counted.fetch_add(1, Ordering::Relaxed);
        InjectedFault::Say { status: 200, body: REFUSED }
    });
    story.serve(secs(150), vec![]);
    story.holds(&[]);
    let lifts = done(&story).iter().filter(|(what, _)| what.starts_with("lift s")).count();
    assert_eq!(lifts, 59);
    // After 5, 10, 20, 40 and 80 s.
    assert_eq!(tries.load(Ordering::Relaxed), 5);
}

#[test]
fn a_guard_holds_back_what_it_should_until_it_is_acknowledged_and_time_goes_on() {
    let story = Story::new();
    let users = |until: &str, count: i32| {
        let ids: Vec<_> = (100..100 + count).map(|id| id.to_string()).collect();
        format!("bans:\n  - {{ target: a, users: [{}], until: {until} }}\n", ids.join(", "))
    };
    let end = "forbidden_streams:\n  - { target: z, streams: [s], until: 2026-11-20T12:03:00Z }\n";
    story.policy(&(users("never", 20) + end));
    let fewer = users("never", 3) + end;
    // The same elsewhere, to read what allows it.
    let other = told(&(users("never", 20) + end));
    other.policy(&fewer);
    let digest = other.plan()["guards"][0]["change_digest"].as_str().unwrap().to_owned();
    let acknowledge: Happening<'_> = Box::new(|nudges| {
        let ack = format!("digest: {digest}\nwho: ann\nwhy: They were mistaken for others\n");
        story.files.write(&format!("acks/{digest}.yaml"), ack.as_bytes());
        nudges.send(Nudge::Files).unwrap();
    });
    let look: Happening<'_> = Box::new(|_| assert_eq!(story.held().len(), 20));
    let happenings =
        vec![(secs(60), edit(&story, &fewer)), (secs(239), look), (secs(240), acknowledge)];
    story.serve(secs(300), happenings);
    let late = millis_after(&story, "lift s", "2026-11-20T12:03:00Z");
    assert!((0..1000).contains(&late), "{late}");
    assert_eq!(story.held().len(), 3);
}

#[test]
fn the_policy_that_was_read_last_is_in_the_state() {
    let story = Story::new();
    story.policy(&policy(""));
    story.serve(secs(10), vec![]);
    let read = story.snapshot().policy.unwrap();
    let later = policy("") + "# A comment.\n";
    story.serve(secs(60), vec![(secs(30), edit(&story, &later))]);
    let again = story.snapshot().policy.unwrap();
    assert!(read.digest != again.digest && read.at < again.at, "{read:?} {again:?}");
}

#[test]
fn an_order_does_not_wait_for_git_and_git_is_not_waited_for_for_ever() {
    let story = Story::new();
    story.policy(&policy(""));
    let later = format!("{}  - {{ target: a, users: [9], until: never }}\n", policy(""));
    let lock = quietly(|| {
        story.files.write(".git/index.lock", b"");
        story.policy(&later);
    });
    let note = note_beside(&story, OrderKind::Ban);
    story.serve(secs(150), vec![(secs(10), lock), (secs(50), quietly(note))]);
    let ordered = millis_after(&story, "impose 7", "2026-11-20T12:00:50Z");
    assert!((0..1_500).contains(&ordered), "{ordered} ms");
    // It was first seen within half a minute, and has a minute.
    let edited = millis_after(&story, "impose 9", "2026-11-20T12:00:10Z");
    assert!((60_000..92_000).contains(&edited), "{edited} ms");
}

#[test]
fn a_doubt_is_settled_though_something_ends_twice_a_second() {
    // Elsewhere, or at the same account.
    for target in ["z", "a"] {
        let story = Story::new();
        let mut bans = "bans:\n  - { target: a, users: [1, 2, 3, 4], until: never }\n".to_owned();
        let mut streams = "forbidden_streams:\n".to_owned();
        for half in 0..120 {
            let end = Moment::parse("2026-11-20T12:00:05Z").unwrap()
                + SignedDuration::from_millis(500 * half);
            match target {
                "z" => {
                    writeln!(streams, "  - {{ target: z, streams: [s{half}], until: \"{end}\" }}")
                }
                _ => writeln!(
                    bans,
                    "  - {{ target: a, users: [{}], until: \"{end}\" }}",
                    1000 + half
                ),
            }
            .unwrap();
        }
        story.policy(&if target == "z" { bans + &streams } else { bans });
        let mut lost = 0;
        story.sandbox.inject_faults(move |incoming: &Incoming| {
            let is_create =
                incoming.method == Method::Post && incoming.path.contains("kicking-rule");
            lost += u32::from(is_create);
            if is_create && lost <= 4 { InjectedFault::LoseRequest } else { InjectedFault::Answer }
        });
        let look: Happening<'_> = Box::new(|_| {
            let held = story.held();
            for user in ["agora 1", "agora 2", "agora 3", "agora 4"] {
                assert!(held.contains(&user.to_owned()), "{user}: {held:?}");
            }
            let newest = if target == "z" { "zego s119" } else { "agora 1119" };
            assert!(held.contains(&newest.to_owned()), "the ends are not over: {held:?}");
        });
        story.serve(secs(120), vec![(secs(55), look)]);
        story.holds(&["agora 1", "agora 2", "agora 3", "agora 4"]);
    }
}
