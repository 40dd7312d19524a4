//! HTTP requests and responses as values.

use std::fmt;
use std::time::Duration;

use super::Endpoint;
use crate::domain::Moment;

/// The methods the four providers use.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Method {
    /// Reads, and ZEGO's writes too.
    Get,
    /// Creates.
    Post,
    /// Changes.
    Put,
    /// Deletes.
    Delete,
}

impl Method {
    /// The method on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }
}

/// One HTTP request, complete and signed.
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// Where it goes.
    pub endpoint: Endpoint,
    /// The path, starting with `/`, percent-encoded, below the endpoint's own.
    pub path: String,
    /// The query without `?`, percent-encoded.
    pub query: String,
    /// Headers besides `Host`, with lower-case names.
    pub headers: Vec<(&'static str, String)>,
    /// The body; empty for none.
    pub body: Vec<u8>,
    /// How long to wait for the answer.
    pub timeout: Duration,
    /// How many bytes the answer may have.
    pub longest_answer: usize,
}

/// More bytes than any answer has but a list without pages.
pub const LONGEST_ANSWER: usize = 8 * 1024 * 1024;

/// Prints no query, header or body: all three carry secrets or ids of people.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { method, endpoint, path, .. } = self;
        write!(f, "{} {endpoint}{path}", method.name())
    }
}

/// One HTTP response.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// The `Date` header, where there is one that can be read.
    pub date: Option<Moment>,
    /// What the `Retry-After` header asks for, where there is one.
    pub retry_after: Option<Duration>,
    /// The `X-Request-ID` header, where there is one.
    pub request_id: Option<String>,
    /// The body, cut off at a size no provider's answer reaches.
    pub body: Vec<u8>,
}

impl Response {
    /// The pause that it asks for, in seconds.
    pub(super) fn pause(&self) -> u32 {
        let seconds = self.retry_after.map_or(0, |pause| pause.as_secs());
        u32::try_from(seconds).unwrap_or(u32::MAX)
    }
}
