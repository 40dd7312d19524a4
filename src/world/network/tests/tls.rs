//! TLS for tests: a certificate of `api.agora.io` and 127.0.0.1 that nobody else trusts.

use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio_rustls::TlsAcceptor;

/// Made by `openssl req -x509 -addext subjectAltName=DNS:api.agora.io,IP:127.0.0.1`; until 2126.
const CERTIFICATE: &str = "MIIBkTCCATegAwIBAgIUIXEhwdYuaH0jCaWFuCctHlCG0/swCgYIKoZIzj0EAwIwDzENMAsGA1UEAwwEdGVzdDAgFw0yNjExMjYyMzAzMDFaGA8yMTI2MTEwMjIzMDMwMVowDzENMAsGA1UEAwwEdGVzdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABCiTpQNlBThAt1ugEsqjVj4laybw6pZD1JTapVKNt+0OFhjlbyeoyxqjP9ahoz0XpFY2otcgY0SdHaQxuC7nG5KjbzBtMB0GA1UdDgQWBBTNlndzXjRzLznaQaiuvPSv27ziWzAfBgNVHSMEGDAWgBTNlndzXjRzLznaQaiuvPSv27ziWzAdBgNVHREEFjAUggxhcGkuYWdvcmEuaW+HBH8AAAEwDAYDVR0TAQH/BAIwADAKBggqhkjOPQQDAgNIADBFAiEA/a9mnOpV/zt2h+Q3G9dWue9xcQWB7OfwnGeivXy0+9sCIDFS5bXqgzOXFO9BivsJw4I2Fv29zre0usQnOT5Ugo4V";

/// Its key (P-256, PKCS #8), which protects nothing.
const KEY: &str = "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgT6q3Lo5anArT6cYDYPbQpKSOYor90+ihklzQMy/o9ZmhRANCAAQok6UDZQU4QLdboBLKo1Y+JWsm8OqWQ9SU2qVSjbftDhYY5W8nqMsaoz/WoaM9F6RWNqLXIGNEnR2kMbgu5xuS";

fn certificate() -> CertificateDer<'static> {
    CertificateDer::from(BASE64_STANDARD.decode(CERTIFICATE).unwrap())
}

/// The server's side.
pub(super) fn acceptor() -> TlsAcceptor {
    let key = PrivatePkcs8KeyDer::from(BASE64_STANDARD.decode(KEY).unwrap());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate()], PrivateKeyDer::Pkcs8(key))
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

/// The side of a client that trusts it.
pub(super) fn trusting() -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add(certificate()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth()
}
