//! When operations are so much alike that one line can speak of them all.

use std::collections::BTreeMap;

use crate::domain::{Action, Because, Deny, Kind, Source, Until};
use crate::plan::Operation;

/// The operations with equal keys together, in the order of the keys.
pub(super) fn grouped<'a, K: Ord>(
    operations: &[&'a Operation],
    key: impl Fn(&'a Operation) -> K,
) -> Vec<Vec<&'a Operation>> {
    let mut groups: BTreeMap<K, Vec<&Operation>> = BTreeMap::new();
    for operation in operations {
        groups.entry(key(operation)).or_default().push(operation);
    }
    groups.into_values().collect()
}

/// What operations must have in common for one line to speak of them all.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Likeness {
    action: Action,
    because: Because,
    kind: Kind,
    deny: Deny,
    waited: bool,
    doubted: Option<Action>,
    replaced: bool,
}

impl Likeness {
    pub(super) fn of(operation: &Operation) -> Self {
        Self {
            action: operation.action,
            because: operation.because,
            kind: operation.restriction.subject.kind,
            deny: operation.restriction.deny,
            waited: operation.waited,
            doubted: operation.doubted.as_ref().map(|doubt| doubt.action),
            replaced: operation.after.is_some(),
        }
    }
}

/// What the operations of one entry have in common besides.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Run<'a> {
    entry: Option<&'a str>,
    source: Option<&'a Source>,
    until: Until,
    before: Option<Until>,
}

impl<'a> Run<'a> {
    pub(super) fn of(operation: &'a Operation) -> Self {
        Self {
            entry: operation.entry.as_deref(),
            source: operation.source.as_ref(),
            until: operation.until,
            before: operation.recorded.as_ref().map(|row| row.until),
        }
    }
}
