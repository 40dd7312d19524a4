//! Leases of accounts, in the server's time.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::SignedDuration;
use tokio::time::Instant;
use tokio_postgres::types::Type;
use tokio_postgres::{Client, Row};

use super::State;
use super::error::doing;
use super::transaction::end;
use crate::domain::Moment;
use crate::store::{Accounts, Claim, EXPIRES_AFTER, Holder, Lease, ServerUrl, StateError, Taken};
use crate::world::Process;

/// The account that stands for the whole state.
const ALL: &str = "*";

/// What this process holds.
#[derive(Clone, Debug)]
pub(super) struct Tenure {
    /// The runs that have begun under it, and who began each, as audit rows say it: a service has
    /// several under way at once.
    pub(super) runs: BTreeMap<String, String>,
    pub(super) fence: i64,
    /// How many rows of the table of leases say so.
    pub(super) rows: i64,
    /// The number of the newest group that was written under it.
    pub(super) group: i64,
    /// When the server last said that it is ours.
    pub(super) confirmed: Instant,
}

impl Tenure {
    /// Who began a run; nobody before that is recorded.
    pub(super) fn who(&self, run: &str) -> &str {
        self.runs.get(run).map_or("", String::as_str)
    }
}

impl State {
    /// Takes a state for a run, if no other run that lives has any of its accounts.
    pub(crate) fn take(url: &ServerUrl, claim: &Claim<'_>) -> Result<Taken, StateError> {
        let mut state = Self::write(url)?;
        match state.claim(claim)? {
            Ok(lease) => Ok(Taken::Ours(crate::store::State::of(state), lease)),
            Err(holders) => Ok(Taken::Held(holders)),
        }
    }

    /// Takes the lease, or says who has it.
    pub(super) fn claim(
        &mut self,
        claim: &Claim<'_>,
    ) -> Result<Result<Lease, Vec<Holder>>, StateError> {
        let accounts = match claim.accounts {
            Accounts::All => BTreeSet::from([ALL.to_owned()]),
            Accounts::Only(accounts) => accounts.clone(),
        };
        let asked = Asked::of(claim, accounts.into_iter().collect());
        let rows = i64::try_from(asked.accounts.len()).unwrap_or(i64::MAX);
        let client = Arc::clone(&self.client);
        let confirmed = Instant::now();
        let taken = self.worker.wait(async move {
            let taken = take(&client, &asked).await;
            end(&client, taken, Result::is_ok).await.map_err(doing("take the lease"))
        })?;
        Ok(taken.map(|fence| {
            let run = claim.run.to_owned();
            self.tenure = Some(Tenure { runs: BTreeMap::new(), fence, rows, group: 0, confirmed });
            Lease { run, fence, accounts: claim.accounts.clone() }
        }))
    }

    /// Takes those accounts that nobody alive holds, under a lease that this process has.
    pub(super) fn extend_lease(
        &mut self,
        lease: &Lease,
        claim: &Claim<'_>,
    ) -> Result<Lease, StateError> {
        let (Accounts::Only(held), Accounts::Only(wanted)) = (&lease.accounts, claim.accounts)
        else {
            return Ok(lease.clone());
        };
        let missing: Vec<String> = wanted.difference(held).cloned().collect();
        if missing.is_empty() {
            return Ok(lease.clone());
        }
        let asked = Asked::of(claim, missing);
        let (client, fence) = (Arc::clone(&self.client), lease.fence);
        let added = self.worker.wait(async move {
            let added = extend(&client, asked, fence).await;
            end(&client, added, |_| true).await.map_err(doing("extend the lease"))
        })?;
        if let Some(tenure) = &mut self.tenure {
            tenure.rows += i64::try_from(added.len()).unwrap_or(i64::MAX);
        }
        let accounts = Accounts::Only(held.iter().cloned().chain(added).collect());
        Ok(Lease { accounts, ..lease.clone() })
    }

    /// Who holds a lease.
    pub(super) fn holders(&self) -> Result<Vec<Holder>, StateError> {
        let client = Arc::clone(&self.client);
        self.worker.wait(async move {
            let sql = format!("SELECT {HOLDER} FROM ostracon.lease {BY_HOLDER}");
            let rows = client.query_typed(&sql, &[]).await.map_err(doing("read the leases"))?;
            Ok(rows.iter().map(holder).collect())
        })
    }

    /// Gives the lease back.
    pub(super) fn release(&mut self, lease: &Lease) -> Result<(), StateError> {
        self.tenure = None;
        let sql = "DELETE FROM ostracon.lease WHERE fence = $1";
        self.change("give the lease back", sql, vec![Parameter::Number(Some(lease.fence))])
    }

    /// Takes the lease from a run, whether it lives or not.
    pub(super) fn break_lease(&mut self, run: &str) -> Result<(), StateError> {
        let sql = "DELETE FROM ostracon.lease WHERE holder = $1";
        self.change("take the lease away", sql, vec![Parameter::text(run)])
    }

    /// Changes something with one statement.
    pub(super) fn change(
        &self,
        what: &'static str,
        sql: &'static str,
        parameters: Vec<Parameter>,
    ) -> Result<(), StateError> {
        let client = Arc::clone(&self.client);
        self.worker.wait(async move {
            let parameters: Vec<_> = parameters.iter().map(Parameter::typed).collect();
            client.query_typed(sql, &parameters).await.map(drop).map_err(doing(what))
        })
    }
}

/// A parameter of a statement.
#[derive(Debug)]
pub(super) enum Parameter {
    /// A text.
    Text(Option<String>),
    /// A number.
    Number(Option<i64>),
}

impl Parameter {
    /// A text that is there.
    pub(super) fn text(text: &str) -> Self {
        Self::Text(Some(super::columns::without_nul(text)))
    }

    /// An instant.
    pub(super) fn moment(at: Moment) -> Self {
        Self::Number(Some(at.millis()))
    }

    /// As the client takes it.
    pub(super) fn typed(&self) -> (&(dyn tokio_postgres::types::ToSql + Sync), Type) {
        match self {
            Self::Text(text) => (text, Type::TEXT),
            Self::Number(number) => (number, Type::INT8),
        }
    }
}

/// Who asks, as the table has it.
struct Asked {
    run: String,
    user: String,
    host: String,
    pid: i64,
    accounts: Vec<String>,
}

impl Asked {
    fn of(claim: &Claim<'_>, accounts: Vec<String>) -> Self {
        let Process { user, host, pid } = claim.process;
        let (run, user, host) = (claim.run.to_owned(), user.clone(), host.clone());
        Self { run, user, host, pid: (*pid).into(), accounts }
    }
}

/// Whose leases stand in the way: those of the same accounts, of the whole, and if the whole is
/// asked for, all.
const IN_THE_WAY: &str = "(account = ANY($1) OR account = '*' OR '*' = ANY($1))";

/// The columns that [`holder`] reads; the server's time in milliseconds.
const HOLDER: &str = "holder, \"user\", host, pid,
  (extract(epoch FROM min(since)) * 1000)::bigint,
  (extract(epoch FROM max(heartbeat)) * 1000)::bigint";

/// One row for each holder, whoever came first first.
const BY_HOLDER: &str = "GROUP BY 1, 2, 3, 4 ORDER BY 5, 1";

async fn take(
    client: &Client,
    asked: &Asked,
) -> Result<Result<i64, Vec<Holder>>, tokio_postgres::Error> {
    let accounts = &asked.accounts;
    let begin = "BEGIN; LOCK TABLE ostracon.lease IN SHARE ROW EXCLUSIVE MODE";
    client.batch_execute(begin).await?;
    let silent = EXPIRES_AFTER.as_secs();
    let living = format!(
        "SELECT {HOLDER} FROM ostracon.lease WHERE {IN_THE_WAY}
         AND heartbeat > clock_timestamp() - make_interval(secs => $2::bigint) {BY_HOLDER}"
    );
    let parameters: [(&(dyn tokio_postgres::types::ToSql + Sync), Type); 2] =
        [(accounts, Type::TEXT_ARRAY), (&silent, Type::INT8)];
    let holders = client.query_typed(&living, &parameters).await?;
    if !holders.is_empty() {
        return Ok(Err(holders.iter().map(holder).collect()));
    }
    let fence: i64 = client.query_typed_one("SELECT nextval('ostracon.fence')", &[]).await?.get(0);
    put(client, asked, fence).await?;
    Ok(Ok(fence))
}

/// Takes those of the accounts that nobody alive holds; which ones.
async fn extend(
    client: &Client,
    mut asked: Asked,
    fence: i64,
) -> Result<Vec<String>, tokio_postgres::Error> {
    let begin = "BEGIN; LOCK TABLE ostracon.lease IN SHARE ROW EXCLUSIVE MODE";
    client.batch_execute(begin).await?;
    let silent = EXPIRES_AFTER.as_secs();
    let living = "SELECT account FROM ostracon.lease
                  WHERE heartbeat > clock_timestamp() - make_interval(secs => $1::bigint)";
    let living = client.query_typed(living, &[(&silent, Type::INT8)]).await?;
    let living: BTreeSet<String> = living.iter().map(|row| row.get(0)).collect();
    asked.accounts.retain(|account| !living.contains(account) && !living.contains(ALL));
    if !asked.accounts.is_empty() {
        put(client, &asked, fence).await?;
    }
    Ok(asked.accounts)
}

/// Writes down who has these accounts now, in place of whoever had them.
async fn put(client: &Client, asked: &Asked, fence: i64) -> Result<(), tokio_postgres::Error> {
    let Asked { run, user, host, pid, accounts } = asked;
    // Whoever is left is dead by the server's clock, and can write nothing more.
    let dead = format!("DELETE FROM ostracon.lease WHERE {IN_THE_WAY}");
    client.query_typed(&dead, &[(accounts, Type::TEXT_ARRAY)]).await?;
    let sql = "INSERT INTO ostracon.lease (account, holder, \"user\", host, pid, fence)
               SELECT account, $2, $3, $4, $5, $6 FROM unnest($1::text[]) AS account";
    let parameters: [(&(dyn tokio_postgres::types::ToSql + Sync), Type); 6] = [
        (accounts, Type::TEXT_ARRAY),
        (run, Type::TEXT),
        (user, Type::TEXT),
        (host, Type::TEXT),
        (pid, Type::INT8),
        (&fence, Type::INT8),
    ];
    client.query_typed(sql, &parameters).await.map(drop)
}

fn holder(row: &Row) -> Holder {
    Holder {
        run: row.get(0),
        user: row.get(1),
        host: row.get(2),
        pid: u32::try_from(row.get::<_, i64>(3)).unwrap_or(0),
        since: Moment::from_millis(row.get(4)),
        heartbeat: Moment::from_millis(row.get(5)),
    }
}

/// For how long a group is tried again before the lease counts as gone.
pub(super) const HOLDS_FOR: SignedDuration = EXPIRES_AFTER;
