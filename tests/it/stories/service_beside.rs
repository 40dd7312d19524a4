//! The service at several accounts at once: what one of them is busy with holds up no other, and
//! what is decided for all of them is still decided together.

use std::fmt::Write as _;
use std::time::Duration;

use ostracon::commands::run::Nudge;
use ostracon::domain::OrderKind;
use ostracon::exit::Exit;
use ostracon::sandbox::{Incoming, InjectedFault};

use super::Story;
use super::orders::note_beside;
use super::service::{done, edit, millis_after, quietly, secs};
use super::story::Happening;
use crate::workspace::CONFIG;

/// Targets, what is restricted there, and how calls to them are known.
const TARGETS: [(&str, &str); 4] = [
    ("z", "RTCStreams"),
    ("t", "sdkappid=1400000000"),
    ("v", "UpdateActivityUserBanStatus"),
    ("a", "kicking-rule"),
];

fn goes_to(incoming: &Incoming, target: &str) -> bool {
    let (_, sign) = TARGETS.into_iter().find(|(name, _)| *name == target).unwrap();
    incoming.path.contains(sign) || incoming.query.contains(sign)
}

/// Thirty restrictions without end at a target.
fn thirty(target: &str) -> (String, String) {
    let list = |prefix: &str, from: u32| {
        (from..from + 30).map(|id| format!("{prefix}{id}")).collect::<Vec<_>>().join(", ")
    };
    match target {
        "z" => (
            String::new(),
            format!("  - {{ target: z, streams: [{}], until: never }}\n", list("x", 1)),
        ),
        "a" => (
            format!("  - {{ target: a, users: [{}], until: never }}\n", list("", 100)),
            String::new(),
        ),
        "t" => (
            format!("  - {{ target: t, room: r, users: [{}], until: never }}\n", list("x", 1)),
            String::new(),
        ),
        _ => (
            format!("  - {{ target: v, room: \"9\", users: [{}], until: never }}\n", list("", 100)),
            String::new(),
        ),
    }
}

/// What ends at a target every other second, for a minute; what is done then, and when.
fn ends(target: &str, (bans, streams): (&mut String, &mut String)) -> Vec<(String, String)> {
    let mut ends = Vec::new();
    for second in (5..60).step_by(2) {
        let end = format!("2026-11-20T12:00:{second:02}Z");
        match target {
            "z" => {
                writeln!(streams, "  - {{ target: z, streams: [s{second}], until: {end} }}")
                    .unwrap();
                ends.push((format!("lift s{second}"), end));
            }
            "v" => {
                let user = 1000 + second;
                writeln!(bans, "  - {{ target: v, room: \"1\", users: [{user}], until: {end} }}")
                    .unwrap();
                ends.push((format!("lift {user}"), end));
            }
            _ => {}
        }
    }
    ends
}

/// What may be the matter with a provider.
const MATTERS: [InjectedFault; 3] = [
    InjectedFault::Delay(Duration::from_secs(25)),
    InjectedFault::Delay(Duration::from_secs(3)),
    InjectedFault::LoseRequest,
];

#[test]
fn a_provider_that_does_not_answer_holds_up_nobody_else() {
    for matter in MATTERS {
        for target in ["z", "t", "v", "a"] {
            holds_up_nobody_else(target, matter);
        }
    }
}

/// Something is the matter with the provider of a target: what others have to do is done in time.
#[track_caller]
fn holds_up_nobody_else(ill: &'static str, matter: InjectedFault) {
    let told = format!("{ill}: {matter:?}");
    let story = Story::new();
    let (mut bans, mut streams) = thirty(ill);
    let mut lifts = Vec::new();
    for target in ["z", "v"].into_iter().filter(|it| *it != ill) {
        lifts.extend(ends(target, (&mut bans, &mut streams)));
    }
    bans += "  - { target: a, users: [8], until: never }\n";
    let edited = bans.clone() + "  - { target: t2, room: q, users: [late], until: never }\n";
    let whole = |bans: &str| match &*streams {
        "" => format!("bans:\n{bans}"),
        streams => format!("bans:\n{bans}forbidden_streams:\n{streams}"),
    };
    let (before, after) = (whole(&bans), whole(&edited));
    story.policy(&before);
    story.sandbox.inject_faults(move |incoming: &Incoming| {
        if goes_to(incoming, ill) { matter } else { InjectedFault::Answer }
    });
    let note = note_beside(&story, OrderKind::Ban);
    let happenings = vec![(secs(10), edit(&story, &after)), (secs(20), quietly(note))];
    assert_eq!(story.serve(secs(70), happenings), Exit::Terminated);
    for (lift, end) in &lifts {
        let late = millis_after(&story, lift, end);
        assert!((0..1000).contains(&late), "{told}, {lift}: {late} ms");
    }
    let late = millis_after(&story, "impose late", "2026-11-20T12:00:10Z");
    assert!((0..1000).contains(&late), "{told}, the edit: {late} ms");
    if ill != "a" {
        let late = millis_after(&story, "impose 7", "2026-11-20T12:00:20Z");
        assert!((0..1500).contains(&late), "{told}, the order: {late} ms");
    }
    story.calm();
    story.serve(secs(200), vec![]);
    let held = story.held();
    assert_eq!(held.len(), 33, "{told}: {held:?}");
}

#[test]
fn a_reload_and_another_policy_wait_for_nobody() {
    for nudge in [Nudge::Reload, Nudge::Files] {
        let story = Story::new();
        let (bans, mut streams) = thirty("a");
        let end = "2026-11-20T12:00:12Z";
        writeln!(streams, "  - {{ target: z, streams: [s], until: {end} }}").unwrap();
        let policy = format!("bans:\n{bans}forbidden_streams:\n{streams}");
        story.policy(&policy);
        story.sandbox.inject_faults(|incoming: &Incoming| {
            if goes_to(incoming, "a") {
                InjectedFault::Delay(secs(25))
            } else {
                InjectedFault::Answer
            }
        });
        let tell: Happening<'_> = Box::new(|nudges| {
            story.policy(&(policy.clone() + "# Nothing else.\n"));
            nudges.send(nudge).unwrap();
        });
        story.serve(secs(40), vec![(secs(10), tell)]);
        let late = millis_after(&story, "lift s", end);
        assert!((0..1000).contains(&late), "{nudge:?}: {late} ms");
    }
}

#[test]
fn the_first_call_does_not_wait_for_what_earlier_runs_sent_long_before() {
    let story = Story::new();
    let (bans, _) = thirty("a");
    let before = format!("bans:\n{bans}");
    story.policy(&before);
    story.apply().ends(Exit::Done);
    let after = before + "  - { target: a, users: [7], until: never }\n";
    story.serve(secs(60), vec![(secs(30), edit(&story, &after))]);
    let edited = done(&story).into_iter().find(|(what, _)| what == "impose 7").unwrap().1;
    let began = story.snapshot().policy.unwrap().at;
    let late = edited.millis() - began.millis();
    assert!((0..100).contains(&late), "{late} ms after the edit was read");
}

/// Users of a room at Tencent, and of the app at Agora.
fn of_both(tencent: u32, agora: u32) -> String {
    let mut policy = "bans:\n".to_owned();
    for user in 0..tencent {
        writeln!(policy, "  - {{ target: t, room: r, users: [u{user}], until: never }}").unwrap();
    }
    for user in 100..100 + agora {
        writeln!(policy, "  - {{ target: a, users: [{user}], until: never }}").unwrap();
    }
    policy
}

#[test]
fn a_guard_counts_what_is_planned_at_an_account_that_is_busy() {
    let story = Story::new();
    // Neither target alone runs into it.
    story.config(&format!("{CONFIG}guards: {{ max_lifts: {{ count: 15, percent: 100 }} }}\n"));
    let (before, after) = (of_both(20, 20), of_both(10, 10));
    story.policy(&before);
    story.serve(secs(30), vec![]);
    assert_eq!(story.held().len(), 40);
    let busy = before + "  - { target: a, users: [1, 2, 3], until: never }\n";
    story.sandbox.inject_faults(|incoming: &Incoming| {
        if goes_to(incoming, "a") { InjectedFault::Delay(secs(25)) } else { InjectedFault::Answer }
    });
    let happenings = vec![(secs(5), edit(&story, &busy)), (secs(10), edit(&story, &after))];
    story.serve(secs(60), happenings);
    story.calm();
    story.serve(secs(60), vec![]);
    let held = story.held();
    assert!(held.len() >= 40, "the guard let something pass: {held:?}");
}

#[test]
fn a_target_that_gets_another_name_while_calls_are_on_their_way_keeps_what_they_come_to() {
    let story = Story::new();
    story.sandbox.set_latency(Duration::from_millis(900));
    let policy = |name: &str| {
        let mut policy = "bans:\n".to_owned();
        for user in 100..150 {
            writeln!(policy, "  - {{ target: {name}, users: [{user}], until: never }}").unwrap();
        }
        policy
    };
    story.policy(&policy("a"));
    let renamed = CONFIG.replace("  a:\n", "  again:\n    moved_from: a\n");
    let rename = quietly(|| {
        story.config(&renamed);
        story.policy(&policy("again"));
    });
    let tell: Happening<'_> = Box::new(|nudges| nudges.send(Nudge::Files).unwrap());
    story.serve(secs(60), vec![(secs(2), rename), (secs(2), tell)]);
    assert_eq!(story.held().len(), 50);
    let rows = story.snapshot().rows;
    assert_eq!(rows.len(), 50);
    assert!(rows.iter().all(|row| row.restriction.target.as_str() == "again"));
    let imposed = done(&story).iter().filter(|(what, _)| what.starts_with("impose")).count();
    assert_eq!(imposed, 50, "nobody was banned twice");
    story.settled();
}
