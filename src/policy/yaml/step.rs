//! One step of the way through a document, whoever scans it.

use std::borrow::Cow;
use std::ops::Range;

use super::node::At;

/// A step, and where it stands in the text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Step<'t> {
    pub(super) event: Event<'t>,
    /// Where it starts; nothing is ever said about the place of an end.
    pub(super) at: At,
}

/// A step, and the bytes that it takes in the text. A list or mapping in block style starts with
/// none, and the bytes of a text in block style are without its header.
#[derive(Clone, Debug)]
pub(in crate::policy) struct Piece<'t> {
    pub(in crate::policy) event: Event<'t>,
    pub(in crate::policy) at: At,
    pub(in crate::policy) bytes: Range<usize>,
}

/// The number of an anchor, from 1; 0 stands for none.
pub(in crate::policy) type Anchor = u32;

/// What a step meets.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::policy) enum Event<'t> {
    DocumentStart,
    DocumentEnd,
    StreamEnd,
    MappingStart {
        anchor: Anchor,
    },
    MappingEnd,
    SequenceStart {
        anchor: Anchor,
    },
    SequenceEnd,
    /// A text, and whether it was written without quotes. Where nothing is written, the text is
    /// `~` and has no length.
    Scalar {
        text: Cow<'t, str>,
        plain: bool,
        anchor: Anchor,
    },
    Alias(Anchor),
    /// An alias whose anchor does not stand before it.
    UnresolvedAlias(Cow<'t, str>),
}

impl<'t> Step<'t> {
    /// The end of something.
    pub(super) fn end(event: Event<'t>) -> Self {
        Self { event, at: At::default() }
    }
}

impl Event<'_> {
    /// Whether this opens a list or mapping.
    pub(in crate::policy) fn is_start(&self) -> bool {
        matches!(self, Self::SequenceStart { .. } | Self::MappingStart { .. })
    }
}
