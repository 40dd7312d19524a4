//! The state in one SQLite file.
//!
//! One run at a time: an OS lock beside the file proves on this machine that the holder of the
//! lease is alive, the lease in the file serves everybody else.

mod audit;
mod backup;
mod chain;
mod compact;
mod copy;
mod error;
mod history;
mod journal;
mod lease;
mod lock;
mod meta;
mod open;
mod orders;
mod reading;
mod recent;
mod rows;
mod runs;
mod schema;
mod snapshot;
mod usage;
mod verify;
mod view;
#[cfg(test)]
mod waiting;
mod words;

pub(super) use open::State;

use std::collections::BTreeMap;
use std::path::Path;

use super::{
    Claim, Event, Flaw, HistoryFilter, Holder, Lease, Link, Reading, Record, RunRow, Server,
    SortOrder, StateError, Store, Usage,
};
use crate::domain::{Moment, Order, Who};
use crate::world::{Process, Uptime};

#[cfg(test)]
mod tests;
#[cfg(test)]
mod versions;

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
        Ok(self.holder()?.into_iter().collect())
    }

    fn take_lease(
        &mut self,
        run: &str,
        process: &Process,
        now: Moment,
    ) -> Result<Lease, StateError> {
        self.take_lease(run, process, now)
    }

    fn extend_lease(&mut self, lease: &Lease, _claim: &Claim<'_>) -> Result<Lease, StateError> {
        // It covers the whole state.
        Ok(lease.clone())
    }

    fn release(&mut self, lease: &Lease, now: Option<&Uptime>) -> Result<(), StateError> {
        self.release(lease, now)
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
        heard_of: Option<Moment>,
        records: &mut dyn Iterator<Item = &Record>,
    ) -> Result<(), StateError> {
        self.commit_each(fence, heard_of, records)
    }

    fn server(&self) -> Result<Option<Server>, StateError> {
        Ok(None)
    }

    fn size(&self) -> Result<u64, StateError> {
        self.size()
    }

    fn compact(&mut self, fence: i64, now: Moment) -> Result<usize, StateError> {
        self.compact(fence, now)
    }

    fn backup(&mut self, path: &Path) -> Result<(), StateError> {
        Self::backup(self, path)
    }

    fn close(self: Box<Self>) -> Result<(), StateError> {
        (*self).close()
    }
}
