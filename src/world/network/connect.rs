//! How a connection is made: directly or through a proxy, with TLS on top.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use http_body_util::{Empty, Full};
use hyper::body::Body;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{HOST, PROXY_AUTHORIZATION};
use hyper::{Method, Request, Uri};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;
use tower_service::Service as _;

use super::CONNECT_TIMEOUT;
use super::failure::Failure;
use crate::provider::Endpoint;

/// One end of a connection, on which requests are sent one after the other.
pub(super) type Connection = SendRequest<Full<Bytes>>;

/// What bytes go over: a socket, or TLS over another of these.
trait Wire: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Wire for T {}

/// Makes connections.
pub(super) struct Connector {
    tcp: HttpConnector,
    /// Set up when it is needed first: reading the system's roots takes a while.
    tls: OnceLock<Result<TlsConnector, String>>,
    proxies: Matcher,
}

impl Connector {
    /// Makes connections through these proxies, with the system's roots and Mozilla's.
    pub(super) fn new(proxies: Matcher) -> Self {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        // Shared by the addresses of a host: one that is silent leaves time for the others.
        tcp.set_connect_timeout(Some(CONNECT_TIMEOUT));
        Self { tcp, tls: OnceLock::new(), proxies }
    }

    /// Makes connections that trust what this says, for tests.
    #[cfg(test)]
    pub(super) fn trusting(proxies: Matcher, tls: ClientConfig) -> Self {
        let tls = OnceLock::from(Ok(TlsConnector::from(Arc::new(tls))));
        Self { tls, ..Self::new(proxies) }
    }

    /// Connects to an endpoint. Nothing of any request has been sent when this fails.
    pub(super) async fn connect(&self, endpoint: &Endpoint) -> Result<Connection, Failure> {
        let uri = uri(endpoint)?;
        let wire = self.reach(endpoint, &uri).await?;
        let wire = if endpoint.is_plain() { wire } else { self.secure(wire, &uri).await? };
        handshake(wire).await
    }

    /// Opens what leads to the endpoint, before TLS. Loopback is reached directly, whatever the
    /// environment says: a proxy's loopback is another machine's.
    async fn reach(&self, endpoint: &Endpoint, uri: &Uri) -> Result<Box<dyn Wire>, Failure> {
        if endpoint.is_loopback() {
            return self.dial_loopback(uri).await;
        }
        match self.proxies.intercept(uri) {
            Some(proxy) => self.tunnel(&proxy, uri).await,
            None => self.dial(uri.clone()).await,
        }
    }

    async fn dial(&self, uri: Uri) -> Result<Box<dyn Wire>, Failure> {
        let stream = self.tcp.clone().call(uri).await.map_err(|error| Failure::of(&error))?;
        Ok(Box::new(stream.into_inner()))
    }

    /// `localhost` is not looked up, so that it cannot be anywhere else.
    async fn dial_loopback(&self, uri: &Uri) -> Result<Box<dyn Wire>, Failure> {
        let is_address = host_of(uri).parse::<IpAddr>().is_ok();
        if is_address {
            return self.dial(uri.clone()).await;
        }
        let at = |host: String| {
            let port = uri.port().map(|port| format!(":{port}")).unwrap_or_default();
            let scheme = uri.scheme_str().unwrap_or_default();
            format!("{scheme}://{host}{port}/").parse::<Uri>().map_err(|error| Failure::of(&error))
        };
        match self.dial(at(Ipv4Addr::LOCALHOST.to_string())?).await {
            Ok(wire) => Ok(wire),
            Err(error) => {
                let other = self.dial(at(format!("[{}]", Ipv6Addr::LOCALHOST))?).await;
                other.map_err(|_other| error)
            }
        }
    }

    /// Asks a proxy for a way through; what goes over it is TLS, whatever the way to the proxy is.
    async fn tunnel(&self, proxy: &Intercept, uri: &Uri) -> Result<Box<dyn Wire>, Failure> {
        let place = proxy.uri();
        let secure = match place.scheme_str() {
            Some("http") => false,
            Some("https") => true,
            other => {
                let scheme = other.unwrap_or_default();
                return Err(Failure::said(format!("a proxy of scheme `{scheme}` cannot be used")));
            }
        };
        let wire = self.dial(place.clone()).await.map_err(|error| error.within("the proxy"))?;
        let wire = if secure { self.secure(wire, place).await? } else { wire };
        let (mut line, connection) = http1::Builder::new()
            .handshake(TokioIo::new(wire))
            .await
            .map_err(|e| Failure::of(&e))?;
        tokio::spawn(connection.with_upgrades());
        let port = uri.port_u16().unwrap_or(443);
        let authority = format!("{}:{port}", uri.host().unwrap_or_default());
        let mut request = Request::builder().method(Method::CONNECT).uri(&authority);
        request = request.header(HOST, &authority);
        if let Some(secret) = proxy.basic_auth() {
            request = request.header(PROXY_AUTHORIZATION, secret);
        }
        let request = request.body(Empty::<Bytes>::new()).map_err(|error| Failure::of(&error))?;
        let answer = line.send_request(request).await;
        let answer = answer.map_err(|error| Failure::of(&error).within("the proxy"))?;
        if !answer.status().is_success() {
            return Err(Failure::said(format!("the proxy answered {}", answer.status())));
        }
        let tunnel = hyper::upgrade::on(answer).await;
        let tunnel = tunnel.map_err(|error| Failure::of(&error).within("the proxy"))?;
        Ok(Box::new(TokioIo::new(tunnel)))
    }

    async fn secure(&self, wire: Box<dyn Wire>, uri: &Uri) -> Result<Box<dyn Wire>, Failure> {
        let tls = self.tls.get_or_init(|| tls().map_err(|error| error.to_string()));
        let tls =
            tls.as_ref().map_err(|error| Failure::said(format!("cannot set up HTTPS: {error}")))?;
        let name = ServerName::try_from(host_of(uri).to_owned());
        let name = name.map_err(|error| Failure::of(&error))?;
        let stream = tls.connect(name, wire).await;
        Ok(Box::new(stream.map_err(|error| Failure::of(&error).within("TLS"))?))
    }
}

/// Begins to speak HTTP. The socket is closed when the line is dropped and nothing is on its way.
async fn handshake<B>(wire: Box<dyn Wire>) -> Result<SendRequest<B>, Failure>
where
    B: Body<Data: Send, Error: Into<Box<dyn std::error::Error + Send + Sync>>> + Send + 'static,
{
    let handshake = http1::Builder::new().handshake(TokioIo::new(wire)).await;
    let (line, connection) = handshake.map_err(|error| Failure::of(&error))?;
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            // Whoever waits for an answer is told by the line.
            tracing::debug!(target: "ostracon", %error, "a connection ended");
        }
    });
    Ok(line)
}

/// TLS with the system's roots, and Mozilla's for machines that have none.
fn tls() -> Result<TlsConnector, rustls::Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let roots = webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter().cloned();
    let verifier =
        rustls_platform_verifier::Verifier::new_with_extra_roots(roots, Arc::clone(&provider))?;
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        // The word is rustls's for any verifier that is not its own: this one asks the system.
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

fn uri(endpoint: &Endpoint) -> Result<Uri, Failure> {
    let (scheme, authority) = endpoint.origin();
    format!("{scheme}://{authority}/").parse().map_err(|error| Failure::of(&error))
}

/// The host without the brackets of an IPv6 address.
fn host_of(uri: &Uri) -> &str {
    uri.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']')
}
