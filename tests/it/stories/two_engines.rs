//! The same things happen to a state in a file and to one on a server: their plans are the same.
//!
//! `OSTRACON_SEEDS=200 cargo test two_engines` plays as many sequences; `OSTRACON_SEED=42` the one
//! that failed.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::time::Duration;

use jiff::SignedDuration;
use ostracon::exit::Exit;
use ostracon::sandbox::{Incoming, InjectedFault};
use ostracon::store::{Location, State};
use ostracon::world::Random as _;

use super::Story;
use super::clock::Seeded;
use super::seeds::{play_each, seeds};
use super::wants::{self, Wants};
use crate::server::{Database, Server};
use crate::workspace::CONFIG;

/// How many sequences are played unless the environment says otherwise.
const SEQUENCES: u64 = 8;

/// One story twice: with a state in a file, and with one on a server.
struct Sequence<'d> {
    seed: u64,
    chance: Seeded,
    stories: [Story; 2],
    database: &'d Database<'static>,
    wants: Wants,
    /// What was planned.
    actions: BTreeSet<String>,
}

impl<'d> Sequence<'d> {
    fn new(seed: u64, database: &'d Database<'static>) -> Self {
        let mut stories = [Story::seeded(seed), Story::seeded(seed)];
        let guards = "guards: { max_lifts: { percent: 60 }, allow_empty: true }\n";
        for story in &stories {
            story.config(&format!("{CONFIG}{guards}"));
        }
        stories[1].state = Some(database.url());
        let Location::Server(url) = stories[1].location() else { panic!() };
        database.sql("DROP SCHEMA IF EXISTS ostracon CASCADE");
        assert!(State::init(&url, "theirs", false).unwrap());
        let chance = Seeded::new(seed ^ 0x0e_4641_4e45);
        let (wants, actions) = (Wants::default(), BTreeSet::new());
        Self { seed, chance, stories, database, wants, actions }
    }

    /// Plays it to its end; what was planned.
    fn play(mut self) -> BTreeSet<String> {
        for _ in 0..3 + self.chance.below(6) {
            self.edit();
            self.upset();
            self.plans_are_the_same();
            match self.chance.below(10) {
                0 | 1 => self.order(),
                2 | 3 => self.crash(),
                _ => self.apply(),
            }
            self.plans_are_the_same();
            let pause = self.chance.pick(&[5, 400, 15_000, 70_000, 200_000]);
            self.advance(pause);
            self.plans_are_the_same();
        }
        self.rows_are_the_same();
        std::mem::take(&mut self.actions)
    }

    /// Changes the policy.
    fn edit(&mut self) {
        self.wants.edit(&self.chance, self.stories[0].now());
        for story in &self.stories {
            story.policy(&self.wants.yaml());
        }
    }

    /// Lets the same things go wrong for both from now on, or nothing.
    fn upset(&self) {
        let (percent, latency) =
            (self.chance.pick(&[0, 0, 10, 50]), self.chance.pick(&[0, 20, 300]));
        let bits = self.chance.bits();
        for story in &self.stories {
            story.sandbox.set_latency(Duration::from_millis(latency));
            let chance = Seeded::new(bits);
            story.sandbox.inject_faults(move |_: &Incoming| {
                if !chance.happens(percent) {
                    return InjectedFault::Answer;
                }
                match chance.below(8) {
                    0 => InjectedFault::Unreachable,
                    1 => InjectedFault::LoseRequest,
                    2 | 3 => InjectedFault::LoseAnswer,
                    4 => InjectedFault::Status(503),
                    5 => InjectedFault::LateStatus(504),
                    6 => InjectedFault::Throttle(None),
                    _ => InjectedFault::Status(400),
                }
            });
        }
    }

    /// Does the same to both, which comes to the same.
    #[track_caller]
    fn both<T: PartialEq + std::fmt::Debug>(&self, act: impl Fn(&Story) -> T) -> T {
        let [file, server] = self.stories.each_ref().map(act);
        assert_eq!(server, file, "on a server, and in a file");
        file
    }

    fn apply(&self) {
        let summary = |story: &Story| {
            let run = story.apply();
            (run.exit, run.outcome["summary"].clone(), run.error)
        };
        let (exit, _, error) = self.both(summary);
        assert!(!matches!(exit, Exit::Error | Exit::Locked), "{exit:?} {error}");
    }

    fn crash(&self) {
        let span = Duration::from_millis(self.chance.below(3000));
        self.both(|story| story.crash_after(span).map(|run| run.exit));
        self.database.sql("DELETE FROM ostracon.lease");
    }

    /// Gives an order, or takes one back.
    fn order(&self) {
        let standing = self.both(|story| {
            let orders = story.standing_orders();
            orders.iter().map(|order| order.id.to_string()).collect::<Vec<_>>()
        });
        let words = wants::order(&self.chance, standing.first().map(String::as_str));
        self.both(|story| story.read(&words).0);
    }

    /// Lets time pass.
    fn advance(&self, seconds: i64) {
        for story in &self.stories {
            story.advance(SignedDuration::from_secs(seconds));
        }
        // A file counts all calls of a run that was killed for the rates, whenever that was; a server
        // those of the last seconds by its clock, which is none of a story's: it does as the file.
        let [file, _] = &self.stories;
        let sign = if file.is_at_rest() { "-" } else { "+" };
        let moved = format!("recorded = clock_timestamp() {sign} interval '1 hour'");
        self.database.sql(&format!("UPDATE ostracon.call SET {moved}"));
    }

    /// The plans are the same to the byte, but for the state they name.
    #[track_caller]
    fn plans_are_the_same(&mut self) {
        for words in [&["plan", "--format", "json"][..], &["plan"]] {
            let [file, server] = self.stories.each_ref().map(|story| {
                let (exit, text) = story.run(words);
                assert!(matches!(exit, Exit::Done | Exit::Guarded), "{exit:?} {text}");
                (exit, without_mark(&text))
            });
            let other = file.1.lines().zip(server.1.lines()).find(|(one, two)| one != two);
            assert_eq!(other, None, "in a file, and on a server");
            assert_eq!(file, server);
            let actions =
                file.1.lines().filter_map(|line| line.trim().strip_prefix("\"action\": "));
            self.actions.extend(actions.map(str::to_owned));
        }
    }

    /// What is known, held and told is the same.
    fn rows_are_the_same(&self) {
        self.both(|story| story.snapshot().rows);
        self.both(|story| story.sandbox.in_force());
        self.both(|story| story.sandbox.calls());
    }
}

/// A plan without the name of the state that it is made from, without how often that changed, and
/// without the digest over both.
fn without_mark(text: &str) -> String {
    let marks = ["    \"lineage\":", "    \"serial\":", "  \"digest\":"];
    let is_mark = |line: &&str| marks.iter().any(|mark| line.starts_with(mark));
    text.split_inclusive('\n').filter(|line| !is_mark(line)).collect()
}

/// A failure names its seed.
impl Drop for Sequence<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("replay with `OSTRACON_SEED={}`", self.seed);
        }
    }
}

#[test]
fn the_plan_from_a_server_is_the_plan_from_a_file_to_the_byte() {
    let Some(server) = Server::shared() else { return };
    let seeds = seeds(SEQUENCES);
    let all = Mutex::new(BTreeSet::new());
    let play = |database: &Database<'static>, seed| {
        let actions = Sequence::new(seed, database).play();
        all.lock().unwrap().extend(actions);
    };
    play_each(&seeds, || server.database(), play);
    // What is never planned is never compared.
    let all = all.into_inner().unwrap();
    assert!(seeds.end - seeds.start < SEQUENCES || all.len() == 6, "{all:?}");
}
