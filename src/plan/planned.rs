//! An operation of a plan as JSON, with what a reviewer sees of it: read back, it is shown as it
//! was.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize, Serializer};

use super::document::OperationView;
use super::{Means, Operation};
use crate::domain::{Doubt, Enforcement, Held, Moment, Until};

/// One operation of a plan as JSON.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct PlannedView {
    /// The operation.
    #[serde(flatten)]
    pub operation: OperationView,
    /// Whether the provider said "not yet" last time, so that it goes last.
    pub waited: bool,
    /// The operation, by its position from 0, that is done first: the replacement of what this
    /// one lifts; null for none.
    pub after: Option<usize>,
    /// What the state knew of the restriction; null if nothing.
    pub recorded: Option<RecordedView>,
}

/// What the state knew of a restriction.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct RecordedView {
    /// The `until` last applied.
    pub until: Until,
    /// The reason last applied; null where there was none.
    pub reason: Option<Arc<str>>,
    /// The `id` of the entry that governed last; null where it had none.
    pub entry: Option<Arc<str>>,
    /// What the provider holds; null when nothing is known to be held.
    pub held: Option<Held>,
    /// A call about it whose effect is unknown; null for none.
    pub doubt: Option<Doubt>,
    /// When the provider last said "not yet"; null if it did not.
    pub waiting: Option<Moment>,
}

impl From<&Operation> for PlannedView {
    fn from(operation: &Operation) -> Self {
        let recorded = operation.recorded.as_deref().map(|row| {
            let Enforcement { restriction: _, until, reason, entry, held, doubt, waiting } =
                row.clone();
            RecordedView { until, reason, entry, held, doubt, waiting }
        });
        Self {
            operation: operation.into(),
            waited: operation.waited,
            after: operation.after,
            recorded,
        }
    }
}

impl PlannedView {
    /// The operation, to be shown: how it is brought about was not written down, and it can be
    /// carried out only when it is planned afresh.
    pub(super) fn into_shown(self) -> Operation {
        let Self { operation, waited, after, recorded } = self;
        let restriction = operation.restriction();
        let OperationView { action, because, upkeep, until, reason, entry, source, order, .. } =
            operation;
        let doubted = recorded.as_ref().and_then(|row| row.doubt.clone());
        let recorded = recorded.map(|row| {
            let RecordedView { until, reason, entry, held, doubt, waiting } = row;
            let restriction = restriction.clone();
            Arc::new(Enforcement { restriction, until, reason, entry, held, doubt, waiting })
        });
        let means = Means::Record;
        Operation {
            action,
            because,
            upkeep,
            restriction,
            until,
            reason,
            entry,
            source,
            order,
            means,
            waited,
            doubted,
            recorded,
            after,
        }
    }
}

/// The operations of a plan; written one by one, without a copy of them all.
#[derive(Clone, Copy, Debug)]
pub struct Borrowed<'a>(pub &'a [Operation]);

impl Serialize for Borrowed<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(PlannedView::from))
    }
}
