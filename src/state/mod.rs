//! Layer 3: the state store, one SQLite file.
//!
//! It remembers what providers cannot be asked: what was imposed, until when, under which rule
//! id, and which calls were sent whose answer never came. Every change is a [`Record`]; records
//! that belong together are written in one transaction, durable before the next step.

pub mod audit;
pub mod backup;
pub mod chain;
mod compact;
pub mod error;
mod guards;
pub mod history;
pub mod journal;
pub mod lease;
pub mod lock;
pub mod open;
mod protected;
mod reading;
pub mod recent;
pub mod rows;
pub mod runs;
pub mod schema;
pub mod snapshot;
pub mod usage;
pub mod verify;
mod view;
mod words;

pub use audit::AuditRow;
pub use chain::{Break, Link};
pub use error::StateError;
pub use history::{Event, Narrowed, Order};
pub use journal::{Answered, Intent, Record};
pub use lease::{Holder, Lease};
pub use lock::FileLock;
pub use open::{Location, State};
pub use recent::{RecentCalls, UsedRate};
pub use runs::RunRow;
pub use snapshot::Snapshot;
pub use usage::Usage;
pub use verify::Flaw;
pub use view::View;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod versions;
