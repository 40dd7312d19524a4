//! Slots for requests, and the connections that wait for the next one.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use super::connect::Connection;
use crate::provider::Endpoint;

/// At most so many connections for the whole process: those in use, and those that wait for their
/// next request.
pub(super) struct Pool {
    most: usize,
    slots: Arc<Semaphore>,
    connections: Arc<Mutex<Connections>>,
}

/// The connections there are.
#[derive(Default)]
struct Connections {
    /// How many are in use, or are being made.
    busy: usize,
    idle: VecDeque<Idle>,
}

/// A connection that waits for its next request.
struct Idle {
    endpoint: Endpoint,
    connection: Connection,
    since: Instant,
}

/// The right to use one connection.
pub(super) struct Permit {
    connections: Arc<Mutex<Connections>>,
    _slot: Option<OwnedSemaphorePermit>,
}

/// A connection that was idle for longer is not used again: servers close theirs about then, and
/// a request that meets the closing leaves a doubt.
const LONGEST_IDLE: Duration = Duration::from_secs(30);

impl Pool {
    pub(super) fn new(most: usize) -> Self {
        Self { most, slots: Arc::new(Semaphore::new(most)), connections: Arc::default() }
    }

    /// How many connections there may be.
    pub(super) const fn most(&self) -> usize {
        self.most
    }

    /// Waits for the right to use one connection.
    pub(super) async fn permit(&self) -> Permit {
        // An error means that the semaphore was closed, which nobody does.
        let slot = Arc::clone(&self.slots).acquire_owned().await.ok();
        lock(&self.connections).busy += 1;
        Permit { connections: Arc::clone(&self.connections), _slot: slot }
    }

    /// A connection to this endpoint that waits. If there is none, one of those that wait longest
    /// is closed where the one to be made needs its place.
    pub(super) async fn take(&self, endpoint: &Endpoint) -> Option<Connection> {
        while let Some(mut connection) = self.newest(endpoint) {
            // Only a moment: all of the last answer was read, and an end is noticed at once.
            if connection.ready().await.is_ok() {
                return Some(connection);
            }
        }
        let mut connections = lock(&self.connections);
        while connections.busy + connections.idle.len() > self.most {
            connections.idle.pop_front()?;
        }
        None
    }

    fn newest(&self, endpoint: &Endpoint) -> Option<Connection> {
        let idle = &mut lock(&self.connections).idle;
        idle.retain(|idle| !idle.connection.is_closed() && idle.since.elapsed() < LONGEST_IDLE);
        let place = idle.iter().rposition(|idle| idle.endpoint.origin() == endpoint.origin())?;
        idle.remove(place).map(|idle| idle.connection)
    }

    /// Keeps a connection for the next request, and gives back the right to use it.
    pub(super) fn put(&self, endpoint: Endpoint, connection: Connection, permit: Permit) {
        if !connection.is_closed() {
            let idle = Idle { endpoint, connection, since: Instant::now() };
            lock(&self.connections).idle.push_back(idle);
        }
        drop(permit);
    }

    /// Closes every connection that waits.
    pub(super) fn close_idle(&self) {
        lock(&self.connections).idle.clear();
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        lock(&self.connections).busy -= 1;
    }
}

fn lock(connections: &Mutex<Connections>) -> MutexGuard<'_, Connections> {
    connections.lock().unwrap_or_else(PoisonError::into_inner)
}
