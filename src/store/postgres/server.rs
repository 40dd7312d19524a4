//! What the server says of itself.

use std::sync::Arc;

use tokio_postgres::Row;

use super::State;
use super::error::doing;
use crate::domain::Moment;
use crate::store::{Rights, Server, Standby, StateError};

/// A standby that follows and has replayed all it received is not behind, however long ago the last
/// transaction was.
const SERVER: &str = "
SELECT current_setting('server_version'), current_setting('server_version_num')::bigint / 10000,
  current_user::text,
  pg_has_role((SELECT nspowner FROM pg_namespace WHERE nspname = 'ostracon'), 'USAGE'),
  has_table_privilege('ostracon.audit', 'INSERT'),
  (extract(epoch FROM clock_timestamp()) * 1000)::bigint,
  pg_is_in_recovery(), follows,
  CASE WHEN follows AND pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() THEN 0 ELSE coalesce(
    (extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp()) * 1000)::bigint, 0)
  END,
  pg_total_relation_size('ostracon.audit'), coalesce(n_live_tup, 0), coalesce(n_dead_tup, 0)
FROM (SELECT EXISTS (SELECT FROM pg_stat_wal_receiver WHERE pid IS NOT NULL)) AS one (follows)
  LEFT JOIN pg_stat_user_tables
    ON schemaname = 'ostracon' AND relname = 'audit'";

impl State {
    /// Asks the server.
    pub(super) fn server(&self) -> Result<Server, StateError> {
        let client = Arc::clone(&self.client);
        self.worker.wait(async move {
            let row = client.query_typed_one(SERVER, &[]).await;
            row.map(|row| server(&row)).map_err(doing("ask the server about itself"))
        })
    }
}

fn server(row: &Row) -> Server {
    let count = |column: usize| u64::try_from(row.get::<_, i64>(column)).unwrap_or(0);
    Server {
        version: row.get(0),
        major: row.get(1),
        role: row.get(2),
        rights: match (row.get(3), row.get(4)) {
            (true, _) => Rights::Owner,
            (false, true) => Rights::Writer,
            (false, false) => Rights::Reader,
        },
        now: Moment::from_millis(row.get(5)),
        standby: row.get::<_, bool>(6).then(|| Standby { follows: row.get(7), lag: row.get(8) }),
        audit_bytes: count(9),
        audit_rows: count(10),
        audit_dead: count(11),
    }
}
