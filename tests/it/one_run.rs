//! One run at a time, and what others may do meanwhile: the real binary.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ostracon::store::{Accounts, Claim, Location, State, Taken};
use ostracon::world::World;

use crate::binary::{POLICY, Scene, start, text, wait_for_calls};

#[test]
fn a_second_run_is_told_who_holds_the_lock() {
    let scene = Scene::new();
    scene.sandbox.set_latency(Duration::from_millis(1500));
    let mut first = start(&scene);
    wait_for_calls(&scene, 1);
    let refused = text(&scene.run(&["apply", "--auto-approve"], 5).stderr);
    assert!(refused.contains(&format!("process {}", first.id())), "{refused}");
    // Reading needs no lock.
    scene.run(&["plan"], 0);
    scene.run(&["apply", "--auto-approve", "--lock-timeout", "60s"], 0);
    assert!(first.wait().unwrap().success());
    scene.agrees();
}

#[test]
fn what_decides_is_read_once_the_lock_is_held() {
    let scene = Scene::new();
    scene.run(&["apply", "--auto-approve"], 0);
    let state = scene.files.path().join(".ostracon/state.db");
    let World { process, .. } = World::real();
    let now = World::real().now();
    let accounts = &Accounts::All;
    let claim = Claim { run: "another", process: &process, now, lineage: "", accounts };
    let Ok(Taken::Ours(another, _)) = State::take(&Location::File(state), &claim) else { panic!() };
    let mut command = scene.command(&[
        "-v",
        "apply",
        "--auto-approve",
        "--lock-timeout",
        "1h",
        "--format",
        "json",
    ]);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut talk = BufReader::new(child.stderr.take().unwrap()).lines();
    assert!(talk.any(|line| line.unwrap().contains("waiting")));
    // Somebody else applies a newer checkout meanwhile.
    scene.write(&POLICY.replace("3, 4, 5, 6]", "3, 4, 5, 6, 7]"));
    drop(another);
    let output = child.wait_with_output().unwrap();
    let outcome: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(outcome["summary"]["done"], 1, "{outcome:#}");
}

/// Sets what it holds when it is dropped, also by a panic: nobody reads on for ever.
struct Over<'a>(&'a AtomicBool);
impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn readers_never_hurt_a_writer() {
    let scene = Scene::new();
    scene.run(&["apply", "--auto-approve"], 0);
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let ends = Over(&over);
        for reader in [&["plan"][..], &["status"], &["history"], &["state", "list"]] {
            let (scene, over) = (&scene, &over);
            scope.spawn(move || {
                while !over.load(Ordering::Relaxed) {
                    scene.run(reader, 0);
                }
            });
        }
        for round in 0..12 {
            // Something to do each time, and time that passes while others read.
            let users = format!("3, 4, 5, 6, {}]", round + 10);
            scene.write(&POLICY.replace("3, 4, 5, 6]", &users));
            scene.run(&["apply", "--auto-approve"], 0);
        }
        drop(ends);
    });
    scene.run(&["state", "verify"], 0);
    scene.run(&["plan", "--detailed-exitcode"], 0);
}

#[test]
fn a_workspace_may_be_reached_through_links_but_its_state_must_be_none() {
    let scene = Scene::new();
    let link = tempfile::tempdir().unwrap();
    let way = link.path().join("way");
    std::os::unix::fs::symlink(scene.files.path(), &way).unwrap();
    let through = |arguments: &[&str], code| {
        let mut command = scene.command(arguments);
        command.env("OSTRACON_DIR", &way).stdin(Stdio::null());
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{arguments:?} {output:?}");
    };
    through(&["apply", "--auto-approve"], 0);
    through(&["plan", "--detailed-exitcode"], 0);
    through(&["state", "verify"], 0);
    scene.agrees();
    // The same state, whichever way.
    scene.run(&["plan", "--detailed-exitcode"], 0);
    let state = scene.files.path().join(".ostracon/state.db");
    let aside = scene.files.path().join(".ostracon/aside.db");
    std::fs::rename(&state, &aside).unwrap();
    std::os::unix::fs::symlink(&aside, &state).unwrap();
    through(&["plan"], 7);
    through(&["apply", "--auto-approve"], 7);
    std::fs::remove_file(&state).unwrap();
    let pipe = std::process::Command::new("mkfifo").arg(&state).status().unwrap();
    assert!(pipe.success());
    through(&["plan"], 7);
    through(&["apply", "--auto-approve"], 7);
}
