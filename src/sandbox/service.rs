//! What a provider's service is, and all there are.

use std::any::Any;

use super::query::Query;
use super::request_context::RequestContext;
use super::{InForce, Incoming, Outgoing, agora, tencent, volcengine, zego};
use crate::domain::Moment;

/// A provider's service, with books of its own.
pub(super) trait Service: Any + Send {
    /// The provider's name.
    fn name(&self) -> &'static str;

    /// The credentials that it knows, by their names in the config. They open nothing anywhere else.
    fn credentials(&self) -> &'static [(&'static str, &'static str)];

    /// Whether a request is for it whose path does not begin with its name.
    fn claims(&self, path: &str, query: &Query) -> bool;

    /// Answers a request.
    fn answer(&mut self, context: &mut RequestContext<'_>) -> Outgoing;

    /// The answer to a call that comes too fast.
    fn throttled(&self, incoming: &Incoming, now: Moment) -> Outgoing;

    /// What is in force.
    fn in_force(&self, now: Moment) -> Vec<InForce>;

    /// A room goes, and with it all that is in force there.
    fn close(&mut self, _room: &str) {}
}

/// Every service, each in a row. A request that says nothing else goes to the first that claims it.
pub(super) fn all() -> Vec<Box<dyn Service>> {
    vec![
        Box::<agora::Agora>::default(),
        Box::<tencent::Tencent>::default(),
        Box::<volcengine::Volcengine>::default(),
        Box::<zego::Zego>::default(),
    ]
}

/// The value of a credential, by the names of provider and credential in the config.
pub fn credential(provider: &str, name: &str) -> Option<&'static str> {
    let all = all();
    let service = all.iter().find(|service| service.name() == provider)?;
    let found = service.credentials().iter().find(|(known, _)| *known == name)?;
    Some(found.1)
}

/// Whether `id` names an account: `base` itself, or `base` with a suffix such as `-2`.
///
/// Every account has rates of its own, so a suffix makes a second account with the same secret.
pub(super) fn names_account(id: &str, base: &str) -> bool {
    id.strip_prefix(base).is_some_and(|suffix| suffix.is_empty() || suffix.starts_with('-'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::REGISTRY;

    #[test]
    fn every_provider_has_a_service_that_knows_its_credentials() {
        let mut services: Vec<_> = all().iter().map(|service| service.name()).collect();
        services.sort_unstable();
        assert_eq!(services, REGISTRY.map(|provider| provider.facts().name));
        for provider in REGISTRY {
            let facts = provider.facts();
            for name in facts.credentials {
                assert!(credential(facts.name, name).is_some(), "{} {name}", facts.name);
            }
        }
        assert_eq!(credential("zego", "secret_key"), None);
    }

    #[test]
    fn a_suffix_makes_another_account() {
        let base = "ostracon-sandbox-customer";
        assert!(names_account(base, base));
        assert!(names_account("ostracon-sandbox-customer-2", base));
        assert!(!names_account("ostracon-sandbox-customers", base));
        assert!(!names_account("", base));
    }
}
