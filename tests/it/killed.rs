//! The real binary killed with SIGKILL, at any instant.
//!
//! `OSTRACON_KILLS=200 cargo test killed` kills as often.

use std::os::unix::process::ExitStatusExt as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ostracon::world::{Random as _, SystemRandom};

use crate::binary::{Scene, start};

/// Kills unless `OSTRACON_KILLS` says how many.
const KILLS: u64 = 8;

/// Kills of one workspace, one after the other, before a run is let through.
const IN_A_ROW: u64 = 4;

#[test]
fn a_run_that_was_killed_at_any_instant_is_made_good_by_the_next_one() {
    let kills = std::env::var("OSTRACON_KILLS").ok().map_or(KILLS, |text| text.parse().unwrap());
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
