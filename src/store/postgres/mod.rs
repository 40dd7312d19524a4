//! The state on a PostgreSQL server, 14 or later.
//!
//! Accounts are leased one by one, in the server's time; every transaction checks the fence it
//! writes under. No statement is prepared and nothing is left in a session, so that a pooler that
//! hands out connections by the transaction does no harm.

mod columns;
mod connect;
mod copy;
mod error;
mod group;
mod history;
mod journal;
mod lease;
mod open;
mod orders;
mod rows;
mod runs;
mod schema;
mod server;
mod transaction;
mod unreached;
mod verify;
mod view;

use open::State;

use std::collections::BTreeMap;
use std::path::Path;

use super::copy::into_file;
use super::{
    Accounts, Claim, Event, Flaw, HistoryFilter, Holder, Lease, Link, Reading, Record, RunRow,
    Server, ServerUrl, SortOrder, StateError, Store, Taken, Usage,
};
use crate::domain::{Moment, Order, Who};
use crate::world::{Process, Uptime};

/// Opens a state to read it, or to change its leases alone.
pub(super) fn read(url: &ServerUrl) -> Result<super::State, StateError> {
    State::read(url).map(super::State::of)
}

/// Opens a state to change it.
pub(super) fn write(url: &ServerUrl) -> Result<super::State, StateError> {
    State::write(url).map(super::State::of)
}

/// Takes a state for a run, if no other run that lives has any of its accounts.
pub(super) fn take(url: &ServerUrl, claim: &Claim<'_>) -> Result<Taken, StateError> {
    State::take(url, claim)
}

/// Makes a state, and if asked the roles; whether there was none.
pub(super) fn init(url: &ServerUrl, lineage: &str, roles: bool) -> Result<bool, StateError> {
    State::init(url, lineage, roles)
}

/// Makes a state of all that is read, where there is none or an empty one.
pub(super) fn fill(url: &ServerUrl, from: &dyn Reading) -> Result<super::State, StateError> {
    State::filled(url, from).map(super::State::of)
}

/// Brings a state up to date; the version it had, and the one it has.
pub(super) fn migrate(url: &ServerUrl) -> Result<(i64, i64), StateError> {
    State::bring_up_to_date(url)
}

/// Each is where its name says: this is the list.
impl Store for State {
    fn lineage(&self) -> Result<String, StateError> {
        self.lineage()
    }

    fn reading(&mut self) -> Result<Box<dyn Reading + '_>, StateError> {
        Ok(Box::new(self.view()?))
    }

    fn events(
        &self,
        filter: &HistoryFilter,
        order: SortOrder,
        see: &mut dyn FnMut(&Event) -> bool,
    ) -> Result<(), StateError> {
        self.events(filter, order, see)
    }

    fn usage(&self, now: Moment) -> Result<BTreeMap<(String, usize), Usage>, StateError> {
        self.usage(now)
    }

    fn verify(&self) -> Result<(Vec<Flaw>, Option<Link>), StateError> {
        self.verify()
    }

    fn holders(&self) -> Result<Vec<Holder>, StateError> {
        self.holders()
    }

    fn take_lease(
        &mut self,
        run: &str,
        process: &Process,
        now: Moment,
    ) -> Result<Lease, StateError> {
        let claim = Claim { run, process, now, lineage: "", accounts: &Accounts::All };
        self.claim(&claim)?.map_err(|_held| StateError::LeaseLost)
    }

    fn extend_lease(&mut self, lease: &Lease, claim: &Claim<'_>) -> Result<Lease, StateError> {
        self.extend_lease(lease, claim)
    }

    fn release(&mut self, lease: &Lease, _now: Option<&Uptime>) -> Result<(), StateError> {
        self.release(lease)
    }

    fn break_lease(&mut self, run: &str) -> Result<(), StateError> {
        self.break_lease(run)
    }

    fn begin_run(
        &mut self,
        run: &str,
        who: (&Who, u32),
        now: Moment,
        note: Option<&str>,
    ) -> Result<(), StateError> {
        self.begin_run(run, who, now, note)
    }

    fn finish_run(&mut self, run: &str, now: Moment, outcome: &str) -> Result<(), StateError> {
        self.finish_run(run, now, outcome)
    }

    fn accept_clock(&mut self, now: Moment) -> Result<(), StateError> {
        self.accept_clock(now)
    }

    fn newest_run_by(&self, at: Moment) -> Result<Option<Moment>, StateError> {
        self.newest_run_by(at)
    }

    fn last_run(&self) -> Result<Option<RunRow>, StateError> {
        self.last_run()
    }

    fn note_order(
        &mut self,
        order: &Order,
        who: (&Who, u32),
        now: Moment,
    ) -> Result<(), StateError> {
        self.note_order(order, who, now)
    }

    fn orders_mark(&self) -> Result<i64, StateError> {
        self.orders_mark()
    }

    fn orders(&self) -> Result<Vec<Order>, StateError> {
        self.orders()
    }

    fn commit_each(
        &mut self,
        fence: i64,
        _heard_of: Option<Moment>,
        records: &mut dyn Iterator<Item = &Record>,
    ) -> Result<(), StateError> {
        self.commit_each(fence, records)
    }

    fn server(&self) -> Result<Option<Server>, StateError> {
        self.server().map(Some)
    }

    fn size(&self) -> Result<u64, StateError> {
        self.size()
    }

    fn compact(&mut self, fence: i64, now: Moment) -> Result<usize, StateError> {
        self.compact(fence, now)
    }

    fn backup(&mut self, path: &Path) -> Result<(), StateError> {
        into_file(&self.view()?, path)
    }

    fn close(self: Box<Self>) -> Result<(), StateError> {
        Ok(())
    }
}
