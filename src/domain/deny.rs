//! What a restriction takes away: joining, publishing audio, publishing video.

use std::fmt;

use schemars::JsonSchema;
use serde::de::Error as _;
use serde::ser::SerializeSeq as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A set of privileges that a restriction denies; empty for a forbidden stream.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Deny(u8);

impl Deny {
    /// Denies nothing: the set of a forbidden stream, which is stopped as a whole.
    pub const NOTHING: Self = Self(0);
    /// Denies entering.
    pub const JOIN: Self = Self(1);
    /// Denies publishing audio.
    pub const PUBLISH_AUDIO: Self = Self(2);
    /// Denies publishing video.
    pub const PUBLISH_VIDEO: Self = Self(4);
    /// Denies everything that can be denied.
    pub const EVERYTHING: Self = Self(7);

    /// The single privileges and their names, in canonical order.
    pub const NAMES: [(Self, &'static str); 3] = [
        (Self::JOIN, "join"),
        (Self::PUBLISH_AUDIO, "publish_audio"),
        (Self::PUBLISH_VIDEO, "publish_video"),
    ];

    /// The single privilege of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::NAMES.into_iter().find(|(_, known)| *known == name).map(|(deny, _)| deny)
    }

    /// Both sets together.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether everything in `other` is denied here too.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether nothing is denied.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The names of what is denied, in canonical order.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        Self::NAMES.into_iter().filter(move |(deny, _)| self.contains(*deny)).map(|(_, name)| name)
    }

    /// The set as a number, as the state stores it.
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// The set behind a number from the state; `None` for bits that mean nothing.
    pub const fn from_bits(bits: u8) -> Option<Self> {
        if bits <= Self::EVERYTHING.0 { Some(Self(bits)) } else { None }
    }
}

impl fmt::Display for Deny {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, name) in self.names().enumerate() {
            if position > 0 {
                f.write_str("+")?;
            }
            f.write_str(name)?;
        }
        Ok(())
    }
}

impl Serialize for Deny {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.is_empty() {
            return serializer.serialize_none();
        }
        let mut names = serializer.serialize_seq(None)?;
        for name in self.names() {
            names.serialize_element(name)?;
        }
        names.end()
    }
}

impl<'de> Deserialize<'de> for Deny {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let names: Vec<String> = Option::deserialize(deserializer)?.unwrap_or_default();
        names.iter().try_fold(Self::NOTHING, |set, name| {
            let one = Self::parse(name);
            one.map(|one| set.union(one))
                .ok_or_else(|| D::Error::custom(format_args!("`{name}` cannot be denied")))
        })
    }
}

impl JsonSchema for Deny {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Deny".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let names = Self::NAMES.map(|(_, name)| name);
        schemars::json_schema!({
            "type": ["array", "null"],
            "items": { "type": "string", "enum": names },
            "minItems": 1,
            "uniqueItems": true
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Deny;

    #[test]
    fn a_deny_set_prints_in_canonical_order() {
        let set = Deny::PUBLISH_VIDEO.union(Deny::JOIN);
        assert_eq!(set.to_string(), "join+publish_video");
        assert_eq!(serde_json::to_string(&set).unwrap(), r#"["join","publish_video"]"#);
        assert_eq!(serde_json::to_string(&Deny::NOTHING).unwrap(), "null");
    }

    #[test]
    fn bits_that_mean_nothing_are_refused() {
        assert_eq!(Deny::from_bits(7), Some(Deny::EVERYTHING));
        assert_eq!(Deny::from_bits(8), None);
    }
}
