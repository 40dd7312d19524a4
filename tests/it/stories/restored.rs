//! A backup in the place of a newer state, and an order that comes while it is made good.

use std::time::Duration;

use ostracon::domain::OrderKind;
use ostracon::exit::Exit;
use ostracon::sandbox::{Incoming, InjectedFault, credential};

use super::orders::note_beside;
use super::words::is_write;
use super::{Story, hours};
use crate::workspace::CONFIG;

/// A policy with so many streams of ZEGO, which has no lists, and a user of Agora.
fn streams(count: usize) -> String {
    let streams: Vec<String> = (0..count).map(|stream| format!("s{stream}")).collect();
    let streams = streams.join(", ");
    format!(
        "forbidden_streams:\n  - {{ target: z, streams: [{streams}], until: never }}\nbans:\n  - {{ target: a, users: [8], until: never }}\n"
    )
}

/// A story whose state is a backup. It has 2,000 streams as forbidden, as the policy says; since then
/// all but ten of them were allowed.
fn restored() -> Story {
    let story = Story::new();
    story.config(&format!("{CONFIG}guards: {{ max_lifts: {{ percent: 100 }} }}\n"));
    story.policy(&streams(2_000));
    story.apply().ends(Exit::Done);
    let state = story.files.path().join(".ostracon/state.db");
    let backup = std::fs::read(&state).unwrap();
    story.policy(&streams(10));
    story.advance(hours(1));
    story.apply().ends(Exit::Done);
    assert_eq!(story.held().len(), 11);
    story.policy(&streams(2_000));
    story.advance(hours(1));
    std::fs::write(&state, backup).unwrap();
    story.sandbox.set_latency(Duration::from_millis(300));
    story
}

#[test]
fn a_restored_state_is_doubted_to_its_end_though_an_order_comes_meanwhile() {
    // While the lists are read, with the first call, and after some.
    for calls_before in [0, 1, 20] {
        let story = restored();
        let (note, mut calls, mut is_noted) = (note_beside(&story, OrderKind::Ban), 0, false);
        story.sandbox.inject_faults(move |incoming: &Incoming| {
            calls += usize::from(is_write(incoming));
            if calls == calls_before && !is_noted {
                note();
                is_noted = true;
            }
            InjectedFault::Answer
        });
        let before = story.sandbox.seen().len();
        let run = story.apply_with(&["--after-restore"]).ends(Exit::Done);
        assert_eq!(run.count("done"), 2_002, "{calls_before} {run:#?}");
        let calls = story.sandbox.seen().split_off(before);
        let ordered = calls.iter().position(|it| it.action == "POST").unwrap();
        assert!(ordered < calls.len() / 2, "the order is the {ordered}th of {}", calls.len());
        story.agrees();
        story.settled();
    }
}

#[test]
fn a_restored_state_stays_doubted_when_the_run_is_killed_or_cannot_send() {
    let killed = restored();
    let run = killed.play(&["--after-restore"], Some(Duration::from_millis(2_500)));
    assert!(run.is_none(), "it was killed: {run:?}");
    let mut without_secret = restored();
    without_secret.variable("Z", "");
    let run = without_secret.apply_with(&["--after-restore"]).ends(Exit::Unfinished);
    assert_eq!(run.count("failed"), 2_000, "{run:#?}");
    without_secret.variable("Z", credential("zego", "server_secret").unwrap());
    for story in [killed, without_secret] {
        story.advance(hours(1));
        story.apply().ends(Exit::Done);
        story.agrees();
        story.settled();
    }
}
