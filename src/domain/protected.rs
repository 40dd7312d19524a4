//! Who may not be restricted, whoever asks.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fmt;

use super::{Id, Kind, Restriction, Source, TargetName, Wanted};

/// The subjects that `protect` names.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Protected(BTreeMap<(Kind, Id), Vec<Protection>>);

/// One subject that is protected at one target or at all, wherever that is written.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct ProtectedKey {
    /// The target; `None` for all.
    pub target: Option<TargetName>,
    /// What kind of subject.
    pub kind: Kind,
    /// Who or what.
    pub id: Id,
}

impl ProtectedKey {
    /// The same subject, where targets have got other names.
    #[must_use]
    pub fn moved(&self, moves: &BTreeMap<TargetName, TargetName>) -> Self {
        let target = self.target.as_ref().map(|target| moves.get(target).unwrap_or(target).clone());
        Self { target, ..self.clone() }
    }
}

/// Prints `tencent-live/user:alice`, or `*/user:alice` for all targets; an id's control
/// characters are escaped, so that two never print alike and each stays on its line.
impl fmt::Display for ProtectedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { target, kind, id } = self;
        let target = target.as_ref().map_or("*", TargetName::as_str);
        write!(f, "{target}/{kind}:{}", id.as_str().escape_debug())
    }
}

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

    /// Whether nobody is.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The protection that covers this restriction's subject at its target, if any.
    pub fn covers(&self, restriction: &Restriction) -> Option<&Protection> {
        let Restriction { target, subject, .. } = restriction;
        self.of(target, subject.kind, &subject.id)
    }

    /// The protection of a subject at a target, if any.
    pub fn of(&self, target: &TargetName, kind: Kind, id: &Id) -> Option<&Protection> {
        if self.0.is_empty() {
            return None;
        }
        let protections = self.0.get(&(kind, id.clone()))?;
        protections.iter().find(|protection| protection.reaches(target))
    }

    /// Takes whoever is protected out of what is wanted.
    pub fn spare(&self, wanted: &mut Vec<Wanted>) {
        for Wanted { target, kind, ids, .. } in wanted.iter_mut() {
            ids.retain(|id| self.of(target, *kind, id).is_none());
        }
        wanted.retain(|wanted| !wanted.ids.is_empty());
    }

    /// Whether any subject is protected that is named here.
    pub fn covers_any(&self, wanted: &Wanted) -> bool {
        let Wanted { target, kind, ids, .. } = wanted;
        !self.0.is_empty() && ids.iter().any(|id| self.of(target, *kind, id).is_some())
    }

    /// Every protection, and of whom.
    pub fn iter(&self) -> impl Iterator<Item = (Kind, &Id, &Protection)> {
        let all = self.0.iter();
        all.flat_map(|((kind, id), them)| them.iter().map(move |it| (*kind, id, it)))
    }

    /// Every subject with every target at which it is protected.
    pub fn keys(&self) -> BTreeSet<ProtectedKey> {
        let mut keys = BTreeSet::new();
        for ((kind, id), protections) in &self.0 {
            for Protection { targets, source: _ } in protections {
                let key = |target| ProtectedKey { target, kind: *kind, id: id.clone() };
                match targets {
                    None => keys.extend([key(None)]),
                    Some(targets) => keys.extend(targets.iter().cloned().map(Some).map(key)),
                }
            }
        }
        keys
    }

    /// Whoever of these is protected no longer.
    pub fn missing(&self, before: &BTreeSet<ProtectedKey>) -> Vec<ProtectedKey> {
        let now = self.keys();
        let everywhere = |key: &ProtectedKey| ProtectedKey { target: None, ..key.clone() };
        let is_gone = |key: &&ProtectedKey| !now.contains(*key) && !now.contains(&everywhere(key));
        before.iter().filter(is_gone).cloned().collect()
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
