//! A saved plan: read back with suspicion, and compared with a plan made afresh.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Deserialize;

use super::document::{
    Document, FORMAT_VERSION, OperationView, Provenance, TargetView, is_untouched,
};
use super::planned::PlannedView;
use super::{Operation, Plan, Spared, TargetRecord};
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
        /// What would be done then and not now (`-`), and now and not then (`+`), line by line,
        /// as strangers wrote it.
        difference: Vec<String>,
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

/// A saved plan: good for being shown, and for being compared with one made afresh.
///
/// It cannot be carried out: its operations do not say how, and there are no steps.
#[derive(Debug)]
pub struct SavedPlan {
    plan: Plan,
    provenance: Provenance,
    not_after: Moment,
}

impl SavedPlan {
    /// The plan as it was shown when it was made.
    pub fn shown(&self) -> (&Plan, &Provenance) {
        (&self.plan, &self.provenance)
    }

    /// Until when it may be applied.
    pub fn not_after(&self) -> Moment {
        self.not_after
    }
}

/// Of a plan of any format: which one it is.
#[derive(Deserialize)]
struct Version {
    format_version: String,
}

/// Reads a saved plan.
pub fn read(text: &str) -> Result<SavedPlan, Refusal> {
    let unreadable = |error: serde_json::Error| Refusal::Unreadable(error.to_string());
    let Version { format_version } = serde_json::from_str(text).map_err(unreadable)?;
    if format_version.split('.').next() != FORMAT_VERSION.split('.').next() {
        return Err(Refusal::Newer(format_version));
    }
    if !is_untouched(text) {
        return Err(Refusal::Altered);
    }
    let document: Document = serde_json::from_str(text).map_err(unreadable)?;
    let targets = document.targets.into_iter().map(|target| {
        let TargetView { name, binding, endpoint, credentials } = target;
        (name, TargetRecord { binding, endpoint, credentials })
    });
    Ok(SavedPlan {
        provenance: Provenance {
            policy_digest: document.policy_digest,
            config_digest: document.config_digest,
            state: document.state,
            changes: document.target_changes,
            guard_changes: document.guard_changes,
            targets: targets.collect(),
        },
        plan: Plan {
            ended_orders: Vec::new(),
            now: document.created_at,
            operations: document.operations.into_iter().map(PlannedView::into_shown).collect(),
            steps: Vec::new(),
            unchanged: document.summary.unchanged,
            guards: document.guards,
            warnings: document.warnings,
            forecast: document.forecast,
            next_due: document.next_due,
            guarded: BTreeSet::new(),
            next_wakes: BTreeMap::new(),
            spared: Spared::default(),
        },
        not_after: document.not_after,
    })
}

/// Whether applying `fresh`, made just now, does what was reviewed in `saved`.
pub fn compare(saved: &SavedPlan, fresh: &Plan, provenance: &Provenance) -> Result<(), Refusal> {
    if saved.not_after <= fresh.now {
        return Err(Refusal::Expired(saved.not_after));
    }
    let (then, now) = (&saved.provenance, provenance);
    if then.state.lineage.is_some() && then.state.lineage != now.state.lineage {
        let name = |lineage: &Option<String>| lineage.clone().unwrap_or_else(|| "none".to_owned());
        let (planned, present) = (name(&then.state.lineage), name(&now.state.lineage));
        return Err(Refusal::OtherState { planned, present });
    }
    let (was, is) = (Reviewed::of(&saved.plan, then), Reviewed::of(fresh, now));
    if was == is {
        return Ok(());
    }
    let moved: Vec<_> = [
        ("the policy changed", then.policy_digest != now.policy_digest),
        ("the config changed", then.config_digest != now.config_digest),
        ("the state moved on", then.state != now.state),
    ]
    .into_iter()
    .filter(|(_, has_moved)| *has_moved)
    .map(|(what, _)| what.to_owned())
    .collect();
    let moved = if moved.is_empty() { vec!["time moved on".to_owned()] } else { moved };
    Err(Refusal::Stale { moved, difference: difference(&was, &is) })
}

/// What a reviewer has agreed to: the operations other than upkeep, without the places of their
/// entries, which never cause an operation; and the targets of these operations.
#[derive(PartialEq, Eq)]
struct Reviewed {
    operations: BTreeSet<OperationView>,
    targets: BTreeSet<TargetView>,
}

impl Reviewed {
    fn of(plan: &Plan, provenance: &Provenance) -> Self {
        let is_reviewed = |operation: &Operation| !operation.upkeep;
        let placeless = |it| OperationView { source: None, ..OperationView::from(it) };
        let reviewed = plan.operations.iter().filter(|it| is_reviewed(it));
        Self {
            operations: reviewed.map(placeless).collect(),
            targets: provenance.touched(plan, is_reviewed).into_iter().collect(),
        }
    }

    /// What is here and not in `other`, a line each, the targets first.
    fn lines_without<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = String> + 'a {
        let targets = self.targets.difference(&other.targets).map(target_line);
        targets.chain(self.operations.difference(&other.operations).map(operation_line))
    }
}

/// How many lines of each side are shown.
const LINES: usize = 50;

/// What would be done then and now, as far as it differs.
fn difference(then: &Reviewed, now: &Reviewed) -> Vec<String> {
    let mut difference = vec!["--- in the file".to_owned(), "+++ now".to_owned()];
    for (sign, side, other) in [('-', then, now), ('+', now, then)] {
        let mut lines = side.lines_without(other);
        difference.extend(lines.by_ref().take(LINES).map(|line| format!("{sign} {line}")));
        let more = lines.count();
        if more > 0 {
            difference.push(format!("{sign} … and {more} more"));
        }
    }
    difference
}

fn operation_line(operation: &OperationView) -> String {
    let OperationView { action, because, until, reason, entry, .. } = operation;
    let restriction = operation.restriction();
    let quoted = |word, text: &Option<Arc<str>>| {
        text.as_ref().map_or_else(String::new, |text| format!(", {word} `{text}`"))
    };
    let (reason, entry) = (quoted("reason", reason), quoted("entry", entry));
    format!("{action} {restriction} until {until}, {}{entry}{reason}", because.words())
}

fn target_line(target: &TargetView) -> String {
    let TargetView { name, binding, endpoint, credentials } = target;
    let credentials = credentials.replace('\n', ", ");
    format!("target {name}: {binding}, at {endpoint}, {credentials}")
}
