//! Where a target's calls go.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

/// The base URL of a target: HTTPS anywhere, plain HTTP on a loopback address only.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Endpoint {
    scheme: &'static str,
    authority: Arc<str>,
    host: Arc<str>,
    path: Arc<str>,
}

/// Why a text is not an endpoint.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum EndpointError {
    /// Not a URL at all.
    #[error("not a URL")]
    NotAUrl,
    /// A scheme other than `https`, or `http` off the loopback.
    #[error("must be an `https://` URL, or `http://` on a loopback address")]
    Scheme,
    /// A user name, query or fragment, which would end up in logs.
    #[error("must have no user name, query or fragment")]
    Extra,
}

impl Endpoint {
    /// The endpoint of a documented host.
    pub fn of_host(host: &str) -> Self {
        Self { scheme: "https", authority: host.into(), host: host.into(), path: "".into() }
    }

    /// Reads an endpoint from the config.
    pub fn parse(text: &str) -> Result<Self, EndpointError> {
        let url = url::Url::parse(text).map_err(|_not_a_url| EndpointError::NotAUrl)?;
        let host = url.host_str().ok_or(EndpointError::NotAUrl)?;
        let scheme = match url.scheme() {
            "https" => "https",
            "http" if is_loopback(host) => "http",
            _ => return Err(EndpointError::Scheme),
        };
        let extra = !url.username().is_empty()
            || url.password().is_some()
            || url.query().is_some()
            || url.fragment().is_some();
        if extra {
            return Err(EndpointError::Extra);
        }
        let authority = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        let path = url.path().trim_end_matches('/');
        Ok(Self { scheme, authority: authority.into(), host: host.into(), path: path.into() })
    }

    /// Scheme, and host and port: what tells where a connection leads.
    pub fn origin(&self) -> (&'static str, &str) {
        (self.scheme, &self.authority)
    }

    /// Whether requests to it go without TLS: on loopback only.
    pub fn is_plain(&self) -> bool {
        self.scheme == "http"
    }

    /// Host and port as the `Host` header has them: no port where it is the scheme's own.
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// The host without a port.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The path below which requests go; empty, or starting with `/` and not ending with it.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Whether it is on this machine.
    pub fn is_loopback(&self) -> bool {
        is_loopback(&self.host)
    }
}

/// Whether a host can only be this machine. `localhost` is taken at its word, as browsers do: it is
/// never looked up.
fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let address = bare.parse::<IpAddr>().map(|address| address.to_canonical());
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { scheme, authority, host: _, path } = self;
        write!(f, "{scheme}://{authority}{path}")
    }
}

#[cfg(test)]
mod tests {
    use super::{Endpoint, EndpointError};

    #[test]
    fn an_endpoint_is_https_or_on_the_loopback() {
        for good in [
            "https://example.com",
            "https://example.com:8443/base/",
            "http://127.0.0.1:9000",
            "http://[::1]:9000",
            "http://localhost:1",
        ] {
            assert!(Endpoint::parse(good).is_ok(), "{good}");
        }
        for (bad, error) in [
            ("example.com", EndpointError::NotAUrl),
            ("http://example.com", EndpointError::Scheme),
            ("http://127.0.0.1.example.com", EndpointError::Scheme),
            ("ftp://127.0.0.1", EndpointError::Scheme),
            ("https://user@example.com", EndpointError::Extra),
            ("https://example.com?a=b", EndpointError::Extra),
        ] {
            assert_eq!(Endpoint::parse(bad), Err(error), "{bad}");
        }
    }

    #[test]
    fn plain_http_is_for_what_can_only_be_this_machine_however_it_is_written() {
        for (host, loopback) in [
            ("127.0.0.1", true),
            ("127.1", true),
            ("127.255.0.3", true),
            ("0x7f.1", true),
            ("2130706433", true),
            ("[::1]", true),
            ("[0:0:0:0:0:0:0:1]", true),
            ("[::ffff:127.0.0.1]", true),
            ("localhost", true),
            ("LocalHost", true),
            ("%6Cocalhost", true),
            // What these names lead to is for a resolver to say.
            ("localhost.", false),
            ("a.localhost", false),
            ("localhost.localdomain", false),
            ("localhost.example.com", false),
            ("127.0.0.1.example.com", false),
            ("0.0.0.0", false),
            ("[::]", false),
            ("[::ffff:203.0.113.7]", false),
            ("10.0.0.1", false),
            ("169.254.0.1", false),
            ("[fe80::1]", false),
        ] {
            let plain = Endpoint::parse(&format!("http://{host}:9000/"));
            assert_eq!(plain.is_ok(), loopback, "{host}");
            assert!(plain.is_ok() || plain == Err(EndpointError::Scheme), "{host}");
            let secure = Endpoint::parse(&format!("https://{host}:9000/")).unwrap();
            assert_eq!((secure.is_loopback(), secure.is_plain()), (loopback, false), "{host}");
        }
        assert!(!Endpoint::of_host("api.agora.io").is_plain());
        let disguised = Endpoint::parse("http://127.0.0.1@example.com/");
        assert_eq!(disguised, Err(EndpointError::Scheme));
    }

    #[test]
    fn the_authority_leaves_out_the_port_of_the_scheme() {
        let authority = |text| Endpoint::parse(text).unwrap().authority().to_owned();
        assert_eq!(authority("https://example.com:443/"), "example.com");
        assert_eq!(authority("http://127.0.0.1:9000/zego"), "127.0.0.1:9000");
        let endpoint = Endpoint::parse("http://127.0.0.1:9000/zego/").unwrap();
        assert_eq!(endpoint.to_string(), "http://127.0.0.1:9000/zego");
    }
}
