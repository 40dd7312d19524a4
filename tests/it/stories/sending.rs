//! Stories about the last look before a call: clock, `until`, lease, and what a provider asks for.

use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use ostracon::domain::Moment;
use ostracon::exit::Exit;
use ostracon::sandbox::{Incoming, InjectedFault};

use super::{START, Story, hours};

/// So many users of Agora's, whose rate is 10 calls a second.
fn many(users: std::ops::Range<u32>, until: &str) -> String {
    let users: Vec<_> = users.map(|user| user.to_string()).collect();
    format!("bans:\n  - {{ target: a, users: [{}], until: {until} }}\n", users.join(", "))
}

#[test]
fn nothing_is_sent_from_its_until_on_however_long_it_waited_for_its_turn() {
    let story = Story::new();
    let until = Moment::parse(START).unwrap() + SignedDuration::from_secs(3);
    story.policy(&many(1..61, &until.to_string()));
    let run = story.apply().ends(Exit::Done);
    assert_eq!(run.count("done") + run.count("dropped"), 60);
    assert!(run.count("dropped") > 20, "{run:?}");
    assert!(story.sandbox.seen().iter().all(|call| call.at < until), "{:?}", story.sandbox.seen());
}

#[test]
fn nothing_is_lifted_as_expired_before_its_until_if_the_clock_was_set_back_meanwhile() {
    let story = Story::new();
    let until = Moment::parse(START).unwrap() + hours(1);
    let ban = |room| format!("  - {{ target: v, room: {room}, users: [1], until: {until} }}\n");
    story.policy(&format!("bans:\n{}{}", ban(1), ban(2)));
    story.apply().ends(Exit::Done);
    story.set_clock(until + SignedDuration::from_secs(10));
    let clock = Arc::clone(&story.clock);
    story.sandbox.inject_faults(move |_: &Incoming| {
        clock.set(until - SignedDuration::from_secs(10));
        InjectedFault::Answer
    });
    let run = story.apply().ends(Exit::Unfinished);
    assert_eq!((run.count("done"), run.count("deferred")), (1, 1));
    story.calm();
    story.set_clock(until);
    story.apply().ends(Exit::Done);
    story.holds(&[]);
}

#[test]
fn a_holder_that_was_stopped_until_another_took_its_lease_sends_nothing_more() {
    let story = Story::new();
    story.policy(&many(1..61, "never"));
    let (clock, take_lease) = (Arc::clone(&story.clock), story.thief());
    let mut calls = 0;
    story.sandbox.inject_faults(move |_: &Incoming| {
        calls += 1;
        if calls == 5 {
            clock.pass(SignedDuration::from_secs(61));
            take_lease();
        }
        InjectedFault::Answer
    });
    let run = story.apply();
    assert_eq!(run.exit, Exit::State, "{run:?}");
    assert_eq!(story.sandbox.calls(), 5);
}

#[test]
fn a_holder_that_was_stopped_and_still_has_its_lease_goes_on() {
    let story = Story::new();
    story.policy(&many(1..61, "never"));
    let clock = Arc::clone(&story.clock);
    let mut calls = 0;
    story.sandbox.inject_faults(move |_: &Incoming| {
        calls += 1;
        if calls == 5 {
            clock.pass(SignedDuration::from_secs(61));
        }
        InjectedFault::Answer
    });
    story.apply().ends(Exit::Done);
    story.agrees();
}

#[test]
fn a_pause_longer_than_a_run_waits_defers_the_target_and_no_other() {
    for seconds in [301, 86_400, 1 << 63, u64::MAX] {
        let story = Story::new();
        story.policy(
            "bans:
  - { target: a, users: [1, 2, 3], until: never }
  - { target: v, room: 1, users: [1], until: never }
",
        );
        let begun = story.now();
        story.sandbox.inject_faults(move |it: &Incoming| {
            let of_agora = it.path.contains("kicking-rule");
            let asked = InjectedFault::Throttle(Some(Duration::from_secs(seconds)));
            if of_agora { asked } else { InjectedFault::Answer }
        });
        let run = story.apply().ends(Exit::Unfinished);
        assert_eq!((run.count("done"), run.count("deferred")), (1, 3), "{run:?}");
        assert!(story.now() - begun < SignedDuration::from_mins(1));
        story.calm();
        story.apply().ends(Exit::Done);
        story.agrees();
    }
}

#[test]
fn a_pause_that_a_run_can_wait_for_is_waited_for() {
    let story = Story::new();
    story.policy(&many(1..3, "never"));
    story.strike(InjectedFault::Throttle(Some(Duration::from_secs(299))), 0, |_| true);
    let begun = story.now();
    story.apply().ends(Exit::Done);
    assert!(story.now() - begun >= SignedDuration::from_secs(299));
    story.agrees();
}
