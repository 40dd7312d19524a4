//! Basic authentication: Agora signs nothing.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::provider::Secrets;

/// The `Authorization` header. Its credentials belong to the account, not to the project.
pub(super) fn authorization(secrets: &Secrets) -> String {
    let (id, secret) = (secrets.expose("customer_id"), secrets.expose("customer_secret"));
    format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn customer_id_and_secret_travel_as_basic_authentication() {
        // The example of RFC 7617, section 2.
        let mut secrets = Secrets::default();
        secrets.insert("customer_id", "Aladdin".into());
        secrets.insert("customer_secret", "open sesame".into());
        assert_eq!(authorization(&secrets), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    }
}
