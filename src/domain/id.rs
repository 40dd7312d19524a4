//! Names: of targets, and of the rooms, people and streams at a provider.

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize};

use super::reading::parsed;

/// The text of a room, user, device, IP, channel or stream.
///
/// Always text, exactly as the provider knows it: an id that looks like a number is never turned
/// into one. An `Id` that reaches the planner has passed the rule of its provider
/// ([`crate::provider::IdRule`]).
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Id(Arc<str>);

impl Id {
    /// Wraps text that is already known to be an id.
    pub fn new(text: impl Into<Arc<str>>) -> Self {
        Self(text.into())
    }

    /// The text of the id.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Ord for Id {
    fn cmp(&self, other: &Self) -> Ordering {
        compare(&self.0, &other.0)
    }
}

impl PartialOrd for Id {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The name of a target in the config: its identity in the state.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize)]
#[serde(transparent)]
pub struct TargetName(Arc<str>);

/// The longest target name, in bytes: short enough for a column of the plan.
const LONGEST_TARGET_NAME: usize = 63;

impl TargetName {
    /// Reads a target name: 1 to 63 of `A-Z a-z 0-9 . _ -`, the first a letter or digit.
    pub fn parse(text: &str) -> Option<Self> {
        let mut bytes = text.bytes();
        let head = bytes.next()?;
        let legal = head.is_ascii_alphanumeric()
            && bytes.all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
            && text.len() <= LONGEST_TARGET_NAME;
        legal.then(|| Self(text.into()))
    }

    /// The text of the name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Ord for TargetName {
    fn cmp(&self, other: &Self) -> Ordering {
        compare(&self.0, &other.0)
    }
}

impl PartialOrd for TargetName {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Borrow<str> for TargetName {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for TargetName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        parsed(deserializer, "the name of a target", Self::parse)
    }
}

impl fmt::Display for TargetName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The order of two texts, which are often the same one: sorting restrictions compares little else
/// than the few targets and rooms that they share.
fn compare(a: &Arc<str>, b: &Arc<str>) -> Ordering {
    if Arc::ptr_eq(a, b) { Ordering::Equal } else { a.cmp(b) }
}

#[cfg(test)]
mod tests {
    use super::TargetName;

    #[test]
    fn a_target_name_is_a_short_ascii_word() {
        for good in ["a", "zego-live", "Z.1_x", &"n".repeat(63)] {
            assert!(TargetName::parse(good).is_some(), "{good}");
        }
        for bad in ["", "-a", "a b", "a/b", "é", &"n".repeat(64)] {
            assert!(TargetName::parse(bad).is_none(), "{bad}");
        }
    }
}
