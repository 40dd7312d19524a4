//! The emulation of the providers: a small service for each, with books of its own, in a folder and in
//! a row of [`service::all`].
//!
//! It checks what a provider would check (signatures, parameters, limits, pace), behaves as the
//! documents say, and where they are silent as the stricter reading would have it. What a provider
//! would let pass but no careful client does is noted as a broken rule. `apply --sandbox` and
//! tests call it in-process; `ostracon sandbox` serves it on a loopback port.
//!
//! Nothing here is shared with the providers' own codecs: the two check each other.

use std::any::Any;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use service::Service;

use crate::domain::Moment;
use crate::world::Clock;

mod agora;
mod arrivals;
#[cfg(test)]
mod contract;
mod digest;
mod exchange;
mod fault_injector;
mod local;
mod play;
mod query;
mod request_context;
mod request_log;
mod route;
mod serve;
mod service;
mod settings;
mod tencent;
#[cfg(test)]
mod trial;
mod volcengine;
mod zego;

pub use exchange::{Incoming, Outgoing};
pub use fault_injector::{FaultInjector, InjectedFault};
pub use request_log::{InForce, Kicked, Seen};
pub use serve::serve;
pub use service::credential;
pub use tencent::RepeatBan;

/// The services, their books and their clock. Clones share everything.
#[derive(Clone)]
pub struct Sandbox {
    clock: Arc<dyn Clock>,
    services: Arc<Mutex<Services>>,
    // Apart from the services, so that an injected fault may look at the books.
    injector: Arc<Mutex<Box<dyn FaultInjector>>>,
}

/// What a request can reach.
struct Services {
    all: Vec<Box<dyn Service>>,
    settings: settings::Settings,
    ledger: request_log::Ledger,
    arrivals: arrivals::Arrivals,
    requests: u64,
}

impl Services {
    fn new() -> Self {
        Self {
            all: service::all(),
            settings: settings::Settings::default(),
            ledger: request_log::Ledger::default(),
            arrivals: arrivals::Arrivals::default(),
            requests: 0,
        }
    }

    /// Does something with the service of this kind.
    fn with<S: Service>(&mut self, mut act: impl FnMut(&mut S)) {
        for service in &mut self.all {
            let service: &mut dyn Any = &mut **service;
            service.downcast_mut::<S>().into_iter().for_each(&mut act);
        }
    }
}

impl Sandbox {
    /// A sandbox in which nothing is in force, and whose time is that of `clock`.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        let injector: Box<dyn FaultInjector> = Box::new(|_: &Incoming| InjectedFault::Answer);
        Self {
            clock,
            services: Arc::new(Mutex::new(Services::new())),
            injector: Arc::new(Mutex::new(injector)),
        }
    }

    /// Lets `injector` choose the fate of every request from now on.
    pub fn inject_faults(&self, injector: impl FaultInjector + 'static) {
        *self.injector.lock().unwrap_or_else(PoisonError::into_inner) = Box::new(injector);
    }

    /// Answers a request, without injected faults and at once.
    pub fn answer(&self, request: &Incoming) -> Outgoing {
        let mut services = self.services();
        // Read with the services in hand, so that arrivals are in the order of their times.
        let now = self.clock.now();
        dated(services.answer(request, now), now)
    }

    /// What is in force now.
    pub fn in_force(&self) -> BTreeSet<InForce> {
        let now = self.clock.now();
        let services = self.services();
        services.all.iter().flat_map(|service| service.in_force(now)).collect()
    }

    /// The rules that callers broke, each as a sentence.
    pub fn broken_rules(&self) -> Vec<String> {
        self.services().ledger.broken_rules()
    }

    /// How many calls arrived.
    pub fn calls(&self) -> u64 {
        self.services().ledger.calls()
    }

    /// The calls that arrived, in order; of very many the last 100,000.
    pub fn seen(&self) -> Vec<Seen> {
        self.services().ledger.seen()
    }

    /// How often somebody was put out without being kept out.
    pub fn kicks(&self) -> BTreeMap<Kicked, u64> {
        self.services().ledger.kicks()
    }

    fn services(&self) -> MutexGuard<'_, Services> {
        self.services.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sandbox").finish_non_exhaustive()
    }
}

/// An answer with the `Date` of a server whose clock says `now`.
fn dated(outgoing: Outgoing, now: Moment) -> Outgoing {
    match exchange::http_date(now) {
        Some(date) => outgoing.with("date", date),
        None => outgoing,
    }
}
