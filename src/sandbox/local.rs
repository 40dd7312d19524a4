//! The sandbox in-process: requests and responses without a socket.

use std::time::Duration;

use super::play::Cut;
use super::{Incoming, Outgoing, Sandbox, exchange};
use crate::provider::{NoAnswer, Request, Response};
use crate::world::{Answer, Http};

impl Http for Sandbox {
    fn send(&self, request: Request) -> Answer<'_> {
        Box::pin(async move {
            let timeout = request.timeout;
            let incoming = incoming(request);
            match tokio::time::timeout(timeout, self.play(&incoming)).await {
                Ok(Ok(outgoing)) => Ok(response(outgoing)),
                Ok(Err(Cut::Before)) => Err(NoAnswer::NotSent("connection refused".into())),
                Ok(Err(Cut::After)) => Err(NoAnswer::Unknown("connection reset".into())),
                Err(_elapsed) => {
                    Err(NoAnswer::Unknown(format!("no answer within {} s", timeout.as_secs())))
                }
            }
        })
    }
}

/// A request as a server sees it.
fn incoming(request: Request) -> Incoming {
    let Request { method, endpoint, path, query, headers, body, timeout: _ } = request;
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
