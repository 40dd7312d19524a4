//! The real network: TLS, no redirects, and errors that tell "never sent" from "who knows".
//!
//! A request needs a [`Slot`] first: a client whose connection stands. So what takes long (a place
//! among the process's handles, names, proxies, handshakes) lies before the last look at clock and
//! lease, and whatever fails there was provably never sent. A connection may be closed while it
//! waits: the one that takes its place is made before one more look. Nothing is sent twice.

mod client;
mod failure;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};
use reqwest::{Client, Method as HttpMethod, RequestBuilder};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep, timeout_at};
use url::Url;

use self::client::{Clients, LONGEST_IDLE};
use self::failure::{is_connected, no_answer};
use super::{Answer, Http, Sent, Slotting};
use crate::domain::Moment;
use crate::provider::{Endpoint, Method, NoAnswer, Request, Response};

/// The real network: at most so many connections for the whole process, those in use and those
/// that wait for their next request.
#[derive(Debug)]
pub struct Network {
    most: usize,
    slots: Arc<Semaphore>,
    /// The one that waits longest is the first.
    idle: Mutex<VecDeque<Idle>>,
    clients: Clients,
}

/// A client whose connection waits for its next request.
#[derive(Debug)]
struct Idle {
    endpoint: Endpoint,
    client: Client,
    since: Instant,
}

/// The right to send one request at once; all that had to be waited for is in it.
#[derive(Default, Debug)]
#[must_use]
pub struct Slot(Option<Result<Held, NoAnswer>>);

/// A client whose connection stands, and the right to use it.
#[derive(Debug)]
struct Held {
    client: Client,
    permit: OwnedSemaphorePermit,
}

/// How long lack of handles is waited out, and how long between two tries.
const STARVED_FOR: Duration = Duration::from_secs(30);
const STARVED_PAUSE: Duration = Duration::from_millis(100);

/// How much of a long answer must come within one more time-out.
const STRIDE: usize = 4 * 1024 * 1024;

/// How long an answer may be read at most: a run that is told to end waits for it.
const LONGEST_READING: Duration = Duration::from_mins(2);

impl Network {
    /// A network of at most so many connections, through the proxies that the environment names.
    pub fn new(connections: usize) -> Self {
        Self {
            most: connections,
            slots: Arc::new(Semaphore::new(connections)),
            idle: Mutex::default(),
            clients: Clients::default(),
        }
    }

    fn idle(&self) -> MutexGuard<'_, VecDeque<Idle>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn take(&self, endpoint: &Endpoint) -> Result<Held, NoAnswer> {
        let permit = Arc::clone(&self.slots).acquire_owned().await;
        let permit = permit.map_err(|closed| NoAnswer::NotSent(closed.to_string()))?;
        let client = match self.reuse(endpoint) {
            Some(client) => client,
            None => self.connect(endpoint).await?,
        };
        Ok(Held { client, permit })
    }

    /// The client of this endpoint that was used last. If there is none, those that wait longest are
    /// closed where the one to be made needs their place.
    fn reuse(&self, endpoint: &Endpoint) -> Option<Client> {
        let mut idle = self.idle();
        idle.retain(|idle| idle.since.elapsed() < LONGEST_IDLE);
        let place = idle.iter().rposition(|idle| idle.endpoint.origin() == endpoint.origin());
        if let Some(place) = place {
            return idle.remove(place).map(|idle| idle.client);
        }
        while idle.len() > self.slots.available_permits() {
            idle.pop_front()?;
        }
        None
    }

    /// Connects; lack of handles is waited out for a while, since it is nobody's fault but ours.
    async fn connect(&self, endpoint: &Endpoint) -> Result<Client, NoAnswer> {
        let client = self.clients.client(endpoint).map_err(NoAnswer::NotSent)?;
        let begun = Instant::now();
        loop {
            // This is never sent: a client without a connection fails once it has made one.
            let failed = client.get(endpoint.to_string()).send().await.err();
            match failed.filter(|error| !is_connected(error)).map(no_answer) {
                None => return Ok(client),
                Some(NoAnswer::Starved(_)) if begun.elapsed() < STARVED_FOR => {
                    self.idle().clear();
                    sleep(STARVED_PAUSE).await;
                }
                Some(no_answer) => return Err(no_answer),
            }
        }
    }

    async fn exchange(&self, request: Request, slot: Slot) -> Sent {
        let Slot(Some(held)) = slot else { return Err(self.slot(&request.endpoint).await) };
        let held = match held {
            Ok(held) => held,
            Err(error) => return Ok(Err(error)),
        };
        let Request { endpoint, timeout, longest_answer, .. } = &request;
        let (endpoint, timeout, longest_answer) = (endpoint.clone(), *timeout, *longest_answer);
        let written = match written(&held.client, request) {
            Ok(written) => written,
            Err(error) => return Ok(Err(error)),
        };
        let deadline = Instant::now() + timeout;
        let answer = match timeout_at(deadline, written.send()).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) if is_connected(&error) => return Err(Slot(Some(Ok(held)))),
            Ok(Err(error)) => return Ok(Err(no_answer(error))),
            Err(_elapsed) => return Ok(Err(NoAnswer::Unknown("no answer in time".to_owned()))),
        };
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let body = read(answer, longest_answer, deadline, timeout).await;
        Ok(body.map_err(NoAnswer::Unknown).map(|body| {
            let idle = Idle { endpoint, client: held.client, since: Instant::now() };
            self.idle().push_back(idle);
            drop(held.permit);
            response(status, &headers, body)
        }))
    }
}

/// A request as it is written. What would go out otherwise than it was meant, and signed, is not
/// sent: parsing an address resolves dots and encodes characters.
fn written(client: &Client, request: Request) -> Result<RequestBuilder, NoAnswer> {
    let Request { method, endpoint, path, query, headers, body, .. } = request;
    let method = match method {
        Method::Get => HttpMethod::GET,
        Method::Post => HttpMethod::POST,
        Method::Put => HttpMethod::PUT,
        Method::Delete => HttpMethod::DELETE,
    };
    let question = if query.is_empty() { "" } else { "?" };
    let url = Url::parse(&format!("{endpoint}{path}{question}{query}"));
    // Each for itself: a `?` in the path would make the rest of it a query.
    let url = url.ok().filter(|url| {
        let below = url.path().strip_prefix(endpoint.path());
        below == Some(&path) && url.query().unwrap_or_default() == query
    });
    let url =
        url.ok_or_else(|| NoAnswer::NotSent("its path cannot be sent as it is".to_owned()))?;
    let mut builder = client.request(method, url);
    for (name, value) in headers {
        builder = builder.header(name, value);
    }
    Ok(builder.body(body))
}

/// Reads a body: within the time-out, and as much again for each stride of a long one.
async fn read(
    mut answer: reqwest::Response,
    longest: usize,
    mut deadline: Instant,
    timeout: Duration,
) -> Result<Vec<u8>, String> {
    let (mut bytes, mut stride) = (Vec::new(), STRIDE);
    let last = Instant::now() + LONGEST_READING;
    loop {
        let chunk = timeout_at(deadline, answer.chunk()).await;
        let chunk = chunk.map_err(|_elapsed| "the answer did not end in time".to_owned())?;
        let Some(chunk) = chunk.map_err(|error| no_answer(error).why().to_owned())? else {
            return Ok(bytes);
        };
        bytes.extend_from_slice(&chunk);
        if bytes.len() > longest {
            return Err(format!("the answer is larger than {} MB", longest / (1024 * 1024)));
        }
        if bytes.len() > stride {
            stride = bytes.len() + STRIDE;
            deadline = last.min(Instant::now() + timeout);
        }
    }
}

impl Http for Network {
    fn connections(&self) -> usize {
        self.most
    }

    fn slot<'a>(&'a self, endpoint: &'a Endpoint) -> Slotting<'a> {
        Box::pin(async { Slot(Some(self.take(endpoint).await)) })
    }

    fn send(&self, request: Request, slot: Slot) -> Answer<'_> {
        Box::pin(self.exchange(request, slot))
    }
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
