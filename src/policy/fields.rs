//! A mapping with known keys.

use std::fmt;

use super::problem::{Problem, Reporter, quote};
use super::scalar;
use super::suggest::did_you_mean;
use super::yaml::{At, Key, Node, Value};

/// A mapping whose unknown keys have been reported.
#[derive(Clone, Copy)]
pub(super) struct Fields<'n, 't> {
    /// Where the mapping starts.
    pub(super) at: At,
    /// Whether it has a key that means nothing.
    pub(super) has_unknown: bool,
    pairs: &'n [(Key<'t>, Node<'t>)],
}

impl<'n, 't> Fields<'n, 't> {
    /// Looks at a node as a mapping that may have these keys.
    pub(super) fn open(
        node: &'n Node<'t>,
        what: impl fmt::Display,
        known: &[&str],
        reporter: &mut Reporter<'_>,
    ) -> Option<Self> {
        let Value::Mapping(pairs) = &node.value else {
            return scalar::wrong(node, what, "a mapping", reporter);
        };
        let mut has_unknown = false;
        for (key, _) in pairs {
            if !known.contains(&&*key.text) {
                reporter.push(unknown_key(key, &what, known));
                has_unknown = true;
            }
        }
        Some(Self { at: node.at, has_unknown, pairs })
    }

    /// The value at a key.
    pub(super) fn get(&self, name: &str) -> Option<&'n Node<'t>> {
        self.pair(name).map(|(_, value)| value)
    }

    /// A key and its value.
    pub(super) fn pair(&self, name: &str) -> Option<&'n (Key<'t>, Node<'t>)> {
        self.pairs.iter().find(|(key, _)| key.text == name)
    }

    /// The text at a key, if the key is there and its value is text.
    pub(super) fn text(&self, name: &str, reporter: &mut Reporter<'_>) -> Option<&'n str> {
        scalar::read_text(self.get(name)?, format_args!("`{name}`"), reporter)
    }
}

/// The error of a key that means nothing where it stands.
pub(super) fn unknown_key(key: &Key<'_>, what: impl fmt::Display, known: &[&str]) -> Problem {
    let help = match &*key.text {
        "streams" | "streams_from" if known.contains(&"users") => {
            "streams are listed in an entry of `forbidden_streams`".to_owned()
        }
        "users" | "users_from" | "devices" | "devices_from" | "ips" | "room" | "deny" | "wide"
            if known.contains(&"streams") =>
        {
            "people are kept out by an entry of `bans`".to_owned()
        }
        "<<" => "merge keys are not taken: repeat what should be merged".to_owned(),
        text => did_you_mean(text, known),
    };
    Problem::new("unknown-key", key.at, format!("{what} has no key {}", quote(&key.text)))
        .help(help)
}

/// The items of a list; an empty one is an error.
pub(super) fn items<'n, 't>(
    node: &'n Node<'t>,
    what: impl fmt::Display,
    reporter: &mut Reporter<'_>,
) -> Option<&'n [Node<'t>]> {
    match &node.value {
        Value::Sequence(items) if items.is_empty() => {
            reporter.push(
                Problem::new("empty-list", node.at, format!("{what} is an empty list"))
                    .help("name at least one, or leave the key out"),
            );
            None
        }
        Value::Sequence(items) => Some(items),
        Value::Scalar { .. } | Value::Mapping(_) | Value::Broken => {
            scalar::wrong(node, what, "a list", reporter)
        }
    }
}
