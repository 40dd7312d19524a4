//! The seams: everything that varies from run to run comes in through one [`World`].
//!
//! Clock, HTTP, environment and randomness are values, so that a whole run can be played in a
//! test: in virtual time, without sockets, twice alike.

pub mod credentials;
mod handles;
pub mod network;
pub mod system;
pub mod uptime;
mod who;

pub use credentials::{CredentialError, Credentials};
pub use network::{Network, Slot};
pub use system::{SystemClock, SystemRandom};
pub use uptime::Uptime;

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;

use crate::domain::Moment;
use crate::provider::{Endpoint, NoAnswer, Request, Response};

/// Everything the program takes from outside.
#[derive(Clone)]
pub struct World {
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// How requests are sent.
    pub http: Arc<dyn Http>,
    /// Random bits.
    pub random: Arc<dyn Random>,
    /// The environment variables.
    pub env: Arc<BTreeMap<String, String>>,
    /// The directory that relative paths start from.
    pub directory: PathBuf,
    /// Who and where this process is, for the lock and the audit log.
    pub process: Process,
}

impl World {
    /// The value of an environment variable, unless it is unset or empty.
    pub fn variable(&self, name: &str) -> Option<&str> {
        self.env.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// What time it is.
    pub fn now(&self) -> Moment {
        self.clock.now()
    }

    /// What a clock that nobody sets says, if there is one.
    pub fn uptime(&self) -> Option<Uptime> {
        self.clock.uptime()
    }
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World").field("process", &self.process).finish_non_exhaustive()
    }
}

/// Who and where this process is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Process {
    /// The account it runs under.
    pub user: String,
    /// The machine's name.
    pub host: String,
    /// Its process id.
    pub pid: u32,
}

/// A clock.
pub trait Clock: Send + Sync {
    /// What time it is.
    fn now(&self) -> Moment;

    /// What a clock that nobody sets says, if there is one.
    fn uptime(&self) -> Option<Uptime> {
        None
    }
}

/// A source of random bits.
pub trait Random: Send + Sync {
    /// 64 random bits.
    fn bits(&self) -> u64;
}

/// What comes of a request: its answer. Or its slot, with another connection: the one that it had
/// was closed while it waited, so nothing was sent, and whatever was looked at may have changed.
pub type Sent = Result<Result<Response, NoAnswer>, Slot>;

/// What comes of a request, some time.
pub type Answer<'a> = Pin<Box<dyn Future<Output = Sent> + Send + 'a>>;

/// The right to send a request, some time.
pub type Slotting<'a> = Pin<Box<dyn Future<Output = Slot> + Send + 'a>>;

/// Something that answers requests: the network, or the emulation of the providers.
pub trait Http: Send + Sync {
    /// How many requests may be under way at the same time.
    fn connections(&self) -> usize {
        usize::MAX
    }

    /// Waits until a request to this endpoint can be sent at once: whatever must be looked at right
    /// before it is sent comes after this. What goes wrong here is told by [`Http::send`].
    fn slot<'a>(&'a self, endpoint: &'a Endpoint) -> Slotting<'a>;

    /// Sends a request and waits for the answer, at most as long as the request allows.
    fn send(&self, request: Request, slot: Slot) -> Answer<'_>;
}
