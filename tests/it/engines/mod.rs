//! What every engine of the state must do alike: the same tests, once for each.

mod copies;
mod cuts;
mod leases;
mod orders;
mod rows;
mod suite;

use std::path::PathBuf;
use std::process::Command;

use ostracon::store::{Location, ServerUrl, State};
use tempfile::TempDir;

use crate::server::{Database, Server, eventually};

/// The lineage of every state here.
const LINEAGE: &str = "0198c0de-0000-7000-8000-000000000000";

/// An engine, and a place of its own for one state.
enum Engine {
    Sqlite(TempDir),
    Postgres(Database<'static>),
}

impl Engine {
    fn sqlite() -> Self {
        Self::Sqlite(TempDir::new().unwrap())
    }

    fn postgres() -> Option<Self> {
        let database = Server::shared()?.database();
        let Location::Server(url) = location_of(&database) else { panic!() };
        assert!(State::init(&url, LINEAGE, true).unwrap());
        Some(Self::Postgres(database))
    }

    fn location(&self) -> Location {
        match self {
            Self::Sqlite(directory) => Location::File(path(directory)),
            Self::Postgres(database) => location_of(database),
        }
    }

    /// Changes the state behind the program's back; what keeps others from that goes first.
    fn tamper(&self, sql: &str) {
        match self {
            Self::Sqlite(directory) => {
                let connection = rusqlite::Connection::open(path(directory)).unwrap();
                let triggers = "DROP TRIGGER IF EXISTS audit_is_never_changed;
                    DROP TRIGGER IF EXISTS audit_is_never_cut;";
                connection.execute_batch(triggers).unwrap();
                connection.execute_batch(sql).unwrap();
            }
            Self::Postgres(database) => {
                database.sql("DROP TRIGGER IF EXISTS audit_is_never_changed ON ostracon.audit");
                database.sql(&format!("SET search_path = ostracon; {sql}"));
            }
        }
    }

    /// Lets time pass for whoever holds a lease by the engine's own clock.
    fn pass(&self, seconds: i64) {
        if let Self::Postgres(database) = self {
            let ago = format!("interval '{seconds} seconds'");
            database.sql(&format!("UPDATE ostracon.lease SET heartbeat = heartbeat - {ago}"));
            database.sql(&format!("UPDATE ostracon.call SET recorded = recorded - {ago}"));
        }
    }
}

fn location_of(database: &Database<'_>) -> Location {
    Location::Server(ServerUrl::parse(&database.url(), &|_| None).unwrap())
}

fn path(directory: &TempDir) -> PathBuf {
    directory.path().join(".ostracon/state.db")
}

/// A module of tests for each engine.
macro_rules! of_each_engine {
    ($($name:ident),* $(,)?) => {
        mod sqlite {
            $(#[test]
            fn $name() {
                super::suite::$name(&super::Engine::sqlite());
            })*
        }
        mod postgres {
            $(#[test]
            fn $name() {
                super::Engine::postgres().iter().for_each(super::suite::$name);
            })*
        }
    };
}

of_each_engine!(
    a_new_state_knows_nothing,
    rows_come_back_as_they_were_and_in_the_order_of_bytes,
    records_are_written_together_or_not_at_all,
    whoever_lost_the_lease_writes_nothing_more,
    a_lease_is_given_back_or_expires_a_minute_after_its_holder_died,
    a_lease_is_broken_only_by_the_name_of_its_run,
    the_audit_log_tells_what_was_done_by_whom_and_why,
    the_chain_finds_whatever_was_altered,
    runs_that_are_under_way_at_once_are_told_apart,
    runs_are_counted_and_remembered,
    what_the_config_said_is_remembered,
    calls_count_for_their_rate,
    old_calls_are_dropped_and_nothing_else,
    an_order_is_noted_beside_the_run_that_holds_the_state,
    a_view_is_of_one_instant,
    what_a_provider_says_may_hold_anything,
);

#[test]
fn runs_of_other_accounts_go_side_by_side() {
    let Some(engine) = Engine::postgres() else { return };
    suite::runs_of_other_accounts_go_side_by_side(&engine);
}

#[test]
fn leases_go_by_the_clock_of_the_server_whatever_those_of_its_runners_say() {
    let Some(engine) = Engine::postgres() else { return };
    suite::leases_go_by_the_clock_of_the_server(&engine);
}

#[test]
fn a_reader_reads_and_writes_nothing_and_a_writer_changes_no_audit_row() {
    let Some(engine) = Engine::postgres() else { return };
    let Engine::Postgres(database) = &engine else { panic!() };
    database.sql(
        "DO $$ BEGIN CREATE ROLE ann LOGIN IN ROLE ostracon_reader; EXCEPTION WHEN duplicate_object
         THEN NULL; END $$;
         DO $$ BEGIN CREATE ROLE bob LOGIN IN ROLE ostracon_writer; EXCEPTION WHEN duplicate_object
         THEN NULL; END $$",
    );
    let of = |role| Location::Server(ServerUrl::parse(&database.url_of(role), &|_| None).unwrap());
    let mut read = State::read(&of("ann")).unwrap().unwrap();
    assert!(read.snapshot().unwrap().rows.is_empty());
    let refused = suite::taken(&of("ann"), "a").unwrap_err();
    assert!(refused.to_string().contains("permission denied"), "{refused}");
    assert!(refused.hint().contains("ostracon_writer"));
    let (mut state, lease) = suite::ours(&of("bob"), "b");
    state.commit(lease.fence, &[suite::audit("b", "x")]).unwrap();
    let delete = "SET ROLE ostracon_writer; DELETE FROM ostracon.audit";
    let failed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| database.sql(delete)));
    assert!(failed.is_err());
    let failed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        database.sql("DELETE FROM ostracon.audit")
    }));
    assert!(failed.is_err(), "not even the owner");
}

#[test]
fn a_server_that_crashes_and_comes_back_within_the_lease_loses_and_doubles_nothing() {
    let Some(mut server) = Server::new() else { return };
    let location = {
        let database = server.database();
        let Location::Server(url) = location_of(&database) else { panic!() };
        State::init(&url, LINEAGE, false).unwrap();
        location_of(&database)
    };
    let (mut state, lease) = suite::ours(&location, "r");
    for round in 0..4 {
        state.commit(lease.fence, &[suite::audit("r", "a")]).unwrap();
        server.stop(if round % 2 == 0 { "QUIT" } else { "INT" });
        std::thread::scope(|scope| {
            let writer = scope.spawn(|| state.commit(lease.fence, &[suite::audit("r", "b")]));
            server.start();
            writer.join().unwrap().unwrap();
        });
    }
    let (flaws, head) = state.verify().unwrap();
    assert_eq!((flaws, head.unwrap().seq), (vec![], 8));
}

#[test]
fn a_connection_that_ends_without_a_word_is_said_to_be_away() {
    let Some(server) = Server::new() else { return };
    let database = server.database();
    let Location::Server(url) = location_of(&database) else { panic!() };
    State::init(&url, LINEAGE, false).unwrap();
    let mut state = State::read(&Location::Server(url)).unwrap().unwrap();
    let view = state.view().unwrap();
    let ours = "application_name = 'ostracon'";
    let pid = database.sql(&format!("SELECT pid FROM pg_stat_activity WHERE {ours}"));
    assert!(Command::new("kill").args(["-s", "KILL", &pid]).status().unwrap().success());
    for _ in 0..2 {
        let refused = view.outline().unwrap_err();
        assert!(refused.to_string().contains("cannot be reached"), "{refused}");
        assert!(refused.hint().contains("check that the server runs"), "{}", refused.hint());
    }
}

#[test]
fn a_server_that_ends_an_idle_transaction_is_heard() {
    let Some(engine) = Engine::postgres() else { return };
    let Engine::Postgres(database) = &engine else { panic!() };
    let name = database.name();
    let limit = "idle_in_transaction_session_timeout";
    database.sql(&format!("ALTER DATABASE {name} SET {limit} = '50ms'"));
    let mut state = State::read(&engine.location()).unwrap().unwrap();
    let view = state.view().unwrap();
    assert!(eventually(|| !database.is_used()), "it is not ended");
    let refused = view.outline().unwrap_err();
    let said = "the server says: terminating connection due to idle-in-transaction timeout";
    assert!(refused.to_string().contains(said), "{refused}");
    assert!(refused.hint().contains(limit), "{}", refused.hint());
}
