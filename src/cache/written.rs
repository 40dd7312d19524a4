//! A memo as bytes.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::calm::Totals;
use super::memo::{Basis, Memo};
use crate::domain::hex::hex;
use crate::domain::{
    Id, Kind, Moment, Protected, Protection, Restriction, Source, TargetName, Warning,
};
use crate::plan::{Census, Room};

impl Memo {
    pub(super) fn of_bytes(bytes: &[u8]) -> Option<Self> {
        let written: Written = postcard::from_bytes(bytes).ok()?;
        let mut protected = Protected::default();
        for (kind, id, targets, source) in written.protected {
            protected.insert(kind, id, Protection { targets, source });
        }
        let rooms = written.held.into_iter();
        let census = Census {
            in_force: written.in_force,
            held: rooms
                .map(|(target, kind, id, count)| (Room { target, kind, id }, count))
                .collect(),
        };
        let restless = written.restless.iter().map(|text| text.parse().ok());
        Some(Self {
            basis: written.basis,
            now: written.now,
            protected,
            warnings: written.warnings,
            census,
            restless: restless.collect::<Option<_>>()?,
            calm: written.calm,
        })
    }

    pub(super) fn to_bytes(&self) -> Option<Vec<u8>> {
        let protections = self.protected.iter();
        let rooms = self.census.held.iter();
        let written = Written {
            basis: self.basis.clone(),
            now: self.now,
            protected: protections
                .map(|(kind, id, it)| (kind, id.clone(), it.targets.clone(), it.source.clone()))
                .collect(),
            warnings: self.warnings.clone(),
            in_force: self.census.in_force.clone(),
            held: rooms
                .map(|(it, count)| (it.target.clone(), it.kind, it.id.clone(), *count))
                .collect(),
            restless: self.restless.iter().map(Restriction::to_string).collect(),
            calm: self.calm,
        };
        postcard::to_stdvec(&written).ok()
    }

    /// The name of the sheet that goes with it: of what the plan was made from, so that no other
    /// is taken for it.
    pub(super) fn name_of_sheet(&self) -> String {
        let basis = postcard::to_stdvec(&(&self.basis, self.now)).unwrap_or_default();
        hex(&Sha256::digest(basis))
    }
}

/// A memo, in types that can be written.
#[derive(Serialize, Deserialize)]
struct Written {
    basis: Basis,
    now: Moment,
    protected: Vec<(Kind, Id, Option<BTreeSet<TargetName>>, Source)>,
    warnings: Vec<Warning>,
    in_force: BTreeMap<TargetName, u64>,
    held: Vec<(TargetName, Kind, Option<Id>, u64)>,
    restless: Vec<String>,
    calm: Totals,
}
