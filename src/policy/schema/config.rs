//! The schema of `ostracon.yaml`.

use serde_json::{Map, Value, json};

use super::target;
use super::value::{DRAFT, reference, set, shaped_text, span, target_names, text, with_examples};
use crate::domain::{Guards, Limit, OrderLimits};
use crate::policy::config::DEFAULT_STATE;
use crate::provider::{Provider, REGISTRY};

/// The schema of `ostracon.yaml`.
pub(super) fn schema() -> Value {
    json!({
        "$schema": DRAFT,
        "title": "ostracon config",
        "description": "Which apps there are, where their secrets come from, and how much one \
                        plan may change.",
        "type": "object",
        "properties": {
            "version": { "description": "The version of this format: `1`.", "const": 1 },
            "state": state(),
            "lineage": lineage(),
            "targets": {
                "description": "The targets by their names. A name is its target's identity in \
                                the state: to rename one, add `moved_from`.",
                "type": "object",
                "propertyNames": target_names(),
                "additionalProperties": { "$ref": "#/$defs/target" },
            },
            "guards": guards(),
            "orders": orders(),
        },
        "required": ["version", "targets"],
        "additionalProperties": false,
        "$defs": definitions(),
    })
}

fn state() -> Value {
    let about = "Where the state lives: `sqlite:` and a path below this file's directory. A state \
                 elsewhere, or on a server, is given by `--state` or `OSTRACON_STATE`.";
    let wanted = "`sqlite:` and a path below this file's directory";
    let mut schema = shaped_text(about, "^sqlite:[^/\\\\]", wanted);
    set(&mut schema, "type", json!("string"));
    set(&mut schema, "default", json!(format!("sqlite:{DEFAULT_STATE}")));
    schema
}

fn lineage() -> Value {
    let about = "The lineage that the state must have, as `plan --format json` shows it. Once it \
                 is set, a missing state or one of another lineage is refused.";
    let pattern = "^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$";
    let mut schema = shaped_text(about, pattern, "a UUID");
    set(&mut schema, "type", json!("string"));
    // One alone would be written down by editors; whose state this is, they cannot know.
    let examples = ["0198c0de-0000-7000-8000-000000000000", "0198c0de-1111-7000-8000-000000000000"];
    with_examples(schema, json!(examples))
}

fn orders() -> Value {
    let subjects = json!({
        "description": "How many subjects an order may name; 50 by default.",
        "type": "integer",
        "minimum": 0,
        "default": OrderLimits::default().subjects,
    });
    let max = "How long an order may stand, as in `72h`, which is the default.";
    let schema = json!({
        "description": "How far an order (`ban`, `lift`) may go; beyond that it takes a review.",
        "type": "object",
        "properties": { "max": span(max, &["72h", "24h"]), "subjects": subjects },
        "additionalProperties": false,
    });
    with_examples(schema, json!([{ "max": "24h", "subjects": 10 }, { "max": "72h" }]))
}

fn guards() -> Value {
    let Guards { max_lifts, max_imposes, allow_empty } = Guards::default();
    let schema = json!({
        "description": "How much one plan may change before all of it but upkeep is held back.",
        "type": "object",
        "properties": {
            "max_lifts": limit("How many may be lifted, per target and overall.", max_lifts),
            "max_imposes": limit("How many may be imposed, per target and overall.", max_imposes),
            "allow_empty": {
                "description": "Whether the files may hold no entry at all while something is in \
                                force.",
                "type": "boolean",
                "default": allow_empty,
            },
        },
        "additionalProperties": false,
    });
    let examples = json!([
        { "max_lifts": { "count": 100, "percent": 30 } },
        { "max_lifts": { "percent": 10 }, "max_imposes": { "count": 5000 } },
    ]);
    with_examples(schema, examples)
}

fn limit(about: &str, Limit { count, percent }: Limit) -> Value {
    let default = [("count", count), ("percent", percent)];
    let default: Map<_, _> = default
        .into_iter()
        .filter_map(|(name, part)| Some((name.to_owned(), part?.into())))
        .collect();
    let mut schema = reference(about, "limit");
    if !default.is_empty() {
        set(&mut schema, "default", Value::Object(default));
    }
    with_examples(schema, json!([{ "count": 100, "percent": 30 }, { "count": 5000 }]))
}

fn definitions() -> Value {
    let mut definitions = Map::new();
    definitions.insert("target".to_owned(), target::of_any());
    for facts in REGISTRY.map(Provider::facts) {
        definitions.insert(target::definition(facts), target::of(facts));
    }
    let others = [
        ("credential", credential()),
        (
            "limit",
            json!({
                "type": "object",
                "properties": {
                    "count": {
                        "description": "At most this many.",
                        "type": "integer",
                        "minimum": 0,
                    },
                    "percent": {
                        "description": "At most this many in a hundred of what is in force; \
                                        counted from 10 in force.",
                        "type": "integer",
                        "minimum": 0,
                        "maximum": 100,
                    },
                },
                "additionalProperties": false,
            }),
        ),
    ];
    definitions.extend(others.map(|(name, schema)| (name.to_owned(), schema)));
    Value::Object(definitions)
}

/// Where a secret comes from: exactly one source, never the secret.
fn credential() -> Value {
    let env = shaped_text(
        "An environment variable, which holds the secret.",
        "^[A-Za-z_][A-Za-z0-9_]*$",
        "the name of an environment variable",
    );
    let file = text("A file: its one line is the secret.");
    let command = json!({
        "description": "A program and its arguments, run without a shell: what it prints is the \
                        secret. Needs `OSTRACON_ALLOW_COMMANDS=1`.",
        "type": "array",
        "items": { "type": ["string", "integer"] },
        "minItems": 1,
    });
    // Not by their number: an editor that counts offers nothing once a line is begun.
    let one = ["env", "file", "command"];
    let one = one.map(|source| json!({ "type": "object", "required": [source] }));
    let programs =
        json!([["pass", "show", "ostracon/live"], ["vault", "read", "-field=key", "rtc"]]);
    json!({
        "title": "source of a secret",
        "description": "Where the secret comes from, never the secret itself: one of `env`, \
                        `file`, `command`.",
        "properties": {
            "env": with_examples(env, json!(["RTC_SECRET", "RTC_KEY_ID"])),
            "file": with_examples(file, json!(["/run/secrets/rtc", "/etc/ostracon/rtc.secret"])),
            "command": with_examples(command, programs),
        },
        "additionalProperties": false,
        "oneOf": one,
        "examples": [{ "env": "RTC_SECRET" }, { "file": "/run/secrets/rtc" }],
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::policy::{config, options, target as reader};

    #[test]
    fn a_config_may_have_the_keys_that_are_read() {
        let schema = schema();
        let keys: Vec<_> = schema["properties"].as_object().unwrap().keys().collect();
        assert_eq!(keys, config::KEYS);
    }

    #[test]
    fn a_target_may_have_the_keys_that_its_provider_has_a_use_for() {
        for facts in REGISTRY.map(Provider::facts) {
            let schema = target::of(facts);
            let properties = schema["properties"].as_object().unwrap();
            let keys: BTreeSet<_> = properties.keys().map(String::as_str).collect();
            let options =
                options::KEYS.into_iter().filter(|name| options::useless(name, facts).is_none());
            let settings = facts.settings.iter().map(|setting| setting.name);
            let read: BTreeSet<_> =
                reader::KEYS.into_iter().chain(options).chain(settings).collect();
            assert_eq!(keys, read, "{}", facts.name);
        }
    }
}
