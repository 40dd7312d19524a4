//! The real network: TLS, no redirects, and errors that tell "never sent" from "who knows".

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};
use reqwest::{Client, Method as HttpMethod, redirect};
use tokio::sync::Semaphore;

use super::{Answer, Http, Slot, Slotting, handles};
use crate::domain::Moment;
use crate::provider::{Method, NoAnswer, Request, Response};

/// The real network; it is set up when something is sent, since most commands send nothing.
#[derive(Default, Debug)]
pub struct Network {
    /// What goes to other machines: through proxies as the environment says.
    outside: OnceLock<Result<Client, String>>,
    /// What stays on this machine: never through a proxy, which would be told secrets in clear.
    inside: OnceLock<Result<Client, String>>,
    /// How many requests may be under way, all targets together.
    slots: OnceLock<Arc<Semaphore>>,
}

/// Handles that something else than requests needs: the state, files, commands, the terminal.
const OTHER_HANDLES: u64 = 64;

/// More requests are never under way, however many handles there are.
const MOST_REQUESTS: u64 = 10_000;

/// How many requests may be under way with so many handles: half of them, since a connection that
/// is kept for the next request needs one too.
fn slots(handles: u64) -> usize {
    let requests = (handles.saturating_sub(OTHER_HANDLES) / 2).clamp(4, MOST_REQUESTS);
    usize::try_from(requests).unwrap_or(usize::MAX)
}

impl Network {
    fn slots(&self) -> &Arc<Semaphore> {
        self.slots.get_or_init(|| Arc::new(Semaphore::new(slots(handles::raise()))))
    }

    /// The client: TLS with the system's roots and Mozilla's, no redirects.
    #[expect(clippy::disallowed_methods, reason = "the one place that builds an HTTP client")]
    fn client(&self, inside: bool) -> Result<Client, reqwest::Error> {
        let loopback = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
        let loopback = loopback.map(|address| SocketAddr::new(address, 0));
        let kept = self.slots().available_permits().div_ceil(16).max(8);
        // Fails only if a provider is installed already, which is as good.
        let _installed = rustls::crypto::ring::default_provider().install_default();
        let roots = webpki_root_certs::TLS_SERVER_ROOT_CERTS
            .iter()
            .filter_map(|root| reqwest::Certificate::from_der(root).ok());
        let builder = if inside { Client::builder().no_proxy() } else { Client::builder() };
        builder
            .tls_certs_merge(roots)
            // What is called so is this machine, whatever a resolver says.
            .resolve_to_addrs("localhost", &loopback)
            .pool_max_idle_per_host(kept)
            .https_only(false)
            .redirect(redirect::Policy::none())
            .connect_timeout(Duration::from_secs(10))
            .pool_idle_timeout(Duration::from_secs(30))
            .user_agent(concat!("ostracon/", env!("CARGO_PKG_VERSION")))
            .referer(false)
            .build()
    }

    async fn exchange(&self, request: Request) -> Result<Response, NoAnswer> {
        let question = if request.query.is_empty() { "" } else { "?" };
        let url = format!("{}{}{question}{}", request.endpoint, request.path, request.query);
        let inside = request.endpoint.is_loopback();
        let set_up =
            || self.client(inside).map_err(|error| format!("cannot set up HTTPS: {error}"));
        let client = if inside { &self.inside } else { &self.outside };
        let client = client.get_or_init(set_up).as_ref();
        let client = client.map_err(|error| NoAnswer::NotSent(error.clone()))?;
        let mut builder = client.request(method(request.method), url).timeout(request.timeout);
        let longest_answer = request.longest_answer;
        for (name, value) in request.headers {
            builder = builder.header(name, value);
        }
        if !request.body.is_empty() {
            builder = builder.body(request.body);
        }
        let mut answer = builder.send().await.map_err(no_answer)?;
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(no_answer)? {
            body.extend_from_slice(&chunk);
            if body.len() > longest_answer {
                let megabytes = longest_answer / (1024 * 1024);
                let error = format!("the answer is larger than {megabytes} MB");
                return Err(NoAnswer::Unknown(error));
            }
        }
        Ok(response(status, &headers, body))
    }
}

impl Http for Network {
    fn send(&self, request: Request) -> Answer<'_> {
        Box::pin(self.exchange(request))
    }

    fn slot(&self) -> Slotting<'_> {
        Box::pin(async {
            let held = Arc::clone(self.slots()).acquire_owned().await;
            Slot { _held: held.ok() }
        })
    }
}

/// Whether a request that brought no answer can have reached the provider.
///
/// The URL is taken out of the error: it carries signatures.
fn no_answer(error: reqwest::Error) -> NoAnswer {
    let never_sent = error.is_connect() || error.is_builder();
    let timed_out = error.is_timeout();
    let error = error.without_url();
    let mut text = if timed_out { "no answer in time".to_owned() } else { error.to_string() };
    let mut cause = std::error::Error::source(&error);
    while let Some(source) = cause {
        text = format!("{text}: {source}");
        cause = source.source();
    }
    if never_sent { NoAnswer::NotSent(text) } else { NoAnswer::Unknown(text) }
}

/// Reads the headers that providers document.
pub(crate) fn response(status: u16, headers: &HeaderMap, body: Vec<u8>) -> Response {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    Response {
        status,
        date: text(DATE.as_str()).and_then(http_date),
        retry_after: text(RETRY_AFTER.as_str())
            .and_then(|seconds| seconds.trim().parse().ok())
            .map(Duration::from_secs),
        request_id: text("x-request-id").map(str::to_owned),
        body,
    }
}

/// Reads the date of an HTTP header, as in `Sun, 06 Nov 1994 08:49:37 GMT`.
fn http_date(text: &str) -> Option<Moment> {
    let zoned = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok()?;
    Some(Moment::from_seconds(zoned.as_second()))
}

const fn method(method: Method) -> HttpMethod {
    match method {
        Method::Get => HttpMethod::GET,
        Method::Post => HttpMethod::POST,
        Method::Put => HttpMethod::PUT,
        Method::Delete => HttpMethod::DELETE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_leave_handles_for_everything_else() {
        for (handles, requests) in [(0, 4), (64, 4), (256, 96), (1024, 480), (u64::MAX, 10_000)] {
            assert_eq!(slots(handles), requests, "{handles}");
        }
    }

    #[test]
    fn the_headers_that_matter_are_read() {
        let mut headers = HeaderMap::new();
        headers.insert("date", "Sun, 06 Nov 1994 08:49:37 GMT".parse().unwrap());
        headers.insert("retry-after", "3".parse().unwrap());
        headers.insert("x-request-id", "r1".parse().unwrap());
        let response = response(200, &headers, Vec::new());
        assert_eq!(response.date, Moment::parse("1994-11-06T08:49:37Z"));
        assert_eq!(response.retry_after, Some(Duration::from_secs(3)));
        assert_eq!(response.request_id.as_deref(), Some("r1"));
    }
}
