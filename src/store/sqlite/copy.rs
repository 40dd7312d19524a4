//! A state as tables, for copies from and to other engines.

use std::path::Path;

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, Statement, Transaction};

use super::chain::value;
use super::error::doing;
use super::lock::{make_directory, private_file};
use super::rows::Table as Rows;
use super::words::Words;
use super::{State, audit};
use crate::store::audit_chain::Value;
use crate::store::tables::{KEYS, Kind, META, TABLES, Table};
use crate::store::{Reading, StateError};

impl State {
    /// Makes the directory of a state.
    pub(crate) fn make_directory(path: &Path) -> Result<(), StateError> {
        make_directory(path)
    }

    /// Makes a file, which must not be there, that is to become a copy.
    pub(crate) fn make_copy(path: &Path) -> Result<Self, StateError> {
        drop(private_file(path)?);
        let mut state = Self::over(path)?;
        state.initialise("")?;
        Ok(state)
    }

    /// Closes a copy: one file at rest.
    pub(crate) fn at_rest(self) -> Result<(), StateError> {
        self.close()
    }

    /// Fills a new state with all that is read, in one transaction.
    pub(crate) fn fill(&mut self, from: &dyn Reading) -> Result<(), StateError> {
        let failed = doing("fill the copy");
        let transaction = self.connection.transaction().map_err(&failed)?;
        for table in &TABLES {
            fill(&transaction, table, from)?;
        }
        let mut written = Ok(());
        from.rows(&mut |rows| written = put_all(&transaction, rows))?;
        written.map_err(&failed)?;
        transaction.commit().map_err(&failed)
    }
}

fn put_all(
    transaction: &Transaction<'_>,
    rows: &mut dyn Iterator<Item = crate::domain::Enforcement>,
) -> rusqlite::Result<()> {
    let mut table = Rows::new(transaction)?;
    for row in rows {
        table.put(&row)?;
    }
    Ok(())
}

fn fill(
    transaction: &Transaction<'_>,
    table: &Table,
    from: &dyn Reading,
) -> Result<(), StateError> {
    let failed = doing("fill the copy");
    let names = names(table);
    let places = vec!["?"; table.columns.len()].join(", ");
    let sql = format!("INSERT OR REPLACE INTO {} ({names}) VALUES ({places})", table.name);
    let mut insert = transaction.prepare(&sql).map_err(&failed)?;
    let (mut words, mut written) = (Words::default(), Ok(()));
    from.table(table, &mut |row| {
        written = put(transaction, &mut insert, (table, row), &mut words);
        written.is_ok()
    })?;
    written.map_err(failed)
}

fn put(
    connection: &Connection,
    insert: &mut Statement<'_>,
    (table, row): (&Table, &[Value<'_>]),
    words: &mut Words,
) -> rusqlite::Result<()> {
    let mut stored = Vec::with_capacity(row.len());
    for ((_, kind), value) in table.columns.iter().zip(row) {
        stored.push(match (kind, value) {
            (Kind::Shared, Value::Text(text)) => {
                ValueRef::Integer(words.number(connection, &(*text).into())?)
            }
            (_, value) => audit::stored(*value),
        });
    }
    let stored = stored.iter().map(|value| ToSqlOutput::Borrowed(*value));
    insert.execute(rusqlite::params_from_iter(stored)).map(drop)
}

/// Shows the rows of a table, until `see` has seen enough.
pub(super) fn read(
    connection: &Connection,
    table: &Table,
    see: &mut dyn FnMut(&[Value<'_>]) -> bool,
) -> rusqlite::Result<()> {
    let column = |(name, kind): &(&str, Kind)| match kind {
        Kind::Text | Kind::Number => format!("\"{name}\""),
        Kind::Shared => format!("(SELECT text FROM words WHERE id = \"{name}\")"),
    };
    let columns = table.columns.iter().map(column).collect::<Vec<_>>().join(", ");
    let mut statement =
        connection.prepare(&format!("SELECT {columns} FROM {} ORDER BY 1", table.name))?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let values = (0..table.columns.len()).map(|index| value(row, index));
        let values = values.collect::<rusqlite::Result<Vec<_>>>()?;
        let stays = table.name == META.name
            && !values.first().is_some_and(|key| KEYS.map(Value::Text).contains(key));
        if !stays && !see(&values) {
            break;
        }
    }
    Ok(())
}

fn names(table: &Table) -> String {
    table.columns.iter().map(|(name, _)| format!("\"{name}\"")).collect::<Vec<_>>().join(", ")
}
