//! The same edits, runs and spans of time with a state of each engine.

use std::sync::Arc;

use jiff::SignedDuration;
use ostracon::exit::Exit;
use serde_json::Value;
use similar::TextDiff;

use super::clock::Seeded;
use super::random::{Schedule, seeds};
use crate::server::Server;

/// How many sequences are played unless the environment says otherwise.
const SEQUENCES: u64 = 8;

/// What is planned next, as JSON, without the lineage and the serial of the state.
fn planned(schedule: &Schedule, state: &[&str]) -> String {
    let words = [&["plan", "--format", "json"], state].concat();
    let (exit, text) = schedule.story.run(&words);
    assert!(matches!(exit, Exit::Done | Exit::Guarded), "{exit:?} {text}");
    let mut plan: Value = serde_json::from_str(&text).unwrap();
    // The digest is of a change to one state.
    for key in ["state", "digest"] {
        assert!(plan.as_object_mut().unwrap().remove(key).is_some(), "{key}");
    }
    format!("{plan:#}\n")
}

#[test]
fn sequences_of_edits_and_runs_are_planned_alike_from_either_engine() {
    let Some(server) = Server::shared() else { return };
    let mut operations = 0;
    for seed in seeds(SEQUENCES) {
        let database = server.database();
        let url = database.url();
        let mut sides =
            [(Schedule::new(seed), vec![]), (Schedule::new(seed), vec!["--state", url.as_str()])];
        let (exit, text) = sides[1].0.story.run(&["state", "init", &url]);
        assert_eq!(exit, Exit::Done, "{text}");
        for round in 0..4 {
            let plans = sides.each_mut().map(|(schedule, state)| {
                // Making a state takes of the chance, and not the same of it for each engine.
                schedule.story.world.random = Arc::new(Seeded::new(seed ^ round));
                match round {
                    0 => schedule.story.policy("bans: []\n"),
                    _ => schedule.edit(),
                }
                let run = schedule.story.apply_with(state);
                assert!(matches!(run.exit, Exit::Done | Exit::Unfinished), "{run:#?}");
                let pause = schedule.pick(&[7_000, 400_000, 15_000_000, 70_000_000]);
                schedule.story.advance(SignedDuration::from_millis(pause));
                schedule.edit();
                planned(schedule, state)
            });
            // For how long a rate has rested each engine reckons by another clock: without calls,
            // for ever.
            let calls = "DELETE FROM call WHERE answered IS NOT NULL";
            database.sql(&format!("SET search_path = ostracon; {calls}"));
            let path = sides[0].0.story.files.path().join(".ostracon/state.db");
            rusqlite::Connection::open(path).unwrap().execute_batch(calls).unwrap();
            let [file, other] = &plans;
            let diff = TextDiff::from_lines(file, other);
            assert!(file == other, "seed {seed}:\n{}", diff.unified_diff());
            operations += file.matches("\"action\"").count();
        }
    }
    assert!(operations > 0, "there was something to plan");
}
