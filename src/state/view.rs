//! A state while it is read: everything comes from one instant.

use std::collections::BTreeMap;

use rusqlite::Transaction;

use super::error::{StateError, doing};
use super::{Snapshot, State, rows};
use crate::domain::{Enforcement, TargetName};

/// A state while it is read.
#[derive(Debug)]
pub struct View<'s> {
    pub(super) transaction: Transaction<'s>,
}

impl State {
    /// Begins to read; whoever writes meanwhile is not seen.
    pub fn view(&mut self) -> Result<View<'_>, StateError> {
        let transaction = self.connection.transaction().map_err(doing("read the state"))?;
        Ok(View { transaction })
    }
}

impl View<'_> {
    /// Everything, the rows too.
    pub fn snapshot(&self) -> Result<Snapshot, StateError> {
        let rows = rows::read_all(&self.transaction).map_err(doing("read the state"))?;
        Ok(Snapshot { rows, ..self.outline()? })
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
