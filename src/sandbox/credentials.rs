//! The credentials the sandbox knows. They open nothing anywhere else.

/// ZEGO's `ServerSecret` of every app.
pub const SERVER_SECRET: &str = "ostracon-sandbox-server-secret00";
/// Tencent's secret key of every app.
pub const SECRET_KEY: &str = "ostracon-sandbox-secret-key";
/// Volcengine's access key id.
pub const ACCESS_KEY_ID: &str = "AKLTOSTRACONSANDBOX";
/// Volcengine's secret access key.
pub const SECRET_ACCESS_KEY: &str = "ostracon-sandbox-secret-access-key==";
/// Agora's customer id.
pub const CUSTOMER_ID: &str = "ostracon-sandbox-customer";
/// Agora's customer secret.
pub const CUSTOMER_SECRET: &str = "ostracon-sandbox-customer-secret";

/// The value of a credential, by the names of provider and credential in the config.
pub fn credential(provider: &str, name: &str) -> Option<&'static str> {
    match (provider, name) {
        ("zego", "server_secret") => Some(SERVER_SECRET),
        ("tencent", "secret_key") => Some(SECRET_KEY),
        ("volcengine", "access_key_id") => Some(ACCESS_KEY_ID),
        ("volcengine", "secret_access_key") => Some(SECRET_ACCESS_KEY),
        ("agora", "customer_id") => Some(CUSTOMER_ID),
        ("agora", "customer_secret") => Some(CUSTOMER_SECRET),
        _ => None,
    }
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
    fn every_credential_of_every_provider_is_known() {
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
        assert!(names_account(CUSTOMER_ID, CUSTOMER_ID));
        assert!(names_account("ostracon-sandbox-customer-2", CUSTOMER_ID));
        assert!(!names_account("ostracon-sandbox-customers", CUSTOMER_ID));
        assert!(!names_account("", CUSTOMER_ID));
    }
}
