//! Every key of a file or of printed JSON, out of the schemas that the program prints.

use std::fmt::Write as _;

use serde_json::Value;

use super::cell;
use crate::scene::{bare, text};

/// What the program prints as JSON, and the schema of it.
const PRINTED: [(&str, &str); 10] = [
    ("plan --format json", "plan"),
    ("apply --format json", "outcome"),
    ("status --format json", "status"),
    ("drift --format json", "drift"),
    ("doctor --format json", "doctor"),
    ("explain --format json", "explanation"),
    ("history --format jsonl", "history"),
    ("orders list --format json", "orders"),
    ("state list --format json", "state-list"),
    ("state show --format json", "restriction"),
];

fn schema(name: &str) -> Value {
    let printed = text(&bare(&["schema", name]).output().unwrap().stdout);
    serde_json::from_str(&printed).unwrap_or_else(|error| panic!("{name}: {error}: {printed}"))
}

pub(super) fn config() -> String {
    let about = "The keys of `ostracon.yaml`, in the order in which `ostracon fmt` writes them. \
                 `ostracon schema config` prints the schema that this is made of.";
    super::page("Config", about, &of_file("config", "ostracon.yaml"))
}

pub(super) fn policy() -> String {
    let about = "The keys of a policy file, in the order in which `ostracon fmt` writes them. \
                 `ostracon schema policy` prints the schema that this is made of, and \
                 `ostracon schema policy --targets` that of one workspace, which knows what each \
                 of its targets takes.";
    super::page("Policies", about, &of_file("policy", "A policy file"))
}

pub(super) fn json() -> String {
    let mut body = String::new();
    for (command, name) in PRINTED {
        let schema = schema(name);
        writeln!(body, "\n## {command}\n").unwrap();
        writeln!(body, "{} `ostracon schema {name}` prints its schema.\n", about(&schema)).unwrap();
        table(&schema, name, &mut body);
        definitions(&schema, name, 3, &mut body);
    }
    let about = "What the program prints for other programs. Every key is always there, `null` \
                 where there is nothing to say; [versions 1.x only add keys](compatibility.md).";
    super::page("JSON", about, &body)
}

fn of_file(name: &str, title: &str) -> String {
    let schema = schema(name);
    let mut body = format!("## {title}\n\n{}\n\n", about(&schema));
    table(&schema, name, &mut body);
    definitions(&schema, name, 2, &mut body);
    body
}

/// A section for each thing that others refer to.
fn definitions(schema: &Value, page: &str, level: usize, body: &mut String) {
    let Some(definitions) = schema["$defs"].as_object() else { return };
    for (name, definition) in definitions {
        let heading = "#".repeat(level);
        let title = title(page, name);
        writeln!(body, "\n{heading} {title}\n\n{}\n", about(definition)).unwrap();
        if definition["properties"].is_object() {
            table(definition, page, body);
        } else if let Some(choices) = choices(definition) {
            writeln!(body, "| Value | Meaning |\n|---|---|\n{choices}").unwrap();
        } else {
            writeln!(body, "{}.", kind(definition, page)).unwrap();
        }
        let cases = definition["allOf"].as_array().into_iter().flatten();
        let then: Vec<_> = cases.filter_map(|case| case["then"]["$ref"].as_str()).collect();
        if !then.is_empty() {
            let links: Vec<_> = then.into_iter().map(|target| link(target, page)).collect();
            writeln!(body, "\nWhat else it takes depends on that: {}.", links.join(", ")).unwrap();
        }
    }
}

/// The heading of a definition; on the page of all JSON its document's name goes before.
fn title(page: &str, name: &str) -> String {
    match page {
        "config" | "policy" => name.replace('_', " "),
        _ => format!("{page}: {}", name.trim_end_matches("View")),
    }
}

fn link(reference: &str, page: &str) -> String {
    let name = reference.rsplit('/').next().unwrap_or_default();
    let title = title(page, name);
    let plain = |char: char| char.is_alphanumeric() || " -_".contains(char);
    let anchor: String = title.chars().filter(|char| plain(*char)).collect();
    let shown = title.rsplit(": ").next().unwrap_or_default();
    format!("[{shown}](#{})", anchor.to_lowercase().replace(' ', "-"))
}

fn about(schema: &Value) -> String {
    let text = schema["markdownDescription"].as_str().or_else(|| schema["description"].as_str());
    cell(text.unwrap_or_default())
}

/// The keys of an object, with those of objects within that have no name.
fn table(schema: &Value, page: &str, body: &mut String) {
    writeln!(body, "| Key | Value | Meaning |\n|---|---|---|").unwrap();
    rows(schema, page, "", body);
}

fn rows(schema: &Value, page: &str, above: &str, body: &mut String) {
    let required: Vec<_> =
        schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    // Printed keys are always there.
    let says_required = matches!(page, "config" | "policy");
    for (key, property) in schema["properties"].as_object().into_iter().flatten() {
        let path = format!("{above}{key}");
        let must =
            if says_required && required.contains(&key.as_str()) { ", required" } else { "" };
        writeln!(body, "| `{path}` | {}{must} | {} |", kind(property, page), meaning(property))
            .unwrap();
        if property["properties"].is_object() {
            rows(property, page, &format!("{path}."), body);
        }
        if property["items"]["properties"].is_object() {
            rows(&property["items"], page, &format!("{path}[]."), body);
        }
    }
}

/// What a value is.
fn kind(schema: &Value, page: &str) -> String {
    if let Some(reference) = schema["$ref"].as_str() {
        return link(reference, page);
    }
    if !schema["const"].is_null() {
        return format!("`{}`", schema["const"].to_string().trim_matches('"'));
    }
    if let Some(values) = schema["enum"].as_array() {
        let values: Vec<_> = values
            .iter()
            .map(|value| format!("`{}`", value.to_string().trim_matches('"')))
            .collect();
        return values.join(", ");
    }
    for name in ["anyOf", "oneOf"] {
        if let Some(kinds) = schema[name].as_array() {
            let kinds: Vec<_> =
                kinds.iter().map(|it| kind(it, page)).filter(|it| !it.is_empty()).collect();
            if !kinds.is_empty() {
                return kinds.join(" or ");
            }
        }
    }
    match &schema["type"] {
        Value::String(one) => named(one, schema, page),
        Value::Array(several) => {
            let names: Vec<_> = several
                .iter()
                .filter_map(Value::as_str)
                .map(|it| named(it, schema, page))
                .collect();
            // An id may be written as a number.
            if names == ["text", "whole number"] { "text".to_owned() } else { names.join(" or ") }
        }
        _ => String::new(),
    }
}

fn named(kind: &str, schema: &Value, page: &str) -> String {
    match (kind, schema["format"].as_str()) {
        ("string", Some("date-time")) => "instant".to_owned(),
        ("string", _) => "text".to_owned(),
        ("integer", _) => "whole number".to_owned(),
        ("boolean", _) => "`true` or `false`".to_owned(),
        ("null", _) => "`null`".to_owned(),
        ("array", _) => format!("list of {}", self::kind(&schema["items"], page)),
        ("object", _) if schema["additionalProperties"].is_object() => {
            format!("mapping to {}", self::kind(&schema["additionalProperties"], page))
        }
        ("object", _) => "mapping".to_owned(),
        (other, _) => other.to_owned(),
    }
}

/// What a value means, what it must be, and what it is if nobody says.
fn meaning(schema: &Value) -> String {
    let mut text = about(schema);
    let (values, abouts) = (&schema["enum"], &schema["enumDescriptions"]);
    for (value, about) in
        values.as_array().into_iter().flatten().zip(abouts.as_array().into_iter().flatten())
    {
        write!(
            text,
            " `{}`: {}",
            value.as_str().unwrap_or_default(),
            about.as_str().unwrap_or_default()
        )
        .unwrap();
    }
    if let Some(must) = schema["patternErrorMessage"].as_str() {
        write!(text, " {must}").unwrap();
    }
    if !schema["default"].is_null() {
        write!(text, " Default: `{}`.", schema["default"].to_string().trim_matches('"')).unwrap();
    }
    cell(&text)
}

/// The values of a choice, each with what it means.
fn choices(schema: &Value) -> Option<String> {
    let choices = schema["oneOf"].as_array()?;
    let row = |choice: &Value| {
        let value = choice["const"].as_str()?;
        Some(format!("| `{value}` | {} |", about(choice)))
    };
    choices.iter().map(row).collect::<Option<Vec<_>>>().map(|rows| rows.join("\n"))
}
