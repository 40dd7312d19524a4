//! Restrictions as a policy file, in one canonical spelling.

use std::collections::BTreeMap;
use std::fmt::{self, Write};

use serde_json::Value;

use crate::domain::{Deny, Id, Kind, Restriction, Subject, TargetName, Until};

/// What the subjects of one entry have in common.
type Entry<'a> = (&'a TargetName, Option<&'a Id>, Kind, Deny, Until);

/// Writes a policy file whose entries ask for these restrictions and nothing else: as few entries
/// as can be, and every id in quotes.
///
/// `is_wide` says which restrictions reach everybody there, so that their entries must say so.
pub fn policy_yaml(
    restrictions: &[(Restriction, Until)],
    is_wide: impl Fn(&Restriction) -> bool,
    out: &mut dyn Write,
) -> fmt::Result {
    let mut entries: BTreeMap<Entry<'_>, Vec<&Restriction>> = BTreeMap::new();
    for (restriction, until) in restrictions {
        let Restriction { target, room, subject, deny } = restriction;
        let entry = (target, room.as_ref(), subject.kind, *deny, *until);
        entries.entry(entry).or_default().push(restriction);
    }
    let is_stream = |entry: &Entry<'_>| entry.2 == Kind::Stream;
    for (section, streams) in [("bans", false), ("forbidden_streams", true)] {
        let mut entries =
            entries.iter().filter(|(entry, _)| is_stream(entry) == streams).peekable();
        if entries.peek().is_some() {
            writeln!(out, "{section}:")?;
        }
        for (entry, subjects) in entries {
            write_entry(entry, subjects, &is_wide, out)?;
        }
    }
    Ok(())
}

fn write_entry(
    (target, room, kind, deny, until): &Entry<'_>,
    subjects: &[&Restriction],
    is_wide: &impl Fn(&Restriction) -> bool,
    out: &mut dyn Write,
) -> fmt::Result {
    // A channel is a room, and an entry names one.
    if *kind == Kind::Channel {
        return subjects.iter().try_for_each(|restriction| {
            writeln!(out, "  - target: {}", quoted(target.as_str()))?;
            writeln!(out, "    room: {}", quoted(restriction.subject.id.as_str()))?;
            write_end(*deny, *until, is_wide(restriction), out)
        });
    }
    writeln!(out, "  - target: {}", quoted(target.as_str()))?;
    if let Some(room) = room {
        writeln!(out, "    room: {}", quoted(room.as_str()))?;
    }
    writeln!(out, "    {kind}s:")?;
    for Restriction { subject: Subject { kind: _, id }, .. } in subjects {
        writeln!(out, "      - {}", quoted(id.as_str()))?;
    }
    let wide = subjects.iter().any(|restriction| is_wide(restriction));
    write_end(*deny, *until, wide, out)
}

fn write_end(deny: Deny, until: Until, wide: bool, out: &mut dyn Write) -> fmt::Result {
    if deny != Deny::JOIN && !deny.is_empty() {
        writeln!(out, "    deny: [{}]", deny.names().collect::<Vec<_>>().join(", "))?;
    }
    if wide {
        writeln!(out, "    wide: true")?;
    }
    writeln!(out, "    until: {until}")
}

/// A JSON string, which is a YAML one too, with everything escaped that YAML does not print.
fn quoted(text: &str) -> String {
    let json = Value::from(text).to_string();
    let is_odd =
        |char: char| char.is_control() || matches!(char, '\u{2028}' | '\u{2029}' | '\u{feff}');
    let mut quoted = String::with_capacity(json.len());
    for char in json.chars() {
        if is_odd(char) {
            // All of them are of four digits or less; composing into a string cannot fail.
            let _composed = write!(quoted, "\\u{:04x}", u32::from(char));
        } else {
            quoted.push(char);
        }
    }
    quoted
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
        assert_eq!(quoted("a\"\\\u{7f}\u{2028}é\n"), r#""a\"\\\u007f\u2028é\n""#);
    }
}
