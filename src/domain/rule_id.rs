//! A provider's own id of a rule.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A provider's own id of a rule: any text.
///
/// One that is the text of a positive number is kept as that number, and is one in JSON too.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct RuleId(Form);

/// Numbers come first, in their own order.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
enum Form {
    Number(i64),
    Text(Arc<str>),
}

impl RuleId {
    /// The id of this text.
    pub fn new(text: &str) -> Self {
        let number = text.parse().ok().filter(|number: &i64| *number > 0);
        match number.filter(|number| number.to_string() == text) {
            Some(number) => Self(Form::Number(number)),
            None => Self(Form::Text(text.into())),
        }
    }

    /// The number whose text it is, if there is one; at least 1.
    pub const fn number(&self) -> Option<i64> {
        match &self.0 {
            Form::Number(number) => Some(*number),
            Form::Text(_) => None,
        }
    }

    /// The text, unless it is that of a number.
    pub const fn text(&self) -> Option<&Arc<str>> {
        match &self.0 {
            Form::Number(_) => None,
            Form::Text(text) => Some(text),
        }
    }
}

impl From<i64> for RuleId {
    fn from(number: i64) -> Self {
        if number > 0 { Self(Form::Number(number)) } else { Self::new(&number.to_string()) }
    }
}

impl fmt::Display for RuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Form::Number(number) => number.fmt(f),
            Form::Text(text) => text.fmt(f),
        }
    }
}

impl Serialize for RuleId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            Form::Number(number) => number.serialize(serializer),
            Form::Text(text) => text.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for RuleId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Either {
            Number(i64),
            Text(String),
        }
        Ok(match Either::deserialize(deserializer)? {
            Either::Number(number) => number.into(),
            Either::Text(text) => Self::new(&text),
        })
    }
}

impl JsonSchema for RuleId {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "RuleId".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["integer", "string"], "format": "int64" })
    }
}

#[cfg(test)]
mod tests {
    use super::RuleId;

    #[test]
    fn every_id_is_the_same_text_wherever_it_has_been() {
        for (text, json) in [
            ("1953", "1953"),
            ("9223372036854775807", "9223372036854775807"),
            ("9223372036854775808", r#""9223372036854775808""#),
            ("rule/7f é", r#""rule/7f é""#),
            ("007", r#""007""#),
            ("+7", r#""+7""#),
            ("-7", r#""-7""#),
            ("0", r#""0""#),
            ("", r#""""#),
        ] {
            let rule = RuleId::new(text);
            assert_eq!(rule.to_string(), text);
            assert_eq!(serde_json::to_string(&rule).unwrap(), json);
            assert_eq!(serde_json::from_str::<RuleId>(json).unwrap(), rule);
        }
        assert_eq!([RuleId::from(7), RuleId::from(-7)], [RuleId::new("7"), RuleId::new("-7")]);
    }

    #[test]
    fn ids_that_are_numbers_are_in_their_order() {
        assert!(RuleId::new("9") < RuleId::new("10"));
        assert!(RuleId::new("10") < RuleId::new("09"));
    }
}
