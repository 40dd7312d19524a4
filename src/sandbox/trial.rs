//! What the tests of the services share: a sandbox under a clock that is set by hand.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use serde_json::Value;

use super::{Incoming, Outgoing, Sandbox};
use crate::domain::Moment;
use crate::provider::Method;
use crate::world::Clock;

/// A sandbox and its clock.
pub(super) struct Trial {
    pub(super) sandbox: Sandbox,
    clock: Arc<HandClock>,
}

struct HandClock(AtomicI64);

impl Clock for HandClock {
    fn now(&self) -> Moment {
        Moment::from_millis(self.0.load(Ordering::SeqCst))
    }
}

impl Trial {
    /// A trial that starts at noon of 20 November 2026.
    pub(super) fn new() -> Self {
        let start = Moment::parse("2026-11-20T12:00:00Z").unwrap();
        let clock = Arc::new(HandClock(AtomicI64::new(start.millis())));
        let shared: Arc<dyn Clock> = Arc::<HandClock>::clone(&clock);
        Self { sandbox: Sandbox::new(shared), clock }
    }

    pub(super) fn now(&self) -> Moment {
        self.clock.now()
    }

    /// Lets time pass.
    pub(super) fn pass(&self, millis: i64) {
        self.clock.0.fetch_add(millis, Ordering::SeqCst);
    }

    /// What is in force, as text.
    pub(super) fn in_force(&self) -> Vec<String> {
        self.sandbox.in_force().iter().map(ToString::to_string).collect()
    }

    /// Checks that nobody has broken a rule so far.
    pub(super) fn expect_no_broken_rule(&self) {
        assert_eq!(self.sandbox.broken_rules(), Vec::<String>::new());
    }

    /// Checks that the last broken rule says this.
    pub(super) fn expect_broken_rule(&self, what: &str) {
        let broken = self.sandbox.broken_rules();
        assert!(broken.last().is_some_and(|last| last.contains(what)), "{broken:?}");
    }
}

/// A request without headers or body.
pub(super) fn bare(method: Method, path: &str, query: &str) -> Incoming {
    Incoming {
        method,
        host: "localhost".to_owned(),
        path: path.to_owned(),
        query: query.to_owned(),
        headers: Vec::new(),
        body: Vec::new(),
    }
}

/// The body of an answer.
pub(super) fn body(outgoing: &Outgoing) -> Value {
    serde_json::from_slice(&outgoing.body).unwrap()
}
