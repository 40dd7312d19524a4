//! Connections are bounded for the process.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::timeout;

use super::server::{Manner, Server};
use super::{network, request, send};
use crate::world::Http as _;

#[tokio::test]
async fn so_many_requests_as_there_are_slots_are_on_their_way_and_none_is_lost() {
    let servers = [Server::start(Manner::AnswerSlowly).await, Server::start(Manner::Answer).await];
    let network = Arc::new(network(4));
    let mut tasks = JoinSet::new();
    for number in 0..100 {
        let (network, url) = (Arc::clone(&network), servers[number % 2].url(""));
        tasks.spawn(async move { send(&network, request(&url, "{}")).await.is_ok() });
    }
    assert!(tasks.join_all().await.into_iter().all(|answered| answered));
    for server in &servers {
        assert_eq!(server.seen().len(), 50);
        assert!(server.most_open() <= 4, "{}", server.most_open());
    }
}

#[tokio::test]
async fn where_every_slot_is_wanted_connections_are_used_again() {
    let server = Server::start(Manner::Answer).await;
    let network = Arc::new(network(3));
    let mut tasks = JoinSet::new();
    for _ in 0..60 {
        let (network, url) = (Arc::clone(&network), server.url(""));
        tasks.spawn(async move { send(&network, request(&url, "{}")).await.is_ok() });
    }
    assert!(tasks.join_all().await.into_iter().all(|answered| answered));
    assert_eq!((server.seen().len(), server.accepted()), (60, 3));
}

#[tokio::test]
async fn a_connection_is_used_again_and_one_that_was_closed_is_not() {
    let server = Server::start(Manner::Answer).await;
    let network = network(4);
    for _ in 0..20 {
        send(&network, request(&server.url(""), "{}")).await.unwrap();
    }
    assert_eq!((server.open(), server.most_open()), (1, 1));
}

#[tokio::test]
async fn what_waits_for_its_next_request_makes_room_for_another_endpoint() {
    let network = network(2);
    let mut servers = Vec::new();
    for _ in 0..8 {
        let server = Server::start(Manner::Answer).await;
        send(&network, request(&server.url(""), "{}")).await.unwrap();
        servers.push(server);
    }
    // The servers notice that theirs are closed when they look again.
    let closed = async {
        while servers.iter().map(Server::open).sum::<usize>() > 2 {
            tokio::task::yield_now().await;
        }
    };
    assert!(timeout(Duration::from_secs(10), closed).await.is_ok(), "more than 2 are open");
}

#[tokio::test]
async fn a_slot_that_is_given_up_or_fails_is_free_again() {
    let server = Server::start(Manner::Answer).await;
    let network = network(1);
    for _ in 0..10 {
        let slot = network.slot(&request(&server.url(""), "{}").endpoint).await;
        assert!(slot.is_open());
        drop(slot);
        let refused = request("http://127.0.0.1:1", "{}");
        assert!(send(&network, refused).await.is_err());
    }
    assert!(send(&network, request(&server.url(""), "{}")).await.is_ok());
}
