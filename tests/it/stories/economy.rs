//! Stories about what a run costs where the provider says no, or nothing at all.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::SignedDuration;
use ostracon::exit::Exit;
use ostracon::sandbox::{Incoming, InjectedFault};

use super::{Story, hours};

fn numbers(range: std::ops::RangeInclusive<i64>) -> String {
    range.map(|user| user.to_string()).collect::<Vec<_>>().join(", ")
}

/// Calls that a run spends on a room's subjects that had to wait, as in `src/apply/rooms.rs`.
const ASKED_AGAIN: u64 = 50;

#[test]
fn thousands_of_unknown_users_cost_few_calls_a_run_and_everybody_is_asked_in_time() {
    const USERS: i64 = 1000;
    const ROOMS: i64 = 4;
    let story = Story::new();
    (1..=USERS).for_each(|user| story.sandbox.set_unregistered(user));
    let mut policy = "bans:\n".to_owned();
    for room in 0..ROOMS {
        let users = numbers(room * USERS / ROOMS + 1..=(room + 1) * USERS / ROOMS);
        let entry = format!("target: v, room: {}, users: [{users}], until: never", room + 1);
        writeln!(policy, "  - {{ {entry} }}").unwrap();
    }
    story.policy(&policy);
    let asked: Arc<Mutex<BTreeMap<String, u64>>> = Arc::default();
    let book = Arc::clone(&asked);
    story.sandbox.inject_faults(move |it: &Incoming| {
        let body: serde_json::Value = serde_json::from_slice(&it.body).unwrap();
        // The sandbox names the first whom it does not know.
        let user = body["UserIds"][0].to_string();
        *book.lock().unwrap().entry(user).or_default() += 1;
        InjectedFault::Answer
    });
    assert_eq!(story.apply().ends(Exit::Done).count("waiting"), 1000);
    // The first run takes every batch apart, with one call for each culprit that is named.
    assert_eq!(story.sandbox.calls(), 1000);
    asked.lock().unwrap().clear();
    let runs = u64::try_from(USERS / ROOMS).unwrap() / ASKED_AGAIN;
    for run in 1..=runs {
        story.advance(hours(1));
        let before = story.sandbox.calls();
        assert_eq!(story.apply().ends(Exit::Done).count("waiting"), 1000);
        assert!(story.sandbox.calls() - before <= 4 * ASKED_AGAIN, "run {run}");
    }
    let asked = asked.lock().unwrap();
    assert_eq!(asked.len(), 1000, "within {runs} runs everybody is asked about");
    assert!(asked.values().all(|times| *times == 1), "and nobody twice before all others");
}

#[test]
fn those_who_become_known_are_banned_within_a_bounded_number_of_runs() {
    let story = Story::new();
    (1..=300).for_each(|user| story.sandbox.set_unregistered(user));
    let users = numbers(1..=300);
    story.policy(&format!("bans:\n  - {{ target: v, room: 1, users: [{users}], until: never }}\n"));
    story.apply().ends(Exit::Done);
    story.sandbox.set_registered(250);
    for _ in 0..6 {
        story.advance(hours(1));
        story.apply().ends(Exit::Done);
    }
    story.holds(&["volcengine 1 250"]);
}

#[test]
fn a_room_that_is_missing_costs_one_call_a_run_however_many_batches() {
    let story = Story::new();
    story.sandbox.set_missing_room("tencent", "gone");
    let users = numbers(1..=1000);
    story.policy(&format!(
        "bans:\n  - {{ target: t, room: gone, users: [{users}], until: never }}\n"
    ));
    for _ in 0..4 {
        let before = story.sandbox.calls();
        assert_eq!(story.apply().ends(Exit::Done).count("waiting"), 1000);
        assert_eq!(story.sandbox.calls() - before, 1);
        story.advance(hours(1));
    }
    story.sandbox.set_existing_room("tencent", "gone");
    let before = story.sandbox.calls();
    story.apply().ends(Exit::Done);
    assert_eq!(story.held().len(), 1000);
    // The first call to the room that waited tells that it is there, for one subject or twenty.
    assert!(story.sandbox.calls() - before <= 1000, "{}", story.sandbox.calls() - before);
    story.settled();
}

#[test]
fn a_provider_that_is_down_is_left_alone_soon_and_made_good_by_the_next_run() {
    for fate in [
        InjectedFault::Unreachable,
        InjectedFault::LoseAnswer,
        InjectedFault::Status(503),
        InjectedFault::Delay(Duration::from_mins(1)),
    ] {
        for (entry, calls) in [
            ("target: a, users", 500),
            ("target: v, room: 1, users", 10),
            ("target: t, room: r, users", 25),
        ] {
            let story = Story::new();
            let users = numbers(1..=500);
            story.policy(&format!("bans:\n  - {{ {entry}: [{users}], until: never }}\n"));
            let attempts = Arc::new(Mutex::new(0));
            let counter = Arc::clone(&attempts);
            story.sandbox.inject_faults(move |_: &Incoming| {
                *counter.lock().unwrap() += 1;
                fate
            });
            let begun = story.now();
            story.apply().ends(Exit::Unfinished);
            let took = story.now() - begun;
            let attempts = *attempts.lock().unwrap();
            // The calls that were in flight, and the retries that a run may spend.
            assert!(attempts <= calls + 60, "{fate:?} {entry}: {attempts} attempts");
            assert!(took <= SignedDuration::from_mins(10), "{fate:?} {entry}: {took:?}");
            story.calm();
            story.advance(SignedDuration::from_mins(5));
            story.apply().ends(Exit::Done);
            story.agrees();
            story.settled();
        }
    }
}
