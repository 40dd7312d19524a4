//! What a plan is made from.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::domain::{
    Ack, BegunChange, Desired, Guards, Moment, Order, Protected, ProtectedKey, Restriction,
    TargetName, Warning,
};
use crate::provider::{Capability, Target};

/// What a plan is made from.
#[derive(Clone, Copy, Debug)]
pub struct Inputs<'a> {
    /// The instant the plan is made for.
    pub now: Moment,
    /// The targets of the config.
    pub targets: &'a BTreeMap<TargetName, Arc<Target>>,
    /// Which of them the plan is about.
    pub scope: &'a Scope,
    /// What the policy wants; `None` for an upkeep plan, which reads no policy and takes what is
    /// recorded for wanted.
    pub wanted: Option<&'a Desired>,
    /// How many entries the policy has.
    pub entries: usize,
    /// Who may not be restricted.
    pub protected: &'a Protected,
    /// Who was protected at the last apply and is so no longer.
    pub unprotected: &'a [ProtectedKey],
    /// What people have acknowledged.
    pub acks: &'a [Ack],
    /// What of it runs have begun by the same files.
    pub begun: &'a [&'a BegunChange],
    /// How much may change at once.
    pub guards: &'a Guards,
    /// The orders that are recorded and have not ended.
    pub orders: &'a [Order],
    /// What reading the policy warned of.
    pub warnings: &'a [Warning],
}

impl Inputs<'_> {
    /// The target and capability of a restriction.
    ///
    /// `None` when its target is not in the config or cannot restrict such a thing; neither
    /// reaches the planner, since validation and the check of bindings come first.
    pub fn capability(&self, restriction: &Restriction) -> Option<(&Target, &'static Capability)> {
        let target = self.targets.get(&restriction.target)?;
        Some((target, target.provider.facts().capability(restriction.subject.kind)?))
    }
}

/// What a plan is about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Scope {
    /// All of them.
    Everything,
    /// Only these.
    Only(BTreeSet<TargetName>),
    /// Only whom these orders are about.
    Orders(Vec<Order>),
}

impl Scope {
    /// Whether the plan is about something at this target.
    pub fn includes(&self, target: &TargetName) -> bool {
        match self {
            Self::Everything => true,
            Self::Only(targets) => targets.contains(target),
            Self::Orders(orders) => orders.iter().any(|order| order.target == *target),
        }
    }

    /// Whether the plan is about this restriction.
    pub fn includes_restriction(&self, restriction: &Restriction) -> bool {
        match self {
            Self::Everything | Self::Only(_) => self.includes(&restriction.target),
            Self::Orders(orders) => orders.iter().any(|order| order.is_about(restriction)),
        }
    }
}
