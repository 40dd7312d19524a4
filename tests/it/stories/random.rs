//! Schedules of faults, crashes, edits and later runs, each made from a seed.
//!
//! `OSTRACON_SEEDS=10000 cargo test schedules` plays as many, from `OSTRACON_FIRST_SEED` on;
//! `OSTRACON_SEED=42 cargo test schedules` plays the one that failed.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use jiff::SignedDuration;
use ostracon::domain::{Lapse, Moment};
use ostracon::exit::Exit;
use ostracon::sandbox::{Fate, InForce, Incoming, RepeatBan};
use ostracon::world::Random as _;

use super::clock::Seeded;
use super::journal::explain;
use super::mixes::{self, Mix};
use super::story::name;
use super::{Story, hours};
use crate::workspace::CONFIG;

/// How many schedules are played unless the environment says otherwise.
const SCHEDULES: u64 = 300;

/// What may be restricted: two entries of each form, and one subject under two `deny` sets.
const SUBJECTS: [&str; 14] = [
    "target: z, streams: [s1]",
    "target: z, streams: [s2, s3]",
    "target: z, room: r, users: [u1, u2]",
    "target: t, room: r1, users: [u1, u2, u3]",
    "target: t, room: r2, users: [u1]",
    "target: t, room: later, users: [u1, u2]",
    "target: v, room: 1, users: [1, 2, 3, 4]",
    "target: v, room: 1, devices: [d1, d2]",
    "target: v, room: 2, users: [1]",
    "target: a, users: [1]",
    "target: a, room: c, users: [1, 2]",
    "target: a, room: c, users: [1], deny: [publish_audio]",
    "target: a, room: d, wide: true",
    "target: a, ips: [203.0.113.7], wide: true",
];

/// One schedule.
struct Schedule {
    seed: u64,
    chance: Seeded,
    story: Story,
    /// Until when each of [`SUBJECTS`] is restricted; `None` for ever.
    entries: BTreeMap<usize, Option<Moment>>,
    /// What somebody else has put in force.
    foreign: Vec<InForce>,
    /// Whether a ban may be lifted for a moment, to correct its end.
    may_break: bool,
    /// Rules that no list shows for now.
    unlisted: BTreeSet<i64>,
    /// How many calls had arrived before the first run.
    calls_before: u64,
    /// What attempts met that came after one without an answer.
    mixes: Vec<Mix>,
}

impl Schedule {
    fn new(seed: u64) -> Self {
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
        let omits = chance.happens(20);
        let unlisted: BTreeSet<_> = (1955..1975).filter(|_| omits && chance.happens(30)).collect();
        for rule in &unlisted {
            story.sandbox.set_unlisted_rule(*rule);
        }
        let calls_before = story.sandbox.calls();
        let entries = BTreeMap::new();
        let mixes = Vec::new();
        Self { seed, chance, story, entries, foreign, may_break, unlisted, calls_before, mixes }
    }

    /// Plays it to its end; the mixes that came to pass.
    fn play(mut self) -> Vec<Mix> {
        for _ in 0..=self.chance.below(5) {
            self.edit();
            self.upset();
            self.meet_another_host();
            self.set_clock_back();
            let before = self.story.sandbox.in_force();
            if self.chance.happens(40) {
                let span = Duration::from_millis(self.chance.below(8000));
                self.story.crash_after(span);
            } else {
                let run = self.story.apply();
                self.mixes.extend(mixes::of(&run));
            }
            self.nothing_wanted_was_lifted(&before.into_iter().collect::<Vec<_>>());
            self.journal_explains_every_call();
            let pause = self.pick(&[0, 50, 900, 7_000, 400_000, 15_000_000, 70_000_000]);
            self.story.advance(SignedDuration::from_millis(pause));
            // Within what a clock may be off, nothing is refused and nothing goes wrong.
            let back = self.story.now() - SignedDuration::from_secs(20);
            let near = |newest| newest - back < SignedDuration::from_secs(50);
            if self.chance.happens(10) && self.story.newest_run().is_none_or(near) {
                self.story.set_clock(self.story.now() - SignedDuration::from_secs(20));
            }
            if self.chance.happens(30) {
                self.story.sandbox.set_existing_room("tencent", "later");
            }
        }
        if self.chance.happens(50) {
            self.edit();
        }
        self.story.calm();
        for user in 1..=4 {
            self.story.sandbox.set_registered(user);
        }
        self.story.sandbox.set_existing_room("tencent", "later");
        let run = self.story.apply();
        assert!(matches!(run.exit, Exit::Done | Exit::Unfinished), "{run:#?}");
        self.agrees_but_for(&self.unlisted);
        for rule in &self.unlisted {
            self.story.sandbox.set_listed_rule(*rule);
        }
        if run.exit == Exit::Unfinished || !self.unlisted.is_empty() {
            // A rule that no list shows may stand for a day: until then its lift is in doubt.
            assert!(run.problems().iter().all(|it| it.ends_with("lift in_doubt")), "{run:#?}");
            self.story.advance(hours(25));
            self.story.apply().ends(Exit::Done);
            self.agrees();
        } else {
            run.ends(Exit::Done);
        }
        // Something may have come due while the run was under way.
        // (Or nobody was called who could have said what time it is.)
        let due = ["renewal_due", "rekick_due"];
        let is_due =
            |line: &String| line.starts_with("forget") || due.iter().any(|end| line.ends_with(end));
        assert!(self.story.planned().iter().all(is_due), "{:?}", self.story.planned());
        self.ends_are_right();
        self.journal_explains_every_call();
        std::mem::take(&mut self.mixes)
    }

    fn pick<T: Copy>(&self, choices: &[T]) -> T {
        choices[usize::try_from(self.chance.below(choices.len() as u64)).unwrap()]
    }

    /// Changes the policy.
    fn edit(&mut self) {
        for _ in 0..self.chance.below(8) {
            let subject = usize::try_from(self.chance.below(SUBJECTS.len() as u64)).unwrap();
            let span = SignedDuration::from_mins(self.pick(&[1, 5, 20, 30, 80]) * 60 + 7);
            let until = (!self.chance.happens(30)).then(|| self.story.now() + span);
            if self.chance.happens(30) {
                self.entries.remove(&subject);
            } else {
                self.entries.insert(subject, until);
            }
        }
        let (mut bans, mut streams) = (String::new(), String::new());
        for (subject, until) in &self.entries {
            let text = SUBJECTS[*subject];
            let list = if text.contains("streams") { &mut streams } else { &mut bans };
            let until = until.map_or("never".to_owned(), |until| until.to_string());
            writeln!(list, "  - {{ {text}, until: {until} }}").unwrap();
        }
        let list = |key, entries: String| {
            if entries.is_empty() { format!("{key}: []\n") } else { format!("{key}:\n{entries}") }
        };
        self.story.policy(&(list("bans", bans) + &list("forbidden_streams", streams)));
    }

    /// Lets things go wrong from now on, or not.
    fn upset(&self) {
        let latency = self.pick(&[0, 20, 300, 2_500]);
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
        let percent = self.pick(&[0, 5, 30, 80]);
        let chance = Seeded::new(self.chance.bits());
        self.story.sandbox.set_mischief(move |_: &Incoming| {
            if !chance.happens(percent) {
                return Fate::Answer;
            }
            match chance.below(13) {
                0 => Fate::Unreachable,
                1 => Fate::LoseRequest,
                2 | 3 => Fate::LoseAnswer,
                4 => Fate::Status(502),
                5 => Fate::Status(503),
                6 => Fate::LateStatus(504),
                7 => Fate::Garbage,
                8 => Fate::Throttle(None),
                9 => Fate::Throttle(Some(Duration::from_secs(3))),
                10 => Fate::Status(400),
                11 => Fate::Status(401),
                _ => Fate::Delay(Duration::from_millis(chance.below(25_000))),
            }
        });
    }

    /// Lets the first calls take effect unseen, and all later ones meet the same.
    fn lose_first(&self) {
        let (lost, each) = (self.pick(&[1, 1, 2, 5]), self.chance.happens(50));
        self.story.sandbox.set_mischief(mixes::lose_first(lost, each, self.pick(&mixes::THEN)));
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

    /// Every call that arrived was announced in the journal, with its target and verb.
    fn journal_explains_every_call(&self) {
        let calls = self.story.sandbox.seen();
        let ours = calls.iter().skip(usize::try_from(self.calls_before).unwrap());
        let mut announced: BTreeMap<(String, String), u64> = BTreeMap::new();
        if self.story.sandbox.calls() > self.calls_before {
            for (target, verb) in self.story.journal() {
                let verb = if target == "v" { "*".to_owned() } else { verb };
                *announced.entry((target, verb)).or_default() += 1;
            }
        }
        for call in ours {
            let (target, verb) = explain(call);
            let left = announced.get_mut(&(target.to_owned(), verb.to_owned()));
            let left = left.and_then(|left| left.checked_sub(1).map(|less| *left = less));
            assert!(left.is_some(), "no intent explains {call:?}");
        }
    }

    /// Nothing that was in force and is wanted ended, but by its own end.
    fn nothing_wanted_was_lifted(&self, before: &[InForce]) {
        let (wanted, held, now) = (self.story.wanted(), self.story.held(), self.story.now());
        for row in before {
            let stands = !row.end.has_passed(now);
            let breakable = self.may_break && row.provider == "tencent";
            if stands && !breakable && wanted.contains(&name(row)) {
                assert!(held.contains(&name(row)), "{row} is gone");
            }
        }
        self.foreign_is_untouched();
    }

    fn foreign_is_untouched(&self) {
        let (held, now) = (self.story.sandbox.in_force(), self.story.now());
        for row in self.foreign.iter().filter(|row| !row.end.has_passed(now)) {
            assert!(held.contains(row), "{row} was somebody else's");
        }
    }

    /// The providers hold what is wanted, once, and what somebody else put there.
    fn agrees(&self) {
        self.agrees_but_for(&BTreeSet::new());
    }

    /// The same, but these rules may stand beside what is wanted: nobody could know of them.
    fn agrees_but_for(&self, unlisted: &BTreeSet<i64>) {
        self.foreign_is_untouched();
        let (wanted, held) = (self.story.wanted(), self.story.sandbox.in_force());
        let ours = held.iter().filter(|row| !self.foreign.contains(row));
        let (unknown, ours): (Vec<_>, Vec<_>) =
            ours.partition(|row| row.rule.is_some_and(|rule| unlisted.contains(&rule)));
        let mut ours: Vec<_> = ours.into_iter().map(name).collect();
        let unknown: BTreeSet<_> = unknown.into_iter().map(name).collect();
        ours.extend(unknown.into_iter().filter(|row| wanted.contains(row)));
        ours.sort();
        if !unlisted.is_empty() {
            ours.dedup();
        }
        assert_eq!(ours, wanted);
    }

    /// What ends by itself ends with its entry, or will be renewed before.
    fn ends_are_right(&self) {
        let next = self.story.plan()["next_due"]["at"].as_str().and_then(Moment::parse);
        let untils = self.story.untils();
        for row in self.story.sandbox.in_force().iter().filter(|row| !self.foreign.contains(row)) {
            let (Lapse::At(end), Some(until)) = (row.end, untils.get(&name(row))) else { continue };
            let until = until.at().unwrap_or(Moment::from_seconds(i64::MAX / 2000));
            assert!(end - until <= SignedDuration::from_secs(11), "{row} outlives {until}");
            let far = row.end.at() > Moment::parse("2036-01-01T00:00:00Z");
            let renewed = next.is_some_and(|next| next < end);
            let short = until - end > SignedDuration::from_secs(60);
            assert!(!short || renewed || far, "{row} lapses before {until}, unnoticed: {next:?}");
        }
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
        eprintln!("replay with `OSTRACON_SEED={} cargo test schedules`", self.seed);
    }
}

#[test]
fn schedules_of_faults_and_crashes_lose_no_fact() {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().unwrap());
    let seeds = if let Some(seed) = number("OSTRACON_SEED") {
        seed..seed + 1
    } else {
        let first = number("OSTRACON_FIRST_SEED").unwrap_or_default();
        first..first + number("OSTRACON_SEEDS").unwrap_or(SCHEDULES)
    };
    let next = AtomicU64::new(seeds.start);
    let mixes = Mutex::new(BTreeMap::new());
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if !seeds.contains(&seed) {
                        break;
                    }
                    for mix in Schedule::new(seed).play() {
                        *mixes.lock().unwrap().entry(mix).or_default() += 1;
                    }
                }
            });
        }
    });
    let played = seeds.end - seeds.start;
    if played >= SCHEDULES {
        mixes::are_all_made(&mixes.into_inner().unwrap(), played);
    }
}
