//! A state while it is read: everything comes from one instant.

use std::collections::BTreeMap;

use rusqlite::{Transaction, TransactionBehavior};

use super::error::doing;
use super::{State, copy, rows};
use crate::domain::{Enforcement, TargetName};
use crate::store::audit_chain::Value;
use crate::store::tables::Table;
use crate::store::{Reading, Snapshot, StateError};

/// A state while it is read.
#[derive(Debug)]
pub(super) struct View<'s> {
    pub(super) transaction: Transaction<'s>,
}

impl State {
    /// Begins to read; whoever writes meanwhile is not seen.
    pub(super) fn view(&mut self) -> Result<View<'_>, StateError> {
        let reads = TransactionBehavior::Deferred;
        let transaction = self.connection.transaction_with_behavior(reads);
        Ok(View { transaction: transaction.map_err(doing("read the state"))? })
    }
}

impl Reading for View<'_> {
    fn outline(&self) -> Result<Snapshot, StateError> {
        self.read_outline()
    }

    fn rows_per_target(&self) -> Result<BTreeMap<TargetName, usize>, StateError> {
        rows::count(&self.transaction).map_err(doing("read the state"))
    }

    fn table(
        &self,
        table: &Table,
        see: &mut dyn FnMut(&[Value<'_>]) -> bool,
    ) -> Result<(), StateError> {
        copy::read(&self.transaction, table, see).map_err(doing("read the state"))
    }

    fn rows(
        &self,
        read: &mut dyn FnMut(&mut dyn Iterator<Item = Enforcement>),
    ) -> Result<(), StateError> {
        let mut failed = Ok(());
        rows::each(&self.transaction, |rows| {
            read(&mut rows.map_while(|row| row.map_err(|error| failed = Err(error)).ok()));
        })
        .map_err(doing("read the state"))?;
        failed.map_err(doing("read the state"))
    }
}
