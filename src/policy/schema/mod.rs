//! JSON Schemas of the config and of policy files, for editors.
//!
//! What a provider takes is generated from its facts, so that a fifth provider changes nothing
//! here. A schema counts characters where providers count bytes, and that of policy files knows at
//! most the config beside them, so it refuses early what it can, and `validate` stays the judge.
//!
//! Besides the standard's keywords there are those that editors read: `markdownDescription`,
//! `enumDescriptions` beside `enum`, `patternErrorMessage` beside `pattern`, and `doNotSuggest`.

mod config;
mod entry;
mod hints;
mod ids;
mod policy;
mod target;
mod value;
mod ways;
mod workspace;

use serde_json::Value;

use super::Config;

/// The schema of `ostracon.yaml`.
pub fn config() -> Value {
    explained(config::schema())
}

/// The schema of a policy file of any workspace.
pub fn policy() -> Value {
    explained(policy::schema())
}

/// The schema of a policy file of the workspace with this config.
pub fn policy_of(config: &Config) -> Value {
    explained(workspace::schema(config))
}

fn explained(mut schema: Value) -> Value {
    value::marked_up(&mut schema);
    schema
}
