//! Lists and mappings by indentation.

use std::borrow::Cow;

use super::line::Line;
use super::scalar::Scalar;
use super::{Beyond, Everyday};
use crate::policy::yaml::node::At;
use crate::policy::yaml::step::{Event, Step};

/// How many lists and mappings may be open at once; the reader takes fewer.
const DEEPEST: usize = 64;

/// A list or mapping that is open, and the column in which its items or keys start.
pub(super) enum Open {
    List(usize),
    Mapping(usize),
}

impl Open {
    fn column(&self) -> usize {
        match self {
            Self::List(column) | Self::Mapping(column) => *column,
        }
    }
}

impl<'t> Everyday<'t> {
    /// Reads a line that has content, which starts at an index.
    pub(super) fn content(&mut self, line: &Line<'t>, start: usize) -> Result<(), Beyond> {
        let is_item = line.byte(start) == Some(b'-') && line.is_gap(start + 1);
        if start == 0 && [b"---", b"..."].iter().any(|marker| line.bytes().starts_with(*marker)) {
            return Err(Beyond);
        }
        let first = if is_item { line.skip_blanks(start + 1) } else { start };
        self.settle(line, start, is_item)?;
        if !is_item {
            let key = Scalar::read(line, first, false)?;
            return self.pair(line, key);
        }
        if let Some(b'[' | b'{') = line.byte(first) {
            let end = self.flow(line, first, 1)?;
            return line.ends_at(end);
        }
        let item = Scalar::read(line, first, false)?;
        if item.colon(line).is_some() {
            self.open(Open::Mapping(first), line.at(first, first))?;
            return self.pair(line, item);
        }
        self.scalar(line, item)
    }

    /// Closes what a line that starts in this column does not go on with, and opens what it
    /// starts.
    fn settle(&mut self, line: &Line<'t>, column: usize, is_item: bool) -> Result<(), Beyond> {
        let outer = self.open.last().map(Open::column);
        if let Some(colon) = self.missing.take() {
            if is_item && outer.is_none_or(|outer| column >= outer) {
                // A list that is not indented has no start of its own: its first item has one.
                let start =
                    if outer == Some(column) { line.skip_blanks(column + 1) } else { column };
                return self.open(Open::List(column), line.at(start, start));
            }
            if !is_item && outer.is_none_or(|outer| column > outer) {
                return self.open(Open::Mapping(column), line.at(column, column));
            }
            let text = Cow::Borrowed("~");
            self.push(Event::Scalar { text, plain: true, anchor: 0 }, colon);
        } else if outer.is_none() {
            if column > 0 || is_item {
                return Err(Beyond);
            }
            self.push(Event::DocumentStart, line.at(0, 0));
            return self.open(Open::Mapping(0), line.at(0, 0));
        }
        while self.open.last().is_some_and(|open| open.column() > column) {
            self.close();
        }
        // Below the items of a list that is not indented, the mapping goes on in their column.
        if !is_item && matches!(self.open.last(), Some(Open::List(_))) {
            self.close();
        }
        match self.open.last() {
            Some(Open::List(list)) if is_item && *list == column => Ok(()),
            Some(Open::Mapping(mapping)) if !is_item && *mapping == column => Ok(()),
            Some(Open::List(_) | Open::Mapping(_)) | None => Err(Beyond),
        }
    }

    /// Reads the rest of a line that starts with a key.
    fn pair(&mut self, line: &Line<'t>, key: Scalar<'t>) -> Result<(), Beyond> {
        let colon = key.colon(line).ok_or(Beyond)?;
        let (event, at) = key.event();
        self.push(event, at);
        let start = line.skip_blanks(colon + 1);
        match line.byte(start) {
            None | Some(b'#') => {
                self.missing = Some(line.at(colon, colon));
                line.ends_at(start)
            }
            Some(b'[' | b'{') => {
                let end = self.flow(line, start, 1)?;
                line.ends_at(end)
            }
            Some(_) => {
                let value = Scalar::read(line, start, false)?;
                self.scalar(line, value)
            }
        }
    }

    /// Takes a text that ends its line.
    fn scalar(&mut self, line: &Line<'t>, scalar: Scalar<'t>) -> Result<(), Beyond> {
        let end = scalar.next;
        let (event, at) = scalar.event();
        self.push(event, at);
        line.ends_at(end)
    }

    fn open(&mut self, open: Open, at: At) -> Result<(), Beyond> {
        if self.open.len() >= DEEPEST {
            return Err(Beyond);
        }
        let event = match open {
            Open::List(_) => Event::SequenceStart { anchor: 0 },
            Open::Mapping(_) => Event::MappingStart { anchor: 0 },
        };
        self.open.push(open);
        self.push(event, at);
        Ok(())
    }

    fn close(&mut self) {
        let event = match self.open.pop() {
            Some(Open::List(_)) => Event::SequenceEnd,
            Some(Open::Mapping(_)) => Event::MappingEnd,
            None => return,
        };
        self.steps.push_back(Step::end(event));
    }

    /// Closes everything at the end of the text; one without content goes beyond.
    pub(super) fn close_all(&mut self) -> Result<(), Beyond> {
        if self.open.is_empty() {
            return Err(Beyond);
        }
        if let Some(colon) = self.missing.take() {
            let text = Cow::Borrowed("~");
            self.push(Event::Scalar { text, plain: true, anchor: 0 }, colon);
        }
        while !self.open.is_empty() {
            self.close();
        }
        self.steps.extend([Event::DocumentEnd, Event::StreamEnd].map(Step::end));
        Ok(())
    }
}
