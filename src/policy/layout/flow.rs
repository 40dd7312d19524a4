//! Values that begin on the line of their colon or dash: texts, aliases, and what stands in
//! brackets or braces.

use std::fmt::Write as _;
use std::ops::Range;

use super::super::plain::{Plain, classify};
use super::super::problem::Problem;
use super::super::yaml::{Event, Piece, Pieces};
use super::role::Role;
use crate::domain::yaml::{quoted, scalar};

/// A value.
enum Flow {
    /// A text or an alias, as it is to be written.
    Text(Range<usize>, String),
    /// Something in brackets.
    Sequence(Vec<Self>),
    /// Something in braces: its keys as they are written, with their ranks.
    Mapping(Vec<(usize, Range<usize>, Self)>),
}

/// Reads the value that starts with this piece: as it is to be written, and where it ended. What
/// stands on one line is set anew, and its keys in their order; else only ids are.
pub(super) fn read<'t>(
    text: &'t str,
    first: Piece<'t>,
    pieces: &mut Pieces<'t>,
    role: Role,
) -> Result<(String, usize), Problem> {
    let mut reading = Reading { text, pieces, last: first.bytes.clone(), is_usual: true };
    let start = first.bytes.start;
    let flow = reading.value(first, role)?;
    let Reading { last, is_usual, .. } = reading;
    let written = text.get(start..last.end).unwrap_or_default();
    let set = if is_usual && !written.contains('\n') {
        let mut set = String::new();
        flow.write(text, &mut set);
        set
    } else {
        flow.put_into(text, start..last.end)
    };
    Ok((set, last.end))
}

struct Reading<'p, 't> {
    text: &'t str,
    pieces: &'p mut Pieces<'t>,
    /// Where the last piece stood.
    last: Range<usize>,
    /// Whether between the pieces there was nothing but space, commas and colons.
    is_usual: bool,
}

impl<'t> Reading<'_, 't> {
    fn take(&mut self) -> Result<Piece<'t>, Problem> {
        let piece = self.pieces.next()?;
        let is_usual = |char: char| char.is_whitespace() || char == ',' || char == ':';
        let between = self.text.get(self.last.end..piece.bytes.start);
        self.is_usual &= between.is_some_and(|between| between.chars().all(is_usual));
        self.last = piece.bytes.clone();
        Ok(piece)
    }

    fn value(&mut self, first: Piece<'t>, role: Role) -> Result<Flow, Problem> {
        let Piece { event, at: _, bytes } = first;
        let written = self.text.get(bytes.clone()).unwrap_or_default();
        match event {
            Event::SequenceStart { .. } => {
                let mut items = Vec::new();
                loop {
                    let piece = self.take()?;
                    if piece.event == Event::SequenceEnd {
                        return Ok(Flow::Sequence(items));
                    }
                    items.push(self.value(piece, role.item())?);
                }
            }
            Event::MappingStart { .. } => {
                // A pair without braces, as brackets may hold it.
                self.is_usual &= !bytes.is_empty();
                let mut pairs = Vec::new();
                loop {
                    let key = self.take()?;
                    if key.event == Event::MappingEnd {
                        return Ok(Flow::Mapping(pairs));
                    }
                    let name = match &key.event {
                        Event::Scalar { text, .. } => text.clone().into_owned(),
                        _ => String::new(),
                    };
                    let value = self.take()?;
                    let value = self.value(value, role.at_key(&name))?;
                    pairs.push((role.rank(&name), key.bytes, value));
                }
            }
            Event::Scalar { text, plain, .. } if role == Role::Ids => {
                Ok(Flow::Text(bytes, id(written, &text, plain)))
            }
            _ => Ok(Flow::Text(bytes, written.to_owned())),
        }
    }
}

/// An id as it is to be written: in quotes where some reader takes it for a number or a word with a
/// meaning. What could be two things, and is refused, is left for people.
fn id(written: &str, text: &str, plain: bool) -> String {
    let is_word = || text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
    match (plain, classify(text)) {
        (true, Plain::Integer) => quoted(text),
        (true, Plain::Text) if is_word() => scalar(text),
        (false, _) if written.starts_with('\'') => quoted(text),
        _ => written.to_owned(),
    }
}

impl Flow {
    /// Writes it on one line.
    fn write(self, text: &str, set: &mut String) {
        match self {
            Self::Text(_, written) => set.push_str(&written),
            Self::Sequence(items) => {
                set.push('[');
                for (index, item) in items.into_iter().enumerate() {
                    set.push_str(if index == 0 { "" } else { ", " });
                    item.write(text, set);
                }
                set.push(']');
            }
            Self::Mapping(pairs) if pairs.is_empty() => set.push_str("{}"),
            Self::Mapping(mut pairs) => {
                pairs.sort_by_key(|(rank, ..)| *rank);
                for (index, (_, key, value)) in pairs.into_iter().enumerate() {
                    let lead = if index == 0 { "{" } else { "," };
                    let key = text.get(key).unwrap_or_default();
                    // Writing to a string cannot fail.
                    let _written = write!(set, "{lead} {key}: ");
                    value.write(text, set);
                }
                set.push_str(" }");
            }
        }
    }

    /// The text in these bytes, with each text in it as it is to be written.
    fn put_into(self, text: &str, bytes: Range<usize>) -> String {
        let mut texts = Vec::new();
        self.texts(&mut texts);
        let (mut set, mut at) = (String::new(), bytes.start);
        for (place, written) in texts {
            set.push_str(text.get(at..place.start).unwrap_or_default());
            set.push_str(&written);
            at = place.end;
        }
        set.push_str(text.get(at..bytes.end).unwrap_or_default());
        set
    }

    fn texts(self, texts: &mut Vec<(Range<usize>, String)>) {
        match self {
            Self::Text(place, written) => texts.push((place, written)),
            Self::Sequence(items) => {
                for item in items {
                    item.texts(texts);
                }
            }
            Self::Mapping(pairs) => {
                for (_, _, value) in pairs {
                    value.texts(texts);
                }
            }
        }
    }
}
