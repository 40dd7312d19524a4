//! Whether a value conforms to a JSON Schema: the few keywords that ours and SARIF's use, and no
//! others.
//!
//! `pattern` and `format` are not looked at: there is no engine for them here.

use serde_json::Value;

/// What to make of a key that a schema neither describes nor refuses.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum UnknownKeys {
    /// It may be there, as the schema says.
    Taken,
    /// It is a fault: the schema ought to describe it.
    Refused,
}

/// What is wrong with a value by a schema; nothing if it conforms.
pub(crate) fn faults(schema: &Value, value: &Value, unknown: UnknownKeys) -> Vec<String> {
    let mut check = Check { root: schema, unknown, faults: Vec::new() };
    check.all(schema, value, "");
    check.faults
}

struct Check<'a> {
    root: &'a Value,
    unknown: UnknownKeys,
    faults: Vec<String>,
}

impl Check<'_> {
    fn all(&mut self, schema: &Value, value: &Value, at: &str) {
        if schema.as_bool() == Some(false) {
            self.faults.push(format!("{at}: must not be there"));
        }
        for (keyword, rule) in schema.as_object().into_iter().flatten() {
            match keyword.as_str() {
                "$ref" => {
                    let target = rule.as_str().unwrap().trim_start_matches('#');
                    self.all(self.root.pointer(target).unwrap(), value, at);
                }
                "allOf" => elements(rule).for_each(|part| self.all(part, value, at)),
                "if" => {
                    let next = if self.accepts(rule, value) { "then" } else { "else" };
                    schema.get(next).into_iter().for_each(|part| self.all(part, value, at));
                }
                "items" => {
                    let items = value.as_array().into_iter().flatten();
                    items
                        .enumerate()
                        .for_each(|(i, item)| self.all(rule, item, &format!("{at}/{i}")));
                }
                "properties" => self.fields(schema, value, at),
                "additionalProperties" if schema.get("properties").is_none() => {
                    members(value)
                        .for_each(|(key, value)| self.all(rule, value, &format!("{at}/{key}")));
                }
                keyword if !self.holds(keyword, rule, value) => {
                    self.faults.push(format!("{at}: `{keyword}`: {rule}"));
                }
                _ => {}
            }
        }
    }

    fn fields(&mut self, schema: &Value, value: &Value, at: &str) {
        let others = match (schema.get("additionalProperties"), self.unknown) {
            (Some(rule), _) => rule,
            (None, UnknownKeys::Refused) => &Value::Bool(false),
            (None, UnknownKeys::Taken) => &Value::Bool(true),
        };
        for (key, value) in members(value) {
            let known = schema.get("properties").and_then(|known| known.get(key));
            self.all(known.unwrap_or(others), value, &format!("{at}/{key}"));
        }
    }

    fn accepts(&self, schema: &Value, value: &Value) -> bool {
        let mut check = Check { root: self.root, unknown: self.unknown, faults: Vec::new() };
        check.all(schema, value, "");
        check.faults.is_empty()
    }

    fn holds(&self, keyword: &str, rule: &Value, value: &Value) -> bool {
        let accepting = || elements(rule).filter(|part| self.accepts(part, value)).count();
        match keyword {
            "$schema"
            | "$defs"
            | "id"
            | "definitions"
            | "title"
            | "description"
            | "markdownDescription"
            | "enumDescriptions"
            | "patternErrorMessage"
            | "doNotSuggest"
            | "examples"
            | "default"
            | "format"
            | "pattern"
            | "then"
            | "else"
            | "additionalProperties" => true,
            "type" => types(rule).any(|name| is_a(value, name)),
            "const" => value == rule,
            "enum" => elements(rule).any(|known| known == value),
            "anyOf" => accepting() > 0,
            "oneOf" => accepting() == 1,
            "propertyNames" => {
                members(value).all(|(key, _)| self.accepts(rule, &Value::from(key.as_str())))
            }
            "required" => {
                let has = |key: &Value| value.get(key.as_str().unwrap()).is_some();
                !value.is_object() || elements(rule).all(has)
            }
            "uniqueItems" => {
                let items: Vec<_> = elements(value).collect();
                items.iter().enumerate().all(|(i, item)| !items.iter().take(i).any(|x| x == item))
            }
            "minItems" => value.as_array().is_none_or(|items| at_least(items.len(), rule)),
            "maxItems" => value.as_array().is_none_or(|items| at_most(items.len(), rule)),
            "contains" => {
                value.as_array().is_none_or(|items| items.iter().any(|it| self.accepts(rule, it)))
            }
            "minLength" => value.as_str().is_none_or(|text| at_least(text.chars().count(), rule)),
            "maxLength" => value.as_str().is_none_or(|text| at_most(text.chars().count(), rule)),
            "minProperties" => value.as_object().is_none_or(|map| at_least(map.len(), rule)),
            "maxProperties" => value.as_object().is_none_or(|map| at_most(map.len(), rule)),
            "minimum" => whole(value).is_none_or(|number| whole(rule).unwrap() <= number),
            "maximum" => whole(value).is_none_or(|number| number <= whole(rule).unwrap()),
            other => panic!("the schemas use `{other}`, which this check does not know"),
        }
    }
}

fn elements(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

/// The names of types: one, or a list of them.
fn types(rule: &Value) -> impl Iterator<Item = &str> {
    rule.as_str().into_iter().chain(elements(rule).filter_map(Value::as_str))
}

fn is_a(value: &Value, name: &str) -> bool {
    match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("there is no type `{other}`"),
    }
}

fn at_least(count: usize, rule: &Value) -> bool {
    rule.as_u64().unwrap() <= count as u64
}

fn at_most(count: usize, rule: &Value) -> bool {
    count as u64 <= rule.as_u64().unwrap()
}

fn whole(value: &Value) -> Option<i128> {
    value.as_i64().map(i128::from).or_else(|| value.as_u64().map(i128::from))
}
