//! Secrets that cannot be had: the real binary goes on without them.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::binary::{Scene, wait_for_calls};

/// A scene in which the secret of the target `z` is to be had so, where it cannot be.
fn scene(source: &str) -> Scene {
    let scene = Scene::new();
    let config = scene.files.path().join("ostracon.yaml");
    let text = std::fs::read_to_string(config).unwrap();
    let pipe = scene.files.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let source = source.replace("PIPE", pipe.to_str().unwrap());
    let credentials = |source: &str| format!("credentials: {{ server_secret: {{ {source} }} }}");
    let changed = text.replace(&credentials("env: Z"), &credentials(&source));
    assert_ne!(changed, text);
    scene.files.write("ostracon.yaml", changed.as_bytes());
    scene
}

fn apply(scene: &Scene, arguments: &[&str]) -> Command {
    let arguments = [&["apply", "--auto-approve"], arguments].concat();
    let mut command = scene.command(&arguments);
    command.env("OSTRACON_ALLOW_COMMANDS", "1").stdin(Stdio::null());
    command
}

const HANG: [&str; 2] = ["file: PIPE", "command: [sleep, '600']"];

#[test]
fn a_target_without_its_secret_fails_and_the_others_go_on() {
    for (source, why) in [
        ("file: /dev/zero", "it is longer than 8 KiB"),
        ("file: /dev/null", "it is empty"),
        ("file: /dev", "Is a directory"),
        ("command: ['yes']", "it is longer than 8 KiB"),
        ("command: [sh, -c, 'yes & exit 3']", "it is longer than 8 KiB"),
        ("command: [sh, -c, 'sleep 20 & exit 3']", "the command ended with exit status: 3"),
    ] {
        let scene = scene(source);
        let output = apply(&scene, &[]).output().unwrap();
        let told = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(3), "{source}: {told}");
        assert!(told.contains(why), "{source}: {told}");
        let end = "Applied: 10 done, 0 waiting, 2 failed, 0 deferred, 0 in doubt.\n";
        assert!(told.ends_with(end), "{source}: {told}");
    }
}

#[test]
fn a_secret_that_does_not_come_is_given_up_after_ten_seconds() {
    std::thread::scope(|threads| {
        for source in HANG {
            threads.spawn(move || {
                let scene = scene(source);
                let start = Instant::now();
                let output = apply(&scene, &[]).output().unwrap();
                let took = start.elapsed();
                let told = String::from_utf8(output.stdout).unwrap();
                assert_eq!(output.status.code(), Some(3), "{source}: {told}");
                assert!(told.contains("took more than 10 s"), "{source}: {told}");
                assert!(told.contains("10 done, 0 waiting, 2 failed"), "{source}: {told}");
                assert!(took < Duration::from_secs(20), "{source}: {took:?}");
            });
        }
    });
}

#[test]
fn a_secret_that_does_not_come_keeps_neither_deadline_nor_signal_waiting() {
    for source in HANG {
        let scene = scene(source);
        let start = Instant::now();
        let output = apply(&scene, &["--deadline", "1s"]).output().unwrap();
        let told = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(3), "{source}: {told}");
        assert!(
            told.ends_with("10 done, 0 waiting, 0 failed, 2 deferred, 0 in doubt.\n"),
            "{told}"
        );
        assert!(start.elapsed() < Duration::from_secs(9), "{source}");
    }
    for source in HANG {
        let scene = scene(source);
        let start = Instant::now();
        let mut run = apply(&scene, &[]);
        let mut run = run.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        wait_for_calls(&scene, 4);
        let sent = Command::new("kill").args(["-TERM", &run.id().to_string()]).status();
        assert!(sent.unwrap().success());
        assert_eq!(run.wait().unwrap().code(), Some(143), "{source}");
        assert!(start.elapsed() < Duration::from_secs(9), "{source}");
    }
}
