//! A YAML tree in which everything knows where it stands.

use std::borrow::Cow;

/// A place in one file.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Debug)]
pub(super) struct At {
    /// The line, from 1.
    pub(super) line: u32,
    /// The column, from 1, in characters.
    pub(super) column: u32,
    /// The offset of its first byte.
    pub(super) offset: u32,
    /// Its length in characters, as far as it goes on this line; 0 where it has none of its own.
    pub(super) length: u32,
}

/// A value and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Node<'t> {
    pub(super) at: At,
    pub(super) value: Value<'t>,
}

/// A value: what YAML can say without tags.
#[derive(Clone, Debug)]
pub(super) enum Value<'t> {
    /// A text, and whether it was written without quotes.
    Scalar { text: Cow<'t, str>, plain: bool },
    /// A list.
    Sequence(Vec<Node<'t>>),
    /// Keys and values, each key once.
    Mapping(Vec<(Key<'t>, Node<'t>)>),
    /// Something that was reported already and should not be reported again.
    Broken,
}

/// A key of a mapping.
#[derive(Clone, Debug)]
pub(super) struct Key<'t> {
    pub(super) at: At,
    pub(super) text: Cow<'t, str>,
}

impl Node<'_> {
    /// What the value is, in the words of a message.
    pub(super) fn describe(&self) -> &'static str {
        match &self.value {
            Value::Scalar { text, plain: true } if text.is_empty() || text == "~" => "nothing",
            Value::Scalar { .. } => "a single value",
            Value::Sequence(_) => "a list",
            Value::Mapping(_) => "a mapping",
            Value::Broken => "something unreadable",
        }
    }
}
