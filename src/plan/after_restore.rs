//! After a backup was put in the place of a newer state: what was sent since then is not known.
//!
//! Everything that is wanted may be in force already, and everything that is recorded may be
//! otherwise. So all of it is in doubt, and settled as any doubt is: repeated where that is
//! idempotent, looked up where it would make a second rule. What was imposed since and is not
//! wanted any more shows only where the provider has lists.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::domain::{
    Desired, Doubt, Enforcement, Moment, Restriction, TargetName, Until, Wanted, Warning,
};
use crate::provider::{Capability, Listing, Mechanism, Target};

/// Puts all of `rows` in doubt, and adds a doubtful row for whatever else is wanted at `now`; warns
/// of what may be left over where nothing can be listed.
pub fn doubt_everything(
    targets: &BTreeMap<TargetName, Arc<Target>>,
    wanted: Option<&Desired>,
    rows: &mut Vec<Enforcement>,
    now: Moment,
) -> Vec<Warning> {
    let capability = |restriction: &Restriction| {
        let facts = targets.get(&restriction.target)?.provider.facts();
        facts
            .capability(restriction.subject.kind)
            .filter(|capability| capability.mechanism == Mechanism::Holds)
    };
    for row in rows.iter_mut() {
        if let Some(capability) = capability(&row.restriction) {
            row.doubt.get_or_insert(doubt(capability, now));
        }
    }
    let known: BTreeSet<Restriction> = rows.iter().map(|row| row.restriction.clone()).collect();
    let wanted = wanted.into_iter().flat_map(Desired::iter);
    let mut unknown: BTreeMap<Restriction, &Wanted> = BTreeMap::new();
    for wanted in wanted.filter(|wanted| wanted.is_wanted_at(now)) {
        for restriction in wanted.restrictions().filter(|it| !known.contains(it)) {
            let governs = unknown.get(&restriction).is_none_or(|other| other.until < wanted.until);
            if governs {
                unknown.insert(restriction, wanted);
            }
        }
    }
    rows.extend(unknown.into_iter().filter_map(|(restriction, wanted)| {
        Some(Enforcement {
            doubt: Some(doubt(capability(&restriction)?, now)),
            restriction,
            until: wanted.until,
            reason: wanted.reason.clone(),
            entry: wanted.entry.clone(),
            held: None,
            waiting: None,
        })
    }));
    rows.sort_by(|a, b| a.restriction.cmp(&b.restriction));
    targets.values().filter(|target| hides_something(target)).map(|it| left_over(it)).collect()
}

/// The doubt about a call of any time ago that asked for any end.
fn doubt(capability: &Capability, now: Moment) -> Doubt {
    let longest = capability.expiry.term(Until::Never, now).lapse;
    Doubt::of_any_time(longest)
}

/// Whether a target holds something that no list shows for certain.
fn hides_something(target: &Target) -> bool {
    let mut capabilities = target.provider.facts().capabilities.iter();
    capabilities.any(|capability| {
        capability.mechanism == Mechanism::Holds && capability.listing != Listing::CompletePerRoom
    })
}

fn left_over(target: &Target) -> Warning {
    let name = &target.name;
    let message = format!(
        "what was imposed at `{name}` after the backup, and is not wanted any more, may be left \
         over: its lists show not everything"
    );
    Warning { code: "may-be-left-over".into(), message, source: None }
}
