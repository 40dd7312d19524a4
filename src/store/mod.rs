//! Layer 3: what was done, and what is known.
//!
//! A state remembers what providers cannot be asked: what was imposed, until when, under which
//! rule id, and which calls were sent whose answer never came. Every change is a [`Record`];
//! records that belong together are written in one transaction, durable before the next step.
//!
//! What others see is [`State`], and while they read, [`View`]. Behind them is an engine: a
//! [`Store`], in a folder of its own, in which alone there is SQL. What engines have in common is
//! here: the words, the chain of the audit log, the texts in which settings are remembered.

mod audit;
mod audit_chain;
mod copy;
mod error;
mod flaw;
mod history;
mod lease;
mod location;
pub mod orders;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(not(feature = "postgres"))]
#[path = "no_postgres.rs"]
mod postgres;
mod recent;
mod record;
mod remembered;
mod runs;
mod server;
#[cfg_attr(not(feature = "postgres"), expect(dead_code, reason = "nobody connects"))]
mod server_url;
mod snapshot;
mod sqlite;
mod tables;
mod usage;

pub use audit::AuditRow;
pub use audit_chain::{Break, Link, Value};
pub use copy::Copied;
pub use error::StateError;
pub use flaw::Flaw;
pub use history::{Event, HistoryFilter, SortOrder};
pub use lease::{
    Accounts, Claim, EXPIRES_AFTER, HEARTBEAT_EVERY, Holder, Lease, Taken, UNSURE_AFTER,
};
pub use location::Location;
pub use recent::{RecentCalls, UsedRate};
pub use record::{Answered, Intent, Record};
pub use runs::RunRow;
pub use server::{OLDEST_SERVER, Rights, Server, Standby};
pub use server_url::ServerUrl;
pub use snapshot::{ReadPolicy, Snapshot};
pub use tables::{Kind, Table};
pub use usage::Usage;

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::ops::{Deref, DerefMut};
use std::path::Path;

use crate::domain::{Enforcement, Moment, Order, TargetName, Who};
use crate::world::{Process, Uptime};

/// What every engine can do. Whatever writes says under which lease: after another run has taken
/// that over, nothing is written.
pub trait Store: Debug + Send {
    /// Its lineage.
    fn lineage(&self) -> Result<String, StateError>;

    /// Begins to read; whoever writes meanwhile is not seen.
    fn reading(&mut self) -> Result<Box<dyn Reading + '_>, StateError>;

    /// Shows the events of the audit log that are asked for, one by one, until `see` has seen
    /// enough.
    fn events(
        &self,
        filter: &HistoryFilter,
        order: SortOrder,
        see: &mut dyn FnMut(&Event) -> bool,
    ) -> Result<(), StateError>;

    /// How each rate was used in the hour before `now`, by who shares it and the lane.
    ///
    /// Only runs are counted: what merely looks records no calls.
    fn usage(&self, now: Moment) -> Result<BTreeMap<(String, usize), Usage>, StateError>;

    /// Looks for everything that can be wrong; the head of the audit chain if it is whole.
    fn verify(&self) -> Result<(Vec<Flaw>, Option<Link>), StateError>;

    /// Who holds a lease.
    fn holders(&self) -> Result<Vec<Holder>, StateError>;

    /// Takes the lease of the whole state, from whoever holds it: the caller has made sure that nobody alive does.
    fn take_lease(
        &mut self,
        run: &str,
        process: &Process,
        now: Moment,
    ) -> Result<Lease, StateError>;

    /// Takes those of the accounts that `claim` asks for and nobody alive holds, under the lease
    /// that this process has already; what that covers then.
    fn extend_lease(&mut self, lease: &Lease, claim: &Claim<'_>) -> Result<Lease, StateError>;

    /// Gives the lease back, and the state to rest from `now` on.
    fn release(&mut self, lease: &Lease, now: Option<&Uptime>) -> Result<(), StateError>;

    /// Takes the lease from a run, whether it lives or not.
    fn break_lease(&mut self, run: &str) -> Result<(), StateError>;

    /// Records that a run begins, and counts it as a change of the state.
    fn begin_run(
        &mut self,
        run: &str,
        who: (&Who, u32),
        now: Moment,
        note: Option<&str>,
    ) -> Result<(), StateError>;

    /// Records how a run ended.
    fn finish_run(&mut self, run: &str, now: Moment, outcome: &str) -> Result<(), StateError>;

    /// Remembers that the clock says `now` rightly, and that runs recorded later than that had a
    /// wrong one: no run is compared with them again, but with those that follow.
    fn accept_clock(&mut self, now: Moment) -> Result<(), StateError>;

    /// When the newest of the runs began that had begun by `at`.
    fn newest_run_by(&self, at: Moment) -> Result<Option<Moment>, StateError>;

    /// The run that began last, without those whose clock somebody has called wrong.
    fn last_run(&self) -> Result<Option<RunRow>, StateError>;

    /// Writes down that an order was given or taken back, by whom and why, also while another run
    /// holds the lease: a run that is under way looks for orders, and carries them out.
    fn note_order(
        &mut self,
        order: &Order,
        who: (&Who, u32),
        now: Moment,
    ) -> Result<(), StateError>;

    /// A number that is another one whenever somebody has given an order or taken one back.
    fn orders_mark(&self) -> Result<i64, StateError>;

    /// Every order that was given, those that have ended too, as they were given.
    fn orders(&self) -> Result<Vec<Order>, StateError>;

    /// Writes a group of records: all of them, durably, or none; lets the holder of the lease be
    /// heard of, if it says when.
    fn commit_each(
        &mut self,
        fence: i64,
        heard_of: Option<Moment>,
        records: &mut dyn Iterator<Item = &Record>,
    ) -> Result<(), StateError>;

    /// The server that it is on; `None` for a file.
    fn server(&self) -> Result<Option<Server>, StateError>;

    /// How many bytes it takes when it is at rest.
    fn size(&self) -> Result<u64, StateError>;

    /// Drops the record of calls that nothing reads any more, and gives back the room that rows
    /// have left behind; how many calls were dropped. The audit log stays as it is, to the byte.
    fn compact(&mut self, fence: i64, now: Moment) -> Result<usize, StateError>;

    /// Copies the state to a file for its owner alone, which must not be there, not even as a
    /// symbolic link. The copy is of one instant.
    fn backup(&mut self, path: &Path) -> Result<(), StateError>;

    /// Closes a state that was open for writing, so that nothing is left to do.
    fn close(self: Box<Self>) -> Result<(), StateError>;
}

/// What an engine shows while it is read: everything from one instant.
pub trait Reading {
    /// Everything but the rows.
    fn outline(&self) -> Result<Snapshot, StateError>;

    /// How many rows each target has; one without is left out.
    fn rows_per_target(&self) -> Result<BTreeMap<TargetName, usize>, StateError>;

    /// Shows the rows of a table, until `see` has seen enough.
    fn table(
        &self,
        table: &Table,
        see: &mut dyn FnMut(&[Value<'_>]) -> bool,
    ) -> Result<(), StateError>;

    /// Lets `read` see the rows one by one, once, in the canonical order of restrictions.
    fn rows(
        &self,
        read: &mut dyn FnMut(&mut dyn Iterator<Item = Enforcement>),
    ) -> Result<(), StateError>;
}

/// An open state.
#[derive(Debug)]
pub struct State(Box<dyn Store>);

impl State {
    /// Opens a state to read it; `None` if there is none.
    pub fn read(location: &Location) -> Result<Option<Self>, StateError> {
        Ok(match location {
            Location::File(path) => sqlite::State::read(path)?.map(Self::of),
            Location::Server(url) => Some(postgres::read(url)?),
            Location::Memory => None,
        })
    }

    /// Opens a state that another process may be using, to change its lease alone; `None` if
    /// there is none.
    pub fn beside(location: &Location) -> Result<Option<Self>, StateError> {
        Ok(match location {
            Location::File(path) => sqlite::State::beside(path)?.map(Self::of),
            Location::Server(url) => Some(postgres::read(url)?),
            Location::Memory => None,
        })
    }

    /// Opens a state to change it, and makes it if there is none. Who does so without a lease is
    /// alone with it.
    pub fn write(location: &Location, lineage: &str) -> Result<Self, StateError> {
        Ok(match location {
            Location::File(path) => Self::of(sqlite::State::write(path, lineage)?),
            Location::Server(url) => postgres::write(url)?,
            Location::Memory => Self::of(sqlite::State::in_memory(lineage)?),
        })
    }

    /// Takes a state for a run, if no other run that lives has it, and makes it if there is none.
    pub fn take(location: &Location, claim: &Claim<'_>) -> Result<Taken, StateError> {
        match location {
            Location::File(path) => sqlite::State::take(path, claim),
            Location::Server(url) => postgres::take(url, claim),
            Location::Memory => {
                let mut state = Self::write(location, claim.lineage)?;
                let lease = state.take_lease(claim.run, claim.process, claim.now)?;
                Ok(Taken::Ours(state, lease))
            }
        }
    }

    /// Makes the state of a server, and if asked the roles that others log in as; whether it is
    /// new.
    pub fn init(url: &ServerUrl, lineage: &str, roles: bool) -> Result<bool, StateError> {
        postgres::init(url, lineage, roles)
    }

    /// Brings the state of a server up to date; the version it had, and the one it has.
    pub fn migrate(url: &ServerUrl) -> Result<(i64, i64), StateError> {
        postgres::migrate(url)
    }

    fn of(store: impl Store + 'static) -> Self {
        Self(Box::new(store))
    }

    /// Who holds a lease, if anybody; whoever came first.
    pub fn holder(&self) -> Result<Option<Holder>, StateError> {
        Ok(self.0.holders()?.into_iter().next())
    }

    /// Begins to read; whoever writes meanwhile is not seen.
    pub fn view(&mut self) -> Result<View<'_>, StateError> {
        Ok(View(self.0.reading()?))
    }

    /// Everything, of one instant.
    pub fn snapshot(&mut self) -> Result<Snapshot, StateError> {
        self.view()?.snapshot()
    }

    /// Shows the events that are asked for, one by one; `see` may fail, which ends the reading.
    pub fn history<E>(
        &self,
        filter: &HistoryFilter,
        order: SortOrder,
        mut see: impl FnMut(&Event) -> Result<(), E>,
    ) -> Result<Result<(), E>, StateError> {
        let mut seen = Ok(());
        self.0.events(filter, order, &mut |event| {
            seen = see(event);
            seen.is_ok()
        })?;
        Ok(seen)
    }

    /// Writes a group of records: all of them, durably, or none.
    ///
    /// `fence` is the number of the lease the writer holds; if another run has taken over since,
    /// nothing is written.
    pub fn commit(&mut self, fence: i64, records: &[Record]) -> Result<(), StateError> {
        self.0.commit_each(fence, None, &mut records.iter())
    }

    /// Lets the holder of a lease be heard of.
    pub fn heartbeat(&mut self, lease: &Lease, now: Moment) -> Result<(), StateError> {
        self.0.commit_each(lease.fence, Some(now), &mut std::iter::empty())
    }

    /// Closes a state that was open for writing, so that nothing is left to do.
    pub fn close(self) -> Result<(), StateError> {
        self.0.close()
    }
}

impl Deref for State {
    type Target = dyn Store;

    fn deref(&self) -> &Self::Target {
        &*self.0
    }
}

impl DerefMut for State {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut *self.0
    }
}

/// A state while it is read: everything comes from one instant.
pub struct View<'s>(Box<dyn Reading + 's>);

impl View<'_> {
    /// Everything but the rows.
    pub fn outline(&self) -> Result<Snapshot, StateError> {
        self.0.outline()
    }

    /// How many rows each target has; one without is left out.
    pub fn rows_per_target(&self) -> Result<BTreeMap<TargetName, usize>, StateError> {
        self.0.rows_per_target()
    }

    /// Everything, the rows too.
    pub fn snapshot(&self) -> Result<Snapshot, StateError> {
        let rows = self.each_row(|rows| rows.collect())?;
        Ok(Snapshot { rows, ..self.outline()? })
    }

    /// Lets `read` see the rows one by one, in the canonical order of restrictions, so that a
    /// million of them are never in memory at once.
    pub fn each_row<T>(
        &self,
        read: impl FnOnce(&mut dyn Iterator<Item = Enforcement>) -> T,
    ) -> Result<T, StateError> {
        let (mut read, mut seen) = (Some(read), None);
        self.0.rows(&mut |rows| seen = read.take().map(|read| read(rows)))?;
        match (seen, read) {
            (Some(seen), _) => Ok(seen),
            (None, Some(read)) => Ok(read(&mut std::iter::empty())),
            // An engine shows the rows at most once.
            (None, None) => Err(StateError::LeaseLost),
        }
    }
}
