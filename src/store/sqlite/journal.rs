//! Groups of records, each in a transaction of its own.

use rusqlite::{Connection, params};

use super::audit::Log;
use super::error::doing;
use super::{State, meta, orders, recent, rows};
use crate::domain::{Id, Moment};
use crate::plan::TargetRecord;
use crate::store::{Answered, Intent, Record, StateError};

impl State {
    /// Writes a group of records: all of them, durably, or none; lets the holder be heard of, if
    /// it says when.
    pub(super) fn commit_each(
        &mut self,
        fence: i64,
        heard_of: Option<Moment>,
        records: &mut dyn Iterator<Item = &Record>,
    ) -> Result<(), StateError> {
        let failed = doing("write to the state");
        let transaction = self.connection.transaction().map_err(&failed)?;
        let current: i64 = transaction
            .prepare_cached("SELECT fence FROM lease")
            .and_then(|mut statement| statement.query_row([], |row| row.get(0)))
            .map_err(&failed)?;
        if current != fence {
            return Err(StateError::LeaseLost);
        }
        if let Some(at) = heard_of {
            transaction
                .prepare_cached("UPDATE lease SET heartbeat = ?1")
                .and_then(|mut statement| statement.execute([at.millis()]))
                .map_err(&failed)?;
        }
        let mut write = || {
            let mut pen = Pen::new(&transaction)?;
            for record in &mut *records {
                pen.write(record)?;
            }
            pen.log.close()
        };
        write().map_err(&failed)?;
        transaction.commit().map_err(&failed)
    }
}

/// Writes records within one transaction; what almost all of them need is at hand.
struct Pen<'t> {
    connection: &'t Connection,
    rows: rows::Table<'t>,
    log: Log<'t>,
    /// Whether a call is about to be made.
    calls: bool,
}

impl<'t> Pen<'t> {
    fn new(connection: &'t Connection) -> rusqlite::Result<Self> {
        let (rows, log) = (rows::Table::new(connection)?, Log::new(connection)?);
        Ok(Self { connection, rows, log, calls: false })
    }

    fn write(&mut self, record: &Record) -> rusqlite::Result<()> {
        let connection = self.connection;
        match record {
            Record::Intent(intent) => {
                if !std::mem::replace(&mut self.calls, true) {
                    recent::set_rested(connection, None)?;
                }
                write_intent(connection, intent)
            }
            Record::Answered(answered) => write_answer(connection, answered),
            Record::Put(row) => self.rows.put(row),
            Record::Drop(restriction) => rows::drop_row(connection, restriction),
            Record::Audit(row) => self.log.append(row),
            Record::Order(order) => orders::put(connection, order),
            Record::Protect(keys) => meta::set_protected(connection, keys),
            Record::Policy(policy) => meta::set_policy(connection, policy),
            Record::BeginChange(change) => meta::begin(connection, change),
            Record::AbandonChange(digest) => meta::abandon(connection, digest),
            Record::Guards(settings) => meta::set_guards(connection, settings),
            Record::Bind(name, TargetRecord { binding, endpoint, credentials }) => {
                connection
                    .prepare_cached("INSERT OR REPLACE INTO target VALUES (?1, ?2, ?3, ?4)")?
                    .execute(params![name.as_str(), binding, endpoint, credentials])?;
                Ok(())
            }
            Record::Unbind(name) => {
                connection.execute("DELETE FROM target WHERE name = ?1", [name.as_str()])?;
                Ok(())
            }
            Record::Rename { from, to } => {
                let sql = "UPDATE enforcement SET target = ?2 WHERE target = ?1";
                connection.execute(sql, [from.as_str(), to.as_str()])?;
                connection.execute("DELETE FROM target WHERE name = ?1", [from.as_str()])?;
                let moves = [(from.clone(), to.clone())].into();
                let keys = meta::protected(connection)?;
                meta::set_protected(connection, &keys.iter().map(|key| key.moved(&moves)).collect())
            }
        }
    }
}

fn write_intent(connection: &Connection, intent: &Intent) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO call (id, run, target, rate_key, lane, verb, kind, room, subjects, intended)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        )?
        .execute(params![
            intent.call,
            intent.run,
            intent.target.as_str(),
            intent.rate_key,
            i64::try_from(intent.lane).unwrap_or(i64::MAX),
            intent.verb,
            intent.kind.name(),
            intent.room.as_ref().map_or("", Id::as_str),
            i64::try_from(intent.subjects).unwrap_or(i64::MAX),
            intent.at.millis(),
        ])?;
    Ok(())
}

fn write_answer(connection: &Connection, answered: &Answered) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "UPDATE call SET sent = ?2, answered = ?3, outcome = ?4, code = ?5, message = ?6,
             request_id = ?7 WHERE id = ?1",
        )?
        .execute(params![
            answered.call,
            answered.sent.map(Moment::millis),
            answered.at.millis(),
            answered.outcome,
            answered.code,
            answered.message,
            answered.request_id,
        ])?;
    Ok(())
}
