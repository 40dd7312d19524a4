//! Texts that many rows share, each kept once.

use std::collections::BTreeMap;
use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension as _};

/// A text, and its number.
pub(super) type Word = (i64, Arc<str>);

/// The texts that were needed since a transaction began.
#[derive(Default)]
pub(super) struct Words(BTreeMap<Arc<str>, i64>);

impl Words {
    /// The number of a text, which is added if it is new.
    pub(super) fn number(
        &mut self,
        connection: &Connection,
        text: &Arc<str>,
    ) -> rusqlite::Result<i64> {
        if let Some(number) = self.0.get(text) {
            return Ok(*number);
        }
        let number = add(connection, text)?;
        self.0.insert(Arc::clone(text), number);
        Ok(number)
    }
}

/// The number of a text, which is added if it is new.
pub(super) fn add(connection: &Connection, text: &str) -> rusqlite::Result<i64> {
    let known = connection
        .prepare_cached("SELECT id FROM words WHERE text = ?1")?
        .query_row([text], |row| row.get(0))
        .optional()?;
    if let Some(number) = known {
        return Ok(number);
    }
    connection
        .prepare_cached("INSERT INTO words (text) VALUES (?1) RETURNING id")?
        .query_row([text], |row| row.get(0))
}
