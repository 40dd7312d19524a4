//! Which of the requests without an answer were never sent.

use std::time::Duration;

use tokio::net::TcpListener;

use super::server::{Manner, Server};
use super::{network, request, send};
use crate::provider::NoAnswer;

const HEAD: &str = "HTTP/1.1 200 OK\r\n";
const LONG: &str = "HTTP/1.1 200 OK\r\ncontent-length: 100000000\r\n\r\n";
const CHUNKED: &str = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";

#[tokio::test]
async fn what_reached_a_server_is_never_taken_for_unsent() {
    for (manner, why) in [
        (Manner::HangUp, "connection closed before message completed"),
        (Manner::Silence, "no answer in time"),
        (Manner::Say("garbage"), ""),
        (Manner::Say("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{}"), "end of file"),
        (Manner::Say("HTTP/1.1 200 OK\r\ncontent-len"), "connection closed before"),
        (Manner::SayForEver(LONG, "x"), "the answer is larger than 8 MB"),
        (Manner::SayForEver(LONG, " \r\n"), "the answer is larger than 8 MB"),
        (Manner::SayForEver(CHUNKED, "1;x\r\ny\r\n"), ""),
        (
            Manner::SayForEver(CHUNKED, "20\r\n0123456789abcdef0123456789abcdef\r\n"),
            "the answer is larger than 8 MB",
        ),
        (Manner::SayForEver(HEAD, "x: y\r\n"), "too large"),
        (Manner::SayForEver(HEAD, "x"), "too large"),
        (Manner::SayForEver("HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 100 Continue\r\n\r\n"), ""),
    ] {
        let server = Server::start(manner).await;
        let mut request = request(&server.url(""), "{}");
        if matches!(
            manner,
            Manner::Silence | Manner::SayForEver(_, "HTTP/1.1 100 Continue\r\n\r\n")
        ) {
            request.timeout = Duration::from_millis(200);
        }
        match send(&network(4), request).await {
            Err(NoAnswer::Unknown(said)) => {
                assert!(said.contains(why), "{manner:?}: {said}");
                assert!(!said.contains("secret"), "{said}");
            }
            other => panic!("{manner:?}: {other:?}"),
        }
        assert_eq!(server.seen().len(), 1, "{manner:?}");
    }
}

#[tokio::test]
async fn a_long_answer_has_a_time_out_for_each_stride_and_a_short_one_has_one() {
    for (bytes, read) in [(5 * 1024 * 1024, true), (5, false)] {
        let server = Server::start(Manner::AnswerInPieces(bytes)).await;
        let mut request = request(&server.url(""), "{}");
        (request.timeout, request.longest_answer) = (Duration::from_secs(1), usize::MAX);
        let answer = send(&network(4), request).await;
        match answer {
            Ok(answer) => assert!(read && answer.body.len() == 3 * bytes, "{bytes}"),
            Err(error) => {
                let why = "the answer did not end in time".to_owned();
                assert!(!read && error == NoAnswer::Unknown(why), "{bytes}: {error:?}");
            }
        }
    }
}

#[tokio::test]
async fn what_no_server_was_told_is_not_sent() {
    let garbage = Server::start(Manner::Say("HTTP/1.1 400 Bad Request\r\n\r\n")).await;
    let closes = Server::start(Manner::Refuse).await;
    let plain = Server::start(Manner::Greet("220 mail.example.com ESMTP\r\n")).await;
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let unknown = format!("https://{}.invalid", "x".repeat(64));
    for endpoint in [
        format!("http://{free}"),
        format!("https://{free}"),
        format!("https://{}", closes.authority()),
        format!("https://{}", plain.authority()),
        unknown,
    ] {
        let answer = send(&network(4), request(&endpoint, "{}")).await;
        let Err(NoAnswer::NotSent(said)) = answer else { panic!("{endpoint}: {answer:?}") };
        assert!(!said.contains("secret"), "{said}");
    }
    let mut unwritable = request(&garbage.url(""), "{}");
    unwritable.headers.push(("x-reason", "two\nlines".to_owned()));
    assert!(matches!(send(&network(4), unwritable).await, Err(NoAnswer::NotSent(_))));
    assert_eq!(garbage.seen().len(), 0);
}

#[tokio::test]
async fn no_request_is_written_twice_whenever_its_connection_is_closed() {
    for manner in [Manner::AnswerOnce, Manner::AnswerOnceThenHangUp, Manner::Answer] {
        let server = Server::start(manner).await;
        let network = network(4);
        let (mut answered, mut doubted, mut unsent) = (Vec::new(), Vec::new(), Vec::new());
        for number in 0..300 {
            let body = format!("<{number}>");
            match send(&network, request(&server.url(""), &body)).await {
                Ok(_) => answered.push(body),
                Err(NoAnswer::Unknown(_)) => doubted.push(body),
                Err(NoAnswer::NotSent(_) | NoAnswer::Starved(_)) => unsent.push(body),
            }
        }
        let seen = server.seen();
        let arrivals = |body: &String| seen.iter().filter(|text| text.ends_with(body)).count();
        assert!(answered.iter().all(|body| arrivals(body) == 1), "{manner:?}");
        assert!(doubted.iter().all(|body| arrivals(body) <= 1), "{manner:?}");
        assert!(unsent.iter().all(|body| arrivals(body) == 0), "{manner:?}");
        assert!(answered.len() >= 100, "{manner:?}: {} answered", answered.len());
    }
}
