//! From a text to its keys and values, and the comments that belong to them.

use super::super::problem::Problem;
use super::super::yaml::{At, Event, Piece, Pieces};
use super::flow;
use super::role::Role;
use super::tree::{Comment, Item, Lead, Pair, Syntax, Written};

/// A text while it is read.
pub(super) struct Parser<'t> {
    text: &'t str,
    pieces: Pieces<'t>,
    /// How far it was read, in bytes.
    at: usize,
}

/// Reads a text whose top is a mapping.
pub(super) fn parse(text: &str) -> Result<Syntax<'_>, Problem> {
    let mut parser = Parser { text, pieces: Pieces::new(text)?, at: 0 };
    while matches!(parser.pieces.peek().event, Event::DocumentStart) {
        parser.pieces.next()?;
    }
    let Piece { event, at, bytes } = parser.pieces.next()?;
    if event != (Event::MappingStart { anchor: 0 }) || !bytes.is_empty() {
        return Err(by_hand(at));
    }
    let value = parser.mapping(Role::Top)?;
    if parser.rest().trim().is_empty() { Ok(value) } else { Err(parser.by_hand()) }
}

impl<'t> Parser<'t> {
    /// The error of a text that is left to people from the next piece on.
    fn by_hand(&self) -> Problem {
        by_hand(self.pieces.peek().at)
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn rest_of_line(&self) -> &'t str {
        self.rest().split('\n').next().unwrap_or_default()
    }

    /// How many characters stand before this place on its line.
    fn column(&self) -> usize {
        column_of(self.text.get(..self.at).unwrap_or_default())
    }

    fn skip_spaces(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start_matches([' ', '\t']).len();
    }

    /// Comments and empty lines from here, as far as `belongs` takes the column of a comment.
    fn lines(&mut self, belongs: impl Fn(usize) -> bool) -> Lead<'t> {
        let mut lines = Vec::new();
        let mut at = self.at;
        if self.column() > 0 {
            if !self.rest_of_line().trim().is_empty() {
                return lines;
            }
            at += self.rest_of_line().len() + 1;
        }
        let (mut kept, mut end) = (0, self.at);
        while let Some(rest) = self.text.get(at..).filter(|rest| !rest.is_empty()) {
            let line = rest.split('\n').next().unwrap_or_default();
            let shown = line.trim();
            let is_comment = shown.starts_with('#') || shown == "---" || shown.starts_with("--- #");
            let is_ours = is_comment && belongs(line.len() - line.trim_start().len());
            if !shown.is_empty() && !is_ours {
                break;
            }
            at += line.len() + 1;
            if is_comment || lines.last().is_none_or(|last: &&str| !last.is_empty()) {
                lines.push(shown);
            }
            if is_comment {
                (kept, end) = (lines.len(), at);
            }
        }
        (self.at, kept) = if belongs(0) { (at, lines.len()) } else { (end, kept) };
        self.at = self.at.min(self.text.len());
        lines.truncate(kept);
        lines
    }

    /// What stands above what is read next.
    fn lead(&mut self) -> Lead<'t> {
        self.lines(|_column| true)
    }

    /// What stands below the last of several things that begin in this column.
    fn tail(&mut self, column: usize) -> Lead<'t> {
        if column == 0 {
            return self.lead();
        }
        self.lines(|other| other >= column)
    }

    /// The comment that ends this line, if nothing else does.
    fn comment(&mut self) -> Option<Comment<'t>> {
        let rest = self.rest_of_line();
        let text = rest.trim_start();
        let gap = rest.len() - text.len();
        let start = self.at + gap;
        let is_comment = text.starts_with('#') && gap > 0;
        if !text.is_empty() && !is_comment {
            return None;
        }
        self.at += rest.len();
        let column = column_of(self.text.get(..start).unwrap_or_default());
        is_comment.then(|| Comment { text: text.trim_end(), gap, column })
    }

    /// Goes to the value on this line, if there is one, past its anchor.
    fn anchor(&mut self) -> &'t str {
        let mut anchor = "";
        if self.rest_of_line().trim_start().starts_with('&') {
            self.skip_spaces();
            anchor = self.rest_of_line().split(char::is_whitespace).next().unwrap_or_default();
            self.at += anchor.len();
        }
        if !self.rest_of_line().trim_start().starts_with('#') {
            self.skip_spaces();
        }
        anchor
    }

    /// The keys of a mapping whose start was read.
    fn mapping(&mut self, role: Role) -> Result<Syntax<'t>, Problem> {
        let mut pairs: Vec<Pair<'t>> = Vec::new();
        while self.pieces.peek().event != Event::MappingEnd {
            let lead = self.lead();
            self.skip_spaces();
            let Piece { event, at, bytes } = self.pieces.next()?;
            let Event::Scalar { text: name, anchor: 0, .. } = event else {
                return Err(by_hand(at));
            };
            if bytes.start != self.at {
                return Err(by_hand(at));
            }
            let key = self.text.get(bytes.clone()).unwrap_or_default();
            let column = self.column();
            self.at = bytes.end;
            self.skip_spaces();
            if !self.rest().starts_with(':') {
                return Err(by_hand(at));
            }
            self.at += 1;
            let node = self.node(role.at_key(&name), column)?;
            pairs.push(Pair { lead, key, name: name.into_owned(), column, node });
        }
        self.pieces.next()?;
        let tail = self.tail(pairs.first().map_or(0, |pair| pair.column));
        Ok(Syntax::Mapping { pairs, tail })
    }

    /// The items of a list whose start was read, below something in this column.
    fn sequence(&mut self, role: Role, parent: usize) -> Result<Syntax<'t>, Problem> {
        let mut items: Vec<Item<'t>> = Vec::new();
        while self.pieces.peek().event != Event::SequenceEnd {
            let mut lead = self.lead();
            self.skip_spaces();
            if !self.rest().starts_with('-') {
                return Err(self.by_hand());
            }
            let column = self.column();
            self.at += 1;
            let mut node = self.node(role.item(), column)?;
            if let Syntax::Mapping { .. } = node.value {
                lead.extend(node.comment.take().map(|comment| comment.text));
            }
            items.push(Item { lead, column, node });
        }
        self.pieces.next()?;
        let tail = self.tail(items.first().map_or(0, |item| item.column).max(parent + 1));
        Ok(Syntax::Sequence { items, tail })
    }

    /// What stands behind a colon or a dash, of something in this column.
    fn node(&mut self, role: Role, column: usize) -> Result<Written<'t>, Problem> {
        let anchor = self.anchor();
        let comment = self.comment();
        let is_block = self.pieces.peek().bytes.is_empty();
        let value = match self.pieces.peek().event {
            Event::MappingStart { .. } if is_block => {
                self.pieces.next()?;
                self.mapping(role)?
            }
            Event::SequenceStart { .. } if is_block => {
                self.pieces.next()?;
                self.sequence(role, column)?
            }
            _ => return self.text(role, anchor, comment),
        };
        Ok(Written { anchor, value, comment })
    }

    /// A value that begins on the line of its colon or dash, or could.
    fn text(
        &mut self,
        role: Role,
        anchor: &'t str,
        mut comment: Option<Comment<'t>>,
    ) -> Result<Written<'t>, Problem> {
        let piece = self.pieces.next()?;
        let (at, end) = (piece.at, piece.bytes.end);
        let is_plain = matches!(piece.event, Event::Scalar { plain: true, .. });
        let is_nothing = piece.bytes.is_empty() && is_plain;
        if is_nothing {
            return Ok(Written { anchor, value: Syntax::Text(String::new()), comment });
        }
        if self.rest_of_line().trim().is_empty() {
            let stands_between = self.lead().iter().any(|line| !line.is_empty());
            self.skip_spaces();
            if stands_between || comment.is_some() {
                return Err(by_hand(at));
            }
        }
        let is_text = matches!(piece.event, Event::Scalar { .. });
        let has_header = is_text && !is_plain && self.rest().starts_with(['|', '>']);
        if !has_header && piece.bytes.start != self.at {
            return Err(by_hand(at));
        }
        let start = self.at;
        let (value, end) = if has_header {
            let end = self.end_of_block(start, end);
            (self.text.get(start..end).unwrap_or_default().to_owned(), end)
        } else {
            flow::read(self.text, piece, &mut self.pieces, role)?
        };
        self.at = end;
        comment = self.comment();
        Ok(Written { anchor, value: Syntax::Text(value), comment })
    }

    /// Where a text in block style ends: behind its last line that is not empty.
    fn end_of_block(&self, start: usize, end: usize) -> usize {
        let block = self.text.get(start..end).unwrap_or_default();
        let keeps = block.lines().next().is_some_and(|header| header.contains('+'));
        let filled = block.trim_end();
        if keeps {
            return start + block.trim_end_matches(' ').trim_end_matches('\n').len();
        }
        let rest = block.get(filled.len()..).unwrap_or_default();
        start + filled.len() + rest.find('\n').unwrap_or(rest.len())
    }
}

/// The error of a text that is left to people from this place on.
fn by_hand(at: At) -> Problem {
    Problem::new("not-formatted", at, "this is left as it is")
        .help("`fmt` knows plain keys, lists and mappings: lay this file out by hand")
}

/// How many characters stand on the last line of a text.
fn column_of(before: &str) -> usize {
    before.rsplit('\n').next().unwrap_or_default().chars().count()
}
