//! Groups of records, each in a transaction of its own, sent in one go.
//!
//! A group has a number under its lease. If the connection breaks before the answer, nobody knows
//! whether it was written: sent once more, the lease says so, and it is written once.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::{Instant, sleep, timeout};
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Error};

use super::columns::{Rows, insert, unnest};
use super::error::{doing, is_written, log_went_on, may_come_back, silent};
use super::group::{ANSWER, Group, INTENT, append};
use super::lease::{HOLDS_FOR, Tenure};
use super::{State, rows};
use crate::plan::TargetRecord;
use crate::store::audit_chain::Link;
use crate::store::remembered::{
    BEGUN, GUARDS, POLICY, PROTECTED, begun_text, guards_text, policy_text, protected_of,
    protected_text,
};
use crate::store::tables::AUDIT;
use crate::store::{Record, StateError};

/// How long a server may take to answer a group before its connection is given up.
const PATIENCE: Duration = Duration::from_secs(20);

/// What is being done.
const WRITE: &str = "write to the state";

/// How long to wait before a server is tried again.
const PAUSE: Duration = Duration::from_millis(200);

impl State {
    /// Writes a group of records: all of them, durably, or none. While the lease lives a server
    /// that went away is tried again.
    pub(super) fn commit_each(
        &mut self,
        fence: i64,
        records: &mut dyn Iterator<Item = &Record>,
    ) -> Result<(), StateError> {
        let Some(tenure) = self.tenure.as_mut().filter(|tenure| tenure.fence == fence) else {
            return Err(StateError::LeaseLost);
        };
        tenure.group += 1;
        let tenure = tenure.clone();
        let group = Arc::new(Group::of(records));
        let asked = Instant::now();
        let deadline = tenure.confirmed + HOLDS_FOR.unsigned_abs();
        let mut head = self.head.take();
        loop {
            let (client, group) = (Arc::clone(&self.client), Arc::clone(&group));
            let (tenure, last) = (tenure.clone(), head.take());
            let written = self.worker.wait(async move {
                let writing = write(&client, &group, &tenure, last);
                match timeout(PATIENCE, writing).await {
                    Err(_elapsed) => Ok(Err(silent(WRITE))),
                    Ok(Err(error)) if may_come_back(&error) => Ok(Err(doing(WRITE)(error))),
                    Ok(Err(error)) => Err(doing(WRITE)(error)),
                    Ok(Ok(head)) => Ok(Ok(head)),
                }
            })?;
            match written {
                Err(why) => self.reconnect(deadline, why)?,
                Ok(head) => {
                    self.head = head;
                    if let Some(tenure) = &mut self.tenure {
                        tenure.confirmed = asked;
                    }
                    return Ok(());
                }
            }
        }
    }

    /// Connects anew, until it works or the lease counts as gone: then this is why, or whatever the
    /// server said last.
    fn reconnect(&mut self, deadline: Instant, mut why: StateError) -> Result<(), StateError> {
        let place = self.place.clone();
        tracing::warn!(target: "ostracon", "the server of the state went away: trying again");
        let client = self.worker.wait(async move {
            loop {
                if Instant::now() >= deadline {
                    return Err(why);
                }
                sleep(PAUSE).await;
                match place.connect().await {
                    Ok(client) => return Ok(client),
                    Err(error) if may_come_back(&error) => why = doing(WRITE)(error),
                    Err(error) => return Err(doing(WRITE)(error)),
                }
            }
        })?;
        self.client = Arc::new(client);
        Ok(())
    }
}

/// Writes a group; the head of the audit log after it, if that is known.
async fn write(
    client: &Client,
    group: &Group,
    held: &Tenure,
    known: Option<Link>,
) -> Result<Option<Link>, Error> {
    let mut sent = send(client, group, held, known).await;
    if sent.as_ref().is_err_and(log_went_on) {
        client.batch_execute("ROLLBACK").await?;
        sent = send(client, group, held, None).await;
    }
    match sent {
        Err(error) if error.as_db_error().is_some() && !client.is_closed() => {
            client.batch_execute("ROLLBACK").await?;
            if is_written(&error) { Ok(None) } else { Err(error) }
        }
        sent => sent,
    }
}

/// A statement on its way.
type Sending<'a> = Pin<Box<dyn Future<Output = Result<(), Error>> + Send + 'a>>;

fn statement<'a>(
    client: &'a Client,
    sql: String,
    parameters: Vec<(&'a (dyn ToSql + Sync), Type)>,
) -> Sending<'a> {
    Box::pin(async move { client.query_typed(&sql, &parameters).await.map(drop) })
}

/// Sends a group as one transaction, all statements at once: one way to the server and back. If
/// the head of the audit log is not known, it is asked for first, and held.
async fn send(
    client: &Client,
    group: &Group,
    held: &Tenure,
    known: Option<Link>,
) -> Result<Option<Link>, Error> {
    let needs_head = known.is_none() && !group.audit.is_empty();
    let begins_alone = needs_head || !group.first.is_empty();
    let mut end = known;
    if begins_alone {
        all(vec![begin(client), hold(client, held)]).await?;
        for record in &group.first {
            write_rare(client, record).await?;
        }
        if needs_head {
            end = Some(lock_head(client).await?);
        }
    }
    let (mut log, mut ends) = (Rows::new(AUDIT.columns), [String::new(), String::new()]);
    if let Some(last) = end.take_if(|_| !group.audit.is_empty()) {
        let next = append(&group.audit, &last, |row| held.who(&row.run), &mut log);
        ends = [last.to_text(), next.to_text()];
        end = Some(next);
    }
    let mut sending =
        if begins_alone { Vec::new() } else { vec![begin(client), hold(client, held)] };
    let tables = [
        (insert("call", &INTENT), &group.intents),
        (answer(), &group.answers),
        (rows::drop_rows(), &group.drops),
        (rows::put(), &group.puts),
    ];
    for (sql, rows) in tables {
        if !rows.is_empty() {
            sending.push(statement(client, sql, rows.parameters()));
        }
    }
    if !log.is_empty() {
        // Whoever moves the head has the log to itself until the transaction is over: last, so
        // that this is short.
        let ends: Vec<(&(dyn ToSql + Sync), Type)> =
            ends.iter().map(|end| (end as &(dyn ToSql + Sync), Type::TEXT)).collect();
        sending.push(statement(client, "SELECT ostracon.follow($1, $2)".to_owned(), ends));
        sending.push(statement(client, insert("audit", AUDIT.columns), log.parameters()));
    }
    sending.push(Box::pin(client.batch_execute("COMMIT")));
    all(sending).await?;
    Ok(end)
}

fn begin(client: &Client) -> Sending<'_> {
    Box::pin(client.batch_execute("BEGIN"))
}

/// Makes sure that the lease is ours, and that the group is not written yet.
fn hold<'a>(client: &'a Client, held: &'a Tenure) -> Sending<'a> {
    let Tenure { fence, rows, group, .. } = held;
    let parameters: Vec<(&(dyn ToSql + Sync), Type)> =
        vec![(fence, Type::INT8), (rows, Type::INT8), (group, Type::INT8)];
    statement(client, "SELECT ostracon.hold($1, $2, $3)".to_owned(), parameters)
}

/// Waits for all statements, which were sent in this order; the first error is the one that
/// matters, those after it only say that the transaction is over.
async fn all(sending: Vec<Sending<'_>>) -> Result<(), Error> {
    join_all(sending).await.into_iter().collect()
}

fn answer() -> String {
    format!(
        "UPDATE ostracon.call AS old SET sent = new.sent, answered = new.answered,
         outcome = new.outcome, code = new.code, message = new.message,
         request_id = new.request_id, recorded = clock_timestamp()
         FROM {} WHERE old.run = new.run AND old.id = new.id",
        unnest(&ANSWER)
    )
}

/// The head of the audit log, which nobody else moves until this transaction is over.
pub(super) async fn lock_head(client: &Client) -> Result<Link, Error> {
    let sql = "SELECT value FROM ostracon.meta WHERE key = 'audit_head' FOR UPDATE";
    let row = client.query_typed_one(sql, &[]).await?;
    Ok(Link::parse(row.get(0)))
}

/// Writes what is written once a run.
async fn write_rare(client: &Client, record: &Record) -> Result<(), Error> {
    let text = |text: &str| super::columns::without_nul(text);
    let remember = |key: String, value: String| async move {
        let sql = "INSERT INTO ostracon.meta (key, value) VALUES ($1, $2)
                   ON CONFLICT (key) DO UPDATE SET value = excluded.value";
        client.query_typed(sql, &[(&key, Type::TEXT), (&value, Type::TEXT)]).await.map(drop)
    };
    match record {
        Record::Order(order) => super::orders::put(client, order).await,
        Record::Protect(keys) => remember(PROTECTED.to_owned(), protected_text(keys)).await,
        Record::Policy(policy) => remember(POLICY.to_owned(), policy_text(policy)).await,
        Record::BeginChange(change) => {
            remember(format!("{BEGUN}{}", change.digest), begun_text(change)).await
        }
        Record::AbandonChange(digest) => {
            let key = format!("{BEGUN}{digest}");
            let sql = "DELETE FROM ostracon.meta WHERE key = $1";
            client.query_typed(sql, &[(&key, Type::TEXT)]).await.map(drop)
        }
        Record::Guards(settings) => remember(GUARDS.to_owned(), guards_text(settings)).await,
        Record::Bind(name, TargetRecord { binding, endpoint, credentials }) => {
            let sql = "INSERT INTO ostracon.target VALUES ($1, $2, $3, $4)
                       ON CONFLICT (name) DO UPDATE SET binding = excluded.binding,
                       endpoint = excluded.endpoint, credentials = excluded.credentials";
            let cells = [name.as_str(), binding, endpoint, credentials].map(text);
            let parameters: Vec<(&(dyn ToSql + Sync), Type)> =
                cells.iter().map(|cell| (cell as &(dyn ToSql + Sync), Type::TEXT)).collect();
            client.query_typed(sql, &parameters).await.map(drop)
        }
        Record::Unbind(name) => {
            let sql = "DELETE FROM ostracon.target WHERE name = $1";
            client.query_typed(sql, &[(&name.as_str(), Type::TEXT)]).await.map(drop)
        }
        Record::Rename { from, to } => {
            let parameters: [(&(dyn ToSql + Sync), Type); 2] =
                [(&from.as_str(), Type::TEXT), (&to.as_str(), Type::TEXT)];
            let sql = "UPDATE ostracon.enforcement SET target = $2 WHERE target = $1";
            client.query_typed(sql, &parameters).await?;
            let sql = "DELETE FROM ostracon.target WHERE name = $1";
            client.query_typed(sql, &[(&from.as_str(), Type::TEXT)]).await?;
            let sql = "SELECT value FROM ostracon.meta WHERE key = 'protected'";
            let found = client.query_typed_opt(sql, &[]).await?;
            let keys = found.and_then(|row| protected_of(row.get(0))).unwrap_or_default();
            let moves = [(from.clone(), to.clone())].into();
            let keys = keys.iter().map(|key| key.moved(&moves)).collect();
            remember(PROTECTED.to_owned(), protected_text(&keys)).await
        }
        // These go together with their like.
        Record::Intent(_)
        | Record::Answered(_)
        | Record::Put(_)
        | Record::Drop(_)
        | Record::Audit(_) => Ok(()),
    }
}
