//! The real binary against the emulation over loopback HTTP: the wiring, streams and exit codes.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use ostracon::sandbox::credential;

pub(crate) use crate::scene::{POLICY, Scene, text};
use crate::scene::{bare, expect};

#[test]
fn a_workspace_is_validated_planned_applied_and_then_there_is_nothing_to_do() {
    let scene = Scene::new();
    let valid = text(&scene.run(&["validate"], 0).stdout);
    assert!(valid.starts_with("Valid: 5 targets, 5 entries, 12 restrictions."), "{valid}");
    let planned = text(&scene.run(&["plan", "--detailed-exitcode"], 2).stdout);
    let counts = "to impose, 0 to renew, 0 to amend, 0 to lift, 0 to kick, 0 to forget.";
    assert!(planned.ends_with(&format!("\nPlan: 12 {counts}\n")), "{planned}");
    assert_eq!(scene.sandbox.calls(), 0);
    assert!(!scene.files.path().join(".ostracon/state.db").exists(), "a plan makes no state");
    let applied = scene.run(&["apply", "--auto-approve"], 0);
    let counts = "0 waiting, 0 failed, 0 deferred, 0 in doubt.";
    assert!(text(&applied.stdout).ends_with(&format!("\nApplied: 12 done, {counts}\n")));
    scene.agrees();
    let again = text(&scene.run(&["plan", "--detailed-exitcode"], 0).stdout);
    assert!(again.contains("\nPlan: 0 to impose,") || again.starts_with("Plan: 0 to impose,"));
}

#[test]
fn no_cache_changes_nothing_but_that_it_says_so() {
    let scene = Scene::new();
    let plan = ["plan", "--at", "2026-12-01T00:00:00Z", "--no-cache"];
    let (without, with) = (scene.run(&plan[..3], 0), scene.run(&plan, 0));
    assert_eq!(text(&with.stdout), text(&without.stdout));
    let note = "note: `--no-cache` does nothing, and will go: there is no cache\n";
    assert_eq!((&*text(&without.stderr), &*text(&with.stderr)), ("", note));
    assert!(!scene.files.path().join(".ostracon").exists(), "a plan leaves nothing behind");
}

#[test]
fn the_state_is_for_its_owner_alone_and_at_rest_it_is_one_file() {
    use std::os::unix::fs::PermissionsExt as _;

    let scene = Scene::new();
    scene.run(&["apply", "--auto-approve"], 0);
    let directory = scene.files.path().join(".ostracon");
    let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&directory), 0o700);
    let mut names = Vec::new();
    for entry in std::fs::read_dir(&directory).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(mode(&entry.path()) & 0o177, 0, "{entry:?}");
        names.push(entry.file_name().into_string().unwrap());
    }
    names.sort();
    assert_eq!(names, [".gitignore", "state.db", "state.db.lock"]);
}

#[test]
fn results_go_to_stdout_and_talk_to_stderr() {
    let scene = Scene::new();
    let applied = scene.run(&["apply", "--auto-approve", "--format", "json", "-vv"], 0);
    let outcome: serde_json::Value = serde_json::from_slice(&applied.stdout).unwrap();
    assert_eq!(outcome["summary"]["done"], 12);
    let talk = text(&applied.stderr);
    assert!(talk.contains("a: 6 operations in "), "{talk}");
    for (provider, name) in [("zego", "server_secret"), ("agora", "customer_secret")] {
        assert!(!talk.contains(credential(provider, name).unwrap()), "{talk}");
    }
    assert!(!talk.contains("Signature=") && !talk.contains("usersig"), "{talk}");
    let refused = scene.run(&["plan", "--target", "nobody"], 64);
    assert_eq!(text(&refused.stdout), "");
    assert!(text(&refused.stderr).starts_with("Error: there is no target `nobody`"));
}

#[test]
fn colours_are_for_terminals_and_for_those_who_force_them() {
    let scene = Scene::new();
    let plan = |variables: &[(&str, &str)]| {
        let mut command = scene.command(&["plan"]);
        command.envs(variables.iter().copied());
        text(&expect(command, 0).stdout).contains('\u{1b}')
    };
    assert!(!plan(&[]));
    assert!(plan(&[("CLICOLOR_FORCE", "1")]));
    assert!(!plan(&[("CLICOLOR_FORCE", "0")]));
    assert!(!plan(&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]));
}

#[test]
fn wrong_usage_is_64_on_every_path() {
    for arguments in [
        &[][..],
        &["unknown"],
        &["plan", "--unknown"],
        &["plan", "--at", "yesterday"],
        &["plan", "--out", "p.json", "--at", "2026-11-20T12:00:00Z"],
        &["plan", "--format", "xml"],
        &["apply", "p.json", "--sandbox"],
        &["apply", "p.json", "--target", "t"],
        &["apply", "p.json", "--upkeep"],
        &["apply", "--deadline", "soon"],
        &["apply", "--lock-timeout", "-1s"],
        &["apply"],
        &["sandbox", "--port", "70000"],
        &["schema", "unknown"],
        &["completions", "unknown"],
        &["--log-format", "xml", "validate"],
    ] {
        let scene = Scene::new();
        let output = scene.run(arguments, 64);
        assert_eq!(text(&output.stdout), "", "{arguments:?}");
        assert_ne!(text(&output.stderr), "", "{arguments:?}");
        assert_eq!(scene.sandbox.calls(), 0);
    }
    let variable = bare(&["validate"]).env("OSTRACON_LOG", "xml").output().unwrap();
    assert_eq!(variable.status.code(), Some(64));
}

#[test]
fn help_and_version_are_results() {
    for arguments in [&["--help"][..], &["help"], &["apply", "--help"], &["plan", "-h"], &["-V"]] {
        let output = expect(bare(arguments), 0);
        assert!(text(&output.stdout).contains("ostracon"), "{arguments:?}");
        assert_eq!(text(&output.stderr), "");
    }
}

#[test]
fn without_a_terminal_apply_needs_approval_with_and_without_a_plan_file() {
    let scene = Scene::new();
    let file = scene.files.path().join("plan.json");
    let file = file.to_str().unwrap();
    scene.run(&["plan", "--out", file], 0);
    for arguments in [&["apply"][..], &["apply", file]] {
        let output = scene.run(arguments, 64);
        assert!(text(&output.stderr).contains("--auto-approve"));
    }
    assert_eq!(scene.sandbox.calls(), 0);
    scene.run(&["apply", file, "--auto-approve"], 0);
    scene.agrees();
}

#[test]
fn a_plan_file_that_is_altered_replayed_or_unreadable_is_neither_shown_nor_applied() {
    let scene = Scene::new();
    let path = scene.files.path().join("plan.json");
    let file = path.to_str().unwrap();
    scene.run(&["plan", "--out", file], 0);
    let made = std::fs::read_to_string(&path).unwrap();
    for broken in [
        made.replace("alice", "carol"),
        made.replace("\"format_version\": \"1.0\"", "\"format_version\": \"2.0\""),
        made.chars().take(made.len() / 2).collect(),
        String::new(),
        "[]".to_owned(),
    ] {
        assert_ne!(broken, made);
        std::fs::write(&path, broken).unwrap();
        let applied = scene.run(&["apply", file, "--auto-approve"], 6);
        let shown = scene.run(&["show", file], 6);
        assert_eq!(text(&shown.stderr), text(&applied.stderr));
        assert_eq!(text(&shown.stdout), "");
    }
    for absent in ["/nowhere/plan.json", "/dev/zero"] {
        scene.run(&["show", absent], 6);
    }
    scene.run(&["apply", "/nowhere/plan.json", "--auto-approve"], 6);
    assert_eq!(scene.sandbox.calls(), 0);
    std::fs::write(&path, &made).unwrap();
    scene.run(&["apply", file, "--auto-approve"], 0);
    let replayed = text(&scene.run(&["apply", file, "--auto-approve"], 6).stderr);
    assert!(replayed.contains("the state moved on"), "{replayed}");
    scene.files.write("policy.yaml", b"bans: []\n");
    scene.run(&["plan", "--out", file], 4);
}

#[test]
fn a_state_that_is_damaged_is_refused_and_left_as_it_is() {
    let scene = Scene::new();
    scene.run(&["apply", "--auto-approve"], 0);
    let path = scene.files.path().join(".ostracon/state.db");
    let good = std::fs::read(&path).unwrap();
    let calls = scene.sandbox.calls();
    for bad in [b"garbage".to_vec(), good[..good.len() / 2].to_vec(), vec![0; 8192], Vec::new()] {
        std::fs::write(&path, &bad).unwrap();
        scene.run(&["plan"], 7);
        scene.run(&["apply", "--auto-approve"], 7);
        scene.run(&["apply", "--auto-approve", "--upkeep"], 7);
        assert!(std::fs::read(&path).unwrap() == bad, "the file was touched");
    }
    assert_eq!(scene.sandbox.calls(), calls);
    std::fs::write(&path, good).unwrap();
    scene.run(&["plan"], 0);
}

#[test]
fn a_signal_ends_a_run_cleanly_and_the_next_one_goes_on() {
    for (signal, code) in [("-INT", 130), ("-TERM", 143), ("-HUP", 143)] {
        let scene = Scene::new();
        scene.sandbox.set_latency(Duration::from_millis(300));
        let mut run = start(&scene);
        wait_for_calls(&scene, 4);
        let sent = Command::new("kill").args([signal, &run.id().to_string()]).status();
        assert!(sent.unwrap().success());
        assert_eq!(run.wait().unwrap().code(), Some(code));
        scene.sandbox.set_latency(Duration::ZERO);
        scene.run(&["apply", "--auto-approve"], 0);
        scene.agrees();
    }
}

#[test]
fn the_sandbox_inside_needs_no_account_and_leaves_no_state() {
    let scene = Scene::new();
    let mut command = bare(&["apply", "--sandbox", "--auto-approve"]);
    command.env("OSTRACON_DIR", scene.files.path());
    expect(command, 0);
    assert_eq!(scene.sandbox.calls(), 0);
    assert!(!scene.files.path().join(".ostracon").exists());
}

#[test]
fn the_sandbox_is_served_on_a_free_port_until_it_is_interrupted() {
    let mut child = bare(&["sandbox", "--port", "0"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    let mut first = String::new();
    lines.read_line(&mut first).unwrap();
    assert!(first.starts_with("All four providers at http://127.0.0.1:"), "{first}");
    let address = first.split_whitespace().find(|word| word.starts_with("http://")).unwrap();
    assert_eq!(
        ask(&format!("{address}/agora/dev/v1/kicking-rule")),
        ("HTTP/1.1 401 Unauthorized".to_owned(), true)
    );
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(sent.unwrap().success());
    let mut rest = String::new();
    lines.read_to_string(&mut rest).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
}

pub(crate) fn start(scene: &Scene) -> Child {
    let mut command = scene.command(&["apply", "--auto-approve"]);
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

/// Waits until so many calls have arrived.
pub(crate) fn wait_for_calls(scene: &Scene, calls: u64) {
    for _ in 0..2000 {
        if scene.sandbox.calls() >= calls {
            return;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    panic!("only {} calls arrived", scene.sandbox.calls());
}

/// Asks without a client of ours: the status line, and whether the answer says what time it is.
fn ask(url: &str) -> (String, bool) {
    let (address, path) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET /{path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, _body) = answer.split_once("\r\n\r\n").unwrap();
    (head.lines().next().unwrap().to_owned(), head.to_lowercase().contains("\r\ndate: "))
}
