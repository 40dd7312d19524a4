//! A text on one line, with or without quotes.

use std::borrow::Cow;

use super::Beyond;
use super::line::Line;
use crate::policy::yaml::node::At;
use crate::policy::yaml::step::Event;

/// The longest key, in bytes: YAML takes 1,024 characters, the colon included.
const LONGEST_KEY: usize = 1000;

/// A text of one line.
pub(super) struct Scalar<'t> {
    pub(super) text: Cow<'t, str>,
    pub(super) plain: bool,
    pub(super) at: At,
    /// The index at which it starts.
    pub(super) start: usize,
    /// The index behind it and the blanks after it.
    pub(super) next: usize,
}

impl<'t> Scalar<'t> {
    /// Reads the text that starts at an index, in `[…]` or `{…}` or not.
    pub(super) fn read(line: &Line<'t>, start: usize, in_flow: bool) -> Result<Self, Beyond> {
        let (text, end) = match line.byte(start) {
            Some(b'\'') => single_quoted(line, start)?,
            Some(b'"') => double_quoted(line, start)?,
            Some(first) if is_plain_start(line, start, first, in_flow) => {
                let end = plain_end(line, start, in_flow);
                let text = line.text(start, end)?.trim_end_matches(' ');
                (Cow::Borrowed(text), start + text.len())
            }
            Some(_) | None => return Err(Beyond),
        };
        Ok(Self {
            text,
            plain: !matches!(line.byte(start), Some(b'\'' | b'"')),
            at: line.at(start, end),
            start,
            next: line.skip_blanks(end),
        })
    }

    /// The colon behind it, if it is a key.
    pub(super) fn colon(&self, line: &Line<'t>) -> Option<usize> {
        let is_key = line.byte(self.next) == Some(b':')
            && line.is_gap(self.next + 1)
            && self.next - self.start < LONGEST_KEY;
        is_key.then_some(self.next)
    }

    /// The step that meets it.
    pub(super) fn event(self) -> (Event<'t>, At) {
        (Event::Scalar { text: self.text, plain: self.plain, anchor: 0 }, self.at)
    }
}

/// Whether this byte ends a text in `[…]` or `{…}`.
pub(super) fn is_flow(byte: u8) -> bool {
    matches!(byte, b',' | b'[' | b']' | b'{' | b'}')
}

/// Whether an unquoted text may start with this byte; more is refused than YAML refuses.
fn is_plain_start(line: &Line<'_>, start: usize, first: u8, in_flow: bool) -> bool {
    match first {
        b'-' => match line.byte(start + 1) {
            None | Some(b' ') => false,
            Some(second) => !(in_flow && is_flow(second)),
        },
        b' ' | b'?' | b':' | b'#' | b'&' | b'*' | b'!' | b'|' | b'>' | b'%' | b'@' | b'`' => false,
        first => !is_flow(first),
    }
}

/// The end of an unquoted text, which may have blanks before it: a colon before a gap, a `#`
/// behind a blank, what ends it in `[…]` or `{…}`, or the end of the line.
fn plain_end(line: &Line<'_>, start: usize, in_flow: bool) -> usize {
    let mut index = start;
    while let Some(found) = next_mark(line, index, in_flow) {
        let ends = match line.byte(found) {
            Some(b':') => {
                line.is_gap(found + 1) || (in_flow && line.byte(found + 1).is_some_and(is_flow))
            }
            Some(b'#') => found > start && line.byte(found - 1) == Some(b' '),
            Some(_) | None => true,
        };
        if ends {
            return found;
        }
        index = found + 1;
    }
    line.bytes().len()
}

/// The next byte that may end an unquoted text.
fn next_mark(line: &Line<'_>, start: usize, in_flow: bool) -> Option<usize> {
    let rest = line.bytes().get(start..)?;
    let found = if in_flow {
        rest.iter().position(|byte| matches!(byte, b':' | b'#') || is_flow(*byte))
    } else {
        memchr::memchr2(b':', b'#', rest)
    };
    found.map(|found| start + found)
}

/// The text in single quotes, and the index behind them; two in a row stand for one.
fn single_quoted<'t>(line: &Line<'t>, open: usize) -> Result<(Cow<'t, str>, usize), Beyond> {
    let bytes = line.bytes();
    let mut has_quote = false;
    let mut index = open + 1;
    loop {
        match (bytes.get(index), bytes.get(index + 1)) {
            (Some(b'\''), Some(b'\'')) => {
                has_quote = true;
                index += 2;
            }
            (Some(b'\''), _) => break,
            (Some(_), _) => index += 1,
            (None, _) => return Err(Beyond),
        }
    }
    let text = line.text(open + 1, index)?;
    let text = if has_quote { text.replace("''", "'").into() } else { Cow::Borrowed(text) };
    Ok((text, index + 1))
}

/// The text in double quotes, and the index behind them.
fn double_quoted<'t>(line: &Line<'t>, open: usize) -> Result<(Cow<'t, str>, usize), Beyond> {
    let bytes = line.bytes();
    let mut has_escape = false;
    let mut index = open + 1;
    loop {
        match bytes.get(index) {
            Some(b'\\') => {
                has_escape = true;
                index += 2;
            }
            Some(b'"') => break,
            Some(_) => index += 1,
            None => return Err(Beyond),
        }
    }
    let text = line.text(open + 1, index)?;
    let text = if has_escape { unescaped(text)?.into() } else { Cow::Borrowed(text) };
    Ok((text, index + 1))
}

/// The text without the escapes that are common.
fn unescaped(text: &str) -> Result<String, Beyond> {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(char) = chars.next() {
        plain.push(match char {
            '\\' => match chars.next() {
                Some(escaped @ ('\\' | '"' | '/')) => escaped,
                Some('n') => '\n',
                Some('t') => '\t',
                Some(_) | None => return Err(Beyond),
            },
            char => char,
        });
    }
    Ok(plain)
}
