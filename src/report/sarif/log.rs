//! A SARIF log: as much of the format as we write.
//!
//! The format is at <https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>, what
//! GitHub makes of it at
//! <https://docs.github.com/en/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning>
//! (checked 2026-11).

use std::collections::BTreeMap;

use serde::Serialize;

use super::rules::Rule;
use crate::report::escape::SarifMessage;

/// A log of one run.
#[derive(Debug, Serialize)]
pub struct Log {
    #[serde(rename = "$schema")]
    pub(super) schema: &'static str,
    pub(super) version: &'static str,
    pub(super) runs: [Run; 1],
}

/// What was found by one command.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Run {
    pub(super) tool: Tool,
    pub(super) automation_details: Automation,
    pub(super) column_kind: &'static str,
    pub(super) results: Vec<Finding>,
}

/// What found it.
#[derive(Debug, Serialize)]
pub(super) struct Tool {
    pub(super) driver: Driver,
}

/// The program.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Driver {
    pub(super) name: &'static str,
    pub(super) semantic_version: &'static str,
    pub(super) rules: Vec<Descriptor>,
}

/// What tells the logs of different commands apart.
#[derive(Debug, Serialize)]
pub(super) struct Automation {
    pub(super) id: &'static str,
}

/// A rule that something was found by.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Descriptor {
    pub(super) id: String,
    pub(super) short_description: Message,
    pub(super) full_description: Message,
    pub(super) help: Message,
}

/// One thing that was found.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Finding {
    pub(super) rule_id: String,
    pub(super) rule_index: usize,
    pub(super) level: Level,
    pub(super) message: Message,
    pub(super) locations: [Location; 1],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) related_locations: Vec<Location>,
    /// Stays while lines move: GitHub looks at this key, and at no other.
    pub(super) partial_fingerprints: BTreeMap<&'static str, String>,
}

/// How grave it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Level {
    Error,
    Warning,
    Note,
}

/// A plain text in which nothing acts.
#[derive(Debug, Serialize)]
pub(super) struct Message {
    text: String,
}

/// A place, and what it has to do with the finding.
#[derive(Debug, Serialize)]
pub(super) struct Location {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<u32>,
    #[serde(rename = "physicalLocation")]
    pub(super) physical: Physical,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) message: Option<Message>,
}

/// A place in a file.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Physical {
    pub(super) artifact_location: Artifact,
    pub(super) region: Region,
}

/// A file.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Artifact {
    /// Relative to the repository, percent-encoded.
    pub(super) uri: String,
    pub(super) uri_base_id: &'static str,
}

/// Where in a file.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Region {
    pub(super) start_line: u32,
    pub(super) start_column: u32,
}

impl Message {
    pub(super) fn new(text: &str) -> Self {
        Self { text: SarifMessage(text).to_string() }
    }
}

impl Descriptor {
    pub(super) fn of(id: &str) -> Self {
        let Rule { describes, help } = Rule::of(id);
        let [short, full] = [Message::new(describes), Message::new(describes)];
        let help = Message::new(help);
        Self { id: id.to_owned(), short_description: short, full_description: full, help }
    }
}
