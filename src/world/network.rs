//! The real network: TLS, no redirects, and errors that tell "never sent" from "who knows".

use std::sync::OnceLock;
use std::time::Duration;

use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};
use reqwest::{Client, Method as HttpMethod, redirect};

use super::{Answer, Http};
use crate::domain::Moment;
use crate::provider::{Method, NoAnswer, Request, Response};

/// The real network; it is set up when something is sent, since most commands send nothing.
#[derive(Default, Debug)]
pub struct Network(OnceLock<Result<Client, String>>);

/// Larger than any provider's answer; a list of 1,000 rows is well below 1 MB.
const LARGEST_ANSWER: usize = 8 * 1024 * 1024;

impl Network {
    /// The client: TLS with the system's roots and Mozilla's, no redirects, proxies as the
    /// environment says.
    #[expect(clippy::disallowed_methods, reason = "the one place that builds an HTTP client")]
    fn client() -> Result<Client, reqwest::Error> {
        // Fails only if a provider is installed already, which is as good.
        let _installed = rustls::crypto::ring::default_provider().install_default();
        let roots = webpki_root_certs::TLS_SERVER_ROOT_CERTS
            .iter()
            .filter_map(|root| reqwest::Certificate::from_der(root).ok());
        Client::builder()
            .tls_certs_merge(roots)
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
        let set_up = || Self::client().map_err(|error| format!("cannot set up HTTPS: {error}"));
        let client = self.0.get_or_init(set_up).as_ref();
        let client = client.map_err(|error| NoAnswer::NotSent(error.clone()))?;
        let mut builder = client.request(method(request.method), url).timeout(request.timeout);
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
            if body.len() > LARGEST_ANSWER {
                return Err(NoAnswer::Unknown("the answer is larger than 8 MB".to_owned()));
            }
        }
        Ok(response(status, &headers, body))
    }
}

impl Http for Network {
    fn send(&self, request: Request) -> Answer<'_> {
        Box::pin(self.exchange(request))
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
