//! What strangers wrote, made harmless for the place it is printed.

mod markdown;
mod sarif;
mod workflow;

pub use markdown::Markdown;
pub(super) use markdown::clipped;
pub use sarif::SarifMessage;
pub use workflow::{WorkflowData, WorkflowProperty};

use std::fmt::{self, Write as _};

use crate::domain::acts_or_hides;

/// Text for a terminal: one line, in which nothing is hidden and nothing acts.
///
/// Control characters, what turns the direction of writing, what has no width and every blank but
/// the plain one are shown as `\u{202e}`. Text that holds such a mark already has its backslash
/// shown so too, so that the mark always tells the truth.
#[derive(Clone, Copy, Debug)]
pub struct Terminal<'a>(pub &'a str);

impl fmt::Display for Terminal<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_visible(f, self.0, |_| false)
    }
}

/// A single word for a terminal, such as an id: like [`Terminal`], and in double quotes where it
/// would otherwise not end where it ends.
#[derive(Clone, Copy, Debug)]
pub struct TerminalWord<'a>(pub &'a str);

impl fmt::Display for TerminalWord<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(word) = self;
        if !word.is_empty() && !word.contains([' ', ',', '"']) {
            return write!(f, "{}", Terminal(word));
        }
        f.write_char('"')?;
        write_visible(f, word, |char| char == '"')?;
        f.write_char('"')
    }
}

fn write_visible(
    f: &mut fmt::Formatter<'_>,
    text: &str,
    also: impl Fn(char) -> bool,
) -> fmt::Result {
    for (at, char) in text.char_indices() {
        let begins = |mark: &str| text.get(at..).is_some_and(|rest| rest.starts_with(mark));
        let is_mark = char == '\\' && begins("\\u{");
        // GitHub Actions takes `##[command]` for a command wherever it stands in a log line.
        let ends_hashes = char == '#' && begins("#[") && text.get(..at).is_some_and(ends_in_hash);
        if is_mark || ends_hashes || acts_or_hides(char) || also(char) {
            write!(f, "\\u{{{:x}}}", u32::from(char))?;
        } else {
            f.write_char(char)?;
        }
    }
    Ok(())
}

fn ends_in_hash(text: &str) -> bool {
    text.ends_with('#')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_acts_on_a_terminal_or_hides_is_made_visible() {
        for (text, shown) in [
            ("plain text, ünïcode 日本", "plain text, ünïcode 日本"),
            ("\u{1b}[31mred", r"\u{1b}[31mred"),
            ("\u{9b}31m", r"\u{9b}31m"),
            ("a\nb\r\tc\0", r"a\u{a}b\u{d}\u{9}c\u{0}"),
            ("a\u{202e}b\u{2066}c\u{61c}", r"a\u{202e}b\u{2066}c\u{61c}"),
            ("a\u{200b}b\u{feff}c\u{ad}", r"a\u{200b}b\u{feff}c\u{ad}"),
            ("a\u{2028}b\u{a0}c\u{3000}", r"a\u{2028}b\u{a0}c\u{3000}"),
            ("a\u{e0041}b\u{fe0f}", r"a\u{e0041}b\u{fe0f}"),
        ] {
            assert_eq!(Terminal(text).to_string(), shown);
        }
    }

    #[test]
    fn a_written_mark_cannot_be_taken_for_a_real_one() {
        assert_eq!(Terminal(r"a\u{202e}").to_string(), r"a\u{5c}u{202e}");
        assert_eq!(Terminal(r"C:\users").to_string(), r"C:\users");
    }

    #[test]
    fn a_word_shows_where_it_ends() {
        for (text, shown) in [
            ("alice", "alice"),
            ("", "\"\""),
            ("alice  until never", "\"alice  until never\""),
            ("a,b", "\"a,b\""),
            ("\"", r#""\u{22}""#),
        ] {
            assert_eq!(TerminalWord(text).to_string(), shown);
        }
    }
}
