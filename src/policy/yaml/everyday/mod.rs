//! Steps through everyday YAML: what people and programs write in policies.
//!
//! A parser for all of YAML took half of the time of a cold plan of 100,000 entries (0.6 of 1.24
//! CPU s). Almost every policy gets by with mappings and lists by indentation, texts of one line
//! with or without quotes, `[…]` and `{…}` within a line, and comments; a scanner for that alone
//! takes 0.1 s (both measured 2026-11-22). It knows nothing of anchors, aliases, tags, directives,
//! document markers, `?`, texts of several lines, tabs before a comment, or of anything that is
//! wrong: there it says [`Beyond`], and the parser takes over.
//! So it may refuse whatever it likes, but what it does not refuse it must read in the very same
//! way: the same steps with the same places. The tests hold it to that.

use std::collections::VecDeque;

use super::node::At;
use super::step::{Event, Step};

mod block;
#[cfg(test)]
mod edges;
mod flow;
mod line;
mod scalar;
#[cfg(test)]
mod tests;

use block::Open;
use line::{Line, Lines};

/// The text goes beyond everyday YAML.
#[derive(Debug)]
pub(super) struct Beyond;

/// Steps through everyday YAML.
pub(super) struct Everyday<'t> {
    lines: Lines<'t>,
    /// The lists and mappings by indentation that the next line may go on with.
    open: Vec<Open>,
    /// The colon after which nothing stands so far; the value may stand below.
    missing: Option<At>,
    /// Steps that were scanned and not given out yet.
    steps: VecDeque<Step<'t>>,
    /// How many of them, at the back, are of the last line with content. A parser that looks
    /// ahead finds what is wrong with the next line before it gives these out, so they wait until
    /// that line was scanned.
    held: usize,
    is_at_end: bool,
}

impl<'t> Everyday<'t> {
    /// Starts at the start of a text.
    pub(super) fn new(text: &'t str) -> Self {
        Self {
            lines: Lines::of(text),
            open: Vec::new(),
            missing: None,
            steps: VecDeque::new(),
            held: 0,
            is_at_end: false,
        }
    }

    /// The next step. Once the text turns out to go beyond, it must not be asked again.
    #[inline]
    pub(super) fn step(&mut self) -> Result<Step<'t>, Beyond> {
        while self.steps.len() <= self.held && !self.is_at_end {
            self.scan()?;
        }
        Ok(self.steps.pop_front().unwrap_or(Step::end(Event::StreamEnd)))
    }

    /// Scans a line, or finds that there is none.
    fn scan(&mut self) -> Result<(), Beyond> {
        let waiting = self.steps.len();
        let Some(line) = self.lines.next() else {
            self.close_all()?;
            self.held = 0;
            self.is_at_end = true;
            return Ok(());
        };
        self.line(&line)?;
        let added = self.steps.len() - waiting;
        if added > 0 {
            self.held = added;
        }
        Ok(())
    }

    fn push(&mut self, event: Event<'t>, at: At) {
        self.steps.push_back(Step { event, at });
    }

    fn line(&mut self, line: &Line<'t>) -> Result<(), Beyond> {
        if line.is_too_long() {
            return Err(Beyond);
        }
        let start = line.skip_blanks(0);
        match line.byte(start) {
            None | Some(b'#') => line.ends_at(start),
            Some(_) => self.content(line, start),
        }
    }
}
