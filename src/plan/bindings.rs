//! Whether every name still means the app it meant when the state was written.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::TargetName;
use crate::provider::{self, Provider, Target};

/// What the state recorded about a target at the last apply.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TargetRecord {
    /// Which app it was ([`Target::binding`]).
    pub binding: String,
    /// Where its calls went.
    pub endpoint: String,
    /// Where its secrets came from, one source a line.
    pub credentials: String,
}

impl TargetRecord {
    /// What there is to record about a target.
    pub fn of(target: &Target) -> Self {
        let sources = target.credentials.iter();
        let lines: Vec<_> = sources.map(|(name, source)| format!("{name}: {source}")).collect();
        Self {
            binding: target.binding(),
            endpoint: target.endpoint.to_string(),
            credentials: lines.join("\n"),
        }
    }

    /// Whose app it is: a binding begins with the name of its provider.
    pub fn provider(&self) -> Option<&'static dyn Provider> {
        self.binding.split(' ').next().and_then(provider::find)
    }
}

/// One thing about a target that is not as it was at the last apply.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize, JsonSchema)]
pub struct TargetChange {
    /// The target.
    #[schemars(with = "String")]
    pub target: TargetName,
    /// What changed.
    pub what: Facet,
    /// What it was; null for a target that is new.
    pub before: Option<String>,
    /// What it is; null for a target that is gone.
    pub after: Option<String>,
}

/// What can change about a target.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Facet {
    /// Where its secrets come from.
    Credentials,
    /// Where its calls go.
    Endpoint,
    /// What the config calls it.
    Name,
    /// Which app it is, or whether there is one.
    Target,
}

impl Facet {
    /// The name, as in plans.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Credentials => "credentials",
            Self::Endpoint => "endpoint",
            Self::Name => "name",
            Self::Target => "target",
        }
    }
}

/// Why a plan cannot be made: the names do not mean what they meant.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BindingError {
    /// A name stands for another app than the one the state knows by it.
    #[error(
        "target `{target}` is bound to {now}, but the state knows it as {before}, with {rows} recorded restrictions"
    )]
    Rebound {
        /// The target.
        target: TargetName,
        /// What it is bound to now.
        now: String,
        /// What the state knows.
        before: String,
        /// How many restrictions the state has of it.
        rows: usize,
    },
    /// Restrictions are recorded for a target that the config does not have.
    #[error("the state has {rows} restrictions of target `{target}`, which is not in the config")]
    Gone {
        /// The target.
        target: TargetName,
        /// How many restrictions the state has of it.
        rows: usize,
    },
    /// A target takes over from another that still has rows of its own or is still configured.
    #[error(
        "target `{target}` cannot take over the restrictions of `{from}`: it has {rows} of its own"
    )]
    Occupied {
        /// The target that takes over.
        target: TargetName,
        /// The name it had.
        from: TargetName,
        /// How many restrictions it has already.
        rows: usize,
    },
}

impl BindingError {
    /// What a person can do about it.
    pub fn hint(&self) -> String {
        match self {
            Self::Rebound { target, .. } => format!(
                "give the new app a name of its own; to retire the old one, empty `{target}` \
                 under its old binding first"
            ),
            Self::Gone { target, .. } => format!(
                "if the target was renamed, say `moved_from: {target}` under its new name; to \
                 retire it, empty it first"
            ),
            Self::Occupied { .. } => "take `moved_from` out again".to_owned(),
        }
    }
}

/// How the names of the state and those of the config go together.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Resolved {
    /// Names of the state that became names of the config: from, to.
    pub moves: BTreeMap<TargetName, TargetName>,
    /// What is not as it was at the last apply.
    pub changes: Vec<TargetChange>,
}

/// Compares the targets of the config with those of the state, which has so many `rows` of each.
pub fn resolve(
    targets: &BTreeMap<TargetName, Arc<Target>>,
    bound: &BTreeMap<TargetName, TargetRecord>,
    rows: &BTreeMap<TargetName, usize>,
) -> Result<Resolved, BindingError> {
    let rows_of = |name: &TargetName| rows.get(name).copied().unwrap_or(0);
    let mut resolved = Resolved::default();
    for target in targets.values() {
        let from = target.moved_from.as_ref().filter(|from| bound.contains_key(*from));
        let known_as = from.unwrap_or(&target.name);
        if let Some(from) = from {
            if rows_of(&target.name) > 0 {
                let (target, from) = (target.name.clone(), from.clone());
                let rows = rows_of(&target);
                return Err(BindingError::Occupied { target, from, rows });
            }
            resolved.moves.insert(from.clone(), target.name.clone());
        }
        compare(target, from, bound.get(known_as), rows_of(known_as), &mut resolved.changes)?;
    }
    let names: BTreeSet<&TargetName> = bound.keys().chain(rows.keys()).collect();
    for name in names {
        if targets.contains_key(name) || resolved.moves.contains_key(name) {
            continue;
        }
        if rows_of(name) > 0 {
            return Err(BindingError::Gone { target: name.clone(), rows: rows_of(name) });
        }
        resolved.changes.push(TargetChange {
            target: name.clone(),
            what: Facet::Target,
            before: bound.get(name).map(|bound| bound.binding.clone()),
            after: None,
        });
    }
    resolved.changes.sort();
    Ok(resolved)
}

fn compare(
    target: &Target,
    from: Option<&TargetName>,
    before: Option<&TargetRecord>,
    rows: usize,
    changes: &mut Vec<TargetChange>,
) -> Result<(), BindingError> {
    let now = TargetRecord::of(target);
    let mut change = |what, before: Option<String>, after: String| {
        changes.push(TargetChange {
            target: target.name.clone(),
            what,
            before,
            after: Some(after),
        });
    };
    let Some(before) = before else {
        change(Facet::Target, None, now.binding);
        change(Facet::Endpoint, None, now.endpoint);
        change(Facet::Credentials, None, now.credentials);
        return Ok(());
    };
    if now.binding != before.binding {
        if rows > 0 {
            let (now, before) = (now.binding, before.binding.clone());
            return Err(BindingError::Rebound { target: target.name.clone(), now, before, rows });
        }
        change(Facet::Target, Some(before.binding.clone()), now.binding);
    }
    if let Some(from) = from {
        change(Facet::Name, Some(from.to_string()), target.name.to_string());
    }
    if now.endpoint != before.endpoint {
        change(Facet::Endpoint, Some(before.endpoint.clone()), now.endpoint);
    }
    if now.credentials != before.credentials {
        change(Facet::Credentials, Some(before.credentials.clone()), now.credentials);
    }
    Ok(())
}
