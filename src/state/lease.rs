//! The lease: one run at a time, for everybody who shares the state file, and the record of runs.

use jiff::SignedDuration;
use rusqlite::{OptionalExtension as _, params};

use super::error::{StateError, doing};
use super::{State, recent, runs, words};
use crate::domain::{Moment, Who};
use crate::world::{Process, Uptime};

/// A lease whose holder has not been heard of for this long has expired (design §5).
pub const EXPIRES_AFTER: SignedDuration = SignedDuration::from_secs(60);

/// A holder who has not been confirmed for this long sends nothing before it is (design §7).
pub const UNSURE_AFTER: SignedDuration = SignedDuration::from_secs(45);

/// How often a holder is heard of: three times before it would expire.
pub const HEARTBEAT_EVERY: SignedDuration = SignedDuration::from_secs(15);

/// The right to change the state.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Lease {
    /// The run that holds it.
    pub run: String,
    /// Its number: higher than that of every earlier lease.
    pub fence: i64,
}

/// Who holds the lease.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Holder {
    /// The run.
    pub run: String,
    /// The account.
    pub user: String,
    /// The machine.
    pub host: String,
    /// The process.
    pub pid: u32,
    /// Since when.
    pub since: Moment,
    /// When it was last heard of.
    pub heartbeat: Moment,
}

impl State {
    /// Who holds the lease, if anybody.
    pub fn holder(&self) -> Result<Option<Holder>, StateError> {
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
    pub fn take_lease(
        &mut self,
        run: &str,
        process: &Process,
        now: Moment,
    ) -> Result<Lease, StateError> {
        let sql = "UPDATE lease SET holder = ?1, user = ?2, host = ?3, pid = ?4, since = ?5,
                   heartbeat = ?5, fence = fence + 1 RETURNING fence";
        let parameters = params![run, process.user, process.host, process.pid, now.millis()];
        let failed = doing("take the lease");
        let transaction = self.connection.transaction().map_err(&failed)?;
        recent::set_rested(&transaction, None).map_err(&failed)?;
        let fence = transaction.query_row(sql, parameters, |row| row.get(0)).map_err(&failed)?;
        transaction.commit().map_err(&failed)?;
        Ok(Lease { run: run.to_owned(), fence })
    }

    /// Lets the holder be heard of.
    pub fn heartbeat(&mut self, lease: &Lease, now: Moment) -> Result<(), StateError> {
        let changed = self
            .connection
            .execute(
                "UPDATE lease SET heartbeat = ?2 WHERE fence = ?1",
                params![lease.fence, now.millis()],
            )
            .map_err(doing("renew the lease"))?;
        if changed == 0 { Err(StateError::LeaseLost) } else { Ok(()) }
    }

    /// Gives the lease back, and the state to rest from `now` on.
    pub fn release(&mut self, lease: &Lease, now: Option<&Uptime>) -> Result<(), StateError> {
        let failed = doing("give the lease back");
        let transaction = self.connection.transaction().map_err(&failed)?;
        let sql = "UPDATE lease SET holder = NULL WHERE fence = ?1";
        if transaction.execute(sql, [lease.fence]).map_err(&failed)? > 0 {
            recent::set_rested(&transaction, now).map_err(&failed)?;
        }
        transaction.commit().map_err(&failed)
    }

    /// Takes the lease from a run, whether it lives or not.
    pub fn break_lease(&mut self, run: &str) -> Result<(), StateError> {
        let sql = "UPDATE lease SET holder = NULL, fence = fence + 1 WHERE holder = ?1";
        self.connection.execute(sql, [run]).map_err(doing("take the lease away"))?;
        Ok(())
    }

    /// Records that a run begins, and counts it as a change of the state.
    pub fn begin_run(
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
    pub fn finish_run(&mut self, run: &str, now: Moment, outcome: &str) -> Result<(), StateError> {
        self.connection
            .execute(
                "UPDATE run SET finished = ?2, outcome = ?3 WHERE id = ?1",
                params![run, now.millis(), outcome],
            )
            .map_err(doing("record the end of the run"))?;
        Ok(())
    }
}
