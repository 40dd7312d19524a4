//! Guards: how much one plan may change before a person must look again.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Inputs, Operation, RecordedCounts};
use crate::domain::{Action, Limit, TargetName, Warning};

/// A guard that is exceeded: unless acknowledged, it holds back everything but upkeep.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Guarded {
    /// Which guard.
    pub guard: Guard,
    /// The target it is about; null for all targets together.
    #[schemars(with = "Option<String>")]
    pub target: Option<TargetName>,
    /// How many operations it counts.
    pub operations: u64,
    /// How many restrictions are in force there.
    pub in_force: u64,
    /// The limit they exceed, as `100` or `30 %`; null where none may be.
    pub limit: Option<String>,
    /// The digest of everything that guards count in this plan: `acks/<digest>.yaml` in the
    /// workspace, with `digest`, `who` and `why`, allows it.
    pub change_digest: String,
    /// Who did; null if nobody.
    pub acknowledged_by: Option<String>,
}

impl Guarded {
    fn new(
        guard: Guard,
        target: Option<TargetName>,
        counts: (u64, u64),
        limit: Option<String>,
    ) -> Self {
        let (operations, in_force) = counts;
        let (change_digest, acknowledged_by) = (String::new(), None);
        Self { guard, target, operations, in_force, limit, change_digest, acknowledged_by }
    }

    /// Whether it holds anything back: it does until somebody acknowledges what it counts.
    pub fn holds_back(&self) -> bool {
        self.acknowledged_by.is_none()
    }
}

/// The guards.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Guard {
    /// The policy has no entry at all, while something is in force.
    AllowEmpty,
    /// Too many restrictions would be imposed.
    MaxImposes,
    /// Too many restrictions would be lifted.
    MaxLifts,
    /// Somebody is protected no longer.
    Protect,
}

impl Guard {
    /// Its name, as in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AllowEmpty => "allow_empty",
            Self::MaxImposes => "max_imposes",
            Self::MaxLifts => "max_lifts",
            Self::Protect => "protect",
        }
    }
}

/// Percentages say little about few: they count from this many in force (design §2.1).
const PERCENT_COUNTS_FROM: u64 = 10;

#[derive(Clone, Copy, Default)]
struct Tally {
    in_force: u64,
    lifts: u64,
    imposes: u64,
}

/// The guards that these operations run into.
pub(super) fn check(
    inputs: &Inputs<'_>,
    counts: &RecordedCounts,
    operations: &[Operation],
) -> Vec<Guarded> {
    let (overall, per_target) = tally(counts, operations);
    let everywhere = (per_target.len() > 1).then_some((None, overall));
    let places = per_target.into_iter().map(|(target, tally)| (Some(target), tally));
    let mut guarded = Vec::new();
    if inputs.wanted.is_some()
        && inputs.entries == 0
        && !inputs.guards.allow_empty
        && overall.lifts > 0
    {
        let Tally { in_force, lifts, imposes: _ } = overall;
        guarded.push(Guarded::new(Guard::AllowEmpty, None, (lifts, in_force), None));
    }
    if !inputs.unprotected.is_empty() {
        let count = inputs.unprotected.len() as u64;
        guarded.push(Guarded::new(Guard::Protect, None, (count, overall.in_force), None));
    }
    for (target, tally) in places.chain(everywhere) {
        let Tally { in_force, lifts, imposes } = tally;
        let checks = [
            (Guard::MaxLifts, inputs.guards.max_lifts, lifts),
            (Guard::MaxImposes, inputs.guards.max_imposes, imposes),
        ];
        for (guard, limit, operations) in checks {
            if let Some(limit) = exceeded(limit, operations, in_force) {
                let (target, limit) = (target.clone(), Some(limit));
                guarded.push(Guarded::new(guard, target, (operations, in_force), limit));
            }
        }
    }
    guarded
}

/// Of a limit, in a hundred: from here on a guard is nearly reached.
const NEARLY: u64 = 80;

/// A warning for each guard that these operations leave little room under.
pub(super) fn nearly(
    inputs: &Inputs<'_>,
    counts: &RecordedCounts,
    operations: &[Operation],
) -> Vec<Warning> {
    let (overall, per_target) = tally(counts, operations);
    let everywhere = (per_target.len() > 1).then_some(("in all".to_owned(), overall));
    let places = per_target.into_iter().map(|(target, tally)| (format!("at `{target}`"), tally));
    let mut warnings = Vec::new();
    for (place, Tally { in_force, lifts, imposes }) in places.chain(everywhere) {
        for (name, limit, operations) in [
            ("max_lifts", inputs.guards.max_lifts, lifts),
            ("max_imposes", inputs.guards.max_imposes, imposes),
        ] {
            let Some(allowed) = allowed(limit, in_force) else { continue };
            let is_near = operations > 0 && operations * 100 >= allowed.saturating_mul(NEARLY);
            if is_near && operations <= allowed {
                let message =
                    format!("{operations} of the {allowed} that `{name}` allows {place} are used");
                warnings.push(Warning {
                    code: "guard-nearly-reached".into(),
                    message,
                    source: None,
                });
            }
        }
    }
    warnings
}

/// How many operations a limit allows, if it limits any.
fn allowed(limit: Limit, in_force: u64) -> Option<u64> {
    let Limit { count, percent } = limit;
    let percent = percent.filter(|_| in_force >= PERCENT_COUNTS_FROM);
    let share = percent.map(|percent| in_force.saturating_mul(percent) / 100);
    [count, share].into_iter().flatten().min()
}

fn tally(
    counts: &RecordedCounts,
    operations: &[Operation],
) -> (Tally, BTreeMap<TargetName, Tally>) {
    let mut overall = Tally { in_force: counts.in_force.values().sum(), ..Tally::default() };
    let of_target = |(target, in_force): (&TargetName, &u64)| {
        (target.clone(), Tally { in_force: *in_force, ..Tally::default() })
    };
    let mut per_target: BTreeMap<_, _> = counts.in_force.iter().map(of_target).collect();
    let mut note = |target: &TargetName, change: fn(&mut Tally)| {
        change(&mut overall);
        change(per_target.entry(target.clone()).or_default());
    };
    for operation in operations {
        let target = &operation.restriction.target;
        if operation.is_guarded_lift() {
            note(target, |tally| tally.lifts += 1);
        }
        if operation.action == Action::Impose && !operation.upkeep {
            note(target, |tally| tally.imposes += 1);
        }
        // What time has ended is in force no more, and must not dilute the percentage.
        let recorded = operation.recorded.as_ref().is_some_and(|row| row.may_be_in_force());
        if operation.action == Action::Forget && operation.upkeep && recorded {
            note(target, |tally| tally.in_force = tally.in_force.saturating_sub(1));
        }
    }
    (overall, per_target)
}

/// The limit that `operations` exceed, in words.
fn exceeded(limit: Limit, operations: u64, in_force: u64) -> Option<String> {
    let Limit { count, percent } = limit;
    if let Some(count) = count.filter(|count| operations > *count) {
        return Some(count.to_string());
    }
    let percent = percent.filter(|_| in_force >= PERCENT_COUNTS_FROM)?;
    let too_many = operations.saturating_mul(100) > in_force.saturating_mul(percent);
    too_many.then(|| format!("{percent} %"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentage_counts_from_ten_in_force_and_is_exceeded_not_reached() {
        let limit = Limit { count: None, percent: Some(30) };
        for (operations, in_force, expected) in [
            (9, 9, None),
            (3, 10, None),
            (4, 10, Some("30 %")),
            (30, 100, None),
            (31, 100, Some("30 %")),
        ] {
            assert_eq!(exceeded(limit, operations, in_force).as_deref(), expected);
        }
    }

    #[test]
    fn what_a_limit_allows_is_what_does_not_exceed_it() {
        for limit in [
            Limit { count: Some(4), percent: Some(30) },
            Limit { count: None, percent: Some(30) },
            Limit { count: Some(7), percent: None },
        ] {
            for in_force in [0, 9, 10, 13, 100] {
                let Some(allowed) = allowed(limit, in_force) else {
                    assert_eq!(exceeded(limit, u64::MAX / 100, in_force), None);
                    continue;
                };
                assert_eq!(exceeded(limit, allowed, in_force), None);
                assert!(exceeded(limit, allowed + 1, in_force).is_some());
            }
        }
    }

    #[test]
    fn a_count_holds_however_few_are_in_force() {
        let limit = Limit { count: Some(2), percent: None };
        assert_eq!(exceeded(limit, 2, 3), None);
        assert_eq!(exceeded(limit, 3, 3).as_deref(), Some("2"));
    }
}
