//! What is done does not depend on who reads: the real binary with nobody at the other end.

use std::fs::OpenOptions;
use std::process::Stdio;

use crate::binary::Scene;

/// The exit code with a standard output that nobody reads.
#[track_caller]
fn unread(scene: &Scene, arguments: &[&str]) -> i32 {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    code(scene, arguments, writer.into())
}

/// The exit code with a standard output that is full.
#[track_caller]
fn full(scene: &Scene, arguments: &[&str]) -> i32 {
    let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
    code(scene, arguments, full.into())
}

#[track_caller]
fn code(scene: &Scene, arguments: &[&str], out: Stdio) -> i32 {
    let mut command = scene.command(arguments);
    let output = command.stdin(Stdio::null()).stdout(out).stderr(Stdio::piped()).output().unwrap();
    output.status.code().unwrap()
}

#[test]
fn a_reader_that_goes_away_stops_no_call_and_changes_no_exit_code() {
    let scene = Scene::new();
    assert_eq!(unread(&scene, &["plan"]), 0);
    assert_eq!(unread(&scene, &["plan", "--detailed-exitcode"]), 2);
    assert_eq!(unread(&scene, &["plan", "--detailed-exitcode", "--format", "json"]), 2);
    assert_eq!(unread(&scene, &["apply", "--auto-approve"]), 0);
    scene.agrees();
    scene.run(&["plan", "--detailed-exitcode"], 0);
    assert_eq!(unread(&scene, &["drift"]), 0);
    assert_eq!(unread(&scene, &["status"]), 0);
    assert_eq!(unread(&scene, &["apply", "--auto-approve", "--format", "json"]), 0);
    scene.write("bans: [\n");
    assert_eq!(unread(&scene, &["apply", "--auto-approve"]), 1);
    scene.write("bans: []\n");
    assert_eq!(unread(&scene, &["plan"]), 4);
    assert_eq!(unread(&scene, &["apply", "--auto-approve"]), 4);
}

#[test]
fn a_full_disk_under_the_results_is_said_and_stops_no_call() {
    let scene = Scene::new();
    assert_eq!(full(&scene, &["plan"]), 1);
    assert_eq!(full(&scene, &["plan", "--detailed-exitcode"]), 2);
    assert_eq!(full(&scene, &["apply", "--auto-approve"]), 0);
    scene.agrees();
    // The lease was given back, and the state is at rest.
    scene.run(&["apply", "--auto-approve", "--format", "json"], 0);
}

#[test]
fn what_stays_on_this_machine_goes_through_no_proxy() {
    let scene = Scene::new();
    let mut command = scene.command(&["apply", "--auto-approve"]);
    for name in ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY"] {
        // A proxy that is not there: whatever were sent through it would fail.
        command.env(name, "http://127.0.0.1:9");
    }
    let output = command.stdin(Stdio::null()).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    scene.agrees();
}

#[test]
fn nobody_who_could_complain_is_missed() {
    let scene = Scene::new();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = scene.command(&["-vvv", "apply", "--auto-approve"]);
    let output = command.stdin(Stdio::null()).stderr(writer).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    scene.agrees();
}
