//! What people ordered, as a table.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Error, Row};

use super::State;
use super::columns::{Rows, insert, without_nul};
use super::error::{doing, may_come_back};
use super::group::append;
use super::journal::lock_head;
use super::lease::Parameter;
use super::runs::begin;
use super::transaction::end;
use crate::domain::{Moment, Order, Who};
use crate::store::tables::AUDIT;
use crate::store::{AuditRow, StateError, orders};

/// Writes an order as it is now.
const PUT: &str = "
INSERT INTO ostracon.orders (id, given, ended, document) VALUES ($1, $2, $3, $4)
ON CONFLICT (id) DO UPDATE SET ended = excluded.ended, document = excluded.document";

/// Writes an order as it is now.
pub(super) async fn put(client: &Client, order: &Order) -> Result<(), Error> {
    let ended = order.ended.as_ref().map(|end| end.at.millis());
    let document = serde_json::to_string(order).unwrap_or_default();
    let parameters: [(&(dyn ToSql + Sync), Type); 4] = [
        (&&*order.id, Type::TEXT),
        (&order.given.millis(), Type::INT8),
        (&ended, Type::INT8),
        (&document, Type::TEXT),
    ];
    client.query_typed(PUT, &parameters).await.map(drop)
}

/// Reads the orders as they were given; those that have ended too if `all`.
pub(super) async fn read(client: &Client, all: bool) -> Result<Vec<Row>, Error> {
    let sql = "SELECT document FROM ostracon.orders WHERE $1 OR ended IS NULL ORDER BY given, id";
    client.query_typed(sql, &[(&all, Type::BOOL)]).await
}

/// The order of a row; `None` if it means nothing.
pub(super) fn order(row: &Row) -> Option<Order> {
    serde_json::from_str(row.get(0)).ok()
}

/// What is written down when an order is given or taken back.
struct Note {
    order: Order,
    run: Vec<Parameter>,
    rows: Vec<AuditRow>,
    who: String,
}

impl State {
    /// Writes down that an order was given or taken back, by whom and why.
    pub(super) fn note_order(
        &mut self,
        order: &Order,
        (who, pid): (&Who, u32),
        now: Moment,
    ) -> Result<(), StateError> {
        // What was done is told by the run in which it was done: this is one.
        let run = format!("{}/{}", order.id, orders::word(order));
        let note = Note {
            order: order.clone(),
            rows: orders::audit(order, &run, now),
            run: begin(&run, (who, pid), now, Some(&order.why)),
            who: without_nul(&serde_json::to_string(who).unwrap_or_default()),
        };
        self.head = None;
        let client = Arc::clone(&self.client);
        self.worker.wait(async move {
            let noted = note_down(&client, &note).await;
            end(&client, noted, |()| true).await.map_err(doing("write down the order"))
        })
    }

    /// Counts how often an order was given or taken back. While the server is away it stays what
    /// it was: whoever writes notices that.
    pub(super) fn orders_mark(&self) -> Result<i64, StateError> {
        let client = Arc::clone(&self.client);
        let mark = self.worker.wait(async move {
            let sql = "SELECT value::bigint FROM ostracon.meta WHERE key = 'orders_mark'";
            match client.query_typed_opt(sql, &[]).await {
                Ok(row) => Ok(Some(row.map_or(0, |row| row.get(0)))),
                Err(error) if may_come_back(&error) => Ok(None),
                Err(error) => Err(doing("look for orders")(error)),
            }
        })?;
        if let Some(mark) = mark {
            self.orders_mark.store(mark, Ordering::Relaxed);
        }
        Ok(self.orders_mark.load(Ordering::Relaxed))
    }

    /// Every order that was given, as they were given.
    pub(super) fn orders(&self) -> Result<Vec<Order>, StateError> {
        let client = Arc::clone(&self.client);
        let rows = self
            .worker
            .wait(async move { read(&client, true).await.map_err(doing("read the orders")) })?;
        rows.iter().map(|row| order(row).ok_or_else(|| self.unreadable("orders"))).collect()
    }
}

async fn note_down(client: &Client, note: &Note) -> Result<(), Error> {
    client.batch_execute("BEGIN").await?;
    let run: Vec<_> = note.run.iter().map(Parameter::typed).collect();
    client.query_typed(super::runs::BEGIN, &run).await?;
    let sql = "UPDATE ostracon.run SET finished = started, outcome = '{}' WHERE id = $1";
    client.query_typed(sql, run.get(..1).unwrap_or_default()).await?;
    put(client, &note.order).await?;
    let count = "INSERT INTO ostracon.meta (key, value) VALUES ('orders_mark', '1')
                 ON CONFLICT (key) DO UPDATE
                 SET value = (ostracon.meta.value::bigint + 1)::text";
    client.query_typed(count, &[]).await?;
    let head = lock_head(client).await?;
    let mut log = Rows::new(AUDIT.columns);
    let next = append(&note.rows, &head, |_| &note.who, &mut log);
    let ends = [head.to_text(), next.to_text()];
    let ends: Vec<(&(dyn ToSql + Sync), Type)> =
        ends.iter().map(|end| (end as &(dyn ToSql + Sync), Type::TEXT)).collect();
    client.query_typed("SELECT ostracon.follow($1, $2)", &ends).await?;
    client.query_typed(&insert("audit", AUDIT.columns), &log.parameters()).await.map(drop)
}
