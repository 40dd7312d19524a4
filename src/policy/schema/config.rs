//! The schema of `ostracon.yaml`.

use serde_json::{Map, Value, json};

use super::target;
use super::value::{DRAFT, TARGET_NAME, reference, shaped_text, text};
use crate::domain::{Guards, Limit};
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
            "version": { "description": "The version of this format.", "const": 1 },
            "state": state(),
            "lineage": lineage(),
            "targets": {
                "description": "The targets by their names. A name is its target's identity in \
                                the state: to rename one, add `moved_from`.",
                "type": "object",
                "propertyNames": { "pattern": TARGET_NAME },
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
    json!({
        "description": "Where the state lives: a path below this file's directory.",
        "type": "string",
        "pattern": "^sqlite:[^/\\\\]",
        "default": format!("sqlite:{DEFAULT_STATE}"),
    })
}

fn lineage() -> Value {
    json!({
        "description": "The lineage that the state must have, as `plan --format json` shows it. \
                        Once it is set, a missing state or one of another lineage is refused.",
        "type": "string",
        "pattern": "^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$",
    })
}

fn orders() -> Value {
    json!({
        "description": "How far an order (`ban`, `lift`) may go; beyond that it takes a review.",
        "type": "object",
        "properties": {
            "max": reference(
                "How long an order may stand, as in `72h`, which is the default.",
                "span",
            ),
            "subjects": {
                "description": "How many subjects an order may name; 50 by default.",
                "type": "integer",
                "minimum": 0,
            },
        },
        "additionalProperties": false,
    })
}

fn guards() -> Value {
    let Guards { max_lifts, max_imposes, allow_empty } = Guards::default();
    json!({
        "description": "How much one plan may change before all of it but upkeep is held back.",
        "type": "object",
        "properties": {
            "max_lifts": limit("How many restrictions may be lifted, per target and overall.", max_lifts),
            "max_imposes": limit("How many may be imposed, per target and overall.", max_imposes),
            "allow_empty": {
                "description": "Whether the files may hold no entry at all while something is in \
                                force.",
                "type": "boolean",
                "default": allow_empty,
            },
        },
        "additionalProperties": false,
    })
}

fn limit(about: &str, Limit { count, percent }: Limit) -> Value {
    let default = [("count", count), ("percent", percent)];
    let default: Map<_, _> = default
        .into_iter()
        .filter_map(|(name, part)| Some((name.to_owned(), part?.into())))
        .collect();
    let mut schema = reference(about, "limit");
    if !default.is_empty() {
        super::value::set(&mut schema, "default", Value::Object(default));
    }
    schema
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
            "span",
            json!({
                "type": "string",
                "pattern": "^([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?$",
                "minLength": 2,
            }),
        ),
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
    json!({
        "description": "Where the secret comes from, never the secret itself: one of `env`, \
                        `file`, `command`.",
        "type": "object",
        "properties": {
            "env": shaped_text("An environment variable.", "^[A-Za-z_][A-Za-z0-9_]*$"),
            "file": text("A file: its one line is the secret."),
            "command": {
                "description": "A program and its arguments, run without a shell: what it prints \
                                is the secret. Needs `OSTRACON_ALLOW_COMMANDS=1`.",
                "type": "array",
                "items": { "type": ["string", "integer"] },
                "minItems": 1,
            },
        },
        "additionalProperties": false,
        "minProperties": 1,
        "maxProperties": 1,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::policy::{config, knobs, target as reader};

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
            let knobs =
                knobs::KEYS.into_iter().filter(|name| knobs::useless(name, facts).is_none());
            let settings = facts.settings.iter().map(|setting| setting.name);
            let read: BTreeSet<_> = reader::KEYS.into_iter().chain(knobs).chain(settings).collect();
            assert_eq!(keys, read, "{}", facts.name);
        }
    }
}
