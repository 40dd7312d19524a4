//! Everything a plan needs to know of the state, read at once.

use std::collections::{BTreeMap, BTreeSet};

use super::RecentCalls;
use crate::domain::{
    BegunChange, Enforcement, GuardSettings, Moment, Order, ProtectedKey, TargetName,
};
use crate::plan::TargetRecord;
use crate::plan::document::StateMark;

/// A policy that could be read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReadPolicy {
    /// Its digest.
    pub digest: String,
    /// When it was first read.
    pub at: Moment,
}

/// What the state knows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Snapshot {
    /// Which state this is.
    pub mark: StateMark,
    /// The targets as of the last apply.
    pub bound: BTreeMap<TargetName, TargetRecord>,
    /// The rows, in the canonical order of restrictions.
    pub rows: Vec<Enforcement>,
    /// Who was protected at the last apply.
    pub protected: BTreeSet<ProtectedKey>,
    /// The orders that have not ended, as they were given.
    pub orders: Vec<Order>,
    /// The guards as of the last apply; `None` if no apply has recorded them.
    pub guards: Option<GuardSettings>,
    /// The policy that was read last; `None` if no run has recorded one.
    pub policy: Option<ReadPolicy>,
    /// The acknowledged changes that runs have begun, by any files.
    pub begun: Vec<BegunChange>,
    /// When the newest run began.
    pub newest_run: Option<Moment>,
    /// The number of the newest call.
    pub newest_call: i64,
    /// The calls that may still count for a rate.
    pub recent_calls: RecentCalls,
}

impl Snapshot {
    /// The snapshot of a state that does not exist.
    pub fn empty() -> Self {
        Self {
            mark: StateMark { lineage: None, serial: 0 },
            bound: BTreeMap::new(),
            rows: Vec::new(),
            protected: BTreeSet::new(),
            orders: Vec::new(),
            guards: None,
            policy: None,
            begun: Vec::new(),
            newest_run: None,
            newest_call: 0,
            recent_calls: RecentCalls::default(),
        }
    }

    /// How many rows each target has; one without is left out.
    pub fn rows_per_target(&self) -> BTreeMap<TargetName, usize> {
        let mut counts: BTreeMap<TargetName, usize> = BTreeMap::new();
        for row in &self.rows {
            match counts.get_mut(&row.restriction.target) {
                Some(count) => *count += 1,
                None => drop(counts.insert(row.restriction.target.clone(), 1)),
            }
        }
        counts
    }

    /// Gives the rows of renamed targets their new names.
    pub fn rename(&mut self, moves: &BTreeMap<TargetName, TargetName>) {
        if moves.is_empty() {
            return;
        }
        for row in &mut self.rows {
            if let Some(name) = moves.get(&row.restriction.target) {
                row.restriction.target = name.clone();
            }
        }
        for order in &mut self.orders {
            if let Some(name) = moves.get(&order.target) {
                order.target = name.clone();
            }
        }
        self.rows.sort_by(|a, b| a.restriction.cmp(&b.restriction));
        self.protected = self.protected.iter().map(|key| key.moved(moves)).collect();
    }
}
