//! What a story that is made from a seed asks for: entries of a policy, and orders.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jiff::SignedDuration;
use ostracon::domain::Moment;

use super::clock::Seeded;

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

/// Whom orders are about.
const WHOM: [&[&str]; 5] = [
    &["--target", "t", "--room", "r1", "--user", "u1", "--user", "u9"],
    &["--target", "v", "--room", "1", "--user", "1"],
    &["--target", "a", "--user", "1"],
    &["--target", "a", "--room", "c", "--user", "1"],
    &["--target", "z", "--stream", "s1"],
];

/// Until when each of [`SUBJECTS`] is restricted; `None` for ever.
#[derive(Default)]
pub(super) struct Wants(BTreeMap<usize, Option<Moment>>);

impl Wants {
    /// Asks for other things, or for other ends.
    pub(super) fn edit(&mut self, chance: &Seeded, now: Moment) {
        for _ in 0..chance.below(8) {
            let subject = usize::try_from(chance.below(SUBJECTS.len() as u64)).unwrap();
            let span = SignedDuration::from_mins(chance.pick(&[1, 5, 20, 30, 80]) * 60 + 7);
            let until = (!chance.happens(30)).then(|| now + span);
            if chance.happens(30) {
                self.0.remove(&subject);
            } else {
                self.0.insert(subject, until);
            }
        }
    }

    /// As a policy file.
    pub(super) fn yaml(&self) -> String {
        let (mut bans, mut streams) = (String::new(), String::new());
        for (subject, until) in &self.0 {
            let text = SUBJECTS[*subject];
            let list = if text.contains("streams") { &mut streams } else { &mut bans };
            let until = until.map_or("never".to_owned(), |until| until.to_string());
            writeln!(list, "  - {{ {text}, until: {until} }}").unwrap();
        }
        let list = |key, entries: String| {
            if entries.is_empty() { format!("{key}: []\n") } else { format!("{key}:\n{entries}") }
        };
        list("bans", bans) + &list("forbidden_streams", streams)
    }
}

/// The command line of an order, or of one that takes the order back that stands.
pub(super) fn order<'a>(chance: &Seeded, standing: Option<&'a str>) -> Vec<&'a str> {
    let (whom, span) = (chance.pick(&WHOM), chance.pick(&["10m", "3h", "30h", "72h"]));
    let order = match (chance.below(5), standing) {
        (0, Some(id)) => vec!["orders", "withdraw", id, "--why", "x"],
        (0 | 1, _) => [&["lift", "--why", "x", "--for", span][..], whom].concat(),
        (_, _) => [&["ban", "--reason", "x", "--for", span][..], whom].concat(),
    };
    [&order[..], &["--auto-approve"]].concat()
}
