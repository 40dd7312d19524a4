//! The values that both schemas are made of.

use serde_json::{Value, json};

use crate::domain::Deny;

/// The draft that both schemas are written in.
pub(super) const DRAFT: &str = "https://json-schema.org/draft/2020-12/schema";

/// What a target may be called, as [`crate::domain::TargetName::parse`] has it.
pub(super) const TARGET_NAME: &str = "^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$";

/// Text, or a whole number that means its own text.
pub(super) fn text(about: &str) -> Value {
    json!({ "description": about, "type": ["string", "integer"] })
}

/// Text of 1 to this many characters.
pub(super) fn short_text(about: &str, most: usize) -> Value {
    let mut schema = text(about);
    set(&mut schema, "minLength", json!(1));
    set(&mut schema, "maxLength", json!(most));
    schema
}

/// Text of this shape.
pub(super) fn shaped_text(about: &str, pattern: &str) -> Value {
    let mut schema = text(about);
    set(&mut schema, "pattern", json!(pattern));
    schema
}

/// A list of at least one item.
pub(super) fn list(about: &str, items: &Value) -> Value {
    json!({ "description": about, "type": "array", "items": items, "minItems": 1 })
}

/// A list of names, none twice.
pub(super) fn distinct(about: &str, items: &Value) -> Value {
    let mut schema = list(about, items);
    set(&mut schema, "uniqueItems", json!(true));
    schema
}

/// What can be denied.
pub(super) fn denials() -> Value {
    json!({ "enum": Deny::NAMES.map(|(_, name)| name) })
}

/// A definition of the same schema, described for where it is used.
pub(super) fn reference(about: &str, name: &str) -> Value {
    json!({ "description": about, "$ref": format!("#/$defs/{name}") })
}

/// Sets a key of a schema.
pub(super) fn set(schema: &mut Value, key: &str, value: Value) {
    if let Some(schema) = schema.as_object_mut() {
        schema.insert(key.to_owned(), value);
    }
}
