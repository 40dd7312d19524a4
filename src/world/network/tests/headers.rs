//! The headers that matter.

use std::time::Duration;

use reqwest::header::HeaderMap;

use super::super::response;
use super::server::{Manner, Server};
use super::{network, request, send};
use crate::domain::Moment;
use crate::provider::NoAnswer;

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

#[test]
fn a_pause_is_a_number_of_any_size_or_a_date() {
    let seconds = |number| Some(Duration::from_secs(number));
    let date = "Sun, 06 Nov 1994 08:49:37 GMT";
    for (date, asked, expected) in [
        (Some(date), "0", seconds(0)),
        (None, " 120 ", seconds(120)),
        (None, "9223372036854775808", seconds(1 << 63)),
        (None, "18446744073709551616", seconds(u64::MAX)),
        (None, "999999999999999999999999999999", seconds(u64::MAX)),
        (None, "", None),
        (None, "-1", None),
        (None, "1.5", None),
        (None, "1e9", None),
        (None, "soon", None),
        (Some(date), "Sun, 06 Nov 1994 08:51:37 GMT", seconds(120)),
        (Some(date), "Sun, 06 Nov 1994 08:49:30 GMT", seconds(0)),
        (Some(date), "Fri, 31 Dec 9999 00:00:00 GMT", None),
        (None, "Sun, 06 Nov 1994 08:51:37 GMT", None),
    ] {
        let mut headers = HeaderMap::new();
        headers.insert("retry-after", asked.parse().unwrap());
        if let Some(date) = date {
            headers.insert("date", date.parse().unwrap());
        }
        assert_eq!(response(503, &headers, Vec::new()).retry_after, expected, "{asked:?}");
    }
}

#[tokio::test]
async fn a_request_is_written_as_it_was_signed() {
    let server = Server::start(Manner::Answer).await;
    let mut request = request(&server.url("/base"), "{}");
    request.headers.push(("accept", "application/json".to_owned()));
    request.query = "A-Z_a.z~=%21%27%28%29%2A%2B%20%2F%2e%2E%5b%7c&b=%E4%BD%A0&c=".to_owned();
    let answer = send(&network(4), request).await.unwrap();
    assert_eq!((answer.status, answer.body), (200, b"{}".to_vec()));
    let seen = server.seen().concat();
    let (head, body) = seen.split_once("\r\n\r\n").unwrap();
    let mut lines: Vec<_> = head.split("\r\n").collect();
    lines[1..].sort_unstable();
    let version = env!("CARGO_PKG_VERSION");
    let host = format!("host: {}", server.authority());
    let expected = [
        "POST /base/rule?A-Z_a.z~=%21%27%28%29%2A%2B%20%2F%2e%2E%5b%7c&b=%E4%BD%A0&c= HTTP/1.1",
        "accept: application/json",
        "authorization: Basic secret",
        "content-length: 2",
        &host,
        &format!("user-agent: ostracon/{version}"),
    ];
    assert_eq!((lines, body), (expected.to_vec(), "{}"));
}

#[tokio::test]
async fn a_path_goes_out_as_it_was_signed_or_not_at_all() {
    let server = Server::start(Manner::Answer).await;
    for (id, goes_out) in [
        ("4711", true),
        ("rule%20one", true),
        ("%2F%5C%3F%23%E4%BD%A0", true),
        ("a.b..c", true),
        ("...", true),
        ("~!$&'()*+,;=:@", true),
        (".", false),
        ("..", false),
        ("%2e", false),
        ("%2E%2e", false),
        (".%2e", false),
        ("a/../b", false),
        ("a\\b", false),
        ("a#b", false),
        ("a?b", false),
        ("a?", false),
        ("a b", false),
        ("a\tb", false),
        ("a\nb", false),
        ("你", false),
        ("a\"b<c>", false),
    ] {
        let mut request = request(&server.url("/base"), "{}");
        request.path = format!("/rules/{id}/x");
        let before = server.seen().len();
        let answer = send(&network(4), request).await;
        let seen: Vec<String> = server.seen().into_iter().skip(before).collect();
        if goes_out {
            assert_eq!(answer.unwrap().status, 200, "{id}");
            let line = format!("POST /base/rules/{id}/x?Signature=secret HTTP/1.1");
            assert!(seen.iter().all(|it| it.starts_with(&line)) && seen.len() == 1, "{seen:?}");
        } else {
            assert!(matches!(answer, Err(NoAnswer::NotSent(_))), "{id}: {answer:?}");
            assert_eq!(seen, Vec::<String>::new(), "{id}");
        }
    }
}
