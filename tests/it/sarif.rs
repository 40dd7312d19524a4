//! What code scanning is given is SARIF 2.1.0, whatever was found.
//!
//! `tests/sarif/sarif-schema-2.1.0.json` is the schema as
//! <https://github.com/oasis-tcs/sarif-spec> has it.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use ostracon::domain::acts_or_hides;
use ostracon::policy::{Permissions, load};
use ostracon::report::sarif::problems_sarif;
use serde_json::Value;

use crate::conform::{UnknownKeys, faults};
use crate::scene::{Scene, text};

fn top() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn faults_of(log: &Value) -> Vec<String> {
    let schema = fs::read_to_string(top().join("tests/sarif/sarif-schema-2.1.0.json")).unwrap();
    faults(&serde_json::from_str(&schema).unwrap(), log, UnknownKeys::Refused)
}

/// The results of a log that conforms, and has all that GitHub asks for.
#[track_caller]
fn results(log: &Value) -> Vec<Value> {
    let faults = faults_of(log);
    assert!(faults.is_empty(), "{faults:#?}\n{log:#}");
    let run = &log["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    let results = run["results"].as_array().unwrap();
    let mut prints = BTreeSet::new();
    for result in results {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], result["ruleId"]);
        let described = rules[index]["fullDescription"]["text"].as_str().unwrap();
        assert_ne!(described, "Something is wrong, or worth knowing.", "{}", result["ruleId"]);
        let place = &result["locations"][0]["physicalLocation"];
        assert!(place["region"]["startLine"].as_u64() >= Some(1), "{result:#}");
        let uri = place["artifactLocation"]["uri"].as_str().unwrap();
        assert!(uri.bytes().all(|it| it.is_ascii_alphanumeric() || b"/%-._~".contains(&it)));
        assert!(!uri.is_empty() && !uri.starts_with('/'), "{uri}");
        let print = result["partialFingerprints"]["primaryLocationLineHash"].as_str().unwrap();
        assert!(prints.insert(print.to_owned()), "two results are one: {result:#}");
    }
    results.clone()
}

/// What a command of the binary writes, as a log, and the text of it.
#[track_caller]
fn log_of(scene: &Scene, arguments: &[&str], code: i32) -> (Value, String) {
    let written = text(&scene.run(arguments, code).stdout);
    (serde_json::from_str(&written).unwrap(), written)
}

fn found(results: &[Value]) -> Vec<(String, u64)> {
    let line = |result: &Value| {
        let place = &result["locations"][0]["physicalLocation"];
        place["region"]["startLine"].as_u64().unwrap()
    };
    results.iter().map(|it| (it["ruleId"].as_str().unwrap().to_owned(), line(it))).collect()
}

#[test]
fn whatever_is_wrong_is_sarif_with_rules_that_are_described() {
    let mut count = 0;
    for entry in fs::read_dir(top().join("tests/bad")).unwrap() {
        let directory = entry.unwrap().path();
        let diagnostics = load(&directory, &Permissions::default()).unwrap_err();
        let log = serde_json::to_value(problems_sarif(&diagnostics, "policies")).unwrap();
        let results = results(&log);
        assert_eq!(results.len(), diagnostics.len(), "{}", directory.display());
        for result in results {
            let file = &result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
            assert!(file.as_str().unwrap().starts_with("policies/"), "{file}");
        }
        count += diagnostics.len();
    }
    assert!(count >= 150, "only {count} diagnostics");
}

#[test]
fn the_check_by_the_schema_finds_faults() {
    let diagnostics =
        load(&top().join("tests/bad/empty-file"), &Permissions::default()).unwrap_err();
    let log = serde_json::to_value(problems_sarif(&diagnostics, "policies")).unwrap();
    for (place, value) in [
        ("/version", Value::from("2.0.0")),
        ("/runs/0/results/0/level", Value::from("fatal")),
        ("/runs/0/results/0/locations/0/physicalLocation/region/startLine", Value::from(0)),
        ("/runs/0/results/0/message", Value::from("text")),
        ("/runs/0/tool/driver/name", Value::Null),
        ("/runs/0/results/0/message/text", Value::Null),
    ] {
        let mut wrong = log.clone();
        *wrong.pointer_mut(place).unwrap() = value;
        assert!(!faults_of(&wrong).is_empty(), "{place}");
    }
}

#[test]
fn validate_writes_a_log_whether_or_not_it_fails() {
    let scene = Scene::new();
    let validate = ["validate", "--format", "sarif"];
    assert_eq!(results(&log_of(&scene, &validate, 0).0), Vec::<Value>::new());
    let bans = "bans:\n  - { target: z, room: r, user: [u], until: 2026 }\n";
    scene.files.write("bans/ä b.yaml", bans.as_bytes());
    let output = scene.run(&validate, 1);
    assert!(text(&output.stderr).contains("unknown-key"), "the words are said all the same");
    let log = serde_json::from_slice(&output.stdout).unwrap();
    let of_bans = results(&log);
    let rules: Vec<_> = found(&of_bans).into_iter().filter(|(_, line)| *line == 2).collect();
    assert!(rules.contains(&("unknown-key".to_owned(), 2)), "{rules:?}");
    assert!(rules.contains(&("bad-time".to_owned(), 2)), "{rules:?}");
    for result in &of_bans {
        let place = &result["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], "bans/%C3%A4%20b.yaml");
        assert_eq!(
            (&result["level"], &result["message"]["text"].is_string()),
            (&Value::from("error"), &true)
        );
    }
}

#[test]
fn a_result_stays_the_same_while_its_line_moves() {
    let scene = Scene::new();
    let bans = "bans:\n  - { target: z, room: r, user: [u], until: never }\n";
    let prints = |above: &str| {
        scene.write(&format!("{above}{bans}"));
        let (log, _) = log_of(&scene, &["validate", "--format", "sarif"], 1);
        let results = results(&log);
        let print = |it: &Value| it["partialFingerprints"].to_string();
        (results.iter().map(print).collect::<Vec<_>>(), found(&results))
    };
    let (before, places) = prints("");
    let (after, moved) = prints("# A line.\n# And one.\n");
    assert_eq!(before, after);
    assert_ne!(places, moved);
}

#[test]
fn what_strangers_wrote_neither_acts_nor_links() {
    let scene = Scene::new();
    let hostile = "x\\u202e\\u001b[31m[press](https://evil.example){0}";
    scene.write(&format!("bans:\n  - {{ target: z, \"{hostile}\": 1 }}\n"));
    let (log, written) = log_of(&scene, &["validate", "--format", "sarif"], 1);
    assert!(!written.chars().any(|it| acts_or_hides(it) && it != '\n'), "{written}");
    let messages: String =
        results(&log).iter().map(|it| it["message"]["text"].as_str().unwrap().to_owned()).collect();
    assert!(messages.contains(r"\u{{202e}}") && messages.contains("{{0}}"), "{messages}");
    assert!(!messages.chars().any(acts_or_hides) && !messages.contains("]("), "{messages}");
}

#[test]
fn a_plan_says_what_must_be_decided() {
    let scene = Scene::new();
    scene.write(
        "bans:
  - { target: t, room: r, users: [alice, bob], until: never }
  - { target: v, room: 5, users: [6, 7, 8, 9], until: never }
protect:
  - { users: [host] }
",
    );
    scene.run(&["apply", "--auto-approve"], 0);
    scene.write(
        "bans:
  - { target: t, room: r, users: [alice], until: 2027-01-01T00:00:00Z }
  - { target: a, ips: [203.0.113.7], wide: true, until: never }
",
    );
    let saved = scene.files.path().join("plan.json");
    let saved = saved.to_str().unwrap();
    let (log, written) = log_of(&scene, &["plan", "--format", "sarif", "--out", saved], 4);
    let results = results(&log);
    let found = found(&results);
    assert_eq!(log["runs"][0]["automationDetails"]["id"], "ostracon-plan/");
    for (rule, line, level) in [
        ("guard", 1, "error"),
        ("wide-ban", 3, "warning"),
        // The four of the room are one result, since they differ in their subjects only.
        ("lift-early", 2, "warning"),
        ("lift-early", 1, "warning"),
        ("unprotected", 1, "warning"),
    ] {
        let at = found.iter().position(|it| *it == (rule.to_owned(), line));
        let at = at.unwrap_or_else(|| panic!("no {rule} at {line}: {found:?}"));
        assert_eq!(results[at]["level"], level);
    }
    assert_eq!(found.iter().filter(|(rule, _)| rule == "lift-early").count(), 3);
    assert!(written.contains("4 users (`v/room:5/user:6`, "), "{written}");
    assert_eq!(log_of(&scene, &["show", saved, "--format", "sarif"], 0).0, log);
}
