//! A state as tables, for copies from and to other engines.

use std::sync::Arc;

use tokio_postgres::Row;

use super::State;
use super::columns::{Cell, Rows, insert, names};
use super::error::doing;
use super::group::cell;
use super::rows;
use crate::store::audit_chain::Value;
use crate::store::tables::{KEYS, Kind, META, TABLES, Table};
use crate::store::{Location, Reading, ServerUrl, StateError};

/// How many rows one statement takes.
const CHUNK: usize = 2000;

impl State {
    /// Makes a state of all that is read, where there is none or an empty one.
    pub(super) fn filled(url: &ServerUrl, from: &dyn Reading) -> Result<Self, StateError> {
        let state = Self::made(url)?;
        state.simple("BEGIN; LOCK TABLE ostracon.lease IN SHARE ROW EXCLUSIVE MODE")?;
        let filled = state.is_empty().and_then(|is_empty| {
            if is_empty {
                return state.fill(from);
            }
            Err(StateError::Foreign {
                location: Location::Server(url.clone()),
                what: "there is one already, and a copy goes over none".to_owned(),
            })
        });
        let ended = state.simple(if filled.is_ok() { "COMMIT" } else { "ROLLBACK" });
        filled.and(ended).map(|()| state)
    }

    fn fill(&self, from: &dyn Reading) -> Result<(), StateError> {
        for table in &TABLES {
            self.fill_table(table, from)?;
        }
        let mut pending = Rows::new(&rows::COLUMNS);
        let mut sent = Ok(());
        from.rows(&mut |all| {
            for row in all {
                rows::add(&row, &mut pending);
                if pending.len() >= CHUNK {
                    let full = std::mem::replace(&mut pending, Rows::new(&rows::COLUMNS));
                    sent = self.send(rows::put(), full);
                }
                if sent.is_err() {
                    return;
                }
            }
        })?;
        sent?;
        self.send(rows::put(), pending)
    }

    fn fill_table(&self, table: &Table, from: &dyn Reading) -> Result<(), StateError> {
        let over = if table.name == META.name {
            " ON CONFLICT (key) DO UPDATE SET value = excluded.value"
        } else {
            ""
        };
        let sql = insert(table.name, table.columns) + over;
        let (mut pending, mut sent) = (Rows::new(table.columns), Ok(()));
        from.table(table, &mut |row| {
            pending.push(row.iter().map(|value| cell(*value)));
            if pending.len() >= CHUNK {
                let full = std::mem::replace(&mut pending, Rows::new(table.columns));
                sent = self.send(sql.clone(), full);
            }
            sent.is_ok()
        })?;
        sent?;
        self.send(sql, pending)
    }

    fn send(&self, sql: String, rows: Rows) -> Result<(), StateError> {
        let client = Arc::clone(&self.client);
        self.worker.wait(async move {
            client.query_typed(&sql, &rows.parameters()).await.map(drop).map_err(doing(FILL))
        })
    }

    fn simple(&self, sql: &'static str) -> Result<(), StateError> {
        let client = Arc::clone(&self.client);
        self.worker.wait(async move { client.batch_execute(sql).await.map_err(doing(FILL)) })
    }

    fn is_empty(&self) -> Result<bool, StateError> {
        let client = Arc::clone(&self.client);
        self.worker.wait(async move {
            let sql = "SELECT NOT (EXISTS (SELECT FROM ostracon.run)
                       OR EXISTS (SELECT FROM ostracon.audit)
                       OR EXISTS (SELECT FROM ostracon.enforcement))";
            Ok(client.query_typed_one(sql, &[]).await.map_err(doing(FILL))?.get(0))
        })
    }

    /// Shows the rows of a table, until `see` has seen enough.
    pub(super) fn table(
        &self,
        table: &Table,
        see: &mut dyn FnMut(&[Value<'_>]) -> bool,
    ) -> Result<(), StateError> {
        let Table { name, columns } = *table;
        let keys = if name == META.name {
            format!("WHERE key IN ('{}')", KEYS.join("', '"))
        } else {
            String::new()
        };
        let columns_of = names(columns);
        let sql = format!("SELECT {columns_of} FROM ostracon.{name} {keys} ORDER BY 1");
        for row in &self.each((READ, sql, Vec::new()), move |row| Some(cells(row, columns))) {
            let row = row?;
            let values: Vec<_> = row.iter().map(value).collect();
            if !see(&values) {
                break;
            }
        }
        Ok(())
    }
}

const FILL: &str = "fill the copy";
const READ: &str = "read the state";

fn cells(row: &Row, columns: &[(&str, Kind)]) -> Vec<Cell> {
    let cell = |(index, (_, kind)): (usize, &(&str, Kind))| match kind {
        Kind::Text | Kind::Shared => Cell::Text(row.get(index)),
        Kind::Number => Cell::Number(row.get(index)),
    };
    columns.iter().enumerate().map(cell).collect()
}

fn value(cell: &Cell) -> Value<'_> {
    match cell {
        Cell::Text(text) => Value::optional(text.as_deref()),
        Cell::Number(number) => number.map_or(Value::Null, Value::Integer),
    }
}
