//! What people ordered, as a table.

use rusqlite::{Connection, params};

use super::audit::Log;
use super::error::doing;
use super::reading::unreadable;
use super::schema::version_of;
use super::{State, runs, words};
use crate::domain::{Moment, Order, Who};
use crate::store::{StateError, orders};

/// Reads the orders as they were given; those that have ended too if `all`. A state of an earlier
/// version has none.
pub(super) fn read(connection: &Connection, all: bool) -> rusqlite::Result<Vec<Order>> {
    if version_of(connection)? < 7 {
        return Ok(Vec::new());
    }
    let sql = "SELECT document FROM orders WHERE ?1 OR ended IS NULL ORDER BY given, id";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map([all], |row| row.get::<_, String>(0))?;
    let order = |text: String| serde_json::from_str(&text).ok().ok_or_else(|| unreadable("orders"));
    rows.map(|text| order(text?)).collect()
}

/// Writes an order as it is now.
pub(super) fn put(connection: &Connection, order: &Order) -> rusqlite::Result<()> {
    let ended = order.ended.as_ref().map(|end| end.at.millis());
    let document = serde_json::to_string(order).unwrap_or_default();
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO orders (id, given, ended, document) VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute(params![&*order.id, order.given.millis(), ended, document])?;
    Ok(())
}

/// Counts one more order that was given or taken back.
const COUNT_MARK: &str = "INSERT INTO meta (key, value) VALUES ('orders_mark', '1')
  ON CONFLICT (key) DO UPDATE SET value = CAST(value AS INTEGER) + 1";

impl State {
    /// Writes down that an order was given or taken back, by whom and why.
    pub(super) fn note_order(
        &mut self,
        order: &Order,
        (who, pid): (&Who, u32),
        now: Moment,
    ) -> Result<(), StateError> {
        let failed = doing("write down the order");
        let transaction = self.connection.transaction().map_err(&failed)?;
        let write = || -> rusqlite::Result<()> {
            // What was done is told by the run in which it was done: this is one.
            let run = format!("{}/{}", order.id, orders::word(order));
            let text = serde_json::to_string(who).unwrap_or_default();
            let number = words::add(&transaction, &text)?;
            let newest = runs::newest(&transaction)?;
            transaction.execute(
                "INSERT INTO run (id, started, finished, user, host, pid, note, outcome, who)
                 VALUES (?1, ?2, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                params![run, now.millis(), who.user, who.host, pid, &*order.why, "{}", number],
            )?;
            runs::set_newest(&transaction, newest.map_or(now, |newest| newest.max(now)))?;
            let sql = "UPDATE meta SET value = CAST(value AS INTEGER) + 1 WHERE key = 'serial'";
            transaction.execute(sql, [])?;
            transaction.execute(COUNT_MARK, [])?;
            put(&transaction, order)?;
            let mut log = Log::new(&transaction)?;
            for row in orders::audit(order, &run, now) {
                log.append(&row)?;
            }
            log.close()
        };
        write().map_err(&failed)?;
        transaction.commit().map_err(&failed)
    }

    /// Counts how often an order was given or taken back.
    pub(super) fn orders_mark(&self) -> Result<i64, StateError> {
        let sql = "SELECT coalesce((SELECT CAST(value AS INTEGER) FROM meta
                                    WHERE key = 'orders_mark'), 0)";
        let mark = self
            .connection
            .prepare_cached(sql)
            .and_then(|mut it| it.query_row([], |row| row.get(0)));
        mark.map_err(doing("look for orders"))
    }

    /// Every order that was given, as they were given.
    pub(super) fn orders(&self) -> Result<Vec<Order>, StateError> {
        read(&self.connection, true).map_err(doing("read the orders"))
    }
}
