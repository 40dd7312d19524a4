//! Edits of a policy file's text as a person would make them: every byte that need not change stays.
//!
//! What stands where is found in the text, by the place of an entry; whether an edit did what it was
//! to do is for the caller to see, who parses what came of it.

use std::ops::Range;

use super::flow::{parts, read};
use crate::domain::Kind;

/// What is not understood, and so left to people.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct ByHand;

/// The keys of an entry that name subjects.
const SUBJECTS: [&str; 7] =
    ["users", "devices", "ips", "streams", "users_from", "devices_from", "streams_from"];

/// Takes one subject out of the entry at this line and column (from 1, in characters); the whole
/// entry with the comments above it if it names nobody else.
pub(super) fn without(
    text: &str,
    (line, column): (usize, usize),
    (kind, id): (Kind, &str),
) -> Result<String, ByHand> {
    let entry = Entry::at(text, line, column).ok_or(ByHand)?;
    if kind == Kind::Channel {
        return entry.remove(text);
    }
    let key = format!("{kind}s");
    let keys = entry.keys(text)?;
    let value = keys.iter().find(|it| it.name == key).ok_or(ByHand)?;
    let items = items(text, value)?;
    let place = items.iter().position(|it| it.text == id).ok_or(ByHand)?;
    let names_others = keys.iter().any(|it| it.name != key && SUBJECTS.contains(&&*it.name));
    match (items.len(), names_others) {
        (1, false) => entry.remove(text),
        (1, true) => Ok(cut(text, value.whole.clone())),
        _ => {
            let item = items.get(place).ok_or(ByHand)?;
            let range = match (item.is_line, items.get(place + 1), place.checked_sub(1)) {
                (true, _, _) => item.range.clone(),
                // With the comma and the space after it, or else before it.
                (false, Some(next), _) => item.range.start..next.range.start,
                (false, None, Some(before)) => {
                    items.get(before).ok_or(ByHand)?.range.end..item.range.end
                }
                (false, None, None) => return Err(ByHand),
            };
            Ok(cut(text, range))
        }
    }
}

/// Adds entries, each an item of a block list, at the end of a section; the section too if it is not
/// there.
pub(super) fn with(text: &str, section: &str, entries: &str) -> Result<String, ByHand> {
    let heading = format!("{section}:");
    let lines = lines(text);
    let Some(at) = lines.iter().position(|line| line_of(text, line).starts_with(&heading)) else {
        let end = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
        return Ok(format!("{text}{end}{heading}\n{entries}"));
    };
    let rest = line_of(text, lines.get(at).ok_or(ByHand)?);
    let rest = rest.strip_prefix(&heading).map(str::trim).unwrap_or_default();
    let start = lines.get(at).ok_or(ByHand)?.clone();
    match rest {
        "[]" => {
            let (before, after) = (text.get(..start.start), text.get(start.end..));
            let (before, after) = before.zip(after).ok_or(ByHand)?;
            Ok(format!("{before}{heading}\n{entries}{after}"))
        }
        "" => {
            let belongs = |line: &Range<usize>| {
                let line = line_of(text, line);
                line.starts_with(' ') || line.starts_with('-') || line.trim().is_empty()
            };
            let section = lines.iter().skip(at + 1).take_while(|line| belongs(line));
            let filled = section.filter(|line| !line_of(text, line).trim().is_empty());
            let end = filled.last().map_or(start.end, |line| line.end);
            let (before, after) = text.get(..end).zip(text.get(end..)).ok_or(ByHand)?;
            let gap = if before.ends_with('\n') { "" } else { "\n" };
            Ok(format!("{before}{gap}{entries}{after}"))
        }
        _ => Err(ByHand),
    }
}

fn cut(text: &str, range: Range<usize>) -> String {
    let before = text.get(..range.start).unwrap_or_default();
    format!("{before}{}", text.get(range.end..).unwrap_or_default())
}

/// The lines of a text, each with its end.
fn lines(text: &str) -> Vec<Range<usize>> {
    let mut start = 0;
    let range = |line: &str| {
        let range = start..start + line.len();
        start = range.end;
        range
    };
    text.split_inclusive('\n').map(range).collect()
}

fn line_of<'t>(text: &'t str, range: &Range<usize>) -> &'t str {
    text.get(range.clone()).unwrap_or_default()
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

/// An entry: an item of a block list.
struct Entry {
    /// From its dash to the end of its last line.
    range: Range<usize>,
    /// Where its mapping begins.
    start: usize,
    /// How far its dash is indented.
    indent: usize,
    /// How far its keys are indented, counted in bytes.
    column: usize,
}

/// A key of an entry, and where its value stands.
struct Key {
    name: String,
    /// The value, without what leads to it.
    value: Range<usize>,
    /// All of it that goes when it goes.
    whole: Range<usize>,
}

/// An item of a list of subjects.
struct Item {
    text: String,
    range: Range<usize>,
    /// Whether it has a line of its own.
    is_line: bool,
}

impl Entry {
    fn at(text: &str, line: usize, column: usize) -> Option<Self> {
        let lines = lines(text);
        let number = line.checked_sub(1)?;
        let first = lines.get(number)?.clone();
        let (at, _) = line_of(text, &first).char_indices().nth(column.checked_sub(1)?)?;
        let lead = text.get(first.start..first.start + at)?;
        let indent = indent(lead);
        if lead.get(indent..)?.trim_end() != "-" {
            return None;
        }
        let within = |line: &&Range<usize>| {
            let line = line_of(text, line);
            line.trim().is_empty() || self::indent(line) > indent
        };
        let own = lines.iter().skip(number + 1).take_while(within);
        let filled = own.filter(|line| {
            let line = line_of(text, line).trim();
            !line.is_empty()
        });
        let end = filled.last().map_or(first.end, |line| line.end);
        let start = first.start + at;
        Some(Self { range: first.start..end, start, indent, column: at })
    }

    /// The text without it and the comments right above it; a section that is empty then says so.
    fn remove(&self, text: &str) -> Result<String, ByHand> {
        let lines = lines(text);
        let first = lines.iter().position(|line| line.start == self.range.start).ok_or(ByHand)?;
        let is_comment = |line: &Range<usize>| {
            let line = line_of(text, line);
            indent(line) == self.indent && line.trim_start().starts_with('#')
        };
        let above = lines.iter().take(first).rev().take_while(|line| is_comment(line)).count();
        let start = lines.get(first - above).ok_or(ByHand)?.start;
        let shorter = cut(text, start..self.range.end);
        let is_item =
            |line: &str| indent(line) == self.indent && line.trim_start().starts_with('-');
        let is_filled = |line: &&str| {
            let line = line.trim();
            !line.is_empty() && !line.starts_with('#')
        };
        let before: Vec<&str> = text.get(..start).ok_or(ByHand)?.split_inclusive('\n').collect();
        let heading = before.iter().rposition(is_filled).ok_or(ByHand)?;
        let has_before =
            before.get(heading).is_some_and(|line| line.starts_with(' ') || is_item(line));
        let after = shorter.get(start..).ok_or(ByHand)?;
        let has_after = after.split_inclusive('\n').find(is_filled).is_some_and(is_item);
        if has_before || has_after {
            return Ok(shorter);
        }
        let line = before.get(heading).ok_or(ByHand)?;
        let end = line.trim_end().len();
        if !line.trim_end().ends_with(':') {
            return Err(ByHand);
        }
        let at: usize = before.iter().take(heading).map(|line| line.len()).sum::<usize>() + end;
        let (before, after) = shorter.get(..at).zip(shorter.get(at..)).ok_or(ByHand)?;
        Ok(format!("{before} []{after}"))
    }

    /// Its keys.
    fn keys(&self, text: &str) -> Result<Vec<Key>, ByHand> {
        if text.get(self.start..).is_some_and(|rest| rest.starts_with('{')) {
            self.keys_in_braces(text)
        } else {
            self.keys_of_block(text)
        }
    }

    fn keys_in_braces(&self, text: &str) -> Result<Vec<Key>, ByHand> {
        let parts = parts(text, self.start)?;
        let key = |(place, range): (usize, &Range<usize>)| {
            let part = text.get(range.clone())?;
            let colon = part.find(':')?;
            let value = part.get(colon + 1..)?;
            let start = range.end - value.trim_start().len();
            let whole = match (parts.get(place + 1), place.checked_sub(1)) {
                (Some(next), _) => range.start..next.start,
                (None, Some(before)) => parts.get(before)?.end..range.end,
                (None, None) => range.clone(),
            };
            Some(Key { name: part.get(..colon)?.trim().to_owned(), value: start..range.end, whole })
        };
        parts.iter().enumerate().map(key).collect::<Option<_>>().ok_or(ByHand)
    }

    fn keys_of_block(&self, text: &str) -> Result<Vec<Key>, ByHand> {
        let mut keys: Vec<Key> = Vec::new();
        for line in lines(text)
            .into_iter()
            .filter(|line| line.start >= self.range.start && line.end <= self.range.end)
        {
            let from = if line.start == self.range.start { self.start } else { line.start };
            let shown = text.get(from..line.end).ok_or(ByHand)?;
            let is_first = line.start == self.range.start;
            let is_key = (is_first || indent(shown) == self.column)
                && !shown.trim_start().starts_with(['#', '-']);
            let colon = shown.find(':').filter(|_| is_key);
            match (colon, keys.last_mut()) {
                (Some(colon), _) => keys.push(Key {
                    name: shown.get(..colon).ok_or(ByHand)?.trim().to_owned(),
                    value: from + colon + 1..line.end,
                    // The first key shares its line with the dash.
                    whole: if is_first { from..from } else { line.clone() },
                }),
                (None, Some(last)) => {
                    last.value.end = line.end;
                    if last.whole.start != last.whole.end {
                        last.whole.end = line.end;
                    }
                }
                (None, None) => return Err(ByHand),
            }
        }
        Ok(keys)
    }
}

/// The items of a list of subjects.
fn items(text: &str, key: &Key) -> Result<Vec<Item>, ByHand> {
    let value = text.get(key.value.clone()).ok_or(ByHand)?;
    let start = key.value.start + (value.len() - value.trim_start().len());
    if value.trim_start().starts_with('[') {
        let item = |range: Range<usize>| {
            let text = read(text.get(range.clone())?)?;
            Some(Item { text, range, is_line: false })
        };
        return parts(text, start)?.into_iter().map(item).collect::<Option<_>>().ok_or(ByHand);
    }
    let own = lines(text).into_iter();
    let own = own.filter(|line| line.start >= key.value.start && line.end <= key.value.end);
    let mut items = Vec::new();
    for line in own {
        let shown = line_of(text, &line).trim();
        if shown.is_empty() || shown.starts_with('#') {
            continue;
        }
        let text = shown.strip_prefix("- ").and_then(read).ok_or(ByHand)?;
        items.push(Item { text, range: line, is_line: true });
    }
    Ok(items)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The text without user `id` of the entry whose line has this mark.
    fn cut_out(text: &str, mark: &str, id: &str) -> Option<String> {
        let line = text.lines().position(|line| line.contains(mark)).unwrap();
        let dash = text.lines().nth(line).unwrap().find('-').unwrap();
        let column = dash + 3;
        without(text, (line + 1, column), (Kind::User, id)).ok()
    }

    #[test]
    fn a_subject_is_taken_out_and_every_other_byte_stays() {
        for (text, without) in [
            (
                "bans:\n  - { target: a, users: [1, 2, 3], until: never } # x\n",
                "bans:\n  - { target: a, users: [1, 3], until: never } # x\n",
            ),
            (
                "bans:\n- target: a # x\n  users: ['1', \"2\"]\n  until: never\n",
                "bans:\n- target: a # x\n  users: ['1']\n  until: never\n",
            ),
            (
                "bans:\n  # one\n  - target: a\n    users:\n      - 1\n      - 2 # two\n\n      - 3\n    until: never\n",
                "bans:\n  # one\n  - target: a\n    users:\n      - 1\n\n      - 3\n    until: never\n",
            ),
            (
                "bans:\n  - target: a\n    users:\n    - 2\n    devices: [d]\n    until: never\n",
                "bans:\n  - target: a\n    devices: [d]\n    until: never\n",
            ),
            (
                "bans:\n  - { target: a, users: [2], devices: [d], until: never }\n",
                "bans:\n  - { target: a, devices: [d], until: never }\n",
            ),
            (
                "bans:\n  - id: one\n    users: [4]\n\n  # Why two\n  # is out\n  - target: a\n    users: [2]\n    until: never\n\n# end\n",
                "bans:\n  - id: one\n    users: [4]\n\n\n# end\n",
            ),
            ("bans:\n  - { target: a, users: [2] }\nprotect: []\n", "bans: []\nprotect: []\n"),
        ] {
            assert_eq!(cut_out(text, "target: a", "2").as_deref(), Some(without), "{text}");
        }
    }

    #[test]
    fn what_is_not_understood_is_left_to_people() {
        for text in [
            "bans:\n  - { target: a, users: &x [1, 2], until: never }\n",
            "bans:\n  - target: a\n    users: *them\n",
            "bans:\n  - target: a\n    users_from: them.txt\n",
            "bans:\n  - target: a\n    users: [1, # one\n      2]\n",
            "bans:\n  - target: a\n    users: [1, 3]\n",
        ] {
            assert_eq!(cut_out(text, "target: a", "2"), None, "{text}");
        }
    }

    #[test]
    fn an_entry_is_added_at_the_end_of_its_section() {
        let entry = "  - target: a\n";
        for (text, expected) in [
            ("", "bans:\n  - target: a\n"),
            ("bans: []\n", "bans:\n  - target: a\n"),
            ("protect: []\n", "protect: []\nbans:\n  - target: a\n"),
            ("bans:\n  - x: 1\n\n# end\n", "bans:\n  - x: 1\n  - target: a\n\n# end\n"),
            ("bans:\n  - x: 1", "bans:\n  - x: 1\n  - target: a\n"),
        ] {
            assert_eq!(with(text, "bans", entry).as_deref(), Ok(expected), "{text}");
        }
        assert_eq!(with("bans: [{ x: 1 }]\n", "bans", entry), Err(ByHand));
    }
}
