//! What a server refuses, as one clause and one hint.

use std::error::Error as _;

use tokio_postgres::Error;
use tokio_postgres::error::SqlState;

use super::connect::last_words;
use super::unreached::unreached;
use crate::store::StateError;

/// The lease is not ours any more: raised by `ostracon.hold`.
const LEASE_LOST: &str = "OS001";

/// Another run has written to the audit log: raised by `ostracon.follow`.
const LOG_WENT_ON: &str = "OS002";

/// The group was written before the connection broke: raised by `ostracon.hold`.
const IS_WRITTEN: &str = "OS003";

/// Whether a group was written already, as only its sender did not know.
pub(super) fn is_written(error: &Error) -> bool {
    error.code().is_some_and(|code| code.code() == IS_WRITTEN)
}

/// Whether another run has written to the audit log since its head was read.
pub(super) fn log_went_on(error: &Error) -> bool {
    error.code().is_some_and(|code| code.code() == LOG_WENT_ON)
}

/// Whether there are no tables of ours in the database.
pub(super) fn has_no_schema(error: &Error) -> bool {
    error.code().is_some_and(|code| {
        [SqlState::UNDEFINED_TABLE, SqlState::INVALID_SCHEMA_NAME].contains(code)
    })
}

/// Whether the same may be tried again on a new connection: the server went away, or is coming up,
/// or is a standby that will be promoted.
pub(super) fn may_come_back(error: &Error) -> bool {
    let Some(code) = error.code() else { return error.is_closed() || io(error).is_some() };
    code.code().starts_with("08")
        || [
            SqlState::ADMIN_SHUTDOWN,
            SqlState::CRASH_SHUTDOWN,
            SqlState::CANNOT_CONNECT_NOW,
            SqlState::TOO_MANY_CONNECTIONS,
            SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT,
            SqlState::T_R_DEADLOCK_DETECTED,
            SqlState::READ_ONLY_SQL_TRANSACTION,
        ]
        .contains(code)
}

fn io(error: &Error) -> Option<&std::io::Error> {
    error.source()?.downcast_ref()
}

/// There are no tables of ours.
pub(super) fn no_schema() -> StateError {
    StateError::Server {
        what: "there is no state in this database".to_owned(),
        hint: "`ostracon state init` makes one; or check the database in the URL",
    }
}

/// The server did not answer in time.
pub(super) fn silent(doing: &str) -> StateError {
    StateError::Server { what: format!("cannot {doing}: the server does not answer"), hint: AWAY }
}

/// What can be done where a server is away.
pub(super) const AWAY: &str = "check that the server runs and that this machine reaches it; what \
                               was under way is in doubt, and the next run settles it";

/// What can be done where a server only reads.
pub(super) const READ_ONLY: &str =
    "this is a standby, or a session that may only read: give the URL of the primary";

/// Says what was being done when the server refused.
pub(super) fn doing(doing: &'static str) -> impl Fn(Error) -> StateError {
    move |error| refused(doing, &error)
}

fn refused(doing: &str, error: &Error) -> StateError {
    if error.code().is_some_and(|code| code.code() == LEASE_LOST) {
        return StateError::LeaseLost;
    }
    if has_no_schema(error) {
        return no_schema();
    }
    let (why, hint) = why(error);
    StateError::Server { what: format!("cannot {doing}: {why}"), hint }
}

/// What went wrong, and what a person can do about it.
fn why(error: &Error) -> (String, &'static str) {
    let Some(db) = error.as_db_error() else {
        let said = last_words().filter(|_| error.is_closed());
        return said.as_deref().map_or_else(|| unreached(error), why);
    };
    let message = db.message().trim();
    // A pooler has no code of its own for this.
    let is_pooled = message.contains("statement pooling mode");
    let hint = if is_pooled { POOLED } else { hint(db.code()) };
    (format!("the server says: {message}"), hint)
}

/// What can be done where a pooler hands out connections by the statement.
const POOLED: &str = "let the pooler before the server have `pool_mode = transaction`, or give the \
                      URL of the server itself";

fn hint(code: &SqlState) -> &'static str {
    const HINTS: [(&[SqlState], &str); 12] = [
        (
            &[SqlState::INVALID_PASSWORD],
            "check the role in the URL, and its password in `PGPASSWORD` or a `.pgpass` that only \
             you can read",
        ),
        (
            &[SqlState::INVALID_AUTHORIZATION_SPECIFICATION],
            "check the role in the URL, and whom the server's `pg_hba.conf` lets in; what it has \
             as `hostssl` is reached by `sslmode=verify-full` in the URL",
        ),
        (&[SqlState::INVALID_CATALOG_NAME], "check the database in the URL, or have it made"),
        (
            &[SqlState::INSUFFICIENT_PRIVILEGE],
            "the role lacks a right: grant it `ostracon_writer` or `ostracon_reader`, which \
             `ostracon state init --roles` makes",
        ),
        (&[SqlState::READ_ONLY_SQL_TRANSACTION], READ_ONLY),
        (
            &[SqlState::T_R_SERIALIZATION_FAILURE],
            "what was being read is gone from this standby: try again, or raise its \
             `max_standby_streaming_delay`",
        ),
        (
            &[SqlState::DISK_FULL, SqlState::OUT_OF_MEMORY, SqlState::INSUFFICIENT_RESOURCES],
            "make room on the server; what could not be recorded is in doubt, and the next run \
             settles it",
        ),
        (
            &[SqlState::QUERY_CANCELED],
            "unless somebody did so, raise the role's `statement_timeout` on the server",
        ),
        (
            &[SqlState::LOCK_NOT_AVAILABLE],
            "look who holds locks there, or raise the role's `lock_timeout` on the server",
        ),
        (
            &[SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT],
            "raise the role's `idle_in_transaction_session_timeout` on the server",
        ),
        (
            &[SqlState::TOO_MANY_CONNECTIONS],
            "the server has no connection left: raise `max_connections`, or wait",
        ),
        (&[SqlState::ADMIN_SHUTDOWN, SqlState::CRASH_SHUTDOWN, SqlState::CANNOT_CONNECT_NOW], AWAY),
    ];
    let known = HINTS.iter().find(|(codes, _)| codes.contains(code));
    let else_what = match code.code().get(..2) {
        // What stands before a server says so.
        Some("08") => "see the log of the server, and of a pooler before it",
        _ => "see the server's log",
    };
    known.map_or(else_what, |(_, hint)| hint)
}
