//! The real binary with a state on a real server, to which things happen.
//!
//! `OSTRACON_KILLS=50 cargo test server_faults` does each of them as often.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use ostracon::world::{Random as _, SystemRandom};

use crate::scene::{Scene, expect, text};
use crate::server::{Database, Server};

/// How often each thing happens unless `OSTRACON_KILLS` says so.
const TIMES: u64 = 2;

pub(crate) fn times() -> u64 {
    std::env::var("OSTRACON_KILLS").ok().map_or(TIMES, |text| text.parse().unwrap())
}

/// The binary at work in a workspace whose state is in this database.
fn command(scene: &Scene, url: &str, words: &[&str]) -> Command {
    let mut command = scene.command(words);
    command.env("OSTRACON_STATE", url);
    command
}

pub(crate) fn init(scene: &Scene, database: &Database<'_>) -> String {
    let url = database.url();
    expect(command(scene, &url, &["state", "init"]), 0);
    url
}

pub(crate) fn start(scene: &Scene, url: &str) -> Child {
    let mut command = command(scene, url, &["apply", "--auto-approve"]);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().unwrap()
}

/// Waits until some calls more were made, or the run is over.
pub(crate) fn after_some_calls(scene: &Scene, run: &mut Child) {
    let calls = scene.sandbox.calls() + 1 + SystemRandom.bits() % 8;
    while scene.sandbox.calls() < calls && run.try_wait().unwrap().is_none() {
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// A clean run makes everything good, and the audit log is whole.
pub(crate) fn is_made_good(scene: &Scene, url: &str) {
    scene.sandbox.set_latency(Duration::ZERO);
    expect(command(scene, url, &["apply", "--auto-approve", "--lock-timeout", "90s"]), 0);
    scene.agrees();
    expect(command(scene, url, &["state", "verify"]), 0);
}

#[test]
fn a_server_that_is_killed_in_mid_apply_and_comes_back_ends_no_run() {
    let Some(mut server) = Server::new() else { return };
    for round in 0..times() {
        let scene = Scene::new();
        let url = init(&scene, &server.database());
        scene.sandbox.set_latency(Duration::from_millis(20 + SystemRandom.bits() % 80));
        let mut run = start(&scene, &url);
        after_some_calls(&scene, &mut run);
        server.stop(if round % 2 == 0 { "QUIT" } else { "KILL" });
        // At once, or after a while.
        std::thread::sleep(Duration::from_millis(SystemRandom.bits() % 2 * 1500));
        server.start();
        assert!(run.wait().unwrap().success(), "it is back within the lease");
        scene.agrees();
        is_made_good(&scene, &url);
    }
}

#[test]
fn no_transaction_is_open_while_a_provider_is_waited_for() {
    let Some(server) = Server::shared() else { return };
    let (scene, database) = (Scene::new(), server.database());
    let url = init(&scene, &database);
    let timeout = "idle_in_transaction_session_timeout = '250ms'";
    database.sql(&format!("ALTER DATABASE {} SET {timeout}", database.name()));
    scene.sandbox.set_latency(Duration::from_millis(400));
    let apply = command(&scene, &url, &["apply", "--auto-approve", "-v"]);
    let told = text(&expect(apply, 0).stderr);
    assert!(!told.contains("went away"), "{told}");
    is_made_good(&scene, &url);
}

#[test]
fn what_a_server_said_last_is_told_when_the_lease_has_run_out() {
    // It takes a minute: a longer look.
    if times() < 20 {
        return;
    }
    let Some(server) = Server::shared() else { return };
    let (scene, database) = (Scene::new(), server.database());
    let url = init(&scene, &database);
    scene.sandbox.set_latency(Duration::from_millis(60));
    let mut command = command(&scene, &url, &["apply", "--auto-approve"]);
    let mut run = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    after_some_calls(&scene, &mut run);
    let name = database.name();
    database.sql(&format!("ALTER DATABASE {name} SET default_transaction_read_only = on"));
    let ours = format!("datname = '{name}' AND pid <> pg_backend_pid()");
    database.sql(&format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {ours}"));
    let output = run.wait_with_output().unwrap();
    let told = text(&output.stderr);
    assert_eq!(output.status.code(), Some(7), "{told}");
    assert!(told.contains("in a read-only transaction"), "{told}");
    assert!(told.contains("the URL of the primary"), "{told}");
    let reset = format!("ALTER DATABASE {name} RESET default_transaction_read_only");
    database.sql(&format!("BEGIN READ WRITE; {reset}; COMMIT"));
    is_made_good(&scene, &url);
}

#[test]
fn a_runner_that_is_killed_leaves_a_state_that_the_next_one_makes_good() {
    let Some(server) = Server::shared() else { return };
    for _ in 0..times() {
        let scene = Scene::new();
        let database = server.database();
        let url = init(&scene, &database);
        scene.sandbox.set_latency(Duration::from_millis(SystemRandom.bits() % 80));
        for _ in 0..3 {
            let mut run = start(&scene, &url);
            after_some_calls(&scene, &mut run);
            run.kill().unwrap();
            run.wait().unwrap();
            // A minute later, by the server's clock.
            database.sql("UPDATE ostracon.lease SET heartbeat = heartbeat - interval '61 seconds'");
        }
        is_made_good(&scene, &url);
    }
}

#[test]
fn a_runner_that_slept_while_another_took_its_accounts_sends_and_writes_nothing_more() {
    let Some(server) = Server::shared() else { return };
    let scene = Scene::new();
    let database = server.database();
    let url = init(&scene, &database);
    scene.sandbox.set_latency(Duration::from_millis(50));
    let mut asleep = start(&scene, &url);
    after_some_calls(&scene, &mut asleep);
    let signal = |name: &str| {
        let pid = asleep.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &pid]).status().unwrap().success());
    };
    signal("STOP");
    database.sql("UPDATE ostracon.lease SET heartbeat = heartbeat - interval '61 seconds'");
    is_made_good(&scene, &url);
    let calls = scene.sandbox.calls();
    let rows = || database.sql("SELECT count(*) FROM ostracon.audit");
    let written = rows();
    signal("CONT");
    let code = asleep.wait().unwrap().code();
    assert!([Some(0), Some(7)].contains(&code), "{code:?}");
    assert_eq!(rows(), written);
    // What was on its way when it fell asleep may still have gone out; nothing was begun.
    assert!(scene.sandbox.calls() <= calls + 8, "{} calls", scene.sandbox.calls() - calls);
    // No minute has passed for the sleeper, though the server was told so: a call that had got its
    // turn may have made a second rule at Agora, which is remembered and has no right to end alone.
    expect(command(&scene, &url, &["apply", "--auto-approve", "--lock-timeout", "90s"]), 0);
    let mut held = scene.held();
    held.dedup();
    scene.is_policy(&held);
    expect(command(&scene, &url, &["state", "verify"]), 0);
}
