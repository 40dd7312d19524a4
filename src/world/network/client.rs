//! HTTP clients of one connection each, which is made ahead of the request that it is for.
//!
//! A client of reqwest connects when it is given a request, after everything that was looked at
//! before sending. So its connector is wrapped: what it made is kept, the request fails unsent, and
//! the next one, after one more look, gets it at once.

use std::future::Future;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use reqwest::{Client, Proxy, redirect, retry};
use rustls::ClientConfig;
use tokio::time::Instant;
use tower::util::MapFutureLayer;

use crate::provider::Endpoint;

/// How long a connection may take until requests can be sent on it.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// A connection that was idle for longer is not used again: servers close theirs about then, and
/// a request that meets the closing leaves a doubt.
pub(super) const LONGEST_IDLE: Duration = Duration::from_secs(30);

/// Nothing was sent: a connection had to be made first, and stands now.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("a connection was made")]
pub(super) struct Connected;

/// What all clients have in common.
#[derive(Default, Debug)]
pub(super) struct Clients {
    /// Set up when it is needed first: reading the system's roots takes a while.
    pub(super) tls: OnceLock<Result<ClientConfig, String>>,
    /// In place of those that the environment names.
    pub(super) proxy: Option<Proxy>,
}

impl Clients {
    /// A client for this endpoint; the connections of all are told apart.
    #[expect(clippy::disallowed_methods, reason = "the one place that builds an HTTP client")]
    pub(super) fn client(&self, endpoint: &Endpoint) -> Result<Client, String> {
        let tls =
            self.tls.get_or_init(|| tls().map_err(|error| format!("cannot set up HTTPS: {error}")));
        let loopback = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
        let loopback = loopback.map(|address| SocketAddr::new(address, 0));
        let mut builder = Client::builder()
            .tls_backend_preconfigured(tls.clone()?)
            // What is called so is this machine, whatever a resolver says.
            .resolve_to_addrs("localhost", &loopback)
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .connect_timeout(CONNECT_TIMEOUT)
            .connector_layer(MapFutureLayer::new(ahead()))
            .pool_max_idle_per_host(1)
            .pool_idle_timeout(LONGEST_IDLE)
            .user_agent(concat!("ostracon/", env!("CARGO_PKG_VERSION")));
        // Loopback is reached directly, whatever the environment says: a proxy's loopback is another
        // machine's.
        if endpoint.is_loopback() {
            builder = builder.no_proxy();
        } else if let Some(proxy) = &self.proxy {
            builder = builder.proxy(proxy.clone());
        }
        builder.build().map_err(|error| error.to_string())
    }
}

type Connecting<C> = Pin<Box<dyn Future<Output = Result<C, BoxError>> + Send>>;
type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Makes a connection for the next request, where there is none for this one: it fails.
fn ahead<C, F>() -> impl Fn(F) -> Connecting<C> + Clone
where
    C: Send + 'static,
    F: Future<Output = Result<C, BoxError>> + Send + 'static,
{
    let made = Arc::new(Mutex::new(None::<(C, Instant)>));
    move |connecting| {
        let made = Arc::clone(&made);
        Box::pin(async move {
            let ready = lock(&made).take();
            if let Some((connection, since)) = ready
                && since.elapsed() < LONGEST_IDLE
            {
                return Ok(connection);
            }
            // That of the last request may be on its way back, and is taken where it arrives first.
            tokio::task::yield_now().await;
            let connection = connecting.await?;
            *lock(&made) = Some((connection, Instant::now()));
            Err(Connected.into())
        })
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// TLS with the system's roots, and Mozilla's for machines that have none.
fn tls() -> Result<ClientConfig, rustls::Error> {
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
    Ok(config)
}
