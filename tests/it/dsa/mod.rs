//! Statements of reasons: one for each restriction that was imposed, as the database takes it,
//! and nothing in it that leads to a person.

mod lacking;

use std::collections::BTreeSet;
use std::fs;
use std::process::Output;

use ostracon::commands::schema::{Subject, text as schema};
use ostracon::report::dsa::table;
use serde_json::Value;

use crate::conform::{UnknownKeys, faults};
use crate::readme::with_part;
use crate::scene::{Scene, text};
use crate::sources::top;

/// What an entry has to say.
const META: [(&str, &str); 9] = [
    ("dsa_decision_facts", "Repeated slurs in the chat of a live room, seen by a moderator."),
    ("dsa_decision_ground", "DECISION_GROUND_INCOMPATIBLE_CONTENT"),
    ("dsa_incompatible_content_ground", "Community rules, 4.2"),
    ("dsa_incompatible_content_explanation", "Slurs are not allowed in any room."),
    ("dsa_content_type", "CONTENT_TYPE_VIDEO, CONTENT_TYPE_AUDIO"),
    ("dsa_content_date", "2026-11-19"),
    ("dsa_category", "STATEMENT_CATEGORY_ILLEGAL_OR_HARMFUL_SPEECH"),
    ("dsa_source_type", "SOURCE_VOLUNTARY"),
    ("dsa_automated_detection", "No"),
];

/// The last thing that an entry has to say.
const DECIDED: &str = "dsa_automated_decision=AUTOMATED_DECISION_NOT_AUTOMATED";

/// An entry's `meta` with all of it, and with `more`, which goes before.
fn meta(more: &[(&str, &str)]) -> String {
    let rest = META.into_iter().chain(DECIDED.split_once('='));
    let rest = rest.filter(|(key, _)| !more.iter().any(|(other, _)| other == key));
    let all = more.iter().copied().chain(rest);
    let texts: Vec<_> = all.map(|(key, it)| format!("{key}: '{it}'")).collect();
    format!("{{ {} }}", texts.join(", "))
}

/// A scene in which these bans, and streams, have been imposed.
#[track_caller]
fn scene(yaml: &str) -> Scene {
    let scene = Scene::new();
    scene.write(yaml);
    scene.run(&["apply", "--auto-approve"], 0);
    scene
}

/// The statements of each line, all of which conform.
#[track_caller]
fn lines(output: &Output) -> Vec<Vec<Value>> {
    let schema: Value = serde_json::from_str(&schema(Subject::Dsa)).unwrap();
    let lines = text(&output.stdout);
    let line = |line: &str| {
        let value = serde_json::from_str(line).unwrap();
        let faults = faults(&schema, &value, UnknownKeys::Taken);
        assert!(faults.is_empty(), "{faults:#?}\n{value:#}");
        value["statements"].as_array().unwrap().clone()
    };
    lines.lines().map(line).collect()
}

/// The statements of what was imposed, from the oldest.
#[track_caller]
fn statements(scene: &Scene, more: &[&str], code: i32) -> (Vec<Value>, String) {
    let output = scene.run(&[&["history", "--format", "dsa"], more].concat(), code);
    (lines(&output).concat(), text(&output.stderr))
}

#[test]
fn what_was_imposed_is_what_the_database_takes() {
    let meta = meta(&[("dsa_territorial_scope", "FR,DE, FR"), ("dsa_account_type", "")]);
    let scene = scene(&format!(
        "bans:
  - {{ target: t, room: canary-room, users: [canary-user], reason: canary-user shouted,
       until: 2037-02-03T23:30:00-02:00, meta: {meta} }}
  - {{ target: a, users: [589517928], until: never, meta: {meta} }}
  - {{ target: a, users: [589517929], deny: [publish_audio], until: never, meta: {meta} }}
forbidden_streams:
  - {{ target: z, streams: [canary-stream], until: 2039-01-01T00:00:00Z, meta: {meta} }}
"
    ));
    let output = scene.run(&["history", "--format", "dsa"], 0);
    let written = text(&output.stdout);
    for name in ["canary", "589517928", "shouted", "policy.yaml"] {
        assert!(!written.contains(name), "{name}: {written}");
    }
    let all = lines(&output).concat();
    let decided = |it: &Value| {
        let get = |key: &str| it.get(key).map(ToString::to_string).unwrap_or_default();
        [
            "decision_visibility",
            "decision_provision",
            "end_date_visibility_restriction",
            "end_date_service_restriction",
        ]
        .map(get)
        .join(" ")
        .replace('"', "")
    };
    let decided: BTreeSet<_> = all.iter().map(decided).collect();
    let expected = [
        " DECISION_PROVISION_PARTIAL_SUSPENSION  2037-02-04",
        " DECISION_PROVISION_TOTAL_TERMINATION  ",
        " DECISION_PROVISION_PARTIAL_TERMINATION  ",
        // The last day that the database takes.
        "[DECISION_VISIBILITY_CONTENT_DISABLED]  2038-01-01 ",
    ];
    assert_eq!(decided, BTreeSet::from(expected.map(str::to_owned)));
    let first = &all[0];
    assert_eq!(first["territorial_scope"], serde_json::json!(["DE", "FR"]));
    assert_eq!(
        first["content_type"],
        serde_json::json!(["CONTENT_TYPE_AUDIO", "CONTENT_TYPE_VIDEO"])
    );
    assert_eq!(first["automated_decision"], "AUTOMATED_DECISION_NOT_AUTOMATED");
    assert_eq!(first.get("account_type"), None);
}

#[test]
fn the_puid_leads_to_the_row_of_the_audit_log_and_to_nobody() {
    let scene = scene(&format!(
        "bans: [{{ target: t, room: r, users: [alice, bob], until: never, meta: {} }}]",
        meta(&[])
    ));
    let (all, _) = statements(&scene, &[], 0);
    let log = text(&scene.run(&["history", "--format", "jsonl"], 0).stdout);
    let rows: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let expected: Vec<_> =
        rows.iter().map(|row| format!("{}-{}", row["run"].as_str().unwrap(), row["seq"])).collect();
    let puids: Vec<_> = all.iter().map(|it| it["puid"].as_str().unwrap()).collect();
    assert_eq!(puids, expected);
    for (puid, row) in puids.iter().zip(&rows) {
        assert!(puid.bytes().all(|it| it.is_ascii_alphanumeric() || b"-_".contains(&it)));
        assert_eq!(all[0]["application_date"], row["at"].as_str().unwrap()[..10]);
    }
}

#[test]
fn what_stands_is_stated_once_and_what_is_imposed_anew_is_stated_anew() {
    let policy = |until: &str| {
        let meta = meta(&[]);
        format!("bans: [{{ target: t, room: r, users: [alice], until: {until}, meta: {meta} }}]")
    };
    let scene = scene(&policy("2037-01-01T00:00:00Z"));
    let first = statements(&scene, &[], 0).0;
    scene.write(&policy("never"));
    scene.run(&["apply", "--auto-approve"], 0);
    assert_eq!(statements(&scene, &[], 0).0, first, "a later end is no new decision");
    let whom = ["--target", "t", "--room", "r", "--user", "alice"];
    let lift = ["--auto-approve", "--why", "appeal", "--for", "1h"];
    let lifted = text(&scene.run(&[&["lift"], &whom[..], &lift].concat(), 0).stdout);
    assert_eq!(statements(&scene, &[], 0).0, first, "{lifted}");
    let orders = text(&scene.run(&["orders", "list", "--format", "json"], 0).stdout);
    let orders: Value = serde_json::from_str(&orders).unwrap();
    let order = orders["orders"][0]["id"].as_str().unwrap();
    scene.run(&["orders", "withdraw", order, "--why", "appeal refused", "--auto-approve"], 0);
    scene.run(&["apply", "--auto-approve"], 0);
    let again = statements(&scene, &[], 0).0;
    assert_eq!((again.len(), &again[0]), (2, &first[0]));
    // Narrowed to what came later, what came before is known all the same.
    let run = again[1]["puid"].as_str().unwrap().rsplit_once('-').unwrap().0;
    assert_eq!(statements(&scene, &["--run", run], 0).0, again[1..]);
    assert_eq!(statements(&scene, &["--since", "2099-01-01T00:00:00Z"], 0).0, [] as [Value; 0]);
}

#[test]
fn a_line_is_the_body_of_one_call() {
    let users: Vec<_> = (0..101).map(|number| format!("user-{number}")).collect();
    let users = users.join(", ");
    let meta = meta(&[]);
    let scene = scene(&format!(
        "bans: [{{ target: t, room: r, users: [{users}], until: never, meta: {meta} }}]"
    ));
    let lines = lines(&scene.run(&["history", "--format", "dsa"], 0));
    assert_eq!(lines.iter().map(Vec::len).collect::<Vec<_>>(), [100, 1]);
    let puids: BTreeSet<_> =
        lines.iter().flatten().map(|it| it["puid"].as_str().unwrap()).collect();
    assert_eq!(puids.len(), 101);
}

#[test]
fn an_order_has_a_statement_by_what_it_says() {
    let scene = scene("bans: []\n");
    let whom = ["--target", "t", "--room", "r", "--user", "alice", "--reason", "spam"];
    let ban = ["ban", "--auto-approve", "--for", "1h"];
    scene.run(&[&ban[..], &whom].concat(), 0);
    let (none, said) = statements(&scene, &[], 1);
    assert!(none.is_empty() && said.contains("error: order "), "{said}");
    let pairs: Vec<_> = META.iter().map(|(key, value)| format!("{key}={value}")).collect();
    let meta: Vec<_> =
        pairs.iter().flat_map(|pair| ["--meta", pair]).chain(["--meta", DECIDED]).collect();
    let other = whom.map(|it| if it == "alice" { "bob" } else { it });
    scene.run(&[&ban[..], &other, &meta].concat(), 0);
    assert_eq!(statements(&scene, &[], 1).0.len(), 1);
}

#[test]
fn the_schema_refuses_what_the_database_would() {
    let scene = scene(&format!(
        "bans: [{{ target: t, room: r, users: [alice], until: never, meta: {} }}]",
        meta(&[])
    ));
    let output = scene.run(&["history", "--format", "dsa"], 0);
    let call: Value = serde_json::from_slice(&output.stdout).unwrap();
    let schema: Value = serde_json::from_str(&schema(Subject::Dsa)).unwrap();
    let refused = |change: &dyn Fn(&mut serde_json::Map<String, Value>)| {
        let mut call = call.clone();
        change(call["statements"][0].as_object_mut().unwrap());
        !faults(&schema, &call, UnknownKeys::Taken).is_empty()
    };
    let set = |key: &str, value: Value| {
        refused(&move |it| drop(it.insert(key.to_owned(), value.clone())))
    };
    assert!(!refused(&|_| {}));
    for key in call["statements"][0].as_object().unwrap().keys() {
        assert!(refused(&|it| drop(it.remove(key))), "{key} may be absent");
    }
    for (key, value) in [
        ("category", Value::from("STATEMENT_CATEGORY_OTHER")),
        ("content_type", Value::from("CONTENT_TYPE_TEXT")),
        ("content_type", serde_json::json!(["CONTENT_TYPE_OTHER"])),
        ("illegal_content_legal_ground", Value::from("StGB 130")),
        ("source_identity", Value::from("somebody")),
        ("decision_facts", Value::from("x".repeat(5_001))),
        ("subject", Value::from("alice")),
    ] {
        assert!(set(key, value), "{key}");
    }
}

#[test]
fn the_entry_of_the_documentation_has_a_statement() {
    let page = fs::read_to_string(top().join("docs/dsa.md")).unwrap();
    let entry = page.split("```yaml\n").nth(1).unwrap().split("```").next().unwrap();
    let scene = scene(&entry.replace("tencent-live", "t"));
    assert_eq!(statements(&scene, &[], 0).0.len(), 1);
}

#[test]
fn the_documentation_has_every_key() {
    let path = top().join("docs/dsa.md");
    let page = fs::read_to_string(&path).unwrap();
    let new = with_part(&page, "keys", &table());
    if std::env::var("UPDATE_EXPECT").is_ok_and(|value| value == "1") {
        fs::write(path, new).unwrap();
    } else {
        assert_eq!(page, new, "`UPDATE_EXPECT=1 cargo test dsa` writes the table");
    }
}
