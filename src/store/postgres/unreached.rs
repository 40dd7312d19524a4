//! Why a server was not reached, or not trusted.

use std::error::Error as _;
use std::io;

use rustls::CertificateError;
use rustls::pki_types::ServerName;
use tokio_postgres::Error;

use super::error::{AWAY, READ_ONLY};

/// What went wrong, and what a person can do about it, where it was not the server that said so.
pub(super) fn unreached(error: &Error) -> (String, &'static str) {
    if let Some(certificate) = certificate(error) {
        return distrusted(certificate);
    }
    let mut last = None;
    let mut source = error.source();
    while let Some(cause) = source {
        last = Some(cause.to_string());
        source = cause.source();
    }
    let why = last.unwrap_or_else(|| error.to_string());
    if why.contains("does not support TLS") {
        let hint = "have `ssl` turned on there: other machines are reached by verified TLS alone";
        return ("the server offers no TLS".to_owned(), hint);
    }
    if why.contains("TLS") || error.to_string().contains("TLS") {
        return (format!("no TLS with the server: {why}"), "see the server's log");
    }
    if why.contains("password missing") {
        let hint = "give it in `PGPASSWORD` or in a `.pgpass` that only you can read";
        return ("the server asks for a password, and there is none".to_owned(), hint);
    }
    if why.contains("does not allow writes") {
        return ("no server of the URL takes writes".to_owned(), READ_ONLY);
    }
    (format!("the server cannot be reached: {why}"), AWAY)
}

/// What is wrong with the server's certificate.
fn certificate(error: &Error) -> Option<&CertificateError> {
    let shaken: &io::Error = error.source()?.downcast_ref()?;
    match shaken.get_ref()?.downcast_ref()? {
        rustls::Error::InvalidCertificate(certificate) => Some(certificate),
        _ => None,
    }
}

const NAMED: &str = "give the URL a host that the certificate names, or have the server get one \
                     that names this host";

const TRUSTED: &str = "name the file of its CA by `sslrootcert=FILE` in the URL, or have this \
                       machine trust that CA";

const VALID: &str = "have it renewed; or set the clock of this machine";

fn distrusted(certificate: &CertificateError) -> (String, &'static str) {
    use CertificateError::{
        BadSignature, Expired, ExpiredContext, NotValidForName, NotValidForNameContext,
        NotValidYet, NotValidYetContext, UnknownIssuer,
    };
    let (why, hint) = match certificate {
        NotValidForName => ("is for another host".to_owned(), NAMED),
        NotValidForNameContext { expected, presented } => (misnamed(expected, presented), NAMED),
        // Another CA that has the name of one that is trusted shows by its signature.
        UnknownIssuer | BadSignature => ("comes from a CA that is not trusted".to_owned(), TRUSTED),
        Expired | ExpiredContext { .. } => ("has expired".to_owned(), VALID),
        NotValidYet | NotValidYetContext { .. } => ("is not valid yet".to_owned(), VALID),
        other if other.to_string().contains("CaUsedAsEndEntity") => (
            "is that of a CA".to_owned(),
            "have the server get one with `CA:FALSE`: what is made by `openssl req -x509` alone \
             is a CA's",
        ),
        other => (format!("is refused: {other}"), TRUSTED),
    };
    (format!("the server's certificate {why}"), hint)
}

fn misnamed(expected: &ServerName<'_>, presented: &[String]) -> String {
    // As the library writes them: `DnsName("db.example")`, `IpAddress(127.0.0.1)`.
    let name = |text: &String| {
        let inner = text.split_once('(').map_or(text.as_str(), |(_, inner)| inner);
        let inner = inner.trim_end_matches(')').trim_matches('"');
        format!("`{}`", inner.escape_debug())
    };
    let names: Vec<_> = presented.iter().map(name).collect();
    let names = if names.is_empty() { "nobody".to_owned() } else { names.join(", ") };
    format!("is not for `{}` but for {names}", expected.to_str())
}
