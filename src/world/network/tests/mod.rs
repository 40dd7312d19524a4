//! The network against servers of every manner, on loopback.

mod classes;
mod headers;
mod pool;
mod proxies;
mod server;
mod tls;

use std::sync::OnceLock;
use std::time::Duration;

use reqwest::Proxy;

use super::Network;
use super::client::Clients;
use crate::provider::{Endpoint, LONGEST_ANSWER, Method, NoAnswer, Request, Response};
use crate::world::Http as _;

/// A network as users have it.
fn network(connections: usize) -> Network {
    Network::new(connections)
}

/// A network through a proxy, which trusts what this says in place of the real roots.
fn through(proxy: &str, tls: Option<rustls::ClientConfig>) -> Network {
    let tls = tls.map_or_else(OnceLock::new, |tls| OnceLock::from(Ok(tls)));
    let proxy = Some(Proxy::all(proxy).unwrap());
    Network { clients: Clients { tls, proxy }, ..Network::new(4) }
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
    let mut slot = network.slot(&request.endpoint).await;
    loop {
        match network.send(request.clone(), slot).await {
            Ok(answer) => return answer,
            Err(again) => slot = again,
        }
    }
}
