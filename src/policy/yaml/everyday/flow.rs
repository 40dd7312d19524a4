//! `[…]` and `{…}` within one line.

use super::line::Line;
use super::scalar::Scalar;
use super::{Beyond, Everyday};
use crate::policy::yaml::step::{Event, Step};

/// How deep they may stand in each other.
const DEEPEST: usize = 8;

impl<'t> Everyday<'t> {
    /// Reads a list or mapping in brackets, and says at which index it ends.
    pub(super) fn flow(
        &mut self,
        line: &Line<'t>,
        open: usize,
        depth: usize,
    ) -> Result<usize, Beyond> {
        let is_mapping = line.byte(open) == Some(b'{');
        let (start, end, close) = if is_mapping {
            (Event::MappingStart { anchor: 0 }, Event::MappingEnd, b'}')
        } else {
            (Event::SequenceStart { anchor: 0 }, Event::SequenceEnd, b']')
        };
        if depth > DEEPEST {
            return Err(Beyond);
        }
        self.push(start, line.at(open, open + 1));
        let mut index = line.skip_blanks(open + 1);
        while line.byte(index) != Some(close) {
            if is_mapping {
                index = self.flow_key(line, index)?;
            }
            index = self.flow_value(line, index, depth)?;
            match line.byte(index) {
                Some(b',') => index = line.skip_blanks(index + 1),
                Some(byte) if byte == close => {}
                Some(_) | None => return Err(Beyond),
            }
        }
        self.steps.push_back(Step::end(end));
        Ok(index + 1)
    }

    /// Reads a key, and says at which index its value starts.
    fn flow_key(&mut self, line: &Line<'t>, start: usize) -> Result<usize, Beyond> {
        let key = Scalar::read(line, start, true)?;
        let colon = key.colon(line).ok_or(Beyond)?;
        let (event, at) = key.event();
        self.push(event, at);
        Ok(line.skip_blanks(colon + 1))
    }

    /// Reads a value, and says at which index the next thing starts.
    fn flow_value(&mut self, line: &Line<'t>, start: usize, depth: usize) -> Result<usize, Beyond> {
        if let Some(b'[' | b'{') = line.byte(start) {
            let end = self.flow(line, start, depth + 1)?;
            return Ok(line.skip_blanks(end));
        }
        let value = Scalar::read(line, start, true)?;
        let next = value.next;
        let (event, at) = value.event();
        self.push(event, at);
        Ok(next)
    }
}
