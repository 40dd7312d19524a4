//! The plan of everything, made while the rows of the state pass by.

use std::collections::BTreeMap;

use super::prepare::{Files, Knowledge};
use crate::domain::{Moment, TargetName};
use crate::error::Error;
use crate::plan::document::Origin;
use crate::plan::{self, Census, Plan, Quiet, Scope};
use crate::state::{Snapshot, State};

/// A plan, and what it was made from.
pub(super) struct Streamed {
    pub(super) plan: Plan,
    pub(super) origin: Origin,
    /// What the state was; `None` if it cannot be told again, or there was none.
    pub(super) passed: Option<Passed>,
}

/// The state that passed by.
pub(super) struct Passed {
    /// What tells it from every other.
    pub(super) stamp: String,
    /// How many rows each target has.
    pub(super) rows: BTreeMap<TargetName, usize>,
    /// How much was counted.
    pub(super) census: Census,
}

/// Makes the plan; `see` is shown everything about which there is nothing to do.
pub(super) fn stream(
    files: &Files,
    state: Option<State>,
    scope: &Scope,
    now: Moment,
    see: impl FnMut(Quiet<'_>),
) -> Result<Streamed, Error> {
    let of_rows = |mut snapshot: Snapshot| -> Result<Streamed, Error> {
        let (plan, origin, _) = files.plan(&mut snapshot, scope, now, &[])?;
        Ok(Streamed { plan, origin, passed: None })
    };
    let Some(mut state) = state else { return of_rows(Snapshot::empty()) };
    let view = state.view()?;
    let outline = view.outline()?;
    let rows = view.rows_per_target()?;
    let resolved = files.resolve(&outline, &rows)?;
    if !resolved.moves.is_empty() {
        // New names come in another order.
        return of_rows(view.snapshot()?);
    }
    let stamp = view.stamp()?;
    let knowledge = Knowledge { outline: &outline, resolved: &resolved, found: &[] };
    let (made, origin) = files.with_inputs(&knowledge, scope, now, |inputs| {
        let diff = view.each_row(|rows| plan::diff(inputs, rows, see))?;
        let census = diff.census.clone();
        Ok::<_, Error>((plan::complete(inputs, diff), census))
    });
    let (plan, census) = made?;
    let passed = stamp.map(|stamp| Passed { stamp, rows, census });
    Ok(Streamed { plan, origin, passed })
}
