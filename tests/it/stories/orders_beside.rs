//! Orders that come beside a run: whatever happens meanwhile, nothing is lost, and nothing is done
//! that nobody has seen.

use std::fmt::Write as _;
use std::sync::Mutex;
use std::time::Duration;

use ostracon::domain::OrderKind;
use ostracon::exit::Exit;
use ostracon::sandbox::{Incoming, InjectedFault};

use super::Story;
use super::orders::{note_beside, policy, told};

/// A policy of as many more bans as it takes a quarter of a minute to make.
fn long(more: &str) -> String {
    let mut long = policy("");
    for user in 100..250 {
        writeln!(long, "  - {{ target: a, users: [{user}], until: never }}").unwrap();
    }
    long.push_str(more);
    long
}

/// Lets this happen during the 40th call of the next run.
fn during_the_next_run(story: &Story, happens: impl Fn() + Send + 'static) {
    story.sandbox.set_latency(Duration::from_millis(300));
    let mut calls = 0;
    story.sandbox.inject_faults(move |_: &Incoming| {
        calls += 1;
        if calls == 40 {
            happens();
        }
        InjectedFault::Answer
    });
}

#[test]
fn files_that_change_under_a_run_that_an_order_interrupts_are_left_to_another() {
    let story = told(&policy(""));
    story.policy(&long(""));
    let note = note_beside(&story, OrderKind::Ban);
    let path = story.files.path().join("policy.yaml");
    let newer = long("  - { target: a, users: [300], until: never }\n");
    during_the_next_run(&story, move || {
        note();
        std::fs::write(&path, &newer).unwrap();
    });
    let run = story.apply().ends(Exit::Unfinished);
    let held = story.held();
    assert!(held.contains(&"agora 7".to_owned()), "{held:?}");
    assert!(!held.contains(&"agora 300".to_owned()), "nobody has seen it: {held:?}");
    assert_eq!(run.count("done") + run.count("deferred"), 151, "{run:#?}");
    assert!(run.count("deferred") > 50, "{run:#?}");
    story.calm();
    story.apply().ends(Exit::Done);
    assert_eq!(story.held().len(), 153);
    story.settled();
}

#[test]
fn files_that_change_twice_under_a_run_are_not_taken_for_seen() {
    let story = told(&policy(""));
    story.policy(&long(""));
    let first = note_beside(&story, OrderKind::Ban);
    let second = note_beside(&story, OrderKind::Lift);
    let path = story.files.path().join("policy.yaml");
    let newer = long("  - { target: a, users: [300], until: never }\n");
    let step = Mutex::new(0);
    let mut calls = 0;
    story.sandbox.set_latency(Duration::from_millis(300));
    story.sandbox.inject_faults(move |_: &Incoming| {
        calls += 1;
        let mut step = step.lock().unwrap();
        if calls == 40 && *step == 0 {
            *step = 1;
            first();
            std::fs::write(&path, &newer).unwrap();
        } else if *step == 1 && calls > 45 {
            *step = 2;
            second();
        }
        InjectedFault::Answer
    });
    story.apply().ends(Exit::Unfinished);
    let held = story.held();
    assert!(!held.contains(&"agora 300".to_owned()), "nobody has seen it: {held:?}");
    story.calm();
    story.apply().ends(Exit::Done);
    story.settled();
}

#[test]
fn an_order_that_comes_while_a_run_still_decides_is_done_by_that_run() {
    let story = told(&policy(""));
    story.policy(&long(""));
    let note = note_beside(&story, OrderKind::Ban);
    let mut calls = 0;
    story.sandbox.set_latency(Duration::from_millis(300));
    story.sandbox.inject_faults(move |_: &Incoming| {
        calls += 1;
        // What the providers hold is read before anything is decided.
        if calls == 1 {
            note();
        }
        InjectedFault::Answer
    });
    story.apply_with(&["--refresh"]).ends(Exit::Done);
    let held = story.held();
    assert!(held.contains(&"agora 7".to_owned()), "{held:?}");
    assert_eq!(held.len(), 152);
    story.settled();
}
