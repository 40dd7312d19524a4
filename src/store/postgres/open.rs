//! Opening a state: whether there is one, whether it is ours, and how it becomes a newer one.

use std::sync::Arc;
use std::sync::atomic::AtomicI64;

use tokio_postgres::Client;
use tokio_postgres::types::Type;

use super::connect::{Place, Worker, connect};
use super::error::{doing, has_no_schema, no_schema};
use super::schema::{MIGRATIONS, ROLES, VERSION};
use super::transaction::end;
use crate::store::audit_chain::Link;
use crate::store::{Location, ServerUrl, StateError};

/// A state on a server.
#[derive(Debug)]
pub(crate) struct State {
    pub(super) worker: Worker,
    pub(super) place: Place,
    pub(super) url: ServerUrl,
    pub(super) client: Arc<Client>,
    /// What was taken of it.
    pub(super) tenure: Option<super::lease::Tenure>,
    /// The end of the audit log, as far as this process knows.
    pub(super) head: Option<Link>,
    /// How often orders had been given or taken back when that was asked last.
    pub(super) orders_mark: AtomicI64,
}

/// Serialises those who make or migrate a state: `ostr` in ASCII.
const ADVISORY_LOCK: i64 = 0x6f73_7472;

impl State {
    /// Opens a state to read it.
    pub(crate) fn read(url: &ServerUrl) -> Result<Self, StateError> {
        let state = Self::connect(url)?;
        let found = state.version()?.ok_or_else(no_schema)?;
        if found < VERSION {
            return Err(older(found));
        }
        Ok(state)
    }

    /// Opens a state to change it; who owns it brings it up to date.
    pub(crate) fn write(url: &ServerUrl) -> Result<Self, StateError> {
        let state = Self::connect(url)?;
        let found = state.version()?.ok_or_else(no_schema)?;
        if found < VERSION {
            if !state.is_owner()? {
                return Err(older(found));
            }
            state.migrate(None)?;
        }
        Ok(state)
    }

    /// Makes a state; `false` if there was one.
    pub(crate) fn init(url: &ServerUrl, lineage: &str, roles: bool) -> Result<bool, StateError> {
        let state = Self::connect(url)?;
        let is_new = state.version()?.is_none();
        state.migrate(Some(lineage.to_owned()))?;
        if roles {
            let client = Arc::clone(&state.client);
            state.worker.wait(async move {
                client.batch_execute(ROLES).await.map_err(doing("make the roles"))
            })?;
        }
        Ok(is_new)
    }

    /// A state that was made now, unless there was one.
    pub(super) fn made(url: &ServerUrl) -> Result<Self, StateError> {
        let state = Self::connect(url)?;
        state.migrate(Some(String::new()))?;
        Ok(state)
    }

    /// Brings a state up to date; the version it had.
    pub(crate) fn bring_up_to_date(url: &ServerUrl) -> Result<(i64, i64), StateError> {
        let state = Self::connect(url)?;
        let found = state.version()?.ok_or_else(no_schema)?;
        state.migrate(None)?;
        Ok((found, VERSION))
    }

    fn connect(url: &ServerUrl) -> Result<Self, StateError> {
        let (worker, place) = (Worker::start()?, Place::of(url)?);
        let connecting = place.clone();
        let client = worker.wait(async move { connect(&connecting).await })?;
        let (url, client) = (url.clone(), Arc::new(client));
        Ok(Self {
            worker,
            place,
            url,
            client,
            tenure: None,
            head: None,
            orders_mark: AtomicI64::new(0),
        })
    }

    /// The version of its tables; `None` if there are none.
    fn version(&self) -> Result<Option<i64>, StateError> {
        let client = Arc::clone(&self.client);
        let found = self.worker.wait(async move {
            let sql = "SELECT value FROM ostracon.meta WHERE key = 'schema'";
            match client.query_typed_opt(sql, &[]).await {
                Err(error) if has_no_schema(&error) => Ok(None),
                Err(error) => Err(doing("read the state")(error)),
                Ok(row) => Ok(Some(row.map(|row| row.get::<_, String>(0)))),
            }
        })?;
        let Some(found) = found else { return Ok(None) };
        let found = found.and_then(|text| text.parse().ok());
        let location = || Location::Server(self.url.clone());
        match found {
            None => Err(self.unreadable("schema")),
            Some(found) if found > VERSION => {
                Err(StateError::Newer { location: location(), found, known: VERSION })
            }
            Some(found) => Ok(Some(found)),
        }
    }

    /// Something in it means nothing.
    pub(super) fn unreadable(&self, what: &str) -> StateError {
        StateError::Foreign {
            location: Location::Server(self.url.clone()),
            what: format!("{what} holds a value that means nothing"),
        }
    }

    fn is_owner(&self) -> Result<bool, StateError> {
        let client = Arc::clone(&self.client);
        self.worker.wait(async move {
            let sql = "SELECT pg_has_role(nspowner, 'USAGE') FROM pg_namespace
                       WHERE nspname = 'ostracon'";
            let row = client.query_typed_one(sql, &[]).await.map_err(doing("read the state"))?;
            Ok(row.get(0))
        })
    }

    /// Makes the tables, or brings them up to date, all or nothing; with a lineage if they are new.
    fn migrate(&self, lineage: Option<String>) -> Result<(), StateError> {
        let client = Arc::clone(&self.client);
        self.worker.wait(async move {
            let migrated = migrate(&client, lineage).await;
            let migrated = end(&client, migrated, |()| true).await;
            migrated.map_err(doing("bring the state up to date"))
        })
    }
}

async fn migrate(client: &Client, lineage: Option<String>) -> Result<(), tokio_postgres::Error> {
    let lock = format!("BEGIN; SELECT pg_advisory_xact_lock({ADVISORY_LOCK})");
    client.batch_execute(&lock).await?;
    let sql = "SELECT to_regclass('ostracon.meta') IS NOT NULL";
    let found = if client.query_typed_one(sql, &[]).await?.get(0) {
        let sql = "SELECT value::bigint FROM ostracon.meta WHERE key = 'schema'";
        client.query_typed_one(sql, &[]).await?.get(0)
    } else {
        client.batch_execute("CREATE SCHEMA IF NOT EXISTS ostracon").await?;
        0_i64
    };
    for (number, step) in (1_i64..).zip(MIGRATIONS) {
        if number > found {
            client.batch_execute(step).await?;
        }
    }
    let put = "INSERT INTO ostracon.meta (key, value) VALUES ($1, $2)
               ON CONFLICT (key) DO UPDATE SET value = excluded.value";
    let rows = [("schema", VERSION.to_string())].into_iter();
    let new = lineage.filter(|_| found == 0);
    let new = new.map(|it| {
        [("lineage", it), ("serial", "0".to_owned()), ("audit_head", Link::start().to_text())]
    });
    for (key, value) in rows.chain(new.into_iter().flatten()) {
        client.query_typed(put, &[(&key, Type::TEXT), (&value, Type::TEXT)]).await?;
    }
    Ok(())
}

fn older(found: i64) -> StateError {
    StateError::Server {
        what: format!(
            "the state on the server has schema {found}, and this program needs {VERSION}"
        ),
        hint: "have its owner run `ostracon state migrate`",
    }
}
