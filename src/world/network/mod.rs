//! The real network: TLS, no redirects, and errors that tell "never sent" from "who knows".
//!
//! A request needs a [`Slot`] first: a connection that stands. So what takes long (a place among
//! the process's handles, names, proxies, handshakes) lies before the last look at clock and lease,
//! and whatever fails there was provably never sent. Nothing is sent twice: a request is written
//! at most once, on the connection of its slot.

mod connect;
mod failure;
mod pool;
#[cfg(test)]
mod tests;

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::header::{ACCEPT, DATE, HOST, HeaderMap, RETRY_AFTER, USER_AGENT};
use hyper_util::client::proxy::matcher::Matcher;
use tokio::time::{Instant, sleep, timeout, timeout_at};

use self::connect::{Connection, Connector};
use self::failure::Failure;
use self::pool::{Permit, Pool};
use super::{Answer, Http, Slotting};
use crate::domain::Moment;
use crate::provider::{Endpoint, NoAnswer, Request, Response};

/// The real network.
pub struct Network {
    connector: Connector,
    pool: Pool,
}

/// The right to send one request at once; all that had to be waited for is in it.
#[derive(Default)]
#[must_use]
pub struct Slot(Option<Result<Held, NoAnswer>>);

/// A connection that stands, and the right to use it.
struct Held {
    connection: Connection,
    permit: Permit,
}

/// How long a connection may take until requests can be sent on it.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How long lack of handles is waited out, and how long between two tries.
const STARVED_FOR: Duration = Duration::from_secs(30);
const STARVED_PAUSE: Duration = Duration::from_millis(100);

/// How much of a long answer must come within one more time-out.
const STRIDE: usize = 4 * 1024 * 1024;

/// How long an answer may be read at most: a run that is told to end waits for it.
const LONGEST_READING: Duration = Duration::from_mins(2);

impl Slot {
    /// Whether a request can be sent in it: a connection may be closed while it waits.
    pub fn is_open(&self) -> bool {
        let is_open = |held: &Held| !held.connection.is_closed();
        self.0.as_ref().is_none_or(|held| held.as_ref().is_ok_and(is_open))
    }
}

impl std::fmt::Debug for Slot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Slot").field("is_open", &self.is_open()).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Network {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Network").finish_non_exhaustive()
    }
}

impl Network {
    /// A network of at most so many connections, through the proxies that the environment names.
    pub fn new(connections: usize) -> Self {
        Self { connector: Connector::new(Matcher::from_env()), pool: Pool::new(connections) }
    }

    async fn take(&self, endpoint: &Endpoint) -> Result<Held, NoAnswer> {
        let permit = self.pool.permit().await;
        let connection = match self.pool.take(endpoint).await {
            Some(connection) => connection,
            None => self.connect(endpoint).await.map_err(Failure::not_sent)?,
        };
        Ok(Held { connection, permit })
    }

    /// Connects; lack of handles is waited out for a while, since it is nobody's fault but ours.
    async fn connect(&self, endpoint: &Endpoint) -> Result<Connection, Failure> {
        let begun = Instant::now();
        loop {
            let connecting = timeout(CONNECT_TIMEOUT, self.connector.connect(endpoint)).await;
            match connecting {
                Ok(Err(failure)) if failure.starved && begun.elapsed() < STARVED_FOR => {
                    self.pool.close_idle();
                    sleep(STARVED_PAUSE).await;
                }
                Ok(connected) => return connected,
                Err(_elapsed) => return Err(Failure::said("no connection within 10 s")),
            }
        }
    }

    async fn exchange(&self, request: Request, slot: Slot) -> Result<Response, NoAnswer> {
        let Held { mut connection, permit } = match slot {
            Slot(Some(held)) => held?,
            Slot(None) => self.take(&request.endpoint).await?,
        };
        let Request { endpoint, timeout, longest_answer, .. } = &request;
        let (endpoint, timeout, longest_answer) = (endpoint.clone(), *timeout, *longest_answer);
        let written = written(request).map_err(|error| Failure::of(&error).not_sent())?;
        let deadline = Instant::now() + timeout;
        let answer = match timeout_at(deadline, connection.try_send_request(written)).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(mut error)) => {
                // It is given back only if nothing of it was ever written.
                let never_begun = error.take_message().is_some();
                let failure = Failure::of(&error.into_error());
                return Err(if never_begun { failure.not_sent() } else { failure.unknown() });
            }
            Err(_elapsed) => return Err(Failure::said("no answer in time").unknown()),
        };
        let (head, body) = answer.into_parts();
        let body = read(body, longest_answer, deadline, timeout).await;
        let body = body.map_err(Failure::unknown)?;
        self.pool.put(endpoint, connection, permit);
        Ok(response(head.status.as_u16(), &head.headers, body))
    }
}

/// Reads a body: within the time-out, and as much again for each stride of a long one.
async fn read(
    mut body: Incoming,
    longest: usize,
    mut deadline: Instant,
    timeout: Duration,
) -> Result<Vec<u8>, Failure> {
    let (mut bytes, mut stride) = (Vec::new(), STRIDE);
    let last = Instant::now() + LONGEST_READING;
    loop {
        let frame = timeout_at(deadline, body.frame()).await;
        let frame = frame.map_err(|_elapsed| Failure::said("the answer did not end in time"))?;
        let Some(frame) = frame else { return Ok(bytes) };
        let frame = frame.map_err(|error| Failure::of(&error))?;
        let Ok(data) = frame.into_data() else { continue };
        bytes.extend_from_slice(&data);
        if bytes.len() > longest {
            let megabytes = longest / (1024 * 1024);
            return Err(Failure::said(format!("the answer is larger than {megabytes} MB")));
        }
        if bytes.len() > stride {
            stride = bytes.len() + STRIDE;
            deadline = last.min(Instant::now() + timeout);
        }
    }
}

impl Http for Network {
    fn connections(&self) -> usize {
        self.pool.most()
    }

    fn slot<'a>(&'a self, endpoint: &'a Endpoint) -> Slotting<'a> {
        Box::pin(async { Slot(Some(self.take(endpoint).await)) })
    }

    fn send(&self, request: Request, slot: Slot) -> Answer<'_> {
        Box::pin(self.exchange(request, slot))
    }
}

/// A request as it is written. The URL stays out of errors: it carries signatures.
fn written(request: Request) -> Result<hyper::Request<Full<Bytes>>, hyper::http::Error> {
    let Request { method, endpoint, path, query, headers, body, .. } = request;
    let question = if query.is_empty() { "" } else { "?" };
    let mut builder = hyper::Request::builder()
        .method(method.name())
        .uri(format!("{}{path}{question}{query}", endpoint.path()))
        .header(HOST, endpoint.authority())
        .header(USER_AGENT, concat!("ostracon/", env!("CARGO_PKG_VERSION")));
    if headers.iter().all(|(name, _)| *name != ACCEPT.as_str()) {
        builder = builder.header(ACCEPT, "*/*");
    }
    for (name, value) in headers {
        builder = builder.header(name, value);
    }
    builder.body(Full::new(Bytes::from(body)))
}

/// Reads the headers that providers document.
pub(crate) fn response(status: u16, headers: &HeaderMap, body: Vec<u8>) -> Response {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let date = text(DATE.as_str()).and_then(http_date);
    Response {
        status,
        date,
        retry_after: text(RETRY_AFTER.as_str()).and_then(|text| pause(text.trim(), date)),
        request_id: text("x-request-id").map(str::to_owned),
        body,
    }
}

/// Reads the pause that an HTTP header asks for: a number of seconds, or the date when it ends, which
/// only the date of the same answer makes a pause.
fn pause(text: &str, date: Option<Moment>) -> Option<Duration> {
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // All digits: what does not fit is too large.
        return Some(Duration::from_secs(text.parse().unwrap_or(u64::MAX)));
    }
    let span = http_date(text)? - date?;
    Some(Duration::try_from(span).unwrap_or_default())
}

/// Reads the date of an HTTP header, as in `Sun, 06 Nov 1994 08:49:37 GMT`.
fn http_date(text: &str) -> Option<Moment> {
    let zoned = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok()?;
    Some(Moment::from_seconds(zoned.as_second()))
}
