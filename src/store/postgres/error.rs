//! What a server refuses, as one clause and one hint.

use std::error::Error as _;

use tokio_postgres::Error;
use tokio_postgres::error::SqlState;

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

/// Whether the same may be tried again on a new connection: the server went away, or is coming up.
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

const AWAY: &str = "check that the server runs and that this machine reaches it; what was under \
                    way is in doubt, and the next run settles it";

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
    let Some(db) = error.as_db_error() else { return unreached(error) };
    let hint = hint(db.code());
    (format!("the server says: {}", db.message().trim()), hint)
}

fn hint(code: &SqlState) -> &'static str {
    const HINTS: [(&[SqlState], &str); 9] = [
        (
            &[SqlState::INVALID_PASSWORD, SqlState::INVALID_AUTHORIZATION_SPECIFICATION],
            "check the role in the URL, and its password in `PGPASSWORD` or a `.pgpass` that only \
             you can read",
        ),
        (&[SqlState::INVALID_CATALOG_NAME], "check the database in the URL, or have it made"),
        (
            &[SqlState::INSUFFICIENT_PRIVILEGE],
            "the role lacks a right: grant it `ostracon_writer` or `ostracon_reader`, which \
             `ostracon state init --roles` makes",
        ),
        (
            &[SqlState::READ_ONLY_SQL_TRANSACTION],
            "this is a standby, or a session that may only read: give the URL of the primary",
        ),
        (
            &[SqlState::DISK_FULL, SqlState::OUT_OF_MEMORY, SqlState::INSUFFICIENT_RESOURCES],
            "make room on the server; what was done until then is recorded",
        ),
        (
            &[SqlState::QUERY_CANCELED, SqlState::LOCK_NOT_AVAILABLE],
            "raise the role's `statement_timeout` (or `lock_timeout`) on the server",
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
    known.map_or("see the server's log", |(_, hint)| hint)
}

fn unreached(error: &Error) -> (String, &'static str) {
    let text = error.to_string();
    let mut causes = Vec::new();
    let mut source = error.source();
    while let Some(cause) = source {
        causes.push(cause.to_string());
        source = cause.source();
    }
    let why = causes.last().cloned().unwrap_or(text);
    if causes.iter().any(|cause| cause.contains("certificate")) || why.contains("TLS") {
        let hint = "its certificate must be for the host in the URL and come from a CA this \
                    machine trusts, or that `sslrootcert=FILE` in the URL names";
        return (format!("no TLS with the server: {why}"), hint);
    }
    if why.contains("password missing") {
        let hint = "give it in `PGPASSWORD` or in a `.pgpass` that only you can read";
        return ("the server asks for a password, and there is none".to_owned(), hint);
    }
    (format!("the server cannot be reached: {why}"), AWAY)
}
