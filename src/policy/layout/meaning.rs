//! What a text says, whatever its layout: so that it can be seen that a new one says the same.

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};

use super::super::plain::{Plain, classify};
use super::super::problem::Problem;
use super::super::yaml::{Event, Key, List, Node, Pieces, Reader, Root, Value};

/// What a text says: the digests of the values of each key at its top, and its comments.
#[derive(PartialEq, Eq, Debug)]
pub(super) struct Meaning {
    keys: BTreeMap<String, Vec<[u8; 32]>>,
    comments: Vec<String>,
}

/// What a text says; whatever the order of its entries if they are sorted.
pub(super) fn of(text: &str, sorted: bool) -> Result<Meaning, Problem> {
    let mut reader = Reader::new(text);
    let mut keys = BTreeMap::new();
    if let Root::Mapping = reader.enter()? {
        while let Some(Key { at, text }) = reader.key()? {
            let mut values = Vec::new();
            match reader.list(at)? {
                List::Other(node) => values.push(digest(&node)),
                List::Entered => {
                    while let Some(item) = reader.item()? {
                        values.push(digest(&item));
                    }
                }
            }
            if sorted {
                values.sort_unstable();
            }
            keys.insert(text.into_owned(), values);
        }
    }
    reader.finish()?;
    match reader.take_problems().into_iter().next() {
        Some(problem) => Err(problem),
        None => Ok(Meaning { keys, comments: comments(text)? }),
    }
}

fn digest(node: &Node<'_>) -> [u8; 32] {
    let mut digest = Sha256::new();
    let mut put = |kind: &str, text: &str| {
        digest.update(kind);
        digest.update(text.len().to_le_bytes());
        digest.update(text);
    };
    match &node.value {
        // An id means the same in quotes, a number or a time does not.
        Value::Scalar { text, plain } => {
            let is_text = !plain || matches!(classify(text), Plain::Text | Plain::Integer);
            put(if is_text { "text" } else { "plain" }, text);
        }
        Value::Sequence(items) => {
            put("list", "");
            for item in items {
                digest.update(self::digest(item));
            }
        }
        Value::Mapping(pairs) => {
            put("mapping", "");
            let mut pairs: Vec<_> = pairs.iter().collect();
            pairs.sort_by(|(a, _), (b, _)| a.text.cmp(&b.text));
            for (key, value) in pairs {
                digest.update(key.text.len().to_le_bytes());
                digest.update(key.text.as_bytes());
                digest.update(self::digest(value));
            }
        }
        Value::Broken => put("broken", ""),
    }
    digest.finalize().into()
}

/// The comments of a text, sorted: what stands behind a `#` where no value stands.
fn comments(text: &str) -> Result<Vec<String>, Problem> {
    let mut pieces = Pieces::new(text)?;
    let mut comments = Vec::new();
    let mut at = 0;
    loop {
        let piece = pieces.next()?;
        let is_end = piece.event == Event::StreamEnd;
        let end = if is_end { text.len() } else { piece.bytes.start.max(at) };
        let between = text.get(at..end).unwrap_or_default();
        for line in between.lines() {
            let comment = line.find('#').and_then(|start| line.get(start..));
            comments.extend(comment.map(|comment| comment.trim_end().to_owned()));
        }
        if is_end {
            comments.sort_unstable();
            return Ok(comments);
        }
        at = end.max(piece.bytes.end);
    }
}
