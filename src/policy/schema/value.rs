//! The values that both schemas are made of.

use serde_json::{Value, json};

/// The draft that both schemas are written in.
pub(super) const DRAFT: &str = "https://json-schema.org/draft/2020-12/schema";

/// What a target may be called, as [`crate::domain::TargetName::parse`] has it.
const TARGET_NAME: &str = "^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$";

/// An instant, as [`crate::domain::Moment::parse`] has it, but for the days of a month.
const INSTANT: &str = "[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])\
    T([01][0-9]|2[0-3]):[0-5][0-9]:([0-5][0-9]|60)(\\.[0-9]{1,9})?\
    ([Zz]|(\\+[0-9]{2}|-0[1-9]|-[1-9][0-9]):[0-5][0-9]|-00:(0[1-9]|[1-5][0-9]))";

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

/// Text of this shape, which `wanted` puts in words for whoever writes another.
pub(super) fn shaped_text(about: &str, pattern: &str, wanted: &str) -> Value {
    let mut schema = text(about);
    shape(&mut schema, pattern, wanted);
    schema
}

/// The name of a target.
pub(super) fn target_name(about: &str) -> Value {
    let wanted = "1 to 63 of `A-Z a-z 0-9 . _ -`, the first a letter or digit";
    shaped_text(about, TARGET_NAME, wanted)
}

/// What the keys of `targets` may be.
pub(super) fn target_names() -> Value {
    let about = "A name of your own: policies and the state know the target by it.";
    let mut schema = target_name(about);
    set(&mut schema, "title", json!("target-name"));
    schema
}

/// An instant.
pub(super) fn instant(about: &str) -> Value {
    let mut schema = json!({ "description": about, "type": "string" });
    let wanted = "RFC 3339 with an offset, such as `2036-12-20T00:00:00Z`";
    shape(&mut schema, &format!("^{INSTANT}$"), wanted);
    with_examples(schema, json!(["2036-12-20T00:00:00Z", "2037-01-01T00:00:00+08:00"]))
}

/// An instant, or never.
pub(super) fn instant_or_never(about: &str) -> Value {
    let mut schema = json!({ "description": about, "type": "string" });
    let wanted = "RFC 3339 with an offset, such as `2036-12-20T00:00:00Z`, or `never`";
    shape(&mut schema, &format!("^(never|{INSTANT})$"), wanted);
    with_examples(schema, json!(["2036-12-20T00:00:00Z", "2037-01-01T00:00:00+08:00", "never"]))
}

/// A span of time.
pub(super) fn span(about: &str, examples: &[&str]) -> Value {
    let mut schema = json!({ "description": about, "type": "string", "minLength": 2 });
    let pattern = "^([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?$";
    shape(&mut schema, pattern, "whole numbers with `d`, `h`, `m`, `s`, such as `15m` or `1d12h`");
    with_examples(schema, json!(examples))
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

/// Names to choose from, each with what it means.
pub(super) fn choice(pairs: impl IntoIterator<Item = (String, String)>) -> Value {
    let (names, hints): (Vec<_>, Vec<_>) = pairs.into_iter().unzip();
    json!({ "enum": names, "enumDescriptions": hints })
}

/// A definition of the same schema, described for where it is used.
pub(super) fn reference(about: &str, name: &str) -> Value {
    json!({ "description": about, "$ref": format!("#/$defs/{name}") })
}

/// The same with values that somebody might write.
///
/// Two or more of them: an editor that knows only one writes it down, unasked.
pub(super) fn with_examples(mut schema: Value, examples: Value) -> Value {
    set(&mut schema, "examples", examples);
    schema
}

/// A pattern, and in words what it asks for.
pub(super) fn shape(schema: &mut Value, pattern: &str, wanted: &str) {
    set(schema, "pattern", json!(pattern));
    set(schema, "patternErrorMessage", json!(format!("Must be {wanted}.")));
}

/// Sets a key of a schema.
pub(super) fn set(schema: &mut Value, key: &str, value: Value) {
    if let Some(schema) = schema.as_object_mut() {
        schema.insert(key.to_owned(), value);
    }
}

/// Says every description that marks code a second time, for editors that render Markdown.
pub(super) fn marked_up(schema: &mut Value) {
    match schema {
        Value::Array(parts) => parts.iter_mut().for_each(marked_up),
        Value::Object(parts) => {
            let values = ["const", "default", "enum", "examples"];
            let below = parts.iter_mut().filter(|(key, _)| !values.contains(&key.as_str()));
            below.for_each(|(_, part)| marked_up(part));
            let text = parts.get("description").and_then(Value::as_str);
            if let Some(text) = text.filter(|text| text.contains('`')).map(str::to_owned) {
                parts.insert("markdownDescription".to_owned(), text.into());
            }
        }
        Value::Bool(_) | Value::Null | Value::Number(_) | Value::String(_) => {}
    }
}
