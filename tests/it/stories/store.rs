//! Stories about the state: what people ask it, check, copy and repair.

use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::time::Duration;

use ostracon::exit::Exit;
use ostracon::state::{Location, State};
use rusqlite::Connection;
use serde_json::Value;

use super::Story;

const POLICY: &str = "bans:
  - { id: case-1, target: t, room: r, users: [u, \"=cmd\"], until: never, reason: \"a, b\" }
  - { target: v, room: 5, users: [6], until: 2026-11-20T20:00:00Z }
forbidden_streams:
  - { target: z, streams: [s], until: never }
";

fn told() -> Story {
    let story = Story::new();
    story.policy(POLICY);
    story.apply().ends(Exit::Done);
    story
}

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Changes the state file as no run would.
fn tamper(story: &Story, sql: &str) {
    let path = story.files.path().join(".ostracon/state.db");
    let connection = Connection::open(path).unwrap();
    let triggers = "SELECT sql FROM sqlite_master WHERE type = 'trigger'";
    let mut statement = connection.prepare(triggers).unwrap();
    let triggers = statement.query_map([], |row| row.get::<_, String>(0)).unwrap();
    let triggers: Vec<String> = triggers.collect::<Result<_, _>>().unwrap();
    drop(statement);
    let drops = "DROP TRIGGER audit_is_never_changed; DROP TRIGGER audit_is_never_cut;";
    connection.execute_batch(&format!("{drops}{sql};{};", triggers.join(";"))).unwrap();
}

#[test]
fn history_tells_what_was_done_to_whom_by_whom_and_why() {
    let story = told();
    let (exit, text) = story.command(&["history", "u", "--format", "jsonl"]);
    assert_eq!(exit, Exit::Done);
    let events = lines(&text);
    assert_eq!(events.len(), 1);
    for (key, value) in [
        ("action", "impose"),
        ("because", "new_entry"),
        ("subject", "u"),
        ("entry", "case-1"),
        ("source", "policy.yaml:2:5"),
        ("outcome", "done"),
        ("user", "teller"),
        ("until", "never"),
    ] {
        assert_eq!(events[0][key], value, "{key}");
    }
    let run = events[0]["run"].as_str().unwrap();
    let count = |arguments: &[&str]| {
        let (exit, text) = story.command(&[&["history", "--format", "jsonl"], arguments].concat());
        assert_eq!(exit, Exit::Done);
        lines(&text).len()
    };
    assert_eq!(count(&[]), 4);
    assert_eq!(count(&["--run", run]), 4);
    assert_eq!(count(&["--run", "another"]), 0);
    assert_eq!(count(&["t/room:r/user:u"]), 1);
    assert_eq!(count(&["t/user:u"]), 0);
    assert_eq!(count(&["--since", "2026-11-20T11:00:00Z"]), 4);
    assert_eq!(count(&["--since", "2026-11-21T11:00:00Z"]), 0);
    let (_, text) = story.command(&["history", "u"]);
    assert!(text.contains("impose t/room:r/user:u  until never  done\n"), "{text}");
    assert!(text.contains("by teller@here"), "{text}");
}

#[test]
fn an_altered_or_missing_audit_row_is_found() {
    let sound = told();
    let (exit, text) = sound.command(&["state", "verify"]);
    assert_eq!(exit, Exit::Done, "{text}");
    assert!(text.contains("4 audit rows ending in sha256:"), "{text}");
    for tampering in [
        "UPDATE audit SET subject = 'v' WHERE seq = 2",
        "DELETE FROM audit WHERE seq = 2",
        "DELETE FROM audit WHERE seq = 4",
        "UPDATE enforcement SET written = NULL WHERE kind = 'stream'",
    ] {
        let story = told();
        tamper(&story, tampering);
        assert_eq!(story.command(&["state", "verify"]).0, Exit::State, "{tampering}");
    }
}

#[test]
fn a_log_from_before_the_chain_goes_on_in_it() {
    let story = told();
    tamper(
        &story,
        "ALTER TABLE audit DROP COLUMN hash; DELETE FROM meta WHERE key = 'audit_head';
         PRAGMA user_version = 1",
    );
    assert_eq!(story.command(&["history"]).0, Exit::Done);
    assert_eq!(story.command(&["state", "verify"]).0, Exit::Done);
    story.policy("bans: []\nforbidden_streams:\n  - { target: z, streams: [s], until: never }\n");
    story.config(&format!(
        "{}guards: {{ max_lifts: {{ percent: 100 }} }}\n",
        crate::workspace::CONFIG
    ));
    story.apply().ends(Exit::Done);
    let (exit, text) = story.command(&["state", "verify"]);
    assert_eq!(exit, Exit::Done);
    assert!(text.contains("7 audit rows"), "{text}");
}

#[test]
fn what_is_known_is_shown_with_how_it_is_known() {
    let story = told();
    let (exit, text) = story.command(&["state", "list"]);
    assert_eq!(exit, Exit::Done);
    assert_eq!(text.lines().count(), 5, "{text}");
    let line = "t/room:r/user:u  in force  until never, acknowledged at 2026-11-20T12:00:00";
    assert!(text.contains(line), "{text}");
    let (_, text) = story.command(&["state", "list", "--target", "z", "--format", "json"]);
    let list: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(list["restrictions"].as_array().unwrap().len(), 1);
    assert_eq!(list["restrictions"][0]["key"], "z/stream:s");
    let (exit, text) = story.command(&["state", "show", "t/room:r/user:u"]);
    assert_eq!(exit, Exit::Done);
    assert!(text.contains("reason    \"a, b\""), "{text}");
    assert_eq!(story.command(&["state", "show", "t/room:r/user:nobody"]).0, Exit::Error);
    assert_eq!(story.command(&["state", "show", "nonsense"]).0, Exit::Usage);
}

#[test]
fn an_export_holds_every_row_and_no_formula() {
    let story = told();
    let (_, text) = story.command(&["state", "export"]);
    assert_eq!(lines(&text).len(), 4);
    let (_, text) = story.command(&["state", "export", "--format", "csv"]);
    assert_eq!(text.lines().count(), 5);
    assert!(text.starts_with("key,target,kind,room,subject,"), "{text}");
    assert!(text.contains(",r,\"'=cmd\",join,in_force,never,\"a, b\",case-1,"), "{text}");
}

#[test]
fn what_is_forgotten_stays_in_force_and_is_recorded() {
    let story = told();
    let key = "z/stream:s";
    assert_eq!(story.command(&["state", "rm", key]).0, Exit::Usage);
    let calls = story.sandbox.calls();
    let (exit, _) = story.command(&["state", "rm", key, "--reason", "made by hand"]);
    assert_eq!(exit, Exit::Done);
    assert_eq!(story.sandbox.calls(), calls);
    assert_eq!(story.held().len(), 4);
    assert_eq!(story.command(&["state", "show", key]).0, Exit::Error);
    assert_eq!(story.planned(), ["impose s new_entry"]);
    let (_, text) = story.command(&["history", key, "--format", "jsonl"]);
    let last = lines(&text).pop().unwrap();
    assert_eq!((&last["action"], &last["because"]), (&"forget".into(), &"by_hand".into()));
    assert_eq!(last["message"], "made by hand");
    assert_eq!(story.command(&["state", "verify"]).0, Exit::Done);
    assert_eq!(story.command(&["state", "rm", key, "--reason", "again"]).0, Exit::Error);
}

#[test]
fn a_backup_opens_and_verifies_also_when_it_was_made_during_a_run() {
    let story = Story::new();
    story.policy(POLICY);
    story.sandbox.set_latency(Duration::from_secs(5));
    assert!(story.crash_after(Duration::from_secs(1)).is_none(), "the run was cut short");
    let copy = story.files.path().join("copy.db");
    let path = copy.to_str().unwrap();
    assert_eq!(story.command(&["state", "backup", path]).0, Exit::Done);
    assert_eq!(copy.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let mut opened = State::read(&Location::File(copy.clone())).unwrap().unwrap();
    assert_eq!(opened.verify().unwrap().0, []);
    assert_eq!(opened.snapshot().unwrap(), story.snapshot());
    assert_eq!(story.command(&["state", "backup", path]).0, Exit::Error, "it is there already");
    let link = story.files.path().join("link.db");
    symlink(story.files.path().join("elsewhere.db"), &link).unwrap();
    assert_eq!(story.command(&["state", "backup", link.to_str().unwrap()]).0, Exit::Error);
}

#[test]
fn without_a_state_there_is_nothing_to_check() {
    let story = Story::new();
    story.policy(POLICY);
    for arguments in [["state", "verify"].as_slice(), &["history"], &["state", "backup", "/x"]] {
        assert_eq!(story.command(arguments).0, Exit::State);
    }
    let (exit, text) = story.command(&["state", "list"]);
    assert_eq!((exit, text.as_str()), (Exit::Done, "State: 0 restrictions.\n"));
    assert!(!story.files.path().join(".ostracon").exists());
}

#[test]
fn one_screen_tells_how_things_stand() {
    let story = Story::new();
    assert_eq!(story.command(&["status"]).0, Exit::Done);
    story.sandbox.set_missing_room("tencent", "r");
    story.policy(POLICY);
    story.apply().ends(Exit::Done);
    let (exit, text) = story.command(&["status"]);
    assert_eq!(exit, Exit::Done);
    for part in [
        "Restrictions 2 in force, 0 in doubt, 2 waiting, 0 lapsed, 0 gone\n",
        "  v room 5             1\n  z whole app          1\n",
        "Ending soonest\n  2026-11-20T20:00:00Z  in 8 h        v/room:5/user:6\n",
        "Waiting\n",
        "by teller@here: 2 done, 2 waiting\n",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    let (_, text) = story.command(&["status", "--format", "json"]);
    let status: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(status["summary"]["in_force"], 2);
    assert_eq!(status["last_run"]["summary"]["waiting"], 2);
}
