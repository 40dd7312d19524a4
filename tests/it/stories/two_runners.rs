//! Two runners with one state on a server, and clocks that are an hour apart.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use jiff::SignedDuration;
use ostracon::domain::Moment;
use ostracon::exit::Exit;
use ostracon::store::{Location, State};

use super::clock::Ahead;
use super::story::Run;
use super::{Story, hours};
use crate::server::{Database, Server};

/// Bans that end within a day, at every provider, and one that is renewed.
fn policy(start: Moment) -> (String, BTreeMap<&'static str, Moment>) {
    let ends = [
        ("volcengine 1 1", "target: v, room: 1, users: [1]", 95),
        ("volcengine 1 2", "target: v, room: 1, users: [2]", 275),
        ("agora 7", "target: a, users: [7]", 155),
        ("tencent r u", "target: t, room: r, users: [u]", 215),
        ("agora 8", "target: a, users: [8]", 30 * 60),
        ("zego s", "target: z, streams: [s]", 125),
        ("zego s2", "target: z, streams: [s2]", 335),
    ];
    let (mut bans, mut streams, mut untils) = (String::new(), String::new(), BTreeMap::new());
    for (name, entry, minutes) in ends {
        let until = start + SignedDuration::from_mins(minutes);
        let list = if entry.contains("streams") { &mut streams } else { &mut bans };
        writeln!(list, "  - {{ {entry}, until: {until} }}").unwrap();
        untils.insert(name, until);
    }
    (format!("bans:\n{bans}forbidden_streams:\n{streams}"), untils)
}

/// Somebody else at the same providers and the same state, whose clock is so far ahead.
fn beside(story: &Story, by: SignedDuration) -> Story {
    let mut other = story.neighbour();
    other.state.clone_from(&story.state);
    other.world.clock = Arc::new(Ahead { of: Arc::clone(&story.world.clock), by });
    other.world.process.host = "there".into();
    other
}

fn on_a_server(database: &Database<'_>) -> Story {
    let mut story = Story::new();
    story.state = Some(database.url());
    let Location::Server(url) = story.location() else { panic!() };
    assert!(State::init(&url, "ours", false).unwrap());
    story
}

#[test]
fn of_two_runners_whose_clocks_are_an_hour_apart_none_lifts_early_or_imposes_twice() {
    let Some(server) = Server::shared() else { return };
    for by in [-1, 1].map(hours) {
        let database = server.database();
        let right = on_a_server(&database);
        let wrong = beside(&right, by);
        let (policy, untils) = policy(right.now());
        for story in [&right, &wrong] {
            story.policy(&policy);
        }
        let looks = |run: &Run| {
            let (now, held) = (right.now(), right.held());
            for (name, until) in untils.iter().filter(|(_, until)| **until > now) {
                let count = held.iter().filter(|it| it == name).count();
                assert_eq!(count, 1, "{by:#}, at {now}, {name} until {until}: {run:#?}");
            }
        };
        let mut refused = 0;
        for round in 0..40 {
            // Whoever's run is an hour ahead of the other's is told so, and nothing is done.
            let mut run = right.apply();
            if run.exit == Exit::Error {
                assert!(run.error.contains("before the newest recorded run"), "{}", run.error);
                run = right.apply_with(&["--accept-clock", "the other one is ahead"]);
            }
            assert_eq!(run.exit, Exit::Done, "{by:#}, round {round}: {run:#?}");
            looks(&run);
            right.agrees();
            right.advance(SignedDuration::from_mins(5));
            let run = wrong.apply();
            assert!(matches!(run.exit, Exit::Done | Exit::Unfinished | Exit::Error), "{run:#?}");
            refused += u32::from(run.exit != Exit::Done);
            looks(&run);
            right.advance(SignedDuration::from_mins(5));
        }
        assert!(refused > 0, "the wrong clock shows");
        right.apply_with(&["--accept-clock", "this one is right"]).ends(Exit::Done);
        right.agrees();
        assert_eq!(database.sql("SELECT count(*) FROM ostracon.lease"), "0");
        let (flaws, _) = State::read(&right.location()).unwrap().unwrap().verify().unwrap();
        assert_eq!(flaws, []);
    }
}
