//! Restrictions as a policy file, in one canonical spelling.

use std::collections::BTreeMap;
use std::fmt::{self, Write};

use crate::domain::yaml::quoted;
use crate::domain::{Deny, Id, Kind, Moment, Restriction, Subject, TargetName, Until};

/// One entry to be written.
#[derive(Clone, Debug)]
pub struct Entry<'a> {
    /// Its `id`.
    pub id: Option<&'a str>,
    /// Its targets.
    pub targets: Vec<&'a TargetName>,
    /// Its room.
    pub room: Option<&'a Id>,
    /// What its subjects are; a channel is a room, so that each has an entry of its own.
    pub kind: Kind,
    /// Its subjects.
    pub subjects: Vec<&'a Id>,
    /// What is denied.
    pub deny: Deny,
    /// Whether it reaches everybody there, and must say so.
    pub wide: bool,
    /// Why.
    pub reason: Option<&'a str>,
    /// Not before.
    pub from: Option<Moment>,
    /// Until when.
    pub until: Until,
    /// What it says for people.
    pub meta: Vec<(&'a str, &'a str)>,
}

/// One restriction of an entry to be written, and what the entry says of it.
pub(super) struct Item<'a> {
    pub(super) restriction: &'a Restriction,
    pub(super) until: Until,
    pub(super) reason: Option<&'a str>,
    pub(super) entry: Option<&'a str>,
    pub(super) wide: bool,
}

/// As few entries as can be that ask for these and nothing else.
pub(super) fn entries_of<'a>(items: impl Iterator<Item = Item<'a>>) -> Vec<Entry<'a>> {
    let mut entries: BTreeMap<_, Entry<'_>> = BTreeMap::new();
    for Item { restriction, until, reason, entry: id, wide } in items {
        let Restriction { target, room, subject: Subject { kind, id: subject }, deny } =
            restriction;
        let channel = (*kind == Kind::Channel).then_some(subject);
        let common = (target, room.as_ref(), kind, deny, until, channel, reason, id);
        let entry = entries.entry(common).or_insert_with(|| Entry {
            id,
            targets: vec![target],
            room: room.as_ref(),
            kind: *kind,
            subjects: Vec::new(),
            deny: *deny,
            wide: false,
            reason,
            from: None,
            until,
            meta: Vec::new(),
        });
        entry.subjects.push(subject);
        entry.wide |= wide;
    }
    entries.into_values().collect()
}

/// Writes a policy file whose entries ask for these restrictions and nothing else: as few entries
/// as can be, and every id in quotes.
///
/// `is_wide` says which restrictions reach everybody there, so that their entries must say so.
pub fn policy_yaml(
    restrictions: &[(Restriction, Until)],
    is_wide: impl Fn(&Restriction) -> bool,
    out: &mut dyn Write,
) -> fmt::Result {
    let items = restrictions.iter().map(|(restriction, until)| {
        let (until, wide) = (*until, is_wide(restriction));
        Item { restriction, until, reason: None, entry: None, wide }
    });
    entries_yaml(&entries_of(items), out)
}

/// Writes entries as a policy file, every text in quotes.
pub fn entries_yaml(entries: &[Entry<'_>], out: &mut dyn Write) -> fmt::Result {
    for (section, streams) in [("bans", false), ("forbidden_streams", true)] {
        let is_here = |entry: &&Entry<'_>| (entry.kind == Kind::Stream) == streams;
        let mut entries = entries.iter().filter(is_here).peekable();
        if entries.peek().is_some() {
            writeln!(out, "{section}:")?;
        }
        entries.try_for_each(|entry| entry.write("  ", quoted, out))?;
    }
    Ok(())
}

impl Entry<'_> {
    /// Writes an entry as an item of a list that is indented so, its texts as `scalar` has them.
    pub(super) fn write(
        &self,
        indent: &str,
        scalar: fn(&str) -> String,
        out: &mut dyn Write,
    ) -> fmt::Result {
        let Self { id, targets, room, kind, subjects, deny, wide, reason, from, until, meta } =
            self;
        let mut lead = "- ";
        let mut line = |text: fmt::Arguments<'_>| {
            let written = writeln!(out, "{indent}{lead}{text}");
            lead = "  ";
            written
        };
        if let Some(id) = id {
            line(format_args!("id: {}", scalar(id)))?;
        }
        match targets.as_slice() {
            [target] => line(format_args!("target: {}", scalar(target.as_str())))?,
            targets => {
                let names: Vec<_> = targets.iter().map(|target| scalar(target.as_str())).collect();
                line(format_args!("targets: [{}]", names.join(", ")))?;
            }
        }
        let channel = subjects.first().filter(|_| *kind == Kind::Channel).copied();
        if let Some(room) = channel.or(*room) {
            line(format_args!("room: {}", scalar(room.as_str())))?;
        }
        if channel.is_none() {
            line(format_args!("{kind}s:"))?;
            for id in subjects {
                line(format_args!("  - {}", scalar(id.as_str())))?;
            }
        }
        if *deny != Deny::JOIN && !deny.is_empty() {
            line(format_args!("deny: [{}]", deny.names().collect::<Vec<_>>().join(", ")))?;
        }
        if *wide {
            line(format_args!("wide: true"))?;
        }
        if let Some(reason) = reason {
            line(format_args!("reason: {}", scalar(reason)))?;
        }
        if let Some(from) = from {
            line(format_args!("from: {from}"))?;
        }
        line(format_args!("until: {until}"))?;
        if !meta.is_empty() {
            line(format_args!("meta:"))?;
        }
        for (key, value) in meta {
            line(format_args!("  {}: {}", scalar(key), scalar(value)))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Moment;

    #[test]
    fn what_has_the_same_end_in_the_same_place_is_one_entry() {
        let until = Until::At(Moment::parse("2026-12-20T00:00:00Z").unwrap());
        let rows = [
            ("t/room:r/user:a", until),
            ("t/room:r/user:007", until),
            ("t/room:r/user:b", Until::Never),
            ("a/user:1/deny:publish_audio", until),
            ("a/channel:c", until),
            ("z/stream:s", Until::Never),
        ]
        .map(|(key, until)| (key.parse().unwrap(), until));
        let mut text = String::new();
        policy_yaml(&rows, |it| it.subject.kind == Kind::Channel, &mut text).unwrap();
        assert_eq!(
            text,
            "bans:
  - target: \"a\"
    room: \"c\"
    wide: true
    until: 2026-12-20T00:00:00Z
  - target: \"a\"
    users:
      - \"1\"
    deny: [publish_audio]
    until: 2026-12-20T00:00:00Z
  - target: \"t\"
    room: \"r\"
    users:
      - \"a\"
      - \"007\"
    until: 2026-12-20T00:00:00Z
  - target: \"t\"
    room: \"r\"
    users:
      - \"b\"
    until: never
forbidden_streams:
  - target: \"z\"
    streams:
      - \"s\"
    until: never
"
        );
    }

    #[test]
    fn an_entry_is_written_with_all_it_says_and_every_text_in_quotes() {
        let target = TargetName::parse("t").unwrap();
        let subject = Id::new("u");
        let entry = Entry {
            id: Some("case: 1"),
            targets: vec![&target, &target],
            room: None,
            kind: Kind::User,
            subjects: vec![&subject],
            deny: Deny::JOIN,
            wide: false,
            reason: Some("no"),
            from: Moment::parse("2026-11-20T00:00:00Z"),
            until: Until::Never,
            meta: vec![("a", "1"), ("b: c", "x\ny")],
        };
        let mut text = String::new();
        entries_yaml(&[entry], &mut text).unwrap();
        assert_eq!(
            text,
            "bans:
  - id: \"case: 1\"
    targets: [\"t\", \"t\"]
    users:
      - \"u\"
    reason: \"no\"
    from: 2026-11-20T00:00:00Z
    until: never
    meta:
      \"a\": \"1\"
      \"b: c\": \"x\\ny\"
"
        );
    }
}
