//! Pseudonyms: keyed hashes in place of rooms and of whoever is restricted, for eyes that may not
//! see them. Whoever has the key finds the name again by trying all that are known.
//!
//! What the program says is made of values, and values are veiled before they are shown. In what
//! people wrote (reasons, ids of entries, names of files, a provider's messages) every name that
//! is known is replaced where it stands as a word.

mod values;

use std::collections::{BTreeMap, BTreeSet};

use aho_corasick::AhoCorasick;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::domain::hex::hex;
use crate::domain::{Id, Kind, Restriction, Source, Subject, TargetName};

/// How many bytes a key must have: a guess must not be cheaper than the hash.
pub const LEAST_KEY: usize = 16;

/// Half the hash of each name: of a million, no two are the same but by a chance of 1 in 30
/// million.
const DIGITS: usize = 16;

/// What turns names into pseudonyms.
pub struct Pseudonyms {
    key: Hmac<Sha256>,
    known: BTreeMap<Id, Id>,
    targets: BTreeSet<TargetName>,
    finder: Option<AhoCorasick>,
}

/// What our own messages put between backticks, besides names.
const OURS: [&str; 6] = ["allow_empty", "drift", "import", "max_imposes", "max_lifts", "protect"];

impl Pseudonyms {
    /// Pseudonyms by this key; `None` if it is too short.
    pub fn new(key: &str) -> Option<Self> {
        let mac = Hmac::new_from_slice(key.as_bytes()).ok().filter(|_| key.len() >= LEAST_KEY)?;
        Some(Self { key: mac, known: BTreeMap::new(), targets: BTreeSet::new(), finder: None })
    }

    /// Whether a text looks like a pseudonym.
    pub fn is_one(text: &str) -> bool {
        let digits = ["u-", "d-", "i-", "s-", "r-"].iter().find_map(|it| text.strip_prefix(it));
        let hex = |digits: &str| digits.bytes().all(|it| matches!(it, b'0'..=b'9' | b'a'..=b'f'));
        digits.is_some_and(|digits| digits.len() == DIGITS && hex(digits))
    }

    /// The pseudonym of a subject, the same at every target.
    pub fn of(&self, kind: Kind, id: &Id) -> Id {
        match kind {
            Kind::User => self.hashed('u', id),
            Kind::Device => self.hashed('d', id),
            Kind::Ip => self.hashed('i', id),
            Kind::Stream => self.hashed('s', id),
            // A channel is a room.
            Kind::Channel => self.room(id),
        }
    }

    /// The pseudonym of a room.
    pub fn room(&self, id: &Id) -> Id {
        self.hashed('r', id)
    }

    fn hashed(&self, prefix: char, id: &Id) -> Id {
        let mut mac = self.key.clone();
        mac.update(prefix.to_string().as_bytes());
        mac.update(id.as_str().as_bytes());
        let digest = hex(&mac.finalize().into_bytes());
        Id::new(format!("{prefix}-{}", digest.get(..DIGITS).unwrap_or_default()))
    }

    /// Learns names, so that they are found in what people wrote.
    pub fn learn<'a, I: Iterator<Item = &'a Restriction>>(&mut self, restrictions: I) {
        for Restriction { target: _, room, subject, deny: _ } in restrictions {
            self.learn_subject(subject.kind, &subject.id);
            if let Some(room) = room {
                self.learn_room(room);
            }
        }
    }

    /// Learns the name of a room.
    pub fn learn_room(&mut self, room: &Id) {
        if !self.known.contains_key(room) {
            self.known.insert(room.clone(), self.room(room));
            self.finder = None;
        }
    }

    /// Learns the name of a subject.
    pub fn learn_subject(&mut self, kind: Kind, id: &Id) {
        if !self.known.contains_key(id) {
            self.known.insert(id.clone(), self.of(kind, id));
            self.finder = None;
        }
    }

    /// Makes ready to look for what was learned; without, nothing is found in texts.
    pub fn ready(&mut self) {
        let names = self.known.keys().map(Id::as_str).filter(|name| !name.is_empty());
        // Too many of them would be the only reason to fail; then no text is shown at all.
        self.finder = AhoCorasick::new(names).ok();
    }

    /// What somebody wrote, with every name that is known replaced where it stands as a word.
    pub fn text(&self, text: &str) -> String {
        self.replaced(text, |_| true)
    }

    fn replaced(&self, text: &str, which: impl Fn(&str) -> bool) -> String {
        let Some(finder) = &self.finder else { return "…".to_owned() };
        let mut found: Vec<_> = finder
            .find_overlapping_iter(text)
            .map(|it| it.range())
            .filter(|range| stands_alone(text, range.start, range.end))
            .filter(|range| text.get(range.clone()).is_some_and(&which))
            .collect();
        found.sort_by_key(|range| (range.start, std::cmp::Reverse(range.end)));
        let (mut veiled, mut end) = (String::new(), 0);
        for range in found.into_iter().filter(|range| !range.is_empty()) {
            if range.start < end {
                continue;
            }
            veiled += text.get(end..range.start).unwrap_or_default();
            let name = text.get(range.clone()).map(Id::new);
            veiled += name.and_then(|name| self.known.get(&name)).map_or("…", Id::as_str);
            end = range.end;
        }
        veiled + text.get(end..).unwrap_or_default()
    }

    /// A message of our own: names stand between backticks, as do names of settings.
    fn message(&self, message: &str) -> String {
        // Numbers and short words of ours must not be taken for somebody's name.
        const SHORT: usize = 4;
        let mut veiled = String::new();
        for (position, part) in message.split('`').enumerate() {
            if position > 0 {
                veiled.push('`');
            }
            if position % 2 == 0 {
                veiled += &self.replaced(part, |name| name.len() >= SHORT);
            } else {
                veiled += &self.quoted(part);
            }
        }
        veiled
    }

    fn quoted(&self, part: &str) -> String {
        if let Ok(restriction) = part.parse::<Restriction>() {
            return self.restriction(&restriction).to_string();
        }
        // Whoever is protected everywhere.
        let everywhere = part.strip_prefix("*/").and_then(|it| it.split_once(':'));
        if let Some((kind, id)) = everywhere {
            let veiled = Kind::parse(kind).map(|kind| self.of(kind, &Id::new(id)));
            return veiled.map_or_else(|| "…".to_owned(), |id| format!("*/{kind}:{id}"));
        }
        let is_ours = OURS.contains(&part) || self.targets.iter().any(|it| it.as_str() == part);
        match self.known.get(&Id::new(part)) {
            Some(veiled) => veiled.to_string(),
            None if is_ours => part.to_owned(),
            // A name that was cut, or that nobody has told us of.
            None => "…".to_owned(),
        }
    }

    /// A restriction, veiled.
    pub fn restriction(&self, restriction: &Restriction) -> Restriction {
        let Restriction { target, room, subject, deny } = restriction;
        let room = room.as_ref().map(|room| self.room(room));
        Restriction { target: target.clone(), room, subject: self.subject(subject), deny: *deny }
    }

    fn subject(&self, subject: &Subject) -> Subject {
        let Subject { kind, id } = subject;
        Subject { kind: *kind, id: self.of(*kind, id) }
    }

    /// A place in the files, veiled.
    pub fn source(&self, source: &Source) -> Source {
        Source { file: self.text(&source.file).into(), ..source.clone() }
    }
}

/// Whether what stands there is not a part of a longer word.
pub(super) fn stands_alone(text: &str, start: usize, end: usize) -> bool {
    let is_word = |char: char| char.is_alphanumeric();
    let edge = |inside: Option<char>, outside: Option<char>| {
        !(inside.is_some_and(is_word) && outside.is_some_and(is_word))
    };
    let (Some(before), Some(found), Some(after)) =
        (text.get(..start), text.get(start..end), text.get(end..))
    else {
        return false;
    };
    edge(found.chars().next(), before.chars().next_back())
        && edge(found.chars().next_back(), after.chars().next())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(ids: &[&str]) -> Pseudonyms {
        let mut names = Pseudonyms::new("0123456789abcdef").unwrap();
        for id in ids {
            names.learn_subject(Kind::User, &Id::new(*id));
        }
        names.ready();
        names
    }

    #[test]
    fn a_pseudonym_depends_on_key_kind_and_name_and_looks_like_one() {
        let other = Pseudonyms::new("another key here").unwrap();
        let (names, id) = (names(&[]), Id::new("alice"));
        let (user, device) = (names.of(Kind::User, &id), names.of(Kind::Device, &id));
        assert!(user != device && user != other.of(Kind::User, &id));
        assert_eq!(names.of(Kind::Channel, &id), names.room(&id));
        for pseudonym in [&user, &device, &names.room(&id)] {
            assert!(Pseudonyms::is_one(pseudonym.as_str()), "{pseudonym}");
        }
        assert!(!Pseudonyms::is_one("u-12") && !Pseudonyms::is_one("alice"));
        assert!(Pseudonyms::new("0123456789abcde").is_none());
    }

    #[test]
    fn in_what_people_wrote_a_name_is_found_where_it_is_a_word() {
        let names = names(&["ann", "ann lee", "7", "x.y"]);
        let veiled = |id: &str| names.of(Kind::User, &Id::new(id)).to_string();
        for (text, expected) in [
            ("ann, annabel and joann", format!("{}, annabel and joann", veiled("ann"))),
            ("@ann lee!", format!("@{}!", veiled("ann lee"))),
            ("case-7 of 77", format!("case-{} of 77", veiled("7"))),
            ("x.y/z", format!("{}/z", veiled("x.y"))),
            ("日ann本", "日ann本".to_owned()),
            ("nobody", "nobody".to_owned()),
        ] {
            assert_eq!(names.text(text), expected);
        }
    }

    #[test]
    fn a_message_of_ours_keeps_its_numbers_and_hides_what_it_quotes() {
        let mut names = names(&["1", "alice"]);
        names.targets.insert(TargetName::parse("zego-live").unwrap());
        let alice = names.of(Kind::User, &Id::new("alice")).to_string();
        for (message, expected) in [
            ("`zego-live` can only kick: 1 user", "`zego-live` can only kick: 1 user".to_owned()),
            ("`alice` is protected", format!("`{alice}` is protected")),
            ("`t/user:alice` and `*/user:alice`", format!("`t/user:{alice}` and `*/user:{alice}`")),
            ("`who is this` and `cut short…`", "`…` and `…`".to_owned()),
            ("`drift` names alice", format!("`drift` names {alice}")),
        ] {
            assert_eq!(names.message(message), expected);
        }
    }

    #[test]
    fn without_being_told_whom_to_look_for_no_text_is_shown() {
        let names = Pseudonyms::new("0123456789abcdef").unwrap();
        assert_eq!(names.text("alice shouted"), "…");
    }
}
