//! A state that cannot be written: a full disk, a directory that is read-only.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::binary::Scene;

/// A small disk of its own.
pub(crate) struct Disk(TempDir);

impl Disk {
    /// Mounts it; `None` where that is not permitted.
    pub(crate) fn mount(size: &str) -> Option<Self> {
        let directory = TempDir::new().unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"]).arg(directory.path());
        if mount.output().is_ok_and(|output| output.status.success()) {
            return Some(Self(directory));
        }
        eprintln!("skipped: a disk of its own cannot be mounted here");
        None
    }

    /// Where it is mounted.
    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// Where a state is kept on it.
    fn state(&self) -> PathBuf {
        self.path().join("state/state.db")
    }

    /// Fills it but for so many bytes.
    pub(crate) fn fill(&self, left: u64) -> PathBuf {
        let path = self.0.path().join("ballast");
        let mut ballast = std::fs::File::create(&path).unwrap();
        while ballast.write(&[1; 4096]).is_ok_and(|written| written > 0) {}
        let fits = std::fs::metadata(&path).unwrap().len();
        let file = std::fs::File::options().write(true).open(&path).unwrap();
        file.set_len(fits.saturating_sub(left)).unwrap();
        path
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg(self.0.path()).status();
        assert!(unmounted.is_ok_and(|status| status.success()));
    }
}

fn at(path: &Path) -> String {
    format!("sqlite:{}", path.display())
}

#[test]
fn a_full_disk_stops_a_run_before_a_call_and_the_next_one_goes_on() {
    // Not even a new state fits; a state fits, but not what a run writes.
    for (left, begun) in [
        (0, false),
        (8192, false),
        (0, true),
        (4096, true),
        (8192, true),
        (24_576, true),
        (200_000, true),
    ] {
        let Some(disk) = Disk::mount("1m") else { return };
        let (scene, state) = (Scene::new(), at(&disk.state()));
        if begun {
            scene.run(&["--state", &state, "apply", "--auto-approve", "--target", "z"], 0);
        }
        let ballast = disk.fill(left);
        scene.run(&["--state", &state, "apply", "--auto-approve"], 7);
        if !begun {
            assert_eq!(scene.sandbox.calls(), 0);
            assert!(!disk.state().exists(), "a part of a state was left");
        }
        // As long as the disk is full a state can still be planned from.
        scene.run(&["--state", &state, "plan"], 0);
        std::fs::remove_file(ballast).unwrap();
        scene.run(&["--state", &state, "plan"], 0);
        scene.run(&["--state", &state, "apply", "--auto-approve"], 0);
        scene.agrees();
    }
}

#[test]
fn a_state_that_cannot_be_compacted_stays_as_it_was() {
    for left in [0, 4096, 24_576, 200_000] {
        let Some(disk) = Disk::mount("4m") else { return };
        let (scene, state) = (Scene::new(), at(&disk.state()));
        scene.run(&["--state", &state, "apply", "--auto-approve"], 0);
        grow(&disk.state());
        let exported = || scene.run(&["--state", &state, "state", "export"], 0).stdout;
        let before = exported();
        let ballast = disk.fill(left);
        scene.run(&["--state", &state, "state", "compact"], 7);
        assert_eq!(exported(), before);
        std::fs::remove_file(ballast).unwrap();
        scene.run(&["--state", &state, "state", "verify"], 0);
        scene.run(&["--state", &state, "state", "compact"], 0);
        assert_eq!(exported(), before);
        scene.run(&["--state", &state, "apply", "--auto-approve"], 0);
        scene.agrees();
    }
}

/// Adds so much to a state that it does not fit again into the room that is left.
fn grow(state: &Path) {
    let connection = rusqlite::Connection::open(state).unwrap();
    let many = "WITH RECURSIVE number(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number
                  WHERE n < 3000)
                INSERT INTO words (text) SELECT hex(randomblob(60)) FROM number";
    connection.execute_batch(many).unwrap();
}

#[test]
fn a_state_in_a_read_only_place_can_be_planned_from_and_not_applied_to() {
    let Some(disk) = Disk::mount("4m") else { return };
    let (scene, state) = (Scene::new(), at(&disk.state()));
    scene.run(&["--state", &state, "apply", "--auto-approve"], 0);
    let calls = scene.sandbox.calls();
    let remounted = |how: &str| {
        let mut mount = Command::new("mount");
        mount.args(["-o", &format!("remount,{how}")]).arg(disk.0.path());
        assert!(mount.status().unwrap().success());
    };
    remounted("ro");
    let planned = scene.run(&["--state", &state, "plan", "--detailed-exitcode"], 0);
    assert!(String::from_utf8_lossy(&planned.stdout).contains("Plan: 0 to impose"));
    scene.run(&["--state", &state, "apply", "--auto-approve"], 7);
    assert_eq!(scene.sandbox.calls(), calls);
    remounted("rw");
    scene.run(&["--state", &state, "apply", "--auto-approve"], 0);
    scene.agrees();
}
