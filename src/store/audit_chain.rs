//! The chain of the audit log: each row carries the hash of its content and of the hash before it.
//!
//! A row that was altered, taken out or put in breaks the chain; the head, which `meta` keeps,
//! tells when its end was cut off. Who can write the file can also write the whole chain anew:
//! whoever wants proof against that notes the head elsewhere, as `state verify` prints it.

use sha2::{Digest as _, Sha256};

use crate::domain::hex::hex;

/// The newest row of a chain.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Link {
    /// Its number.
    pub seq: i64,
    /// Its hash, in hexadecimal digits.
    pub hash: String,
}

/// Where a chain is broken.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Break {
    /// A row is not there.
    #[error("audit row {0} is missing")]
    Missing(i64),
    /// A row is not what was written.
    #[error("audit row {0} was altered")]
    Altered(i64),
    /// A row was put in behind the newest one that was written.
    #[error("audit row {0} was not written by this program")]
    Added(i64),
    /// One of the rows from before the chain is not what it was when the chain began.
    #[error("a row up to audit row {0}, from before rows were chained, was altered")]
    AlteredBefore(i64),
}

/// How many columns of a row its hash covers: all of the first version's.
pub(super) const COVERED: usize = 18;

/// A value that a hash covers, as every engine has it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Value<'a> {
    /// None.
    Null,
    /// A number.
    Integer(i64),
    /// A text.
    Text(&'a str),
}

impl<'a> Value<'a> {
    /// A text, if there is one.
    pub(super) fn optional(text: Option<&'a str>) -> Self {
        text.map_or(Self::Null, Self::Text)
    }

    /// Adds the value so that no two sequences of values are digested alike.
    fn add_to(self, content: &mut Vec<u8>) {
        let mut tagged = |tag: u8, bytes: &[u8]| {
            content.push(tag);
            content.extend(u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_be_bytes());
            content.extend_from_slice(bytes);
        };
        match self {
            Self::Null => tagged(b'n', &[]),
            Self::Integer(number) => tagged(b'i', &number.to_be_bytes()),
            Self::Text(text) => tagged(b't', text.as_bytes()),
        }
    }
}

/// Bytes that the content of almost every row fits in.
const CONTENT: usize = 1024;

impl Link {
    /// The head of a log without rows.
    pub(super) fn start() -> Self {
        Self { seq: 0, hash: String::new() }
    }

    /// The link of a row that follows this one.
    pub(super) fn next(&self, values: &mut dyn Iterator<Item = Value<'_>>) -> Self {
        let mut content = Vec::with_capacity(CONTENT);
        content.extend_from_slice(self.hash.as_bytes());
        for value in values {
            value.add_to(&mut content);
        }
        Self { seq: self.seq.saturating_add(1), hash: hex(&Sha256::digest(&content)) }
    }

    /// The head as text, as a state keeps it.
    pub(super) fn to_text(&self) -> String {
        let Self { seq, hash } = self;
        format!("{seq} {hash}")
    }

    /// Reads what [`Link::to_text`] wrote. A head that cannot be read is no head that any chain
    /// ends in.
    pub(super) fn parse(text: &str) -> Self {
        let (seq, hash) = text.split_once(' ').unwrap_or(("", text));
        Self { seq: seq.parse().unwrap_or(i64::MAX), hash: hash.to_owned() }
    }
}

/// Follows a chain from its beginning, row by row, and compares its end with the head.
#[derive(Debug)]
pub(super) struct Follower {
    /// The head that the state keeps; that of version 1 kept none.
    kept: Option<Link>,
    head: Link,
    /// The newest of the rows from before the chain.
    unchained: i64,
    broken: Option<Break>,
}

impl Follower {
    /// At the beginning of a chain that should end here.
    pub(super) fn new(kept: Option<Link>) -> Self {
        Self { kept, head: Link::start(), unchained: 0, broken: None }
    }

    /// Goes on to a row; whether the chain is whole up to it.
    pub(super) fn see(
        &mut self,
        seq: i64,
        values: &mut dyn Iterator<Item = Value<'_>>,
        hash: Option<&str>,
    ) -> bool {
        let Self { kept, head, unchained, broken } = self;
        let expected = head.seq.saturating_add(1);
        let next = head.next(values);
        let chained = kept.is_some() && (hash.is_some() || *unchained < head.seq);
        *broken = if seq != expected {
            Some(Break::Missing(expected))
        } else if kept.as_ref().is_some_and(|kept| seq > kept.seq) {
            Some(Break::Added(seq))
        } else if !chained {
            *unchained = seq;
            hash.map(|_without_head| Break::Altered(seq))
        } else if hash == Some(next.hash.as_str()) {
            None
        } else if *unchained > 0 && *unchained == head.seq {
            Some(Break::AlteredBefore(seq))
        } else {
            Some(Break::Altered(seq))
        };
        *head = next;
        broken.is_none()
    }

    /// The end of the chain, if it is whole.
    pub(super) fn end(self) -> Result<Link, Break> {
        let Self { kept, head, broken, .. } = self;
        match (broken, kept) {
            (Some(broken), _) => Err(broken),
            (None, Some(kept)) if kept.seq > head.seq => Err(Break::Missing(head.seq + 1)),
            (None, Some(kept)) if kept.hash != head.hash => Err(Break::Altered(head.seq)),
            (None, _) => Ok(head),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_rows_digest_alike() {
        let link = |values: [Value<'_>; 2]| Link::start().next(&mut values.into_iter()).hash;
        let text = Value::Text;
        assert_ne!(link([text("ab"), text("c")]), link([text("a"), text("bc")]));
        assert_ne!(link([Value::Null, text("")]), link([text(""), Value::Null]));
    }

    #[test]
    fn a_hash_is_what_it_always_was() {
        let link = Link { seq: 6, hash: "abc".to_owned() };
        let values = [Value::Integer(7), Value::Text("t"), Value::Null];
        let next = link.next(&mut values.into_iter());
        assert_eq!(
            next.to_text(),
            "7 9642724b49c84667bbd2780494ba52d08f298acfe2c9ee99d645e3d8f23901d6"
        );
    }
}
