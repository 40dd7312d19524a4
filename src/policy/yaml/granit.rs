//! Steps through any YAML: the only file that knows the parser behind it.

use granit_parser::{Event as Parsed, Marker, Parser, ScalarStyle, Span, StrInput};

use super::node::At;
use super::place::{marked, position, syntax};
use super::step::{Anchor, Event, Piece, Step};
use crate::policy::problem::Problem;

/// Steps through any YAML.
pub(super) struct Granit<'t>(Parser<'t, StrInput<'t>>);

impl<'t> Granit<'t> {
    /// Starts at the start of a text.
    pub(super) fn new(text: &'t str) -> Self {
        let options = granit_parser::options! {
            emit_unresolved_aliases: true,
            disallow_directives: true,
        };
        Self(Parser::new_from_str_with_options(text, options))
    }

    /// The next step; a tag on the way is reported and left out.
    pub(super) fn step(&mut self, problems: &mut Vec<Problem>) -> Result<Step<'t>, Problem> {
        let (event, span) = self.next(problems)?;
        let at = if is_end(&event) { At::default() } else { position(&span) };
        Ok(Step { event, at })
    }

    /// The next step, and the bytes that it takes.
    pub(super) fn piece(&mut self, problems: &mut Vec<Problem>) -> Result<Piece<'t>, Problem> {
        let (event, span) = self.next(problems)?;
        let byte = |marker: &Marker| marker.byte_offset().unwrap_or_default();
        let bytes = byte(&span.start)..byte(&span.end);
        Ok(Piece { event, at: position(&span), bytes })
    }

    fn next(&mut self, problems: &mut Vec<Problem>) -> Result<(Event<'t>, Span), Problem> {
        loop {
            let (event, span) = match self.0.next_event() {
                None => return Ok((Event::StreamEnd, Span::default())),
                Some(Ok(parsed)) => parsed,
                Some(Err(error)) => return Err(syntax(&error)),
            };
            if let Some(tag) = span.tag_start {
                problems.push(
                    Problem::new("tag", marked(&tag, 1), "tags are not taken")
                        .help("leave the tag out; quote a value to make it text"),
                );
            }
            let is_tagged = span.tag_start.is_some();
            if let Some(event) = in_our_words(event, is_tagged, position(&span))? {
                return Ok((event, span));
            }
        }
    }
}

/// An event in our words; `None` for one that says nothing.
fn in_our_words(event: Parsed<'_>, is_tagged: bool, at: At) -> Result<Option<Event<'_>>, Problem> {
    let event = match event {
        Parsed::StreamStart | Parsed::Anchor(..) => return Ok(None),
        Parsed::StreamEnd => Event::StreamEnd,
        Parsed::DocumentStart(..) => Event::DocumentStart,
        Parsed::DocumentEnd => Event::DocumentEnd,
        Parsed::Alias(anchor) => Event::Alias(number(anchor)),
        Parsed::UnresolvedAlias(name) => Event::UnresolvedAlias(name),
        // With a tag as if quoted, so that a refused tag brings no second error about the value.
        Parsed::Scalar(text, style, anchor, _) => {
            let plain = style == ScalarStyle::Plain && !is_tagged;
            Event::Scalar { text, plain, anchor: number(anchor) }
        }
        Parsed::SequenceStart(_, anchor, _) => Event::SequenceStart { anchor: number(anchor) },
        Parsed::SequenceEnd => Event::SequenceEnd,
        Parsed::MappingStart(_, anchor, _) => Event::MappingStart { anchor: number(anchor) },
        Parsed::MappingEnd => Event::MappingEnd,
        _ => return Err(Problem::new("yaml-syntax", at, "a value was expected here")),
    };
    Ok(Some(event))
}

/// A file is far too short for more anchors than fit.
fn number(anchor: usize) -> Anchor {
    Anchor::try_from(anchor).unwrap_or(Anchor::MAX)
}

fn is_end(event: &Event<'_>) -> bool {
    matches!(event, Event::MappingEnd | Event::SequenceEnd | Event::DocumentEnd | Event::StreamEnd)
}
