//! The JSON Schema of statements, and the table of their keys: from the fields.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use super::fields::{Asked, DAYS, FIELDS, Field, LONGEST_URL, Takes};
use super::statement::DECISIONS;
use super::{AT_MOST, values};

/// The schema of a line of `history --format dsa`.
pub fn schema() -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "ostracon statements",
        "description": "What each line of `history --format dsa` prints: the body of one call of the \
                        DSA Transparency Database. Keys that do not apply are left out.",
        "type": "object",
        "additionalProperties": false,
        "required": ["statements"],
        "properties": {
            "statements": {
                "description": "The statements of reasons.",
                "type": "array",
                "minItems": 1,
                "maxItems": AT_MOST,
                "items": { "$ref": "#/$defs/statement" },
            },
        },
        "$defs": { "statement": statement() },
    })
}

fn statement() -> Value {
    let day = |about: &str| described(json!({ "type": "string", "format": "date" }), about);
    let mut properties: Map<String, Value> =
        FIELDS.iter().map(|field| (field.name.to_owned(), property(field))).collect();
    for (decision, end) in DECISIONS {
        let about = format!("The day on which `{decision}` ends; left out where it never does.");
        properties.insert(end.to_owned(), day(&about));
    }
    let application = day("The day on which the restriction was imposed.");
    properties.insert("application_date".to_owned(), application);
    let puid = json!({ "type": "string", "maxLength": 500, "pattern": "^[a-zA-Z0-9_-]+$" });
    let about = "The run and the number of the row of the audit log: it tells nothing of anybody.";
    properties.insert("puid".to_owned(), described(puid, about));
    let always = FIELDS.iter().filter(|field| matches!(field.asked, Asked::Always));
    let required: Vec<_> =
        always.map(|field| field.name).chain(["application_date", "puid"]).collect();
    json!({
        "description": "One statement of reasons.",
        "type": "object",
        "additionalProperties": false,
        "properties": properties,
        "required": required,
        "anyOf": DECISIONS.map(|(decision, _)| json!({ "required": [decision] })),
        "allOf": FIELDS.iter().filter_map(condition).collect::<Vec<_>>(),
    })
}

/// What must, or may not, be there by the value of another field.
fn condition(field: &Field) -> Option<Value> {
    let (other, value) = match field.asked {
        Asked::With(other, value)
        | Asked::MaybeWith(other, value)
        | Asked::MaybeUnless(other, value) => (other, value),
        Asked::Always | Asked::Maybe | Asked::Derived => return None,
    };
    let is_list = FIELDS.iter().any(|it| it.name == other && matches!(it.takes, Takes::SomeOf(_)));
    let holds = json!({ "const": value });
    let holds = if is_list { json!({ "contains": holds }) } else { holds };
    let says = json!({ "required": [other], "properties": { other: holds } });
    let there = json!({ "required": [field.name] });
    let absent = json!({ "properties": { field.name: false } });
    Some(match field.asked {
        Asked::With(..) => json!({ "if": says, "then": there, "else": absent }),
        Asked::MaybeUnless(..) => json!({ "if": says, "then": absent }),
        Asked::MaybeWith(..) | Asked::Always | Asked::Maybe | Asked::Derived => {
            json!({ "if": says, "else": absent })
        }
    })
}

fn property(field: &Field) -> Value {
    let value = match field.takes {
        Takes::OneOf(known) => json!({ "enum": known }),
        Takes::SomeOf(known) => json!({
            "type": "array",
            "minItems": 1,
            "uniqueItems": true,
            "items": { "enum": known },
        }),
        Takes::Text(most) => json!({ "type": "string", "minLength": 1, "maxLength": most }),
        Takes::Url => json!({ "type": "string", "format": "uri", "maxLength": LONGEST_URL }),
        Takes::Date => json!({ "type": "string", "format": "date" }),
        Takes::Language => json!({ "type": "string", "pattern": "^[A-Z]{2}$" }),
    };
    described(value, field.about)
}

fn described(mut schema: Value, about: &str) -> Value {
    if let Some(schema) = schema.as_object_mut() {
        schema.insert("description".to_owned(), Value::from(about));
    }
    schema
}

/// The keys of `meta` as a Markdown table, for the documentation.
pub fn table() -> String {
    let mut text = "| `meta` | What | Takes | Needed |\n|---|---|---|---|\n".to_owned();
    for field in &FIELDS {
        let Field { name, about, .. } = field;
        let about = about.trim_end_matches('.');
        // Writing to a string cannot fail.
        let _: std::fmt::Result =
            writeln!(text, "| `dsa_{name}` | {about} | {} | {} |", taken(field), needed(field));
    }
    text
}

fn taken(field: &Field) -> String {
    let named = |known: &[&str]| {
        let known: Vec<_> = known.iter().map(|value| format!("`{value}`")).collect();
        known.join(", ")
    };
    match field.takes {
        Takes::SomeOf(values::KEYWORDS) => "some `KEYWORD_…` of the schema".to_owned(),
        Takes::SomeOf(values::COUNTRIES) => {
            "countries of the EEA, as in `DE, FR`; Greece is `GR`".to_owned()
        }
        Takes::SomeOf(values::CATEGORIES) => "some of the same".to_owned(),
        Takes::OneOf(known) => named(known),
        Takes::SomeOf(known) => format!("some of {}", named(known)),
        Takes::Text(most) => format!("text, at most {most} characters"),
        Takes::Url => format!("a web address, at most {LONGEST_URL} characters"),
        Takes::Date => format!("a day from {} to {}", DAYS.0, DAYS.1),
        Takes::Language => "two capital letters, as in `EN`".to_owned(),
    }
}

fn needed(field: &Field) -> String {
    match field.asked {
        Asked::Always => "always".to_owned(),
        Asked::Maybe => "no".to_owned(),
        Asked::Derived => "no: follows from the restriction".to_owned(),
        Asked::With(other, value) => format!("if `{other}` is `{value}`"),
        Asked::MaybeWith(other, value) => format!("no; read only if `{other}` is `{value}`"),
        Asked::MaybeUnless(other, value) => format!("no; not read if `{other}` is `{value}`"),
    }
}
