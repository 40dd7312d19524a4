//! What a person should know although nothing is wrong.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Source;

/// One warning of a plan.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Warning {
    /// A stable kebab-case code.
    pub code: Cow<'static, str>,
    /// What is worth knowing: one clause without a full stop.
    pub message: String,
    /// What it is about, if that stands in a file.
    pub source: Option<Source>,
}
