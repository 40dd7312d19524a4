//! A plan that was reviewed: what still fits it when it is applied, and what does not.

use ostracon::exit::Exit;

use super::{Story, hours};

const POLICY: &str = "bans:
  - { target: a, users: [7], until: never }
  - { target: t, room: r, users: [alice, bob], until: 2026-12-20T00:00:00Z }
  - { target: v, room: 5, users: [9], until: 2026-11-21T00:00:00Z }
";

/// A story in which this is in force, and a saved plan that lifts bob and bans carol.
fn reviewed() -> (Story, String) {
    let story = Story::new();
    story.policy(POLICY);
    story.apply().ends(Exit::Done);
    story.policy(&POLICY.replace("bob", "carol"));
    let file = story.files.path().join("plan.json").to_str().unwrap().to_owned();
    let (exit, text) = story.run(&["plan", "--out", &file]);
    assert_eq!(exit, Exit::Done, "{text}");
    assert!(text.ends_with(
        "Plan: 1 to impose, 0 to renew, 0 to amend, 1 to lift, 0 to kick, 0 to forget.\n"
    ));
    (story, file)
}

/// What is said of a plan file that is refused.
#[track_caller]
fn refused(story: &Story, file: &str) -> String {
    let held = story.held();
    let error = story.apply_with(&[file]).ends(Exit::PlanRefused).error;
    assert_eq!(story.held(), held);
    error
}

#[track_caller]
fn says(error: &str, pieces: &[&str]) {
    for piece in pieces {
        assert!(error.contains(piece), "{piece}\n\n{error}");
    }
}

#[test]
fn a_plan_of_yesterday_is_applied_although_upkeep_was_done_since() {
    let (story, file) = reviewed();
    story.advance(hours(13));
    // A renewal at Agora, and the end of a ban at Volcengine.
    let upkeep = story.apply_with(&["--upkeep"]).ends(Exit::Done);
    assert_eq!(upkeep.count("done"), 2);
    story.advance(hours(10));
    let run = story.apply_with(&[&file]).ends(Exit::Done);
    assert_eq!(run.count("done"), 2);
    story.agrees();
}

#[test]
fn upkeep_that_came_due_meanwhile_goes_along() {
    let (story, file) = reviewed();
    story.advance(hours(13));
    assert_eq!(story.apply_with(&[&file]).ends(Exit::Done).count("done"), 4);
    story.settled();
}

#[test]
fn a_plan_is_too_old_after_a_day() {
    let (story, file) = reviewed();
    story.advance(hours(24));
    says(&refused(&story, &file), &["it was good until 2026-11-21T12:00:0"]);
    // It can still be looked at.
    assert_eq!(story.run(&["show", &file]).0, Exit::Done);
}

#[test]
fn a_plan_is_applied_once() {
    let (story, file) = reviewed();
    story.apply_with(&[&file]).ends(Exit::Done);
    let lift = "- lift t/room:r/user:bob until 2026-12-20T00:00:00Z, entry removed\n";
    let impose = "- impose t/room:r/user:carol until 2026-12-20T00:00:00Z, new entry\n";
    let error = refused(&story, &file);
    says(&error, &["it is stale: the state moved on", "--- in the file\n+++ now\n", lift, impose]);
    assert!(!error.contains("\n+ "), "{error}");
}

#[test]
fn what_the_files_say_otherwise_since_is_shown() {
    let (story, file) = reviewed();
    story.policy(&POLICY.replace("bob", "dave"));
    let was = "- impose t/room:r/user:carol until 2026-12-20T00:00:00Z, new entry\n";
    let now = "+ impose t/room:r/user:dave until 2026-12-20T00:00:00Z, new entry\n";
    let error = refused(&story, &file);
    says(&error, &["the policy changed", was, now]);
    assert!(!error.contains("user:bob"), "{error}");
}

#[test]
fn where_the_calls_would_go_otherwise_since_is_shown() {
    let (story, file) = reviewed();
    let config = std::fs::read_to_string(story.files.path().join("ostracon.yaml")).unwrap();
    story.config(&config.replace("secret_key: { env: T }", "secret_key: { env: Z }"));
    let error = refused(&story, &file);
    says(
        &error,
        &["the config changed", "- target t: ", ", secret_key: env T\n", ", secret_key: env Z\n"],
    );
}

#[test]
fn a_plan_fits_no_other_state() {
    let (story, file) = reviewed();
    let other = story.neighbour();
    other.policy(POLICY);
    other.apply().ends(Exit::Done);
    other.policy(&POLICY.replace("bob", "carol"));
    says(&refused(&other, &file), &["it was made from the state of lineage"]);
}

#[test]
fn thousands_of_differences_are_counted() {
    let story = Story::new();
    let users: Vec<_> = (0..3_000).map(|user| format!("u{user}")).collect();
    let policy = |room: &str| {
        let users = users.join(", ");
        format!("bans: [{{ target: t, room: {room}, users: [{users}], until: never }}]\n")
    };
    story.policy(&policy("r"));
    let file = story.files.path().join("plan.json").to_str().unwrap().to_owned();
    assert_eq!(story.run(&["plan", "--out", &file]).0, Exit::Done);
    story.policy(&policy("s"));
    let error = refused(&story, &file);
    says(&error, &["- … and 2950 more\n", "+ … and 2950 more\n"]);
    assert!(error.lines().count() < 120, "{error}");
}
