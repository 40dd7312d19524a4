//! A plan from the cache is the plan without it, to the byte, whatever is edited in between.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

use jiff::SignedDuration;
use ostracon::exit::Exit;

use super::Story;
use super::clock::Seeded;

/// How many sequences of edits are played.
const SEQUENCES: u64 = 12;

/// How many edits a sequence has.
const EDITS: usize = 25;

/// The policy files.
const FILES: [&str; 6] = ["a.yaml", "b/a.yaml", "b/b.yaml", "b/c.yml", "c.yaml", "d.yaml"];

/// What entries are about; they overlap, within a file and between files.
const SUBJECTS: [&str; 12] = [
    "target: z, room: r1, users: [u1, u2]",
    "target: z, users: [u1]",
    "targets: [t, t2], room: r1, users: [u1, u2, u3]",
    "target: t, room: r1, users: [u1]",
    "target: t, room: r1, users_from: list.txt",
    "target: t2, room: r2, users_from: list.txt",
    "target: v, room: 1, users: [1, 2, 3, 4]",
    "target: v, room: 1, users: [1]",
    "target: a, users: [1, 2]",
    "target: a, room: c, users: [1], deny: [publish_audio]",
    "target: a, room: c, users: [1]",
    "target: a, ips: [203.0.113.7], wide: true",
];

struct Sequence {
    chance: Seeded,
    story: Story,
    /// How often the memo of an earlier plan was enough.
    warm: usize,
}

impl Sequence {
    fn new(seed: u64) -> Self {
        let sequence = Self { chance: Seeded::new(seed), story: Story::seeded(seed), warm: 0 };
        sequence.write_list("list.txt");
        for file in FILES {
            sequence.write(file);
        }
        drop(sequence.story.apply());
        sequence
    }

    fn pick<T: Copy>(&self, choices: &[T]) -> T {
        choices[usize::try_from(self.chance.below(choices.len() as u64)).unwrap()]
    }

    fn until(&self) -> String {
        let hours = self.pick(&[1, 5, 30, 90, 400]);
        let until = self.story.now() + SignedDuration::from_mins(60 * hours + 7);
        self.pick(&[Some(until), Some(until), None])
            .map_or("never".to_owned(), |until| until.to_string())
    }

    /// Writes a file anew.
    fn write(&self, file: &str) {
        let mut text = "bans:\n".to_owned();
        for number in 0..self.chance.below(5) {
            let subject = self.pick(&SUBJECTS);
            write!(text, "  - {{ {subject}, until: {}", self.until()).unwrap();
            if self.chance.happens(20) {
                let from = self.story.now() + SignedDuration::from_mins(self.pick(&[-90, 20, 50]));
                write!(text, ", from: {from}").unwrap();
            }
            if self.chance.happens(40) {
                write!(text, ", reason: {}", self.pick(&["spam", "abuse"])).unwrap();
            }
            if self.chance.happens(30) {
                write!(text, ", id: {}{number}", file.replace(['/', '.'], "-")).unwrap();
            } else if self.chance.happens(1) {
                // Two entries with it are an error.
                text.push_str(", id: same");
            }
            text.push_str(" }\n");
        }
        if text.ends_with(":\n") {
            text.replace_range(.., "bans: []\n");
        }
        if self.chance.happens(15) {
            writeln!(
                text,
                "forbidden_streams: [{{ target: z, streams: [s], until: {} }}]",
                self.until()
            )
            .unwrap();
        }
        if self.chance.happens(2) {
            writeln!(text, "protect: [{{ users: [{}] }}]", self.pick(&["u3", "nobody", "4"]))
                .unwrap();
        }
        self.story.files.write(file, text.as_bytes());
    }

    fn write_list(&self, name: &str) {
        let first = self.chance.below(4);
        let ids = (first..first + self.pick(&[1, 2, 3, 3, 0])).map(|id| format!("u{id}\n"));
        self.story.files.write(name, ids.collect::<String>().as_bytes());
    }

    /// Protects somebody whom only lists name, or nobody.
    fn protect(&self) {
        let users = self.pick(&["u0, u4", "u4, u5", "u5", "nobody", "nobody"]);
        let text = format!("protect: [{{ users: [{users}] }}]\n");
        self.story.files.write("protect.yaml", text.as_bytes());
    }

    fn edit(&self) {
        let path = |name: &str| self.story.files.path().join(name);
        match self.chance.below(13) {
            0..=4 => self.write(self.pick(&FILES)),
            5 => drop(fs::remove_file(path(self.pick(&FILES)))),
            6 => self.write_list("list.txt"),
            // It stands in the way of the other, for the files beside it.
            7 if self.chance.happens(20) => self.write_list("b/list.txt"),
            7 => drop(fs::remove_file(path("b/list.txt"))),
            8 => drop(fs::rename(path(self.pick(&FILES)), path(self.pick(&FILES)))),
            9 => self.story.advance(SignedDuration::from_mins(self.pick(&[1, 16, 200, 4000]))),
            10 => drop(self.story.apply()),
            11 => self.protect(),
            _ => {}
        }
    }

    /// Plans with the cache and without.
    fn compare(&mut self, step: usize) {
        let memo = self.story.files.path().join(".ostracon/cache/plan");
        let before = fs::read(&memo).ok();
        let mut exit = Exit::Done;
        for format in ["json", "text"] {
            let warm = self.story.run(&["plan", "--format", format]);
            let cold = self.story.run(&["plan", "--format", format, "--no-cache"]);
            assert_eq!(warm, cold, "step {step}");
            exit = warm.0;
        }
        let is_plan = matches!(exit, Exit::Done | Exit::Guarded);
        let is_kept = is_plan && before.is_some() && before == fs::read(&memo).ok();
        self.warm += usize::from(is_kept);
    }
}

#[test]
fn a_plan_from_the_cache_is_the_plan_without_it() {
    let mut warm = 0;
    let sequences = std::env::var("OSTRACON_SEQUENCES").ok().map(|text| text.parse().unwrap());
    let sequences = sequences.unwrap_or(SEQUENCES);
    for seed in 0..sequences {
        let mut sequence = Sequence::new(seed);
        for step in 0..EDITS {
            sequence.edit();
            sequence.compare(step);
        }
        warm += sequence.warm;
    }
    let all = usize::try_from(sequences).unwrap() * EDITS;
    assert!(warm * 6 > all, "only {warm} of {all} plans came from the cache");
}

#[test]
fn a_list_may_name_whom_it_likes_and_nobody_protected_comes_out_of_the_cache() {
    let story = Story::new();
    story.config(&format!(
        "{}guards: {{ max_lifts: {{ percent: 100 }} }}\n",
        crate::workspace::CONFIG
    ));
    let ban = |list: &str| {
        format!("bans: [{{ target: t, room: r, users_from: {list}, until: never }}]\n")
    };
    story.policy("bans: []\n");
    story.files.write("b.yaml", ban("l.txt").as_bytes());
    story.files.write("c.yaml", ban("m.txt").as_bytes());
    story.files.write("l.txt", b"alice\nhost\n");
    story.files.write("m.txt", b"bob\nhost\n");
    story.apply().ends(Exit::Done);
    let compare = |what: &str| {
        let cold = story.run(&["plan", "--format", "json", "--no-cache"]);
        for _ in 0..2 {
            assert_eq!(story.run(&["plan", "--format", "json"]), cold, "{what}");
        }
    };
    compare("nobody is protected");
    story.files.write("p.yaml", b"protect: [{ users: [host] }]\n");
    compare("somebody is, and is in force");
    story.apply().ends(Exit::Done);
    compare("nobody protected is in force");
    story.files.write("l.txt", b"alice\n");
    compare("one list does not name them any more");
    story.files.write("m.txt", b"bob\n");
    compare("no list does, so nobody is skipped");
}

#[test]
fn what_a_file_said_with_another_list_is_not_what_it_said() {
    let story = Story::new();
    let ban = "bans: [{ target: t, room: r, users_from: list.txt, until: never }]";
    story.policy(ban);
    story.files.write("list.txt", b"alice\n");
    story.apply().ends(Exit::Done);
    // Empty, it is warned of, and nothing new is kept of what the file says.
    for list in ["alice\nbob\n", "", "carol\n", "alice\nbob\n"] {
        story.files.write("list.txt", list.as_bytes());
        let cold = story.run(&["plan", "--format", "json", "--no-cache"]);
        assert_eq!(story.run(&["plan", "--format", "json"]), cold, "{list}");
    }
}

#[test]
fn a_cache_that_was_harmed_is_not_believed() {
    let story = Story::new();
    story.policy("bans:\n  - { target: t, room: r, users: [alice, bob], until: never }\n");
    story.apply().ends(Exit::Done);
    // What there is to do makes the next plan ask what is remembered of it.
    story.policy("bans:\n  - { target: t, room: r, users: [alice, carol], until: never }\n");
    let cold = story.run(&["plan", "--format", "json", "--no-cache"]);
    assert_eq!(story.run(&["plan", "--format", "json"]), cold);
    let cache = story.files.path().join(".ostracon/cache");
    let files: BTreeMap<_, _> = fs::read_dir(&cache)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.clone(), fs::read(path).unwrap()))
        .collect();
    assert_eq!(files.len(), 3, "a memo, its sheet, and what one file says");
    for (path, bytes) in &files {
        for place in 0..bytes.len() {
            let mut harmed = bytes.clone();
            harmed[place] ^= 1;
            for (name, content) in [(path, &harmed), (path, &bytes[..place].to_vec())] {
                for (path, bytes) in &files {
                    fs::write(path, if path == name { content } else { bytes }).unwrap();
                }
                if place % 7 == 0 {
                    assert_eq!(story.run(&["plan", "--format", "json"]), cold);
                }
            }
        }
    }
}

#[test]
fn a_cache_out_of_a_repository_is_not_believed() {
    let story = Story::new();
    story.policy("bans:\n  - { target: t, room: r, users: [alice], until: never }\n");
    story.apply().ends(Exit::Done);
    let path = story.files.path().join(".ostracon/cache/plan");
    let plan = || drop(story.run(&["plan"]));
    plan();
    let memo = fs::metadata(&path).unwrap().ino();
    plan();
    assert_eq!(fs::metadata(&path).unwrap().ino(), memo, "it was enough");
    fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
    plan();
    let metadata = fs::metadata(&path).unwrap();
    assert_ne!(metadata.ino(), memo, "it was made anew");
    assert_eq!(metadata.mode() & 0o777, 0o600);
}

#[test]
fn a_cache_that_leads_elsewhere_is_left_alone() {
    let story = Story::new();
    story.policy("bans:\n  - { target: t, room: r, users: [alice], until: never }\n");
    story.apply().ends(Exit::Done);
    let elsewhere = story.files.path().join("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    fs::write(elsewhere.join("precious"), "kept").unwrap();
    fs::set_permissions(&elsewhere, Permissions::from_mode(0o700)).unwrap();
    let cache = story.files.path().join(".ostracon/cache");
    std::os::unix::fs::symlink(&elsewhere, &cache).unwrap();
    assert_eq!(story.run(&["plan"]), story.run(&["plan", "--no-cache"]));
    let names: Vec<_> =
        fs::read_dir(&elsewhere).unwrap().map(|it| it.unwrap().file_name()).collect();
    assert_eq!(names, ["precious"]);
}
