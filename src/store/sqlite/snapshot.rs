//! Everything a plan needs to know of the state but the rows.

use std::collections::BTreeMap;

use super::error::doing;
use super::view::View;
use super::{State, meta, orders, recent, runs};
use crate::domain::TargetName;
use crate::plan::TargetRecord;
use crate::plan::document::StateMark;
use crate::store::{Snapshot, StateError};

impl State {
    /// Its lineage.
    pub(super) fn lineage(&self) -> Result<String, StateError> {
        self.connection
            .query_row("SELECT value FROM meta WHERE key = 'lineage'", [], |row| row.get(0))
            .map_err(doing("read the state"))
    }
}

impl View<'_> {
    /// Everything but the rows.
    pub(super) fn read_outline(&self) -> Result<Snapshot, StateError> {
        let transaction = &self.transaction;
        let read = || -> rusqlite::Result<Snapshot> {
            let text = |key: &str| {
                transaction.query_row("SELECT value FROM meta WHERE key = ?1", [key], |row| {
                    row.get::<_, String>(0)
                })
            };
            let mark = StateMark {
                lineage: Some(text("lineage")?),
                serial: text("serial")?.parse().unwrap_or(0),
            };
            let newest = |sql| transaction.query_row(sql, [], |row| row.get::<_, Option<i64>>(0));
            Ok(Snapshot {
                mark,
                bound: bound(transaction)?,
                rows: Vec::new(),
                protected: meta::protected(transaction)?,
                orders: orders::read(transaction, false)?,
                guards: meta::guards(transaction)?,
                policy: meta::policy(transaction)?,
                begun: meta::begun(transaction)?,
                newest_run: runs::newest(transaction)?,
                newest_call: newest("SELECT max(id) FROM call")?.unwrap_or(0),
                recent_calls: recent::read(transaction)?,
            })
        };
        read().map_err(doing("read the state"))
    }
}

fn bound(
    connection: &rusqlite::Connection,
) -> rusqlite::Result<BTreeMap<TargetName, TargetRecord>> {
    let mut statement =
        connection.prepare("SELECT name, binding, endpoint, credentials FROM target")?;
    let rows = statement.query_map([], |row| {
        let name: String = row.get(0)?;
        let bound =
            TargetRecord { binding: row.get(1)?, endpoint: row.get(2)?, credentials: row.get(3)? };
        Ok(TargetName::parse(&name).map(|name| (name, bound)))
    })?;
    rows.filter_map(Result::transpose).collect()
}
