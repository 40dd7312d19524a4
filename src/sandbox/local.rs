//! The sandbox in-process: requests and responses without a socket.

use std::time::Duration;

use super::play::Cut;
use super::{Incoming, Outgoing, Sandbox, exchange};
use crate::provider::{Endpoint, NoAnswer, Request, Response};
use crate::world::{Answer, Http, Slot, Slotting};

impl Http for Sandbox {
    fn slot<'a>(&'a self, _: &'a Endpoint) -> Slotting<'a> {
        Box::pin(std::future::ready(Slot::default()))
    }

    fn send(&self, request: Request, _: Slot) -> Answer<'_> {
        Box::pin(async { Ok(self.respond(request).await) })
    }
}

impl Sandbox {
    /// Answers a request.
    pub(super) async fn respond(&self, request: Request) -> Result<Response, NoAnswer> {
        let timeout = request.timeout;
        let incoming = incoming(request);
        match tokio::time::timeout(timeout, self.play(&incoming)).await {
            Ok(Ok(outgoing)) => Ok(response(outgoing)),
            Ok(Err(Cut::Before)) => Err(NoAnswer::NotSent("connection refused".into())),
            Ok(Err(Cut::Starved)) => Err(NoAnswer::Starved("too many open files".into())),
            Ok(Err(Cut::After)) => Err(NoAnswer::Unknown("connection reset".into())),
            Err(_elapsed) => {
                Err(NoAnswer::Unknown(format!("no answer within {} s", timeout.as_secs())))
            }
        }
    }
}

/// A request as a server sees it.
fn incoming(request: Request) -> Incoming {
    let Request { method, endpoint, path, query, headers, body, timeout: _, longest_answer: _ } =
        request;
    Incoming {
        method,
        host: endpoint.authority().to_owned(),
        path: format!("{}{path}", endpoint.path()),
        query,
        headers: headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        body,
    }
}

/// An answer as a client sees it.
fn response(outgoing: Outgoing) -> Response {
    let seconds = outgoing.header("retry-after").and_then(|value| value.parse().ok());
    Response {
        status: outgoing.status,
        date: outgoing.header("date").and_then(exchange::read_http_date),
        retry_after: seconds.map(Duration::from_secs),
        request_id: outgoing.header("x-request-id").map(str::to_owned),
        body: outgoing.body,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::{LONGEST_ANSWER, Method};
    use crate::sandbox::InjectedFault;
    use crate::sandbox::trial::Trial;

    /// What came back, in a word or two, and how many calls the services saw.
    async fn fare(fate: InjectedFault) -> (String, u64) {
        let trial = Trial::new();
        trial.sandbox.inject_faults(move |_: &Incoming| fate);
        let request = Request {
            method: Method::Get,
            endpoint: Endpoint::parse("http://127.0.0.1:9000/agora").unwrap(),
            path: "/dev/v1/kicking-rule".to_owned(),
            query: "appid=1".to_owned(),
            headers: Vec::new(),
            body: Vec::new(),
            timeout: Duration::from_secs(20),
            longest_answer: LONGEST_ANSWER,
        };
        let outcome = match trial.sandbox.respond(request).await {
            Ok(response) => {
                assert_eq!(response.date, Some(trial.now()));
                let after = response.retry_after.map(|after| format!(" after {after:?}"));
                format!("{}{}", response.status, after.unwrap_or_default())
            }
            Err(NoAnswer::NotSent(_)) => "not sent".to_owned(),
            Err(NoAnswer::Starved(_)) => "starved".to_owned(),
            Err(NoAnswer::Unknown(why)) => why,
        };
        (outcome, trial.sandbox.calls())
    }

    #[tokio::test(start_paused = true)]
    async fn every_fate_is_what_it_says() {
        for (fate, outcome, calls) in [
            // Nobody signed the request, so the service itself answers 401.
            (InjectedFault::Answer, "401", 1),
            (InjectedFault::Delay(Duration::from_secs(19)), "401", 1),
            (InjectedFault::Delay(Duration::from_secs(21)), "no answer within 20 s", 1),
            (InjectedFault::Unreachable, "not sent", 0),
            (InjectedFault::Starved, "starved", 0),
            (InjectedFault::LoseRequest, "connection reset", 0),
            (InjectedFault::LoseAnswer, "connection reset", 1),
            (InjectedFault::Status(502), "502", 0),
            (InjectedFault::LateStatus(504), "504", 1),
            (InjectedFault::Garbage, "200", 1),
            (InjectedFault::Throttle(None), "429", 0),
            (InjectedFault::Throttle(Some(Duration::from_secs(3))), "429 after 3s", 0),
        ] {
            assert_eq!(fare(fate).await, (outcome.to_owned(), calls), "{fate:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn latency_is_virtual_time_in_a_test() {
        let trial = Trial::new();
        trial.sandbox.set_latency(Duration::from_millis(200));
        let incoming = crate::sandbox::trial::bare(Method::Get, "/zego", "");
        let start = tokio::time::Instant::now();
        assert_eq!(trial.sandbox.play(&incoming).await.map(|answer| answer.status), Ok(200));
        assert_eq!(start.elapsed(), Duration::from_millis(200));
    }
}
