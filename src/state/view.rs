//! A state while it is read: everything comes from one instant.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use rusqlite::Transaction;

use super::error::{StateError, doing};
use super::{Snapshot, State, rows};
use crate::domain::{Enforcement, Restriction, TargetName};

/// A state while it is read.
#[derive(Debug)]
pub struct View<'s> {
    pub(super) transaction: Transaction<'s>,
    path: &'s Path,
}

impl State {
    /// Begins to read; whoever writes meanwhile is not seen.
    pub fn view(&mut self) -> Result<View<'_>, StateError> {
        let Self { connection, path } = self;
        let transaction = connection.transaction().map_err(doing("read the state"))?;
        Ok(View { transaction, path })
    }
}

impl View<'_> {
    /// Everything, the rows too.
    pub fn snapshot(&self) -> Result<Snapshot, StateError> {
        let rows = rows::read_all(&self.transaction).map_err(doing("read the state"))?;
        Ok(Snapshot { rows, ..self.outline()? })
    }

    /// What tells this state from every other, and from itself after any change; `None` while
    /// somebody is changing it.
    ///
    /// Every run has an id of its own, so that two copies that went on apart differ. The counter
    /// in the head of the file moves with whoever else writes to it.
    pub fn stamp(&self) -> Result<Option<String>, StateError> {
        let reading = doing("read the state");
        let text = self.transaction.query_row(
            "SELECT (SELECT group_concat(value, ' ') FROM (SELECT value FROM meta ORDER BY key)),
             (SELECT id FROM run ORDER BY started DESC, id LIMIT 1),
             (SELECT max(id) FROM call), (SELECT max(seq) FROM audit),
             (SELECT holder IS NOT NULL FROM lease)",
            [],
            |row| {
                let (meta, run): (Option<String>, Option<String>) = (row.get(0)?, row.get(1)?);
                let (call, event): (Option<i64>, Option<i64>) = (row.get(2)?, row.get(3)?);
                let text = format!("{meta:?} {run:?} {call:?} {event:?}");
                Ok((!row.get::<_, bool>(4)?).then_some(text))
            },
        );
        let Some(text) = text.map_err(&reading)? else { return Ok(None) };
        let counter = change_counter(self.path).map_err(|source| StateError::Io {
            doing: "read",
            path: self.path.to_owned(),
            source,
        })?;
        Ok(Some(format!("{text} {counter}")))
    }

    /// The rows about these restrictions, in the order of the restrictions.
    pub fn rows_about(
        &self,
        restrictions: &BTreeSet<Restriction>,
    ) -> Result<Vec<Enforcement>, StateError> {
        let found = rows::about(&self.transaction, restrictions);
        found.map_err(doing("read the state"))
    }

    /// How many rows each target has; one without is left out.
    pub fn rows_per_target(&self) -> Result<BTreeMap<TargetName, usize>, StateError> {
        rows::count(&self.transaction).map_err(doing("read the state"))
    }

    /// Lets `read` see the rows one by one, in the canonical order of restrictions, so that a
    /// million of them are never in memory at once.
    pub fn each_row<T>(
        &self,
        read: impl FnOnce(&mut dyn Iterator<Item = Enforcement>) -> T,
    ) -> Result<T, StateError> {
        let mut failed = Ok(());
        let seen = rows::each(&self.transaction, |rows| {
            read(&mut rows.map_while(|row| row.map_err(|error| failed = Err(error)).ok()))
        });
        let seen = seen.map_err(doing("read the state"))?;
        failed.map_err(doing("read the state")).map(|()| seen)
    }
}

/// The counter in the head of a database file that every change of it moves
/// (SQLite file format, section 1.3.7).
#[expect(clippy::disallowed_methods, reason = "this is where the head of a state is read")]
fn change_counter(path: &Path) -> io::Result<u32> {
    let mut head = [0; 28];
    File::open(path)?.read_exact(&mut head)?;
    let [.., a, b, c, d] = head;
    Ok(u32::from_be_bytes([a, b, c, d]))
}
