//! What `explain` says of somebody, in each situation there is.

use std::time::Duration;

use ostracon::commands::schema::{Subject, text};
use ostracon::exit::Exit;
use ostracon::sandbox::{Incoming, InjectedFault};
use serde_json::Value;

use super::{Story, hours};
use crate::conform::{UnknownKeys, faults};

/// What is said of a subject: as text, and as JSON that its schema describes.
#[track_caller]
fn explained(story: &Story, subject: &str) -> (String, Value) {
    let (exit, said) = story.command(&["explain", subject]);
    assert_eq!(exit, Exit::Done, "{said}");
    let (exit, json) = story.command(&["explain", subject, "--format", "json"]);
    assert_eq!(exit, Exit::Done, "{json}");
    let json: Value = serde_json::from_str(&json).unwrap();
    let schema = serde_json::from_str(&text(Subject::Explanation)).unwrap();
    let faults = faults(&schema, &json, UnknownKeys::Refused);
    assert!(faults.is_empty(), "{faults:#?}\n{json:#}");
    (said, json)
}

#[track_caller]
fn says(said: &str, pieces: &[&str]) {
    for piece in pieces {
        assert!(said.contains(piece), "{piece}\n\n{said}");
    }
}

/// How many of each there are: entries, in force, operations, past.
fn counts(json: &Value) -> [usize; 4] {
    ["entries", "in_force", "operations", "past"].map(|key| json[key].as_array().unwrap().len())
}

#[test]
fn of_a_stranger_nothing_is_known() {
    let story = Story::new();
    story.policy("bans: [{ target: a, users: [7], until: never }]");
    let (said, json) = explained(&story, "ip:7");
    let nothing = "ip:7\n\nEntries that name it:\n  no entry names it\n\nIn force, as far as the \
                   state knows:\n  nothing\n\nWhat the next run does:\n  nothing\n\nWhat was done, \
                   newest first:\n  nothing is recorded\n";
    assert_eq!(said, nothing);
    assert_eq!(counts(&json), [0; 4]);
}

#[test]
fn every_entry_and_every_target_that_names_somebody_is_told_of() {
    let story = Story::new();
    story.policy(
        "bans:
  - { id: short, targets: [t, t2], room: r, users: [7], until: 2026-12-01T00:00:00Z }
  - { id: long, target: t, room: r, users: [7], reason: spam, until: never }
  - { id: later, target: a, users: [7], from: 2026-12-24T00:00:00Z, until: never }
",
    );
    story.apply().ends(Exit::Done);
    let (said, json) = explained(&story, "7");
    assert_eq!(counts(&json), [4, 2, 0, 2]);
    says(
        &said,
        &[
            "  policy.yaml:4:5  later  a/user:7  from 2026-12-24T00:00:00Z  until never  (not wanted \
             now)\n",
            "  policy.yaml:2:5  short  t/room:r/user:7  until 2026-12-01T00:00:00Z\n",
            "  policy.yaml:3:5  long  t/room:r/user:7  until never  reason: spam\n",
            "  t/room:r/user:7  until never  held since 2026-11-20T12:00:00",
            ": the provider acknowledged it  ends there by itself at 2036-11-17T12:00:0",
            "What the next run does:\n  nothing\n",
        ],
    );
}

#[test]
fn of_everything_that_was_done_the_request_is_named() {
    let story = Story::new();
    story.policy("bans: [{ target: t, room: r, users: [alice, bob], until: never }]");
    story.apply().ends(Exit::Done);
    let (said, json) = explained(&story, "user:alice");
    says(&said, &["  impose t/room:r/user:alice  done  new_entry  request "]);
    assert!(!json["past"][0]["request_id"].as_str().unwrap().is_empty());
    assert!(said.contains(&format!("run {}\n", json["past"][0]["run"].as_str().unwrap())));
}

#[test]
fn what_has_ended_is_about_to_be_forgotten() {
    let story = Story::new();
    story.policy("bans: [{ target: t, room: r, users: [alice], until: 2026-11-21T00:00:00Z }]");
    story.apply().ends(Exit::Done);
    story.advance(hours(24));
    let (said, json) = explained(&story, "alice");
    assert_eq!(json["entries"][0]["wanted_now"], false);
    says(&said, &["  . forget t/room:r/user:alice  was until 2026-11-21T00:00:00Z  expired\n"]);
}

#[test]
fn who_waits_is_said_not_to_be_held() {
    let story = Story::new();
    story.sandbox.set_missing_room("tencent", "r");
    story.policy("bans: [{ target: t, room: r, users: [alice], until: never }]");
    assert_eq!(story.apply().ends(Exit::Done).count("waiting"), 1);
    let (said, json) = explained(&story, "alice");
    says(
        &said,
        &[
            "  t/room:r/user:alice  until never  nothing is known to be held  \"not yet\" at 2026-11-",
            "  waiting  new_entry  code 100004  message ",
        ],
    );
    assert!(json["in_force"][0]["waiting_since"].is_string());
}

#[test]
fn who_is_in_doubt_is_said_to_be() {
    let story = Story::new();
    story.policy("bans: [{ target: v, room: 7, users: [8], until: never }]");
    story.sandbox.inject_faults(|_: &Incoming| InjectedFault::Delay(Duration::from_mins(10)));
    assert_eq!(story.apply().ends(Exit::Unfinished).count("in_doubt"), 1);
    story.calm();
    let (said, json) = explained(&story, "8");
    says(
        &said,
        &[
            "  v/room:7/user:8  until never  nothing is known to be held  in doubt since 2026-11-",
            "  + impose v/room:7/user:8  until never  in doubt\n",
            "  in_doubt  new_entry",
        ],
    );
    assert!(json["in_force"][0]["in_doubt_since"].is_string());
}

#[test]
fn who_is_protected_is_said_to_be_and_where() {
    let story = Story::new();
    story.policy("bans: [{ target: a, users: [7], until: never }]");
    story.apply().ends(Exit::Done);
    story.policy("bans: []\nprotect:\n  - { users: [\"7\"], reason: staff }\n");
    let (said, json) = explained(&story, "7");
    says(
        &said,
        &[
            "Protected at:\n  policy.yaml:3:15\n",
            "  - lift a/user:7  was until never  protected",
            "  (held back by a guard)\n",
        ],
    );
    assert_eq!(json["operations"][0]["held_back"], true);
    assert_eq!(json["protected"][0]["line"], 3);
}

#[test]
fn of_two_who_share_an_id_only_the_one_asked_for_is_told_of() {
    let story = Story::new();
    story.policy("bans: [{ target: v, room: 7, users: [8], devices: [\"8\"], until: never }]");
    story.apply().ends(Exit::Done);
    assert_eq!(counts(&explained(&story, "8").1), [2, 2, 0, 2]);
    for asked in ["user:8", "device:8"] {
        assert_eq!(counts(&explained(&story, asked).1), [1, 1, 0, 1]);
    }
}
