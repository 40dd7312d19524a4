//! Bounds of a run in virtual time: a run that would never end fails instead of filling the memory.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ostracon::provider::{Endpoint, Request};
use ostracon::world::{Answer, Http, Slot, Slotting};

/// The longest a run may take: far above any story, and reached in moments of real time.
pub(super) const LONGEST_RUN: Duration = Duration::from_hours(6);

/// The most calls that one run may make.
const MOST_CALLS: u64 = 20_000;

/// A network that counts the calls of a run, and takes no more than any run needs.
pub(super) struct Bounded {
    network: Arc<dyn Http>,
    calls: AtomicU64,
}

impl Bounded {
    /// The same network, for one run.
    pub(super) fn new(network: Arc<dyn Http>) -> Self {
        Self { network, calls: AtomicU64::new(0) }
    }
}

impl Http for Bounded {
    fn slot<'a>(&'a self, endpoint: &'a Endpoint) -> Slotting<'a> {
        self.network.slot(endpoint)
    }

    fn send(&self, request: Request, slot: Slot) -> Answer<'_> {
        let calls = self.calls.fetch_add(1, Ordering::Relaxed);
        assert!(calls < MOST_CALLS, "a run that makes more than {MOST_CALLS} calls never ends");
        self.network.send(request, slot)
    }
}
