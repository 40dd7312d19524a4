//! Stories about taking over what somebody else imposed.

use ostracon::exit::Exit;
use ostracon::provider::Method;
use ostracon::sandbox::{Incoming, InjectedFault};

use super::{Story, hours};

const FOREIGN: &str = "bans:
  - { target: t, room: r, users: [ann, bob], until: 2026-12-20T00:00:00Z, reason: spam }
  - { target: v, room: 5, users: [6], devices: [d], until: never }
  - { target: a, users: [7], deny: [publish_audio, publish_video], until: never }
  - { target: a, room: lobby, until: 2026-11-21T00:00:00Z, wide: true }
  - { target: a, ips: [203.0.113.7], until: never, wide: true }
";

/// A story in which somebody else has imposed this.
fn with_foreign(policy: &str) -> Story {
    let story = Story::new();
    story.policy("bans:\n  - { target: t, room: r, users: [own], until: never }\n");
    story.apply().ends(Exit::Done);
    // They share the rates, and neither knows when the other used them.
    story.advance(hours(1));
    let other = story.neighbour();
    other.policy(policy);
    other.apply().ends(Exit::Done);
    story.advance(hours(1));
    story
}

/// Whether a request changes something, as the four providers have it.
fn writes(incoming: &Incoming) -> bool {
    let rules = incoming.method == Method::Get && incoming.path.contains("kicking-rule");
    !rules && !incoming.path.contains("get_banned") && !incoming.query.contains("Action=Get")
}

#[test]
fn what_is_taken_over_needs_nothing_more_and_was_never_touched() {
    let story = with_foreign(FOREIGN);
    story.sandbox.inject_faults(|incoming: &Incoming| {
        assert!(!writes(incoming), "{incoming:?}");
        InjectedFault::Answer
    });
    let held = story.held();
    let arguments = ["import", "--out", "bans/imported.yaml", "--room", "5"];
    let (exit, text) = story.read(&arguments);
    assert_eq!(
        (exit, text.as_str()),
        (Exit::Done, "Imported: 7 restrictions into `bans/imported.yaml`.\n")
    );
    assert_eq!(story.held(), held);
    story.settled();
    story.agrees();
    assert_eq!(story.apply().ends(Exit::Done).count("done"), 0);
    assert_eq!(story.read(&["drift"]).0, Exit::Done);
    assert_eq!(story.command(&["state", "verify"]).0, Exit::Done);
    let (_, text) = story.command(&["history", "t/room:r/user:ann"]);
    assert!(text.contains("adopt t/room:r/user:ann"), "{text}");
    let (_, text) = story.command(&["state", "show", "v/room:5/device:d"]);
    assert!(text.contains("adopted at"), "{text}");
    let (exit, text) = story.read(&["import", "--out", "again.yaml"]);
    assert_eq!((exit, text.as_str()), (Exit::Done, "Imported: nothing foreign was found.\n"));
    assert!(!story.files.path().join("again.yaml").exists());
    story.calm();
}

#[test]
fn what_was_taken_over_can_be_lifted_like_everything_else() {
    let story = with_foreign("bans:\n  - { target: a, users: [7], until: never }\n");
    assert_eq!(story.read(&["import", "--out", "imported.yaml"]).0, Exit::Done);
    story.files.write("imported.yaml", b"bans: []\n");
    story.apply().ends(Exit::Done);
    story.holds(&["tencent r own"]);
}

#[test]
fn five_thousand_foreign_bans_are_taken_over_at_once() {
    let users: Vec<String> = (0..5000).map(|user| format!("u{user}")).collect();
    let users = users.join(", ");
    let story = with_foreign(&format!(
        "bans:\n  - {{ target: t, room: r, users: [{users}], until: 2026-12-20T00:00:00Z }}\n"
    ));
    let calls = story.sandbox.calls();
    let arguments = ["import", "--out", "imported.yaml", "--target", "t"];
    assert_eq!(story.read(&arguments).0, Exit::Done);
    // 5,001 rows in pages of 100.
    assert_eq!(story.sandbox.calls() - calls, 51);
    assert_eq!(story.snapshot().rows.len(), 5001);
    story.settled();
}

#[test]
fn who_is_protected_is_not_taken_over() {
    let story =
        with_foreign("bans:\n  - { target: t, room: r, users: [ann, host], until: never }\n");
    story.files.write("protect.yaml", b"protect:\n  - { users: [host], reason: staff }\n");
    assert_eq!(story.read(&["import", "--out", "imported.yaml"]).0, Exit::Done);
    assert_eq!(story.snapshot().rows.len(), 2);
    story.settled();
}

#[test]
fn a_file_that_is_there_or_outside_is_left_alone() {
    let story = with_foreign(FOREIGN);
    let calls = story.sandbox.calls();
    let policy = std::fs::read(story.files.path().join("policy.yaml")).unwrap();
    for out in ["policy.yaml", "../x.yaml", "/tmp/x.yaml", ".hidden/x.yaml", "acks/x.yaml", "x.txt"]
    {
        assert_eq!(story.read(&["import", "--out", out]).0, Exit::Usage, "{out}");
    }
    assert_eq!(std::fs::read(story.files.path().join("policy.yaml")).unwrap(), policy);
    assert_eq!(story.sandbox.calls(), calls);
}
