//! The network against servers of every manner, on loopback.

mod classes;
mod headers;
mod pool;
mod proxies;
mod server;
mod tls;

use std::time::Duration;

use hyper_util::client::proxy::matcher::Matcher;

use super::Network;
use super::connect::Connector;
use super::pool::Pool;
use crate::provider::{Endpoint, LONGEST_ANSWER, Method, NoAnswer, Request, Response};
use crate::world::Http as _;

/// A network without proxies.
fn network(connections: usize) -> Network {
    of(Connector::new(Matcher::builder().build()), connections)
}

fn of(connector: Connector, connections: usize) -> Network {
    Network { connector, pool: Pool::new(connections) }
}

/// A create whose body is this text.
fn request(endpoint: &str, body: &str) -> Request {
    Request {
        method: Method::Post,
        endpoint: Endpoint::parse(endpoint).unwrap(),
        path: "/rule".to_owned(),
        query: "Signature=secret".to_owned(),
        headers: vec![("authorization", "Basic secret".to_owned())],
        body: body.as_bytes().to_vec(),
        timeout: Duration::from_secs(10),
        longest_answer: LONGEST_ANSWER,
    }
}

/// Takes a slot and sends a request in it.
async fn send(network: &Network, request: Request) -> Result<Response, NoAnswer> {
    let slot = network.slot(&request.endpoint).await;
    network.send(request, slot).await
}
