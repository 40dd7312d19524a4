//! Names to choose from, each with what it means: providers, regions, what can be denied.

use serde_json::Value;

use super::value::choice;
use crate::domain::{Deny, Kind};
use crate::policy::section::SubjectKey;
use crate::provider::{Facts, Provider, REGISTRY};

/// What each privilege is to whom it is denied.
const DENIED: [(Deny, &str); 3] = [
    (Deny::JOIN, "May not enter; whoever is inside has to leave."),
    (Deny::PUBLISH_AUDIO, "May not send sound; may stay and listen."),
    (Deny::PUBLISH_VIDEO, "May not send video; may stay and watch."),
];

/// What can be denied, out of a set.
pub(super) fn denials(of: Deny) -> Value {
    let within = DENIED.into_iter().filter(|(deny, _)| of.contains(*deny));
    choice(within.flat_map(|(deny, hint)| deny.names().map(move |it| (it.into(), hint.into()))))
}

/// The providers.
pub(super) fn providers() -> Value {
    choice(REGISTRY.map(Provider::facts).map(|facts| (facts.name.into(), restricts(facts))))
}

/// The regions of a provider.
pub(super) fn regions(facts: &Facts) -> Value {
    let regions = facts.regions.iter();
    choice(regions.map(|region| (region.name.into(), format!("Calls go to {}.", region.host))))
}

/// What a provider restricts, in a sentence.
fn restricts(facts: &Facts) -> String {
    let kinds: Vec<_> =
        facts.capabilities.iter().map(|capability| plural(capability.kind)).collect();
    format!("{} restricts {}.", facts.title, kinds.join(", "))
}

fn plural(kind: Kind) -> &'static str {
    let key = SubjectKey::ALL.into_iter().find(|key| key.kind == kind);
    key.map_or("whole rooms", |key| key.inline)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_can_be_denied_has_a_hint() {
        assert_eq!(DENIED.map(|(deny, _)| deny), Deny::NAMES.map(|(deny, _)| deny));
    }
}
