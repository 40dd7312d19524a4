//! Stories about the state: what people ask it, check, copy and repair.

use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::time::Duration;

use ostracon::exit::Exit;
use ostracon::store::{Location, State};
use rusqlite::Connection;
use serde_json::Value;

use super::{Story, hours};

const POLICY: &str = "bans:
  - { id: case-1, target: t, room: r, users: [u, \"=cmd\"], until: never, reason: \"a, b\",
      meta: { case: T-1, by: 42 } }
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
    let triggers = "SELECT name, tbl_name, sql FROM sqlite_master WHERE type = 'trigger'";
    let mut statement = connection.prepare(triggers).unwrap();
    let triggers = statement.query_map([], |row| Ok([row.get(0)?, row.get(1)?, row.get(2)?]));
    let triggers: Vec<[String; 3]> = triggers.unwrap().collect::<Result<_, _>>().unwrap();
    drop(statement);
    for [name, ..] in &triggers {
        connection.execute_batch(&format!("DROP TRIGGER {name}")).unwrap();
    }
    connection.execute_batch(sql).unwrap();
    for [_, table, trigger] in &triggers {
        if connection.table_exists(None, table.as_str()).unwrap() {
            connection.execute_batch(trigger).unwrap();
        }
    }
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
        ("until", "never"),
        ("reason", "a, b"),
        ("told", "ban for 315360000 s, because: a, b"),
    ] {
        assert_eq!(events[0][key], value, "{key}");
    }
    assert_eq!(events[0]["meta"], serde_json::json!({ "case": "T-1", "by": "42" }));
    assert_eq!(events[0]["who"]["user"], "teller");
    assert!(events[0]["request_id"].is_string(), "{text}");
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
    assert!(text.contains("case=T-1  by=42\n"), "{text}");
}

#[test]
fn history_knows_who_began_a_run_and_prints_it_harmlessly() {
    for (variables, who) in [
        (
            &[("GITHUB_ACTOR", "octo"), ("GITHUB_SHA", "0123456789abcdef"), ("GITHUB_RUN_ID", "7")]
                [..],
            "octo, job 7, commit 0123456789ab",
        ),
        (
            &[
                ("GITHUB_ACTOR", "octo"),
                ("GITHUB_RUN_ID", "7"),
                ("GITHUB_REPOSITORY", "a/b"),
                ("GITHUB_SERVER_URL", "https://gh.example"),
            ],
            "octo, job https://gh.example/a/b/actions/runs/7",
        ),
        (
            &[
                ("GITLAB_USER_LOGIN", "lab"),
                ("CI_JOB_URL", "https://ci.example/7"),
                ("CI_COMMIT_SHA", "abc"),
                ("CI_COMMIT_AUTHOR", "Ann <ann@example.com>"),
            ],
            "lab, job https://ci.example/7, commit abc by Ann <ann@example.com>",
        ),
        (
            &[("OSTRACON_ACTOR", "\u{1b}[31mred\u{202e}"), ("GITHUB_ACTOR", "octo")],
            "\\u{1b}[31mred\\u{202e}",
        ),
    ] {
        let mut story = Story::new();
        for (name, value) in variables {
            story.variable(name, value);
        }
        story.policy(POLICY);
        story.apply().ends(Exit::Done);
        let (_, text) = story.command(&["history", "u"]);
        assert!(text.contains(&format!("by {who}\n")), "{who}\n{text}");
    }
}

#[test]
fn no_secret_is_ever_in_the_state() {
    let story = told();
    let state = std::fs::read(story.files.path().join(".ostracon/state.db")).unwrap();
    for (provider, name) in [
        ("zego", "server_secret"),
        ("tencent", "secret_key"),
        ("volcengine", "secret_access_key"),
        ("agora", "customer_secret"),
    ] {
        let secret = ostracon::sandbox::credential(provider, name).unwrap().as_bytes();
        assert!(!state.windows(secret.len()).any(|window| window == secret), "{provider}");
    }
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
        "UPDATE words SET text = replace(text, 'teller', 'nobody')",
        "UPDATE words SET text = replace(text, 'T-1', 'T-2')",
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
        "ALTER TABLE audit DROP COLUMN who; ALTER TABLE audit DROP COLUMN meta;
         ALTER TABLE audit DROP COLUMN told; ALTER TABLE audit DROP COLUMN reason;
         ALTER TABLE run DROP COLUMN who; ALTER TABLE enforcement DROP COLUMN seen;
         ALTER TABLE enforcement DROP COLUMN doubt_earliest;
         ALTER TABLE enforcement DROP COLUMN twin_earliest;
         ALTER TABLE enforcement DROP COLUMN twin_latest;
         ALTER TABLE enforcement DROP COLUMN told;
         ALTER TABLE enforcement DROP COLUMN doubt_asked;
         ALTER TABLE enforcement DROP COLUMN twin_asked;
         DROP TABLE words; DROP TABLE orders;
         ALTER TABLE audit DROP COLUMN hash; DELETE FROM meta WHERE key = 'audit_head';
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
    let line = "t/room:r/user:u     in force  until never, acknowledged at 2026-11-20T12:00:0";
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
    assert_eq!(last["reason"], "made by hand");
    assert_eq!(story.command(&["state", "verify"]).0, Exit::Done);
    assert_eq!(story.command(&["state", "rm", key, "--reason", "again"]).0, Exit::Error);
}

#[test]
fn a_compacted_state_is_smaller_and_says_all_that_it_said() {
    let story = told();
    // A run of old, of which only room is left.
    tamper(
        &story,
        "WITH RECURSIVE number(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < 9000)
         INSERT INTO call (id, run, target, rate_key, lane, verb, kind, room, subjects, intended,
           answered, outcome)
         SELECT n, 'old', 't', 'k', 0, 'ban', 'user', 'r', 1, 0, 0, 'done' FROM number",
    );
    let export = |what: &[&str]| story.command(what).1;
    let asked: [&[&str]; 3] =
        [&["state", "export"], &["history", "--format", "jsonl"], &["state", "verify"]];
    let (said, planned) = (asked.map(export), story.planned());
    let path = story.files.path().join(".ostracon/state.db");
    let before = path.metadata().unwrap().len();
    let calls = story.sandbox.calls();
    let (exit, text) = story.command(&["state", "compact"]);
    assert_eq!(exit, Exit::Done, "{text}");
    let after = path.metadata().unwrap().len();
    let [was, is] = [before, after].map(ostracon::report::count::grouped);
    // The three calls of this run are among the newest 5,000.
    let sentence = format!("Compacted: {was} to {is} bytes, 4,003 old calls dropped.\n");
    assert_eq!(text, sentence);
    assert!(after < before, "{after} is not less than {before}");
    assert_eq!(story.sandbox.calls(), calls);
    assert_eq!(asked.map(export), said);
    assert_eq!(story.planned(), planned);
    let beside = std::fs::read_dir(path.parent().unwrap()).unwrap();
    let beside = beside.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let beside: Vec<_> = beside.filter(|name| name.starts_with("state.db")).collect();
    assert_eq!(beside.iter().filter(|name| *name != "state.db.lock").count(), 1, "{beside:?}");
    let (_, again) = story.command(&["state", "compact"]);
    assert!(again.ends_with("0 old calls dropped.\n"), "{again}");
    story.apply().ends(Exit::Done);
}

#[test]
fn a_state_is_not_compacted_while_a_run_holds_it() {
    let story = told();
    story.leave_lease();
    let (snapshot, run) = (story.snapshot(), story.command(&["status", "--format", "json"]));
    assert_eq!(story.command(&["state", "compact"]).0, Exit::Locked);
    assert_eq!(story.snapshot(), snapshot);
    assert_eq!(story.command(&["status", "--format", "json"]), run);
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
    for arguments in [
        ["state", "verify"].as_slice(),
        &["history"],
        &["state", "backup", "/x"],
        &["state", "compact"],
    ] {
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

#[test]
fn a_backup_put_in_the_place_of_a_newer_state_is_made_good() {
    let story = Story::new();
    story.config(&format!(
        "{}guards: {{ max_lifts: {{ percent: 100 }} }}\n",
        crate::workspace::CONFIG
    ));
    let entries = |more: &str| {
        story.policy(&format!(
            "bans:
  - {{ target: t, room: r, users: [old], until: never }}
  - {{ target: a, users: [1], until: never }}
  - {{ target: v, room: 5, users: [6], until: never }}
{more}"
        ));
    };
    entries(
        "  - { target: a, users: [2], until: never }\n  - { target: t, room: r, users: [gone], until: never }\n",
    );
    story.apply().ends(Exit::Done);
    let state = story.files.path().join(".ostracon/state.db");
    let backup = std::fs::read(&state).unwrap();
    // Since the backup: a renewal, lifts, bans that stay, and bans that come and go.
    story.advance(hours(13));
    entries(
        "  - { target: a, users: [3], until: never }\n  - { target: v, room: 5, users: [7], until: never }\n  - { target: t, room: r, users: [brief], until: never }\n",
    );
    story.apply().ends(Exit::Done);
    entries(
        "  - { target: a, users: [3], until: never }\n  - { target: v, room: 5, users: [7], until: never }\n",
    );
    story.advance(hours(1));
    std::fs::write(&state, backup).unwrap();
    let (exit, text) = story.read(&["apply", "--auto-approve", "--after-restore"]);
    assert_eq!(exit, Exit::Done, "{text}");
    assert!(text.contains("may be left over"), "{text}");
    assert!(text.contains("brief"), "what nobody knows of is named: {text}");
    let held: Vec<_> = story.held().into_iter().filter(|row| !row.ends_with("brief")).collect();
    assert_eq!(held, story.wanted(), "nothing is doubled, nothing is missing");
    story.settled();
}
