//! The real binary killed with SIGKILL, at any instant.
//!
//! `OSTRACON_KILLS=200 cargo test killed` kills as often.

use std::os::unix::process::ExitStatusExt as _;
use std::process::Stdio;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ostracon::world::{Random as _, SystemRandom};
use serde_json::Value;

use crate::binary::{POLICY, Scene, start};
use crate::scene::expect;

/// Kills unless `OSTRACON_KILLS` says how many.
const KILLS: u64 = 8;

/// Kills of one workspace, one after the other, before a run is let through.
const IN_A_ROW: u64 = 4;

fn kills() -> u64 {
    std::env::var("OSTRACON_KILLS").ok().map_or(KILLS, |text| text.parse().unwrap())
}

#[test]
fn a_run_that_was_killed_at_any_instant_is_made_good_by_the_next_one() {
    let kills = kills();
    let chance = SystemRandom;
    let live = |kills: u64| {
        let scene = Scene::new();
        for _ in 0..kills {
            scene.sandbox.set_latency(Duration::from_millis(chance.bits() % 80));
            let before = scene.sandbox.calls();
            let mut run = start(&scene);
            // Half are killed by the clock, wherever they are, and half by how far they are.
            if chance.bits().is_multiple_of(2) {
                std::thread::sleep(Duration::from_millis(chance.bits() % 500));
            } else {
                let calls = before + 1 + chance.bits() % 10;
                while scene.sandbox.calls() < calls && run.try_wait().unwrap().is_none() {
                    std::thread::sleep(Duration::from_millis(2));
                }
            }
            run.kill().unwrap();
            let status = run.wait().unwrap();
            assert!(status.signal() == Some(9) || status.success(), "{status}");
        }
        scene.sandbox.set_latency(Duration::ZERO);
        scene.run(&["plan"], 0);
        scene.run(&["apply", "--auto-approve"], 0);
        scene.agrees();
    };
    // Side by side: a doubt about an Agora rule takes a second look, seconds later.
    let next = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while next.fetch_add(IN_A_ROW, Ordering::Relaxed) < kills {
                    live(IN_A_ROW);
                }
            });
        }
    });
}

#[test]
fn an_order_that_was_killed_at_any_instant_beside_a_run_is_carried_out_or_was_never_given() {
    let scene = Scene::new();
    orders_are_killed(&scene, None, || ());
}

/// Kills `ban` beside `apply`, wherever they are, with the state at this URL; after each kill a lease of
/// the dead is given up by `bury`. Then a clean run must make everything good: what is in force is what the files say and the orders that are listed,
/// each once.
pub(crate) fn orders_are_killed(scene: &Scene, state: Option<&str>, bury: impl Fn()) {
    let chance = SystemRandom;
    let command = |words: &[&str]| {
        let mut command = scene.command(words);
        command.envs(state.map(|url| ("OSTRACON_STATE", url)));
        command
    };
    let quiet = |words: &[&str]| {
        command(words).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    };
    for kill in 0..kills() {
        scene.sandbox.set_latency(Duration::from_millis(chance.bits() % 60));
        // So that the run beside it has something to do.
        let users = if kill.is_multiple_of(2) { "users: [1, 2" } else { "users: [2" };
        scene.write(&POLICY.replace("users: [1, 2", users));
        let mut run = command(&["apply", "--auto-approve"]);
        let run = run.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(chance.bits() % 200));
        let user = (1000 + kill).to_string();
        let whom = ["ban", "--target", "a", "--user", &user, "--for", "1h", "--reason", "x"];
        let mut ban = quiet(&[&whom[..], &["--auto-approve"]].concat());
        std::thread::sleep(Duration::from_millis(chance.bits() % 600));
        ban.kill().unwrap();
        let status = ban.wait().unwrap();
        assert!(status.signal() == Some(9) || status.success(), "{status}");
        let run = run.wait_with_output().unwrap();
        bury();
        // Waiting for the second look at what the order left behind is not done by this run.
        let said = String::from_utf8_lossy(&run.stderr);
        assert!([Some(0), Some(3)].contains(&run.status.code()), "kill {kill}: {said}");
    }
    scene.sandbox.set_latency(Duration::ZERO);
    scene.write(POLICY);
    expect(command(&["apply", "--auto-approve", "--lock-timeout", "90s"]), 0);
    let listed = expect(command(&["orders", "list", "--format", "json"]), 0);
    let listed: Value = serde_json::from_slice(&listed.stdout).unwrap();
    let mut held = scene.held();
    for order in listed["orders"].as_array().unwrap() {
        let user = order["subjects"][0]["id"].as_str().unwrap();
        let place = held.iter().position(|subject| *subject == format!("agora {user}"));
        held.remove(place.unwrap_or_else(|| panic!("{user} is not in force")));
    }
    scene.is_policy(&held);
    expect(command(&["state", "verify"]), 0);
}
