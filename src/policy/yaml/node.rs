//! A YAML tree in which everything knows where it stands.

use std::borrow::Cow;

/// A place in one file.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Debug)]
pub(in crate::policy) struct At {
    /// The line, from 1.
    pub(in crate::policy) line: u32,
    /// The column, from 1, in characters.
    pub(in crate::policy) column: u32,
    /// The offset of its first byte.
    pub(in crate::policy) offset: u32,
    /// Its length in characters, as far as it goes on this line; 0 where it has none of its own.
    pub(in crate::policy) length: u32,
}

/// A value and where it stands.
#[derive(Clone, Debug)]
pub(in crate::policy) struct Node<'t> {
    pub(in crate::policy) at: At,
    pub(in crate::policy) value: Value<'t>,
}

/// A value: what YAML can say without tags.
#[derive(Clone, Debug)]
pub(in crate::policy) enum Value<'t> {
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
pub(in crate::policy) struct Key<'t> {
    pub(in crate::policy) at: At,
    pub(in crate::policy) text: Cow<'t, str>,
}

impl Node<'_> {
    /// What the value is, in the words of a message.
    pub(in crate::policy) fn describe(&self) -> &'static str {
        match &self.value {
            Value::Scalar { text, plain: true } if text.is_empty() => "nothing",
            Value::Scalar { .. } => "a single value",
            Value::Sequence(_) => "a list",
            Value::Mapping(_) => "a mapping",
            Value::Broken => "something unreadable",
        }
    }
}
