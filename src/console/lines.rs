//! Reports on their way to a terminal: lines that are too long are folded, and sources become links.

use std::fmt;
use std::io::{self, Write};

use unicode_width::UnicodeWidthStr as _;

use super::link::LinkTo;

/// A narrower terminal has its lines as they are.
const NARROWEST: usize = 40;

/// How much further the rest of a folded line is indented.
const FURTHER: usize = 4;

/// Lines of a report, written one by one.
pub(super) struct LineWriter<'a> {
    pub(super) to: &'a mut dyn Write,
    /// How wide a line may be; `None` where that does not matter.
    pub(super) width: Option<usize>,
    /// Where sources lead.
    pub(super) links: Option<&'a LinkTo>,
    /// The line at hand.
    pub(super) line: String,
    pub(super) error: Option<io::Error>,
}

impl fmt::Write for LineWriter<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for part in text.split_inclusive('\n') {
            self.line.push_str(part);
            if part.ends_with('\n') {
                self.end_line()?;
            }
        }
        Ok(())
    }
}

impl LineWriter<'_> {
    /// Writes what is left, and says what could not be written.
    pub(super) fn finish(mut self) -> Option<io::Error> {
        let _kept = self.end_line();
        self.error
    }

    fn end_line(&mut self) -> fmt::Result {
        let line = std::mem::take(&mut self.line);
        let line = super::link::resolved(&line, self.links);
        let width = self.width.filter(|width| *width >= NARROWEST);
        let line = width.map_or_else(|| line.clone(), |width| folded(&line, width));
        self.to.write_all(line.as_bytes()).map_err(|error| {
            self.error = Some(error);
            fmt::Error
        })
    }
}

/// A line whose words fit into so many columns where they can: broken where two spaces set fields
/// apart, or else between words.
fn folded(line: &str, width: usize) -> String {
    if visible(line) <= width {
        return line.to_owned();
    }
    let indent = line.len() - line.trim_start_matches(' ').len();
    let mut page = Page { text: String::with_capacity(line.len() + 16), used: 0, width };
    page.space(indent);
    let mut gap = 0;
    for (field, spaces) in fields(line.get(indent..).unwrap_or_default()) {
        let first = field.split(' ').next().unwrap_or_default();
        let starts_late = page.used + gap > width / 2;
        let fits = |text: &str| page.used + gap + visible(text) <= width;
        if page.used > indent && (!fits(first) || (starts_late && !fits(field))) {
            page.break_line(indent + FURTHER);
        } else {
            page.space(gap);
        }
        // Its words stand below each other if that leaves them room.
        let hang = if page.used > width / 3 { indent + FURTHER } else { page.used };
        page.put_words(field, hang.max(indent + FURTHER));
        gap = spaces;
    }
    page.text
}

/// A line while it is folded.
struct Page {
    text: String,
    /// How many columns are taken of the last line.
    used: usize,
    width: usize,
}

impl Page {
    fn space(&mut self, columns: usize) {
        self.text.extend(std::iter::repeat_n(' ', columns));
        self.used += columns;
    }

    fn break_line(&mut self, indent: usize) {
        self.text.push('\n');
        self.used = 0;
        self.space(indent);
    }

    /// Writes a field, broken between words where it is too long, and then indented so.
    fn put_words(&mut self, field: &str, indent: usize) {
        for (place, word) in field.split(' ').enumerate() {
            let needed = visible(word);
            if place > 0 && self.used + 1 + needed > self.width {
                self.break_line(indent);
            } else if place > 0 {
                self.space(1);
            }
            self.text.push_str(word);
            self.used += needed;
        }
    }
}

/// The fields of a line, each with how many spaces follow it: two or more set them apart.
fn fields(line: &str) -> Vec<(&str, usize)> {
    let mut fields = Vec::new();
    let mut rest = line;
    while let Some(end) = rest.find("  ") {
        let (field, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
        let next = after.trim_start_matches(' ');
        fields.push((field, after.len() - next.len()));
        rest = next;
    }
    fields.push((rest, 0));
    fields
}

/// How many columns a text takes: escapes take none.
fn visible(text: &str) -> usize {
    let mut width = 0;
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\u{1b}') {
        width += before.width();
        let end = match after.as_bytes().first() {
            // A link ends with `ESC \`, a colour with a letter.
            Some(b']') => after.find('\\').map(|place| place + 1),
            _ => after.find(|char: char| char.is_ascii_alphabetic()).map(|place| place + 1),
        };
        rest = after.get(end.unwrap_or(after.len())..).unwrap_or_default();
    }
    width + rest.trim_end_matches('\n').width()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_long_line_is_folded_between_fields_or_else_between_words() {
        for (line, wanted) in [
            ("short  line\n", "short  line\n"),
            (
                "  + user alice  until 2036-12-20  new entry  case-1\n",
                "  + user alice  until 2036-12-20\n      new entry  case-1\n",
            ),
            (
                "Warning: at this place nobody can be kept out of any room\n",
                "Warning: at this place nobody can be\n    kept out of any room\n",
            ),
            (
                "  ok  rate  3 calls in the last hour, 3 in the last minute\n",
                "  ok  rate  3 calls in the last hour, 3\n            in the last minute\n",
            ),
            (
                "  a-word-that-is-wider-than-a-terminal-of-forty  b\n",
                "  a-word-that-is-wider-than-a-terminal-of-forty\n      b\n",
            ),
            (
                "\u{1b}[32m0123456789 0123456789 0123456789 0123456\u{1b}[0m\n",
                "\u{1b}[32m0123456789 0123456789 0123456789 0123456\u{1b}[0m\n",
            ),
            (
                "名前名前名前名前名前  名前名前名前名前名前\n",
                "名前名前名前名前名前\n    名前名前名前名前名前\n",
            ),
        ] {
            assert_eq!(folded(line, 40), wanted, "{line}");
        }
    }

    proptest! {
        #[test]
        fn folding_loses_nothing_and_only_words_are_wider(
            line in " {0,6}([a-z]{1,12}( |  |    )){0,20}[a-z]{1,12}\n",
            width in 40..90_usize,
        ) {
            let folded = folded(&line, width);
            let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
            prop_assert_eq!(words(&folded), words(&line));
            for part in folded.lines() {
                prop_assert!(part.width() <= width, "{part:?}");
                prop_assert!(!part.ends_with(' ') || line.ends_with(" \n"), "{part:?}");
            }
        }
    }
}
