//! A saved plan: read back with suspicion, and compared with a plan made afresh.

use std::collections::BTreeSet;

use serde_json::Value;
use similar::TextDiff;

use super::Plan;
use super::document::{FORMAT_VERSION, Origin, document, is_untouched};
use crate::domain::Moment;

/// Why a saved plan is refused.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// It is not a plan at all.
    #[error("not a plan: {0}")]
    Unreadable(String),
    /// A newer program made it.
    #[error("its format is {0}, and this program reads up to {FORMAT_VERSION}")]
    Newer(String),
    /// It is not what the program wrote.
    #[error("it was altered after it was made: its digest does not fit")]
    Altered,
    /// It is too old.
    #[error("it was good until {0}")]
    Expired(Moment),
    /// It was made from another state.
    #[error("it was made from the state of lineage {planned}, and this is {present}")]
    OtherState {
        /// The lineage it names.
        planned: String,
        /// The lineage of the state here.
        present: String,
    },
    /// Something it was made from has changed what would be done.
    #[error("it is stale: {}", .moved.join(", "))]
    Stale {
        /// What has changed since.
        moved: Vec<String>,
        /// What would be done then and now, line by line.
        difference: String,
    },
}

impl Refusal {
    /// What a person can do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Unreadable(_) | Self::Newer(_) | Self::Altered => {
                "make the plan again with `plan --out`"
            }
            Self::Expired(_) | Self::OtherState { .. } | Self::Stale { .. } => {
                "make the plan again with `plan --out`, and have it reviewed again"
            }
        }
    }
}

/// A saved plan, as far as applying it needs.
#[derive(Debug)]
pub struct SavedPlan {
    not_after: Moment,
    lineage: Option<String>,
    policy_digest: String,
    config_digest: String,
    serial: u64,
    /// The operations other than upkeep, each in its canonical text, and where they go.
    lines: Vec<String>,
}

/// Reads a saved plan.
pub fn read(text: &str) -> Result<SavedPlan, Refusal> {
    let document: Value =
        serde_json::from_str(text).map_err(|error| Refusal::Unreadable(error.to_string()))?;
    let version = string(&document, "format_version")?;
    if version.split('.').next() != FORMAT_VERSION.split('.').next() {
        return Err(Refusal::Newer(version));
    }
    if !is_untouched(text) {
        return Err(Refusal::Altered);
    }
    let not_after = string(&document, "not_after")?;
    let state = document.get("state").ok_or_else(|| missing("state"))?;
    Ok(SavedPlan {
        not_after: Moment::parse(&not_after).ok_or_else(|| missing("not_after"))?,
        lineage: state.get("lineage").and_then(Value::as_str).map(str::to_owned),
        serial: state.get("serial").and_then(Value::as_u64).ok_or_else(|| missing("serial"))?,
        policy_digest: string(&document, "policy_digest")?,
        config_digest: string(&document, "config_digest")?,
        lines: lines(&document)?,
    })
}

/// Whether applying `fresh`, made just now, does what was reviewed in `saved`.
pub fn compare(saved: &SavedPlan, fresh: &Plan, origin: &Origin) -> Result<(), Refusal> {
    if saved.not_after <= fresh.now {
        return Err(Refusal::Expired(saved.not_after));
    }
    if saved.lineage.is_some() && saved.lineage != origin.state.lineage {
        let name = |lineage: &Option<String>| lineage.clone().unwrap_or_else(|| "none".to_owned());
        let (planned, present) = (name(&saved.lineage), name(&origin.state.lineage));
        return Err(Refusal::OtherState { planned, present });
    }
    let document = serde_json::to_value(document(fresh, origin));
    let document = document.map_err(|error| Refusal::Unreadable(error.to_string()))?;
    let lines = lines(&document)?;
    if lines == saved.lines {
        return Ok(());
    }
    let mut moved = Vec::new();
    for (what, then, now) in [
        ("policy", &saved.policy_digest, &origin.policy_digest),
        ("config", &saved.config_digest, &origin.config_digest),
    ] {
        if then != now {
            moved.push(format!("the {what} changed"));
        }
    }
    if saved.serial != origin.state.serial || saved.lineage != origin.state.lineage {
        moved.push("the state moved on".to_owned());
    }
    if moved.is_empty() {
        moved.push("time moved on".to_owned());
    }
    Err(Refusal::Stale { moved, difference: difference(&saved.lines, &lines) })
}

/// What a plan would do: its operations other than upkeep, without the places of their entries,
/// which never cause an operation; and the targets of these operations.
fn lines(document: &Value) -> Result<Vec<String>, Refusal> {
    let list =
        |key: &'static str| document.get(key).and_then(Value::as_array).ok_or_else(|| missing(key));
    let mut lines = Vec::new();
    let mut touched = BTreeSet::new();
    for operation in list("operations")? {
        let upkeep = operation.get("upkeep").and_then(Value::as_bool);
        if upkeep.ok_or_else(|| missing("upkeep"))? {
            continue;
        }
        touched.extend(operation.get("target").and_then(Value::as_str));
        let mut operation = operation.clone();
        if let Some(operation) = operation.as_object_mut() {
            operation.remove("source");
        }
        lines.push(operation.to_string());
    }
    let name = |target: &Value| target.get("name").and_then(Value::as_str).map(str::to_owned);
    for target in list("targets")? {
        if name(target).is_some_and(|name| touched.contains(name.as_str())) {
            lines.push(target.to_string());
        }
    }
    Ok(lines)
}

fn difference(then: &[String], now: &[String]) -> String {
    let joined = |lines: &[String]| lines.join("\n") + "\n";
    let (then, now) = (joined(then), joined(now));
    let diff = TextDiff::from_lines(then.as_str(), now.as_str());
    diff.unified_diff().context_radius(0).header("in the file", "now").to_string()
}

fn string(document: &Value, key: &str) -> Result<String, Refusal> {
    let text = document.get(key).and_then(Value::as_str);
    text.map(str::to_owned).ok_or_else(|| missing(key))
}

fn missing(key: &str) -> Refusal {
    Refusal::Unreadable(format!("it has no usable `{key}`"))
}
