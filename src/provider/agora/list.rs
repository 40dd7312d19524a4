//! The body of an answer, read rule by rule: a list has no pages, and may hold very many.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::rule;
use crate::provider::Listed;

/// The body of an answer.
#[derive(Default)]
pub(super) struct Body {
    /// All but the rules.
    pub(super) fields: Map<String, Value>,
    /// The rules that can be ours.
    pub(super) rules: Rules,
}

/// What stands under `rules`.
pub(super) enum Rules {
    /// A list, or nothing: those of its rules that can be ours.
    Read(Vec<Listed>),
    /// Something else.
    NotAList,
}

impl Default for Rules {
    fn default() -> Self {
        Self::Read(Vec::new())
    }
}

/// More rules than any app has: past this an endpoint does not mean it.
const MOST_RULES: usize = 2_000_000;

impl<'de> Deserialize<'de> for Body {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(BodyVisitor)
    }
}

struct BodyVisitor;

impl<'de> Visitor<'de> for BodyVisitor {
    type Value = Body;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the body of an answer")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Body, A::Error> {
        let mut body = Body::default();
        while let Some(key) = map.next_key::<String>()? {
            if key == "rules" {
                body.rules = map.next_value()?;
            } else {
                body.fields.insert(key, map.next_value()?);
            }
        }
        Ok(body)
    }
}

impl<'de> Deserialize<'de> for Rules {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RulesVisitor)
    }
}

struct RulesVisitor;

impl<'de> Visitor<'de> for RulesVisitor {
    type Value = Rules;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of rules")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Rules, A::Error> {
        let (mut rows, mut seen) = (Vec::new(), 0_usize);
        while let Some(value) = seq.next_element::<Value>()? {
            rows.extend(rule::read(&value));
            seen += 1;
            if seen > MOST_RULES {
                return Err(A::Error::custom("more rules than any app has"));
            }
        }
        Ok(Rules::Read(rows))
    }

    fn visit_unit<E: Error>(self) -> Result<Rules, E> {
        Ok(Rules::default())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Rules, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Rules::NotAList)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Rules, E> {
        Ok(Rules::NotAList)
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Rules, E> {
        Ok(Rules::NotAList)
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Rules, E> {
        Ok(Rules::NotAList)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Rules, E> {
        Ok(Rules::NotAList)
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<Rules, E> {
        Ok(Rules::NotAList)
    }
}
