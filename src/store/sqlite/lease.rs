//! The lease as a row, and the record of runs.

use std::path::Path;

use rusqlite::{OptionalExtension as _, params};

use super::error::doing;
use super::lock::{self, FileLock};
use super::{State, recent, runs, words};
use crate::domain::{Moment, Who};
use crate::store::{Accounts, Claim, EXPIRES_AFTER, Holder, Lease, StateError, Taken};
use crate::world::{Process, Uptime};

impl State {
    /// Takes a state for a run, if no other run that lives has it, and makes it if there is none.
    pub(crate) fn take(path: &Path, claim: &Claim<'_>) -> Result<Taken, StateError> {
        lock::make_directory(path)?;
        let Some(lock) = FileLock::try_take(path)? else {
            let state = Self::read(path)?;
            let holder = state.map(|state| state.holder()).transpose()?.flatten();
            return Ok(Taken::Held(holder.into_iter().collect()));
        };
        let mut state = Self::write(path, claim.lineage)?;
        if let Some(holder) = state.living_elsewhere(claim)? {
            return Ok(Taken::Held(vec![holder]));
        }
        let lease = state.take_lease(claim.run, claim.process, claim.now)?;
        state.lock = Some(lock);
        Ok(Taken::Ours(crate::store::State::of(state), lease))
    }

    /// The holder of the lease, if it runs on another machine and was heard of lately. On this
    /// machine the lock beside the file, which we hold, proves that it is dead.
    fn living_elsewhere(&self, claim: &Claim<'_>) -> Result<Option<Holder>, StateError> {
        Ok(self.holder()?.filter(|holder| {
            let silent = claim.now - holder.heartbeat;
            holder.host != claim.process.host && silent < EXPIRES_AFTER
        }))
    }

    /// Who holds the lease, if anybody.
    pub(super) fn holder(&self) -> Result<Option<Holder>, StateError> {
        let sql = "SELECT holder, user, host, pid, since, heartbeat FROM lease
                   WHERE holder IS NOT NULL";
        self.connection
            .query_row(sql, [], |row| {
                Ok(Holder {
                    run: row.get(0)?,
                    user: row.get(1)?,
                    host: row.get(2)?,
                    pid: row.get(3)?,
                    since: Moment::from_millis(row.get(4)?),
                    heartbeat: Moment::from_millis(row.get(5)?),
                })
            })
            .optional()
            .map_err(doing("read the lease"))
    }

    /// Takes the lease, from whoever holds it: the caller has made sure that nobody alive does.
    pub(super) fn take_lease(
        &mut self,
        run: &str,
        process: &Process,
        now: Moment,
    ) -> Result<Lease, StateError> {
        let sql = "UPDATE lease SET holder = ?1, user = ?2, host = ?3, pid = ?4, since = ?5,
                   heartbeat = ?5, fence = fence + 1 RETURNING fence";
        let parameters = params![run, process.user, process.host, process.pid, now.millis()];
        let failed = doing("take the lease");
        let fence = self.connection.query_row(sql, parameters, |row| row.get(0)).map_err(failed)?;
        Ok(Lease { run: run.to_owned(), fence, accounts: Accounts::All })
    }

    /// Gives the lease back, and the state to rest from `now` on.
    pub(super) fn release(
        &mut self,
        lease: &Lease,
        now: Option<&Uptime>,
    ) -> Result<(), StateError> {
        let failed = doing("give the lease back");
        let transaction = self.connection.transaction().map_err(&failed)?;
        let sql = "UPDATE lease SET holder = NULL WHERE fence = ?1";
        if transaction.execute(sql, [lease.fence]).map_err(&failed)? > 0 {
            recent::set_rested(&transaction, now).map_err(&failed)?;
        }
        transaction.commit().map_err(&failed)
    }

    /// Takes the lease from a run, whether it lives or not.
    pub(super) fn break_lease(&mut self, run: &str) -> Result<(), StateError> {
        let sql = "UPDATE lease SET holder = NULL, fence = fence + 1 WHERE holder = ?1";
        self.connection.execute(sql, [run]).map_err(doing("take the lease away"))?;
        Ok(())
    }

    /// Records that a run begins, and counts it as a change of the state.
    pub(super) fn begin_run(
        &mut self,
        run: &str,
        (who, pid): (&Who, u32),
        now: Moment,
        note: Option<&str>,
    ) -> Result<(), StateError> {
        let failed = doing("record the run");
        let transaction = self.connection.transaction().map_err(&failed)?;
        let text = serde_json::to_string(who).unwrap_or_default();
        let number = words::add(&transaction, &text).map_err(&failed)?;
        let newest = runs::newest(&transaction).map_err(&failed)?;
        transaction
            .execute(
                "INSERT INTO run (id, started, user, host, pid, note, who)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                params![run, now.millis(), who.user, who.host, pid, note, number],
            )
            .map_err(&failed)?;
        runs::set_newest(&transaction, newest.map_or(now, |newest| newest.max(now)))
            .map_err(&failed)?;
        transaction
            .execute("UPDATE meta SET value = CAST(value AS INTEGER) + 1 WHERE key = 'serial'", [])
            .map_err(&failed)?;
        transaction.commit().map_err(&failed)
    }

    /// Records how a run ended.
    pub(super) fn finish_run(
        &mut self,
        run: &str,
        now: Moment,
        outcome: &str,
    ) -> Result<(), StateError> {
        self.connection
            .execute(
                "UPDATE run SET finished = ?2, outcome = ?3 WHERE id = ?1",
                params![run, now.millis(), outcome],
            )
            .map_err(doing("record the end of the run"))?;
        Ok(())
    }
}
