//! JSON Schemas of the config and of policy files, for editors.
//!
//! What a provider takes is generated from its facts, so that a fifth provider changes nothing
//! here. A schema knows no other file and counts characters where providers count bytes, so it
//! refuses early what it can, and `validate` stays the judge.

mod config;
mod policy;
mod target;
mod value;

use serde_json::Value;

/// The schema of `ostracon.yaml`.
pub fn config() -> Value {
    config::schema()
}

/// The schema of a policy file.
pub fn policy() -> Value {
    policy::schema()
}
