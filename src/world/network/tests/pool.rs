//! Connections are bounded for the process.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::timeout;

use super::server::{Manner, Server};
use super::{network, request, send};
use crate::world::Http as _;

/// Waits until it is so.
async fn until(so: impl Fn() -> bool) {
    let waiting = async {
        while !so() {
            tokio::task::yield_now().await;
        }
    };
    assert!(timeout(Duration::from_secs(10), waiting).await.is_ok(), "it never was");
}

/// Lets everything else run for a while: the end of a connection is noticed by its own task.
async fn settle() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

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
async fn a_slot_has_its_connection_before_there_is_a_request() {
    let server = Server::start(Manner::Answer).await;
    let network = network(4);
    let request = request(&server.url(""), "{}");
    let slot = network.slot(&request.endpoint).await;
    until(|| server.accepted() == 1).await;
    assert!(network.send(request, slot).await.is_ok_and(|answer| answer.is_ok()));
    assert_eq!((server.seen().len(), server.accepted()), (1, 1));
}

#[tokio::test]
async fn nothing_is_sent_after_a_connection_is_made_anew_without_one_more_look() {
    let server = Server::start(Manner::AnswerOnce).await;
    let network = network(4);
    let request = request(&server.url(""), "{}");
    send(&network, request.clone()).await.unwrap();
    let slot = network.slot(&request.endpoint).await;
    until(|| server.open() == 0).await;
    settle().await;
    let again = network.send(request.clone(), slot).await.unwrap_err();
    until(|| server.accepted() == 2).await;
    assert_eq!(server.seen().len(), 1);
    assert!(network.send(request, again).await.is_ok_and(|answer| answer.is_ok()));
    assert_eq!((server.seen().len(), server.accepted()), (2, 2));
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
    until(|| servers.iter().map(Server::open).sum::<usize>() <= 2).await;
}

#[tokio::test]
async fn a_slot_that_is_given_up_or_fails_is_free_again() {
    let server = Server::start(Manner::Answer).await;
    let network = network(1);
    for _ in 0..10 {
        let slot = network.slot(&request(&server.url(""), "{}").endpoint).await;
        drop(slot);
        let refused = request("http://127.0.0.1:1", "{}");
        assert!(send(&network, refused).await.is_err());
    }
    assert!(send(&network, request(&server.url(""), "{}")).await.is_ok());
}
