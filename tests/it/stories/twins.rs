//! Rules that an unanswered call made: beside another, or with another end.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::SignedDuration;
use ostracon::domain::Moment;
use ostracon::exit::Exit;
use ostracon::provider::Method;
use ostracon::sandbox::{InForce, Incoming, InjectedFault};

use super::clock::Ahead;
use super::{Story, hours};

/// A policy that bans user 7 until then, and somebody else.
fn until(until: &str) -> String {
    let seven = format!("  - {{ target: a, users: [7], until: {until} }}\n");
    format!("bans:\n{}{OTHER}", if until.is_empty() { "" } else { &seven })
}

const OTHER: &str = "  - { target: a, users: [8], until: never }\n";

/// Lets the next rule be made without an answer, and nothing be told after that.
fn make_unheard(story: &Story) {
    let mut made = false;
    story.sandbox.inject_faults(move |it: &Incoming| match it.method {
        Method::Post if !made => {
            made = true;
            InjectedFault::LoseAnswer
        }
        _ if made => InjectedFault::LoseRequest,
        _ => InjectedFault::Answer,
    });
}

#[test]
fn a_rule_is_found_whichever_of_several_unheard_calls_made_it() {
    let ends = ["2026-11-20T18:00:00Z", "2026-11-20T20:00:00Z", "never"];
    let orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
    for (order, made) in orders.into_iter().flat_map(|order| (0..3).map(move |made| (order, made)))
    {
        for last in ["", "2026-11-20T19:00:00Z"] {
            let story = Story::new();
            story.policy(&until(""));
            story.apply().ends(Exit::Done);
            story.sandbox.set_unlisted_rule(TWIN + 1);
            for (place, end) in order.map(|end| ends[end]).into_iter().enumerate() {
                story.policy(&until(end));
                if place == made {
                    make_unheard(&story);
                } else {
                    story.sandbox.inject_faults(|it: &Incoming| match it.method {
                        Method::Post => InjectedFault::LoseRequest,
                        _ => InjectedFault::Answer,
                    });
                }
                story.apply().ends(Exit::Unfinished);
            }
            story.sandbox.set_listed_rule(TWIN + 1);
            story.holds(&["agora 7", "agora 8"]);
            story.calm();
            story.policy(&until(last));
            story.apply().ends(Exit::Done);
            let expected: &[&str] =
                if last.is_empty() { &["agora 8"] } else { &["agora 7", "agora 8"] };
            story.holds(expected);
        }
    }
}

#[test]
fn a_twin_with_another_end_ends_with_the_rule_beside_it() {
    for (first, second) in [("never", "2026-11-20T20:00:00Z"), ("2026-11-20T20:00:00Z", "never")] {
        let story = Story::new();
        story.policy(&until(""));
        story.apply().ends(Exit::Done);
        // User 8 has the first rule.
        let twin = TWIN + 1;
        story.sandbox.set_unlisted_rule(twin);
        story.policy(&until(first));
        make_unheard(&story);
        story.apply().ends(Exit::Unfinished);
        story.calm();
        story.policy(&until(second));
        story.apply().ends(Exit::Done);
        story.holds(&["agora 7", "agora 7", "agora 8"]);
        story.sandbox.set_listed_rule(twin);
        story.policy(&until(""));
        story.apply().ends(Exit::Done);
        story.holds(&["agora 8"]);
    }
}

/// The first rule that a sandbox makes.
const TWIN: i64 = 1954;

/// Two rules about user 7, the first of which no list showed until now.
fn twinned() -> Story {
    let story = Story::new();
    story.policy("bans:\n  - { target: a, users: [7], until: never }\n");
    story.sandbox.set_unlisted_rule(TWIN);
    story.strike(InjectedFault::LoseAnswer, 0, |_| true);
    story.apply().ends(Exit::Done);
    story.holds(&["agora 7", "agora 7"]);
    story.sandbox.set_listed_rule(TWIN);
    story
}

#[test]
fn a_lift_also_ends_the_twin_of_a_rule_that_lists_left_out() {
    let story = twinned();
    story.advance(hours(1));
    story.policy("bans:\n  - { target: t, room: r, users: [u], until: never }\n");
    story.apply().ends(Exit::Done);
    story.holds(&["tencent r u"]);
}

#[test]
fn the_twin_of_a_rule_whose_end_is_moved_ends_before_it() {
    let story = twinned();
    story.advance(hours(1));
    story.policy("bans:\n  - { target: a, users: [7], until: 2026-11-20T15:00:00Z }\n");
    story.apply().ends(Exit::Done);
    story.holds(&["agora 7"]);
    assert!(story.end_of("7") < Moment::parse("2026-11-20T15:00:01Z").unwrap());
}

#[test]
fn the_twin_of_a_rule_that_vanished_stands_until_there_is_another() {
    let story = twinned();
    story.sandbox.lose_rule(TWIN + 1);
    story.advance(hours(13));
    let sandbox = story.sandbox.clone();
    story.sandbox.inject_faults(move |_: &Incoming| {
        assert_eq!(sandbox.in_force().len(), 1);
        InjectedFault::Answer
    });
    story.apply().ends(Exit::Done);
    assert!(story.end_of("7") > story.now(), "{:?}", story.held());
}

#[test]
fn the_twin_of_a_rule_that_lists_still_show_when_it_has_lapsed_stands() {
    for behind in [0, 20, 50] {
        let mut story = twinned();
        story.advance(hours(24) + SignedDuration::from_secs(10));
        make_unheard(&story);
        let puts =
            |story: &Story| story.sandbox.seen().iter().filter(|it| it.action == "PUT").count();
        let puts_before = puts(&story);
        // The rule has lapsed and another is made, unheard.
        story.apply().ends(Exit::Unfinished);
        assert_eq!(puts(&story) - puts_before, 1, "what is gone is not asked for again");
        story.calm();
        let of = Arc::clone(&story.world.clock);
        story.world.clock = Arc::new(Ahead { of, by: -SignedDuration::from_secs(behind) });
        let (before, calls) = (story.sandbox.in_force(), story.sandbox.seen().len());
        story.apply().ends(Exit::Done);
        story.agrees();
        let rules = |rows: BTreeSet<InForce>| rows.into_iter().map(|row| row.rule);
        let now = story.sandbox.in_force();
        assert!(rules(now).eq(rules(before)), "{behind} s behind");
        let seen = story.sandbox.seen();
        assert!(seen[calls..].iter().all(|it| it.action != "DELETE"), "{behind} s behind");
    }
}

#[test]
fn a_twin_that_is_found_with_the_rule_is_lifted() {
    let story = Story::new();
    story.policy("bans:\n  - { target: a, users: [7], until: never }\n");
    story.sandbox.set_unlisted_rule(TWIN);
    let is_create = |it: &Incoming| it.method == Method::Post;
    let mut creates = 0;
    let sandbox = story.sandbox.clone();
    story.sandbox.inject_faults(move |it: &Incoming| {
        creates += u64::from(is_create(it));
        if creates == 2 {
            // From the second one on, the list shows the first one's rule too.
            sandbox.set_listed_rule(TWIN);
        }
        if is_create(it) { InjectedFault::LoseAnswer } else { InjectedFault::Answer }
    });
    story.apply().ends(Exit::Done);
    story.holds(&["agora 7"]);
}

#[test]
fn a_doubt_that_is_tried_again_after_a_day_is_looked_for_again() {
    let story = Story::new();
    story.policy("bans:\n  - { target: a, users: [7], until: never }\n");
    story.sandbox.inject_faults(|_: &Incoming| InjectedFault::LoseRequest);
    story.apply().ends(Exit::Unfinished);
    story.advance(hours(30));
    // The rule is made, and the list that would show it is not read.
    story.sandbox.inject_faults(|it: &Incoming| match it.method {
        Method::Post => InjectedFault::LoseAnswer,
        Method::Get | Method::Put | Method::Delete => InjectedFault::LoseRequest,
    });
    story.apply().ends(Exit::Unfinished);
    story.holds(&["agora 7"]);
    story.calm();
    story.advance(hours(1));
    story.apply().ends(Exit::Done);
    story.holds(&["agora 7"]);
}

#[test]
fn a_twin_is_remembered_when_the_rule_beside_it_is_gone() {
    for is_listed in [false, true] {
        let story = twinned();
        if !is_listed {
            story.sandbox.set_unlisted_rule(TWIN);
        }
        story.sandbox.lose_rule(TWIN + 1);
        story.advance(hours(13));
        story.apply().ends(Exit::Done);
        // One that shows is taken for ours; beside one that does not there is another now.
        let expected: &[&str] = if is_listed { &["agora 7"] } else { &["agora 7", "agora 7"] };
        story.holds(expected);
        story.sandbox.set_listed_rule(TWIN);
        story.advance(hours(1));
        story.policy("bans:\n  - { target: t, room: r, users: [u], until: never }\n");
        story.apply().ends(Exit::Done);
        story.holds(&["tencent r u"]);
    }
}
