//! Who may not be restricted, whoever asks.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use super::{Id, Kind, Restriction, Source, TargetName};

/// The subjects that `protect` names.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Protected(BTreeMap<(Kind, Id), Vec<Protection>>);

/// One subject that one item of `protect` names.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Protection {
    /// The targets it is limited to; `None` for all.
    pub targets: Option<BTreeSet<TargetName>>,
    /// Where it stands.
    pub source: Source,
}

impl Protected {
    /// Adds a subject.
    pub fn insert(&mut self, kind: Kind, id: Id, protection: Protection) {
        self.0.entry((kind, id)).or_default().push(protection);
    }

    /// The protection that covers this restriction's subject at its target, if any.
    pub fn covers(&self, restriction: &Restriction) -> Option<&Protection> {
        if self.0.is_empty() {
            return None;
        }
        let subject = (restriction.subject.kind, restriction.subject.id.clone());
        self.0.get(&subject)?.iter().find(|protection| protection.reaches(&restriction.target))
    }

    /// Whether anybody is protected at this target.
    pub fn reaches(&self, target: &TargetName) -> bool {
        self.0.values().flatten().any(|protection| protection.reaches(target))
    }
}

impl Protection {
    fn reaches(&self, target: &TargetName) -> bool {
        self.targets.as_ref().is_none_or(|targets| targets.contains(target))
    }
}
