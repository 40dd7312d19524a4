//! What earlier versions wrote is opened by the program of now (`docs/compatibility.md`).

use std::fs;
use std::path::PathBuf;
use std::process::Output;

use serde_json::Value;
use tempfile::TempDir;

use crate::scene::{bare, expect, text};
use crate::sources::top;

/// A workspace as an earlier version left it.
struct Earlier {
    /// What was kept of it.
    kept: PathBuf,
    /// A copy to work on.
    copy: TempDir,
}

impl Earlier {
    fn new(kept: PathBuf) -> Self {
        let copy = tempfile::tempdir().unwrap();
        let state = copy.path().join("policies/.ostracon");
        fs::create_dir_all(&state).unwrap();
        for name in ["ostracon.yaml", "bans.yaml"] {
            let from = kept.join("policies").join(name);
            fs::copy(from, copy.path().join("policies").join(name)).unwrap();
        }
        fs::copy(kept.join("state.db"), state.join("state.db")).unwrap();
        fs::copy(kept.join("plan.json"), copy.path().join("plan.json")).unwrap();
        Self { kept, copy }
    }

    #[track_caller]
    fn run(&self, arguments: &[&str], code: i32) -> Output {
        let mut command = bare(arguments);
        command.current_dir(self.copy.path());
        expect(command, code)
    }

    /// What is printed, in JSON.
    #[track_caller]
    fn shows(&self, arguments: &[&str]) -> Value {
        serde_json::from_slice(&self.run(arguments, 0).stdout).unwrap()
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.kept.join(name)).unwrap()
    }
}

/// Every earlier version of which something was kept.
fn all() -> Vec<Earlier> {
    let kept = fs::read_dir(top().join("tests/compat")).unwrap();
    let kept = kept.map(|entry| entry.unwrap().path()).filter(|path| path.is_dir());
    let all: Vec<_> = kept.map(Earlier::new).collect();
    assert!(!all.is_empty());
    all
}

/// Whether all that stands in `before` stands in `now`, which may have more keys.
fn has_all(before: &Value, now: &Value) -> bool {
    match (before, now) {
        (Value::Object(before), Value::Object(now)) => before
            .iter()
            .all(|(key, value)| now.get(key).is_some_and(|found| has_all(value, found))),
        (Value::Array(before), Value::Array(now)) => {
            before.len() == now.len() && before.iter().zip(now).all(|(it, now)| has_all(it, now))
        }
        (before, now) => before == now,
    }
}

#[test]
fn a_state_of_every_earlier_version_is_opened_and_its_audit_log_is_whole() {
    for earlier in all() {
        let said = text(&earlier.run(&["state", "verify"], 0).stdout);
        assert_eq!(said, earlier.read("verify.txt"), "{}", earlier.kept.display());
        let history = text(&earlier.run(&["history", "--format", "jsonl"], 0).stdout);
        let before = earlier.read("history.jsonl");
        assert_eq!(history.lines().count(), before.lines().count());
        for (before, now) in before.lines().zip(history.lines()) {
            let [before, now] = [before, now].map(|it| serde_json::from_str(it).unwrap());
            assert!(has_all(&before, &now), "{before}\n{now}");
        }
        assert!(earlier.shows(&["status", "--format", "json"])["places"].is_array());
        let rows = earlier.shows(&["state", "list", "--format", "json"]);
        assert_eq!(rows["restrictions"].as_array().unwrap().len(), 9);
        assert!(earlier.shows(&["plan", "--format", "json"])["operations"].is_array());
    }
}

#[test]
fn a_plan_of_every_earlier_version_is_shown_and_refused_if_a_byte_was_touched() {
    for earlier in all() {
        let kept = earlier.read("plan.json");
        let plan: Value = serde_json::from_str(&kept).unwrap();
        let mut shown = earlier.shows(&["show", "plan.json", "--format", "json"]);
        for key in ["format_version", "operations", "guards", "summary", "next_due", "state"] {
            let now = shown[key].take();
            assert!(has_all(&plan[key], &now), "{key}: {}\n{now}", plan[key]);
        }
        let touched = kept.replace("\"user\"", "\"device\"");
        fs::write(earlier.copy.path().join("plan.json"), touched).unwrap();
        earlier.run(&["show", "plan.json"], 6);
    }
}
