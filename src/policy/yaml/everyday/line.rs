//! The lines of a text, and places in them.

use super::Beyond;
use crate::policy::yaml::node::At;

/// The lines of a text, in order.
pub(super) struct Lines<'t> {
    rest: &'t str,
    number: u32,
    offset: u32,
    is_ascii: bool,
    /// Whether there are no control characters but the ends of lines.
    is_clean: bool,
}

/// A line without its break.
#[derive(Clone, Copy)]
pub(super) struct Line<'t> {
    text: &'t str,
    number: u32,
    offset: u32,
    is_ascii: bool,
    is_clean: bool,
}

/// The longest line, in bytes: its steps are held until the next one was scanned.
const LONGEST: usize = 1 << 20;

/// The longest with other characters than ASCII, which are counted for each place in it.
const LONGEST_COUNTED: usize = 4096;

impl<'t> Lines<'t> {
    /// The lines of this text.
    pub(super) fn of(text: &'t str) -> Self {
        let is_control = |byte: u8| (byte < b' ' && byte != b'\n') || byte == 0x7f;
        // A fold, not `any`: without a way out the compiler looks at many bytes at once.
        let has_control = text.bytes().fold(false, |found, byte| found | is_control(byte));
        Self { rest: text, number: 0, offset: 0, is_ascii: text.is_ascii(), is_clean: !has_control }
    }
}

impl<'t> Iterator for Lines<'t> {
    type Item = Line<'t>;

    fn next(&mut self) -> Option<Line<'t>> {
        if self.rest.is_empty() {
            return None;
        }
        let end = memchr::memchr(b'\n', self.rest.as_bytes()).unwrap_or(self.rest.len());
        let (text, rest) = self.rest.split_at_checked(end)?;
        let rest = rest.strip_prefix('\n').unwrap_or(rest);
        self.number += 1;
        let line = Line {
            text: if self.is_clean { text } else { text.strip_suffix('\r').unwrap_or(text) },
            number: self.number,
            offset: self.offset,
            is_ascii: self.is_ascii || text.is_ascii(),
            is_clean: self.is_clean,
        };
        self.offset = self.offset.saturating_add(number(text.len() + 1));
        self.rest = rest;
        Some(line)
    }
}

impl<'t> Line<'t> {
    /// The bytes of the line.
    pub(super) fn bytes(&self) -> &'t [u8] {
        self.text.as_bytes()
    }

    /// The byte at an index.
    pub(super) fn byte(&self, index: usize) -> Option<u8> {
        self.bytes().get(index).copied()
    }

    /// The text between two indices.
    pub(super) fn text(&self, start: usize, end: usize) -> Result<&'t str, Beyond> {
        self.text.get(start..end).ok_or(Beyond)
    }

    /// Whether the line is longer than what is worth it.
    pub(super) fn is_too_long(&self) -> bool {
        self.text.len() > if self.is_ascii { LONGEST } else { LONGEST_COUNTED }
    }

    /// The first index from this one at which no blank stands.
    pub(super) fn skip_blanks(&self, mut index: usize) -> usize {
        while self.byte(index) == Some(b' ') {
            index += 1;
        }
        index
    }

    /// Whether a blank or the end of the line stands at an index.
    pub(super) fn is_gap(&self, index: usize) -> bool {
        matches!(self.byte(index), None | Some(b' '))
    }

    /// The place of the text between two indices.
    pub(super) fn at(&self, start: usize, end: usize) -> At {
        let (before, length) = if self.is_ascii {
            (start, end - start)
        } else {
            let chars =
                |start, end| self.text.get(start..end).map_or(0, |text| text.chars().count());
            (chars(0, start), chars(start, end))
        };
        At {
            line: self.number,
            column: number(before).saturating_add(1),
            offset: self.offset.saturating_add(number(start)),
            length: number(length),
        }
    }

    /// Looks at what follows the content of the line, whose end this is: nothing, or a comment
    /// behind a blank. With that the whole line is known, so what may stand in it is checked too.
    pub(super) fn ends_at(&self, end: usize) -> Result<(), Beyond> {
        let comment = self.skip_blanks(end);
        let is_comment = self.byte(comment) == Some(b'#') && (comment > end || is_start(self, end));
        if !is_comment && comment < self.text.len() {
            return Err(Beyond);
        }
        if !self.is_ascii {
            let is_odd = |char: char| {
                matches!(char, '\u{80}'..='\u{9f}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
            };
            if self.text.contains(is_odd) {
                return Err(Beyond);
            }
        }
        if !self.is_clean {
            let is_control = |index: usize, byte: u8| {
                byte == 0x7f || (byte < b' ' && !(byte == b'\t' && index > comment))
            };
            if self.bytes().iter().enumerate().any(|(index, byte)| is_control(index, *byte)) {
                return Err(Beyond);
            }
        }
        Ok(())
    }
}

/// Whether nothing stands before this index, or a blank.
fn is_start(line: &Line<'_>, index: usize) -> bool {
    index.checked_sub(1).is_none_or(|before| line.byte(before) == Some(b' '))
}

fn number(size: usize) -> u32 {
    u32::try_from(size).unwrap_or(u32::MAX)
}
