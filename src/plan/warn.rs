//! What a person should know about a plan although nothing is wrong with it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;

use super::standing_orders;
use super::{Inputs, Operation, Phase, RecordedCounts, Room, Step, guard};
use crate::domain::{Action, Id, Lapse, Restriction, TargetName, Warning};
use crate::provider::Mechanism;

/// The warnings of a plan, those of the policy first.
pub(super) fn warnings(
    inputs: &Inputs<'_>,
    counts: &RecordedCounts,
    operations: &[Operation],
    steps: &[Step],
) -> Vec<Warning> {
    let mut warnings = standing_orders::warnings(inputs);
    warnings.extend_from_slice(inputs.warnings);
    warnings.extend(late_renewals(inputs, operations, steps));
    warnings.extend(full_rooms(inputs, counts, operations));
    warnings.extend(kicks(inputs, operations));
    warnings.extend(unprotected(inputs));
    warnings.extend(guard::nearly(inputs, counts, operations));
    warnings
}

/// Whoever was protected at the last apply and is so no longer.
fn unprotected(inputs: &Inputs<'_>) -> impl Iterator<Item = Warning> {
    inputs.unprotected.iter().map(|key| Warning {
        code: "unprotected".into(),
        message: format!("`{key}` is protected no longer"),
        source: None,
    })
}

/// Renewals that the account's rate pushes past their lapse.
fn late_renewals(inputs: &Inputs<'_>, operations: &[Operation], steps: &[Step]) -> Vec<Warning> {
    let mut sent: BTreeMap<(String, usize), u64> = BTreeMap::new();
    let mut missed: BTreeMap<&TargetName, u64> = BTreeMap::new();
    for step in steps.iter().filter(|step| step.phase <= Phase::Renewal) {
        let Some(target) = inputs.targets.get(&step.target) else { continue };
        let lane = step.capability.lane;
        let calls = sent.entry((target.rate_key(), lane)).or_default();
        *calls += 1;
        let millis = calls.saturating_mul(1000) / u64::from(target.lane_rate(lane));
        let done =
            inputs.now + SignedDuration::from_millis(i64::try_from(millis).unwrap_or(i64::MAX));
        let lapses_before = |operation: &&Operation| {
            let lapse = operation.lapse().and_then(Lapse::at);
            lapse.is_some_and(|lapse| inputs.now < lapse && lapse < done)
        };
        let carried = step.operations.iter().filter_map(|index| operations.get(*index));
        let count = carried.filter(lapses_before).count() as u64;
        if step.phase == Phase::Renewal && count > 0 {
            *missed.entry(&step.target).or_default() += count;
        }
    }
    missed
        .into_iter()
        .map(|(target, count)| Warning {
            code: "renewals-late".into(),
            message: format!(
                "{count} due renewals at `{target}` cannot be made before they lapse at the \
                 account's rate: run more often, or raise `renew_before`"
            ),
            source: None,
        })
        .collect()
}

/// Rooms that would hold more than the provider lets them.
fn full_rooms(
    inputs: &Inputs<'_>,
    counts: &RecordedCounts,
    operations: &[Operation],
) -> Vec<Warning> {
    let mut changes: BTreeMap<Room, i64> = BTreeMap::new();
    let has_quota = |restriction: &Restriction| {
        inputs.capability(restriction).is_some_and(|(_, capability)| capability.quota.is_some())
    };
    for operation in operations.iter().filter(|operation| has_quota(&operation.restriction)) {
        let was_held = operation.recorded.as_ref().is_some_and(|row| row.held.is_some());
        let change = match operation.action {
            Action::Impose => i64::from(!was_held),
            Action::Lift | Action::Forget => -i64::from(was_held),
            Action::Renew | Action::Amend | Action::Kick => 0,
        };
        *changes.entry(Room::of(&operation.restriction)).or_default() += change;
    }
    let rooms: BTreeSet<&Room> = counts.held.keys().chain(changes.keys()).collect();
    rooms
        .into_iter()
        .filter_map(|key @ Room { target, kind, id }| {
            let held = counts.held.get(key).map_or(0, |held| held.cast_signed());
            let count = held + changes.get(key).copied().unwrap_or(0);
            let config = inputs.targets.get(target)?;
            let documented = config.provider.facts().capability(*kind)?.quota?.per_room;
            let quota = config.options.quota.unwrap_or(documented);
            (count > i64::from(quota)).then(|| Warning {
                code: "room-full".into(),
                message: format!(
                    "`{target}` room `{}` would hold {count} banned {kind}s, and {quota} is all it \
                     takes",
                    id.as_ref().map_or("", Id::as_str)
                ),
                source: None,
            })
        })
        .collect()
}

/// Kicks, which do not keep anybody out.
fn kicks(inputs: &Inputs<'_>, operations: &[Operation]) -> Vec<Warning> {
    let mut kicked: BTreeMap<&TargetName, u64> = BTreeMap::new();
    for operation in operations {
        let mechanism =
            inputs.capability(&operation.restriction).map(|(_, capability)| capability.mechanism);
        if mechanism == Some(Mechanism::Kicks) && operation.action == Action::Impose {
            *kicked.entry(&operation.restriction.target).or_default() += 1;
        }
    }
    kicked
        .into_iter()
        .map(|(target, count)| Warning {
            code: "kicks-only".into(),
            message: format!(
                "`{target}` can only kick: {count} banned users can come back in until the next \
                 run kicks them again"
            ),
            source: None,
        })
        .collect()
}
