//! HTTP as values: what reaches the sandbox and what it answers, whichever way it came.

use std::fmt;

use jiff::fmt::rfc2822;
use serde_json::{Map, Value};

use crate::domain::Moment;
use crate::provider::Method;

/// One request as it arrives.
#[derive(Clone, PartialEq, Eq)]
pub struct Incoming {
    /// The method.
    pub method: Method,
    /// The `Host` header: the host, and the port where it is not the scheme's own.
    pub host: String,
    /// The path, starting with `/`.
    pub path: String,
    /// The query without `?`, still percent-encoded.
    pub query: String,
    /// Headers besides `Host`, with lower-case names.
    pub headers: Vec<(String, String)>,
    /// The body; empty for none.
    pub body: Vec<u8>,
}

impl Incoming {
    /// The value of a header, by its lower-case name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.trim())
    }

    /// Whether the body is announced as JSON.
    pub(super) fn announces_json(&self) -> bool {
        let kind = self.header("content-type").and_then(|value| value.split(';').next());
        kind.is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
    }

    /// The body, if it is a JSON object.
    pub(super) fn object(&self) -> Option<Map<String, Value>> {
        serde_json::from_slice(&self.body).ok()
    }
}

/// Prints no query, header or body: all three carry secrets or ids of people.
impl fmt::Debug for Incoming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { method, host, path, query: _, headers: _, body: _ } = self;
        write!(f, "{} {host}{path}", method.name())
    }
}

/// One answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Outgoing {
    /// The status code.
    pub status: u16,
    /// The headers, with lower-case names.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Outgoing {
    /// An answer in JSON.
    pub(super) fn json(status: u16, body: &Value) -> Self {
        Self::of("application/json", status, body.to_string())
    }

    /// An answer that is a page for people, as gateways give it.
    pub(super) fn page(status: u16, text: &str) -> Self {
        Self::of("text/html", status, format!("<html><body>{text}</body></html>"))
    }

    /// The provider's answer, as it is.
    pub(super) fn raw(status: u16, body: &str) -> Self {
        Self::of("application/json", status, body.to_owned())
    }

    fn of(kind: &str, status: u16, body: String) -> Self {
        Self { status, headers: vec![("content-type", kind.to_owned())], body: body.into_bytes() }
    }

    /// The same answer with one header more.
    #[must_use]
    pub(super) fn with(mut self, name: &'static str, value: String) -> Self {
        self.headers.push((name, value));
        self
    }

    /// The value of a header, by its lower-case name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }
}

/// An instant as the `Date` header has it; `None` outside the years that header can say.
pub(super) fn http_date(now: Moment) -> Option<String> {
    let timestamp = jiff::Timestamp::from_millisecond(now.millis()).ok()?;
    rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&timestamp).ok()
}

/// Reads a `Date` header.
pub(super) fn read_http_date(text: &str) -> Option<Moment> {
    let timestamp = rfc2822::DateTimeParser::new().parse_timestamp(text).ok()?;
    Some(Moment::from_millis(timestamp.as_millisecond()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_header_says_the_whole_second() {
        let now = Moment::parse("2026-11-20T08:49:37.250Z").unwrap();
        let text = http_date(now).unwrap();
        assert_eq!(text, "Fri, 20 Nov 2026 08:49:37 GMT");
        assert_eq!(read_http_date(&text), Some(Moment::from_seconds(now.seconds())));
    }

    #[test]
    fn a_body_is_announced_as_json_with_or_without_a_charset() {
        let announced = |value: &str| {
            let headers = vec![("content-type".to_owned(), value.to_owned())];
            let (host, path, query) = (String::new(), "/".to_owned(), String::new());
            Incoming { method: Method::Post, host, path, query, headers, body: Vec::new() }
                .announces_json()
        };
        assert!(announced("application/json"));
        assert!(announced("application/json; charset=utf-8"));
        assert!(!announced("text/plain"));
    }
}
