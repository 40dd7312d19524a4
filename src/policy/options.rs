//! What can be tuned at a target, each only where its provider has a use for it.

use jiff::SignedDuration;

use super::fields::Fields;
use super::problem::{Problem, Reporter};
use super::scalar::{read_bool, read_number, read_span};
use crate::provider::{Facts, Mechanism, Options};

/// Every option, for the list of known keys.
pub(super) const KEYS: [&str; 5] =
    ["renew_before", "rekick_every", "reassert_every", "quota", "test_environment"];

/// Reads the options of a target.
pub(super) fn read_options(
    target: &Fields<'_, '_>,
    facts: &'static Facts,
    reporter: &mut Reporter<'_>,
) -> Options {
    for name in KEYS {
        if let Some((key, _)) = target.pair(name)
            && let Some(because) = useless(name, facts)
        {
            let message = format!("`{name}` means nothing at {}: {because}", facts.title);
            reporter.push(
                Problem::new("knob-not-supported", key.at, message).help("take the line out"),
            );
        }
    }
    let mut span = |name: &str| {
        read_span(target.get(name)?, format_args!("`{name}`"), reporter)
            .filter(|_| useless(name, facts).is_none())
    };
    let renew_before = span("renew_before");
    let rekick_every = span("rekick_every");
    let reassert_every = span("reassert_every");
    let quota = target
        .get("quota")
        .and_then(|node| read_number(node, "`quota`", (1, u32::MAX.into()), reporter))
        .and_then(|quota| u32::try_from(quota).ok());
    let test_environment = target
        .get("test_environment")
        .and_then(|node| read_bool(node, "`test_environment`", reporter))
        .unwrap_or(false);
    check_renewal(target, renew_before, facts, reporter);
    Options { renew_before, rekick_every, reassert_every, quota, test_environment }
}

/// Why an option means nothing at a provider; `None` where it means something.
pub(super) fn useless(name: &str, facts: &Facts) -> Option<&'static str> {
    let mut capabilities = facts.capabilities.iter();
    let (useful, because) = match name {
        "renew_before" => (
            capabilities.any(|capability| capability.expiry.cap().is_some()),
            "nothing ends there by itself",
        ),
        "rekick_every" => (
            capabilities.any(|capability| capability.mechanism == Mechanism::Kicks),
            "it keeps people out",
        ),
        "reassert_every" => (facts.can_reassert, "what it holds does not vanish"),
        "quota" => {
            (capabilities.any(|capability| capability.quota.is_some()), "no quota is documented")
        }
        _ => (facts.has_test_environment, "it has no test environment"),
    };
    (!useful).then_some(because)
}

fn check_renewal(
    target: &Fields<'_, '_>,
    renew_before: Option<SignedDuration>,
    facts: &Facts,
    reporter: &mut Reporter<'_>,
) {
    let least_cap =
        facts.capabilities.iter().filter_map(|capability| capability.expiry.cap()).min();
    let (Some(before), Some(cap), Some(node)) =
        (renew_before, least_cap, target.get("renew_before"))
    else {
        return;
    };
    if before >= cap {
        let message = format!(
            "`renew_before` must be less than the longest hold of {}, {} seconds",
            facts.title,
            cap.as_secs()
        );
        reporter.push(Problem::new("out-of-range", node.at, message));
    }
}
