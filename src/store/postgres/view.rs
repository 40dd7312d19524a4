//! A state while it is read: everything comes from one instant.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};

use futures_util::{StreamExt as _, pin_mut};
use tokio_postgres::types::Type;
use tokio_postgres::{Client, Row};

use super::error::doing;
use super::lease::Parameter;
use super::{State, orders, rows, runs};
use crate::domain::{Enforcement, TargetName};
use crate::plan::TargetRecord;
use crate::plan::document::StateMark;
use crate::store::audit_chain::Value;
use crate::store::remembered::{
    BEGUN, GUARDS, POLICY, PROTECTED, begun_of, guards_of, policy_of, protected_of,
};
use crate::store::tables::Table;
use crate::store::{Reading, RecentCalls, Snapshot, StateError, UsedRate};

/// A state while it is read.
#[derive(Debug)]
pub(super) struct View<'s>(&'s State);

impl State {
    /// Begins to read; whoever writes meanwhile is not seen.
    pub(super) fn view(&mut self) -> Result<View<'_>, StateError> {
        let client = Arc::clone(&self.client);
        self.worker.wait(async move {
            let begin = "BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY";
            client.batch_execute(begin).await.map_err(doing("read the state"))
        })?;
        Ok(View(self))
    }

    /// What some rows come to, one by one, until `see` has seen enough of them.
    pub(super) fn each<T: Send + 'static>(
        &self,
        query: (&'static str, String, Vec<Parameter>),
        mut decode: impl FnMut(&Row) -> Option<T> + Send + 'static,
    ) -> Receiver<Result<T, StateError>> {
        let client = Arc::clone(&self.client);
        let (sender, receiver) = sync_channel(CHUNK);
        self.worker.begin(async move {
            let (what, sql, parameters) = query;
            let parameters: Vec<_> = parameters.iter().map(Parameter::typed).collect();
            let rows = match client.query_typed_raw(&sql, parameters).await {
                Ok(rows) => rows,
                Err(error) => return drop(sender.send(Err(doing(what)(error)))),
            };
            pin_mut!(rows);
            while let Some(row) = rows.next().await {
                let decoded = row.map_err(doing(what));
                let decoded = decoded.and_then(|row| decode(&row).ok_or_else(|| unreadable(what)));
                let failed = decoded.is_err();
                if sender.send(decoded).is_err() || failed {
                    return;
                }
            }
        });
        receiver
    }
}

/// How many rows are read ahead of whoever looks at them.
const CHUNK: usize = 1024;

fn unreadable(what: &str) -> StateError {
    StateError::Server {
        what: format!("cannot {what}: a row holds a value that means nothing"),
        hint: "restore the state from a backup",
    }
}

impl View<'_> {
    fn ask<T: Send + 'static, F>(&self, ask: impl FnOnce(Arc<Client>) -> F) -> Result<T, StateError>
    where
        F: Future<Output = Result<T, tokio_postgres::Error>> + Send + 'static,
    {
        let asking = ask(Arc::clone(&self.0.client));
        self.0.worker.wait(async move { asking.await.map_err(doing("read the state")) })
    }
}

impl Reading for View<'_> {
    fn outline(&self) -> Result<Snapshot, StateError> {
        let (meta, targets, orders, newest_run, newest_call, recent) =
            self.ask(|client| async move {
                let meta = client.query_typed("SELECT key, value FROM ostracon.meta", &[]).await?;
                let sql = "SELECT name, binding, endpoint, credentials FROM ostracon.target";
                let targets = client.query_typed(sql, &[]).await?;
                let orders = orders::read(&client, false).await?;
                let newest_run = runs::newest(&client).await?;
                let sql = "SELECT coalesce(max(id), 0) FROM ostracon.call";
                let newest_call: i64 = client.query_typed_one(sql, &[]).await?.get(0);
                let recent = client.query_typed(RECENT, &[(&WINDOW, Type::INT8)]).await?;
                Ok((meta, targets, orders, newest_run, newest_call, recent))
            })?;
        let meta: BTreeMap<String, String> =
            meta.iter().map(|row| (row.get(0), row.get(1))).collect();
        let foreign = |key: &str| self.0.unreadable(key);
        let protected =
            meta.get(PROTECTED).map(|text| protected_of(text).ok_or_else(|| foreign(PROTECTED)));
        let guards = meta.get(GUARDS).map(|text| guards_of(text).ok_or_else(|| foreign(GUARDS)));
        let policy = meta.get(POLICY).map(|text| policy_of(text).ok_or_else(|| foreign(POLICY)));
        let begun = meta.iter().filter(|(key, _)| key.starts_with(BEGUN));
        let begun = begun.map(|(key, text)| begun_of(key, text).ok_or_else(|| foreign(BEGUN)));
        let bound = |row: &Row| {
            let bound =
                TargetRecord { binding: row.get(1), endpoint: row.get(2), credentials: row.get(3) };
            Some((TargetName::parse(row.get(0))?, bound))
        };
        Ok(Snapshot {
            mark: StateMark {
                lineage: Some(meta.get("lineage").ok_or_else(|| foreign("lineage"))?.clone()),
                serial: meta.get("serial").and_then(|serial| serial.parse().ok()).unwrap_or(0),
            },
            bound: targets.iter().filter_map(bound).collect(),
            rows: Vec::new(),
            protected: protected.transpose()?.unwrap_or_default(),
            orders: orders
                .iter()
                .map(|row| orders::order(row).ok_or_else(|| foreign("orders")))
                .collect::<Result<_, _>>()?,
            guards: guards.transpose()?,
            policy: policy.transpose()?,
            begun: begun.collect::<Result<_, _>>()?,
            newest_run,
            newest_call,
            recent_calls: RecentCalls { rates: recent.iter().map(used).collect(), rested: None },
        })
    }

    fn rows_per_target(&self) -> Result<BTreeMap<TargetName, usize>, StateError> {
        let counts = self.ask(|client| async move { rows::count(&client).await })?;
        let count = |row: &Row| {
            let count = usize::try_from(row.get::<_, i64>(1)).ok()?;
            Some((TargetName::parse(row.get(0))?, count))
        };
        counts.iter().map(|row| count(row).ok_or_else(|| unreadable("read the state"))).collect()
    }

    fn table(
        &self,
        table: &Table,
        see: &mut dyn FnMut(&[Value<'_>]) -> bool,
    ) -> Result<(), StateError> {
        self.0.table(table, see)
    }

    fn rows(
        &self,
        read: &mut dyn FnMut(&mut dyn Iterator<Item = Enforcement>),
    ) -> Result<(), StateError> {
        let mut reader = rows::Reader::default();
        let query = ("read the state", rows::query(), Vec::new());
        let receiver = self.0.each(query, move |row| reader.enforcement(row));
        let mut failed = Ok(());
        read(&mut receiver.iter().map_while(|row| row.map_err(|error| failed = Err(error)).ok()));
        failed
    }
}

/// The transaction ends with the reading.
impl Drop for View<'_> {
    fn drop(&mut self) {
        let client = Arc::clone(&self.0.client);
        // A connection that broke has ended it too.
        let _over = self.0.worker.wait(async move {
            client.batch_execute("ROLLBACK").await.map_err(doing("read the state"))
        });
    }
}

/// Calls that may still count for a rate, by the server's clock: what was recorded of them lately,
/// before they were sent or after they were answered.
const RECENT: &str = "
SELECT rate_key, lane, count(*) FROM ostracon.call
WHERE recorded > clock_timestamp() - make_interval(secs => $1::bigint) GROUP BY 1, 2";

/// More seconds than any window of a rate has, and than two clocks differ within one machine.
const WINDOW: i64 = 3;

fn used(row: &Row) -> UsedRate {
    let number = |index: usize| usize::try_from(row.get::<_, i64>(index)).unwrap_or(usize::MAX);
    UsedRate { rate_key: row.get(0), lane: number(1), calls: number(2) }
}
