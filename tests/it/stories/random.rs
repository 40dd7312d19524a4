//! Schedules of faults, crashes, edits and later runs, each made from a seed.
//!
//! `OSTRACON_SEEDS=10000 cargo test schedules` plays as many, from `OSTRACON_FIRST_SEED` on;
//! `OSTRACON_SEED=42 cargo test schedules` plays the one that failed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::SignedDuration;
use ostracon::exit::Exit;
use ostracon::sandbox::{InForce, Incoming, InjectedFault, RepeatBan};
use ostracon::world::Random as _;

use super::clock::{Ahead, Seeded, StoryClock};
use super::mixes::{self, Mix};
use super::seeds::{play_each, seeds};
use super::wants::{self, Wants};
use super::{Story, hours};
use crate::workspace::CONFIG;

/// How many schedules are played unless the environment says otherwise.
const SCHEDULES: u64 = 400;

/// One schedule.
pub(super) struct Schedule {
    seed: u64,
    pub(super) chance: Seeded,
    pub(super) story: Story,
    wants: Wants,
    /// What somebody else has put in force.
    pub(super) foreign: Vec<InForce>,
    /// Whether a ban of Tencent's may be lifted for a moment, to correct its end.
    pub(super) may_break: bool,
    /// Rules that no list shows for now.
    unlisted: BTreeSet<i64>,
    /// How many calls had arrived before the first run.
    pub(super) calls_before: u64,
    /// What attempts met that came after one without an answer.
    mixes: Vec<Mix>,
}

impl Schedule {
    pub(super) fn new(seed: u64) -> Self {
        let story = Story::seeded(seed);
        let guards = "guards: { max_lifts: { percent: 100 }, allow_empty: true }\n";
        story.config(&format!("{CONFIG}{guards}"));
        let neighbour = story.neighbour();
        neighbour.policy(
            "bans:
  - { target: a, room: c, users: [1], until: never }
  - { target: t, room: r1, users: [stranger], until: never }
  - { target: v, room: 1, users: [99], until: never }
forbidden_streams:
  - { target: z, streams: [theirs], until: never }
",
        );
        neighbour.apply().ends(Exit::Done);
        let foreign = story.sandbox.in_force().into_iter().collect();
        story.advance(hours(1));
        let chance = Seeded::new(seed ^ 0x05_7ac0);
        let may_break = chance.happens(30);
        if may_break {
            story.sandbox.set_repeat_ban(RepeatBan::KeepsOldEnd);
        }
        if chance.happens(30) {
            story.sandbox.set_missing_room("tencent", "later");
        }
        let calls_before = story.sandbox.calls();
        let (wants, unlisted, mixes) = (Wants::default(), BTreeSet::new(), Vec::new());
        let mut schedule =
            Self { seed, chance, story, wants, foreign, may_break, unlisted, calls_before, mixes };
        schedule.hide_rules();
        schedule
    }

    /// Plays it to its end; the mixes that came to pass.
    fn play(mut self) -> Vec<Mix> {
        self.rounds();
        self.settle();
        std::mem::take(&mut self.mixes)
    }

    /// Lets things go wrong a few times, and looks at the books after each.
    pub(super) fn rounds(&mut self) {
        for _ in 0..=self.chance.below(5) {
            self.edit();
            self.upset();
            self.meet_another_host();
            self.set_clock_back();
            let before = self.story.sandbox.in_force();
            if self.chance.happens(20) {
                self.order();
            }
            if self.chance.happens(40) {
                let span = Duration::from_millis(self.chance.below(8000));
                self.story.crash_after(span);
            } else {
                let run = self.story.apply();
                self.mixes.extend(mixes::of(&run));
            }
            self.nothing_wanted_was_lifted(&before.into_iter().collect::<Vec<_>>());
            self.journal_explains_every_call();
            let pause = self.chance.pick(&[0, 50, 900, 7_000, 400_000, 15_000_000, 70_000_000]);
            self.story.advance(SignedDuration::from_millis(pause));
            // Within what a clock may be off, nothing is refused and nothing goes wrong.
            let is_behind = self.chance.happens(10);
            self.set_clock_off(if is_behind { -20 } else { 0 });
            if self.chance.happens(30) {
                self.story.sandbox.set_existing_room("tencent", "later");
            }
        }
        if self.chance.happens(50) {
            self.edit();
        }
    }

    /// Lets everything go well: the books agree.
    pub(super) fn settle(&mut self) {
        self.set_clock_off(0);
        self.story.calm();
        for user in 1..=4 {
            self.story.sandbox.set_registered(user);
        }
        self.story.sandbox.set_existing_room("tencent", "later");
        let wanted = self.story.wanted();
        let run = self.story.apply();
        assert!(matches!(run.exit, Exit::Done | Exit::Unfinished), "{run:#?}");
        self.agrees_but_for(&wanted, &self.unlisted);
        for rule in &self.unlisted {
            self.story.sandbox.set_listed_rule(*rule);
        }
        if run.exit == Exit::Unfinished || !self.unlisted.is_empty() {
            // A rule that no list shows may stand for a day: until then its lift is in doubt.
            assert!(run.problems().iter().all(|it| it.ends_with("lift in_doubt")), "{run:#?}");
            self.story.advance(hours(25));
            let wanted = self.story.wanted();
            self.story.apply().ends(Exit::Done);
            self.agrees_but_for(&wanted, &BTreeSet::new());
        } else {
            run.ends(Exit::Done);
        }
        // Something may have come due while the run was under way.
        // (Or nobody was called who could have said what time it is.)
        let due = ["renewal_due", "rekick_due", "expired"];
        let is_due =
            |line: &String| line.starts_with("forget") || due.iter().any(|end| line.ends_with(end));
        assert!(self.story.planned().iter().all(is_due), "{:?}", self.story.planned());
        self.ends_are_right();
        self.journal_explains_every_call();
    }

    /// Lets lists leave out some of the rules that are made next.
    pub(super) fn hide_rules(&mut self) {
        for rule in std::mem::take(&mut self.unlisted) {
            self.story.sandbox.set_listed_rule(rule);
        }
        let next = self.story.sandbox.in_force().iter().filter_map(|row| row.rule).max();
        let next = next.map_or(1955, |rule| rule + 1);
        let omits = self.chance.happens(20);
        self.unlisted = (next..next + 20).filter(|_| omits && self.chance.happens(30)).collect();
        for rule in &self.unlisted {
            self.story.sandbox.set_unlisted_rule(*rule);
        }
    }

    /// Lets our clock be so many seconds ahead of the providers'.
    fn set_clock_off(&mut self, seconds: i64) {
        // A run with another clock may find an end off that it asks for again.
        self.may_break |= seconds != 0;
        let of = Arc::<StoryClock>::clone(&self.story.clock);
        self.story.world.clock = Arc::new(Ahead { of, by: SignedDuration::from_secs(seconds) });
    }

    /// Lets one run have a wrong clock, and the next one a right one that people vouch for.
    pub(super) fn meet_a_wrong_clock(&mut self) {
        if !self.chance.happens(30) || self.story.newest_run().is_none() {
            return;
        }
        let by = self.chance.pick(&[-90_000, -3600, -61, 61, 3600, 90_000]);
        self.set_clock_off(by);
        let before: Vec<_> = self.story.sandbox.in_force().into_iter().collect();
        let run = self.story.apply();
        assert!(matches!(run.exit, Exit::Done | Exit::Unfinished | Exit::Error), "{run:#?}");
        self.set_clock_off(0);
        self.nothing_wanted_was_lifted(&before);
        let run = self.story.apply_with(&["--accept-clock", "it was wrong"]);
        assert!(matches!(run.exit, Exit::Done | Exit::Unfinished), "{run:#?}");
        self.nothing_wanted_was_lifted(&before);
    }

    /// Changes the policy.
    fn edit(&mut self) {
        self.wants.edit(&self.chance, self.story.now());
        self.story.policy(&self.wants.yaml());
    }

    /// Gives an order, or takes one back; whatever comes of it, what was written down counts.
    fn order(&mut self) {
        let standing = self.story.standing_orders();
        let id = standing.first().map(|order| order.id.to_string());
        let order = wants::order(&self.chance, id.as_deref());
        let (exit, text) = self.story.read(&order);
        assert!(matches!(exit, Exit::Done | Exit::Unfinished | Exit::Locked), "{order:?} {text}");
    }

    /// Lets things go wrong from now on, or not.
    fn upset(&self) {
        let latency = self.chance.pick(&[0, 20, 300, 2_500]);
        self.story.sandbox.set_latency(Duration::from_millis(latency));
        let held = self.story.sandbox.in_force();
        for user in 1..=4 {
            let id = user.to_string();
            let known = held.iter().any(|row| row.provider == "volcengine" && row.subject == id);
            // Somebody who was banned once was known once.
            if !known && self.chance.happens(10) {
                self.story.sandbox.set_unregistered(user);
            }
        }
        if self.chance.happens(50) {
            return self.lose_first();
        }
        let percent = self.chance.pick(&[0, 5, 30, 80]);
        let chance = Seeded::new(self.chance.bits());
        self.story.sandbox.inject_faults(move |_: &Incoming| {
            if !chance.happens(percent) {
                return InjectedFault::Answer;
            }
            match chance.below(13) {
                0 => InjectedFault::Unreachable,
                1 => InjectedFault::LoseRequest,
                2 | 3 => InjectedFault::LoseAnswer,
                4 => InjectedFault::Status(502),
                5 => InjectedFault::Status(503),
                6 => InjectedFault::LateStatus(504),
                7 => InjectedFault::Garbage,
                8 => InjectedFault::Throttle(None),
                9 => InjectedFault::Throttle(Some(Duration::from_secs(3))),
                10 => InjectedFault::Status(400),
                11 => InjectedFault::Status(401),
                _ => InjectedFault::Delay(Duration::from_millis(chance.below(25_000))),
            }
        });
    }

    /// Lets the first calls take effect unseen, and all later ones meet the same.
    fn lose_first(&self) {
        let (lost, each) = (self.chance.pick(&[1, 1, 2, 5]), self.chance.happens(50));
        self.story.sandbox.inject_faults(mixes::lose_first(
            lost,
            each,
            self.chance.pick(&mixes::THEN),
        ));
    }

    /// Somebody on another machine holds the lease, dies, and is not waited for longer than a lease
    /// lives.
    fn meet_another_host(&self) {
        if self.story.newest_run().is_none() || !self.chance.happens(10) {
            return;
        }
        self.story.leave_lease();
        let calls = self.story.sandbox.calls();
        self.story.apply().ends(Exit::Locked);
        assert_eq!(self.story.sandbox.calls(), calls);
        self.story.advance(SignedDuration::from_secs(60));
    }

    /// A clock that is far behind the newest run is refused, and nothing is sent.
    fn set_clock_back(&self) {
        let Some(newest) = self.story.newest_run().filter(|_| self.chance.happens(10)) else {
            return;
        };
        let (calls, now) = (self.story.sandbox.calls(), self.story.now());
        let behind = SignedDuration::from_secs(i64::try_from(self.chance.below(9000)).unwrap());
        self.story.set_clock(newest - SignedDuration::from_secs(61) - behind);
        // Seen from there, a lease that expired lives.
        let exit = self.story.apply().exit;
        assert!(matches!(exit, Exit::Error | Exit::Locked), "{exit:?}");
        assert_eq!(self.story.sandbox.calls(), calls);
        self.story.set_clock(now);
    }
}

/// A failure names its seed; a replay says what the providers saw.
impl Drop for Schedule {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            return;
        }
        if std::env::var_os("OSTRACON_SEED").is_some() {
            for seen in self.story.sandbox.seen() {
                eprintln!("{seen:?}");
            }
            for row in self.story.sandbox.in_force() {
                eprintln!("{row}");
            }
            eprintln!("{:#?}", self.story.snapshot().rows);
        }
        eprintln!("replay with `OSTRACON_SEED={}`", self.seed);
    }
}

#[test]
fn schedules_of_faults_and_crashes_lose_no_fact() {
    let seeds = seeds(SCHEDULES);
    let mixes = Mutex::new(BTreeMap::new());
    let play = |(): &(), seed| {
        for mix in Schedule::new(seed).play() {
            *mixes.lock().unwrap().entry(mix).or_default() += 1;
        }
    };
    play_each(&seeds, || (), play);
    let played = seeds.end - seeds.start;
    if played >= SCHEDULES {
        mixes::are_all_made(&mixes.into_inner().unwrap(), played);
    }
}
