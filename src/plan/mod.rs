//! Layer 2: what must be done so that the providers equal the policy.
//!
//! [`plan`] is pure: the same policy, state, facts and instant give the same plan, to the byte.
//! A plan decides everything; [`crate::apply`] only carries it out. Its operations come in the
//! canonical order of restrictions; its steps come in the order in which they should be sent.

pub mod ack;
mod after_restore;
pub mod batch;
pub mod bindings;
mod decide;
pub mod diff;
pub mod document;
pub mod drift;
pub mod due;
pub mod file;
pub mod forecast;
pub mod guard;
mod guard_changes;
pub mod inputs;
pub mod operation;
pub mod overlap;
pub mod planned;
pub mod recorded_counts;
mod standing_orders;
pub mod term;
#[cfg(test)]
mod tests;
pub mod warn;

pub use after_restore::doubt_everything;
pub use batch::{Phase, Step};
pub use bindings::{BindingError, Facet, Resolved, TargetChange, TargetRecord};
pub use diff::{Diff, diff};
pub use due::NextDue;
pub use forecast::{Forecast, Seconds};
pub use guard::{Guard, Guarded};
pub use guard_changes::{GuardChange, guard_changes};
pub use inputs::{Inputs, Scope};
pub use operation::{Means, Operation};
pub use recorded_counts::{RecordedCounts, Room};
pub use standing_orders::is_of_orders;

use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet};

use crate::domain::{Action, Enforcement, Moment, Order, Restriction, TargetName, Warning};

/// What is left alone for now: whoever plans again and again neither repeats at once what was just
/// refused, nor begins where earlier calls are on their way still.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Spared {
    /// All that is about these targets.
    pub targets: BTreeSet<TargetName>,
    /// These.
    pub restrictions: BTreeSet<Restriction>,
}

impl Spared {
    /// Whether a restriction is left alone.
    pub fn covers(&self, restriction: &Restriction) -> bool {
        self.targets.contains(&restriction.target) || self.restrictions.contains(restriction)
    }
}

/// Everything one run should do, and why, and in which order.
#[derive(Clone, PartialEq, Eq, Debug)]
#[must_use]
pub struct Plan {
    /// The instant the plan was made for.
    pub now: Moment,
    /// The operations, in the canonical order of their restrictions.
    pub operations: Vec<Operation>,
    /// The calls, in the order in which they should be sent; operations without a call are in
    /// none.
    pub steps: Vec<Step>,
    /// How many restrictions are as they should be.
    pub unchanged: u64,
    /// The guards that are exceeded: unless acknowledged, they hold back everything but upkeep.
    pub guards: Vec<Guarded>,
    /// What they count, each by the first bytes of its digest. Of a plan that was read from a file
    /// this is not known.
    pub guarded: BTreeSet<u64>,
    /// What a person should know although nothing is wrong.
    pub warnings: Vec<Warning>,
    /// What the rates make of the steps, target by target.
    pub forecast: Vec<Forecast>,
    /// When there will be something to do again.
    pub next_due: NextDue,
    /// When whoever keeps time has something to do again at each target: re-kicks count too, and
    /// what ends by itself is left to do so. Of a plan that was read from a file this is not known.
    pub next_wakes: BTreeMap<TargetName, Moment>,
    /// What is left alone for now although something is to be done about it.
    pub spared: Spared,
    /// The orders that have ended by then: their time has come, or the files say the same.
    pub ended_orders: Vec<Order>,
}

impl Plan {
    /// How many operations have this action.
    pub fn count(&self, action: Action) -> u64 {
        count(&self.operations, |operation| operation.action == action)
    }

    /// How many operations had to wait in an earlier run.
    pub fn waiting(&self) -> u64 {
        count(&self.operations, |operation| operation.waited)
    }

    /// How many operations settle a doubt that an earlier run left.
    pub fn in_doubt(&self) -> u64 {
        count(&self.operations, |operation| operation.doubted.is_some())
    }

    /// Whether a guard holds back everything but upkeep.
    pub fn is_held_back(&self) -> bool {
        self.guards.iter().any(Guarded::holds_back)
    }

    /// Whether this operation may be carried out: upkeep and orders always, the rest unless held
    /// back; nothing that is left alone for now.
    pub fn permits(&self, operation: &Operation) -> bool {
        let is_held_back = !operation.upkeep && operation.order.is_none() && self.is_held_back();
        !is_held_back && !self.spared.covers(&operation.restriction)
    }

    /// The same of the operation at this index.
    pub fn permits_at(&self, index: usize) -> bool {
        self.operations.get(index).is_some_and(|operation| self.permits(operation))
    }
}

fn count(operations: &[Operation], which: impl Fn(&Operation) -> bool) -> u64 {
    operations.iter().filter(|operation| which(operation)).count() as u64
}

/// Makes the plan; `recorded` is what the state knows, in the canonical order of restrictions.
pub fn plan<R: Borrow<Enforcement>>(
    inputs: &Inputs<'_>,
    recorded: impl IntoIterator<Item = R>,
) -> Plan {
    complete(inputs, diff(inputs, recorded.into_iter()))
}

/// Makes the plan of what differs.
pub fn complete(inputs: &Inputs<'_>, mut diff: Diff) -> Plan {
    let guards = guard::check(inputs, &diff.counts, &diff.operations);
    let (guards, guarded) = ack::acknowledge(inputs, &diff.operations, guards);
    if guards.iter().any(Guarded::holds_back) {
        diff.keep_up_what_is_held_back(inputs);
    }
    // There may be a million, and twice the room for them.
    diff.operations.shrink_to_fit();
    let steps = batch::batch(&diff.operations, inputs.targets);
    let forecast = forecast::forecast(&steps, inputs.targets);
    Plan {
        now: inputs.now,
        guards,
        guarded,
        warnings: warn::warnings(inputs, &diff.counts, &diff.operations, &steps),
        next_due: diff.next_due,
        next_wakes: diff.next_wakes,
        spared: Spared::default(),
        ended_orders: standing_orders::ended(inputs),
        unchanged: diff.unchanged,
        operations: diff.operations,
        steps,
        forecast,
    }
}
