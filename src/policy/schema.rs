//! JSON Schemas of the config and of policy files, for editors.

use serde_json::{Value, json};

/// The schema of `ostracon.yaml`.
pub fn config() -> Value {
    json!({})
}

/// The schema of a policy file.
pub fn policy() -> Value {
    json!({})
}
