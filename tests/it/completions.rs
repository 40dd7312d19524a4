//! What shells complete: flags and commands, and what config and state hold.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::scene::{Scene, bare, text};

/// What a shell offers for the last of these words, by a script that it reads.
fn asked(scene: &Scene, shell: &[&str], script: &str) -> Vec<String> {
    let (program, arguments) = shell.split_first().unwrap();
    let binary = Path::new(env!("CARGO_BIN_EXE_ostracon")).parent().unwrap();
    let mut command = Command::new(program);
    command.args(arguments).env("OSTRACON_DIR", scene.files.path());
    command.env("PATH", format!("{}:{}", binary.display(), std::env::var("PATH").unwrap()));
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(text(&output.stderr), "");
    text(&output.stdout).lines().map(str::to_owned).collect()
}

/// What Bash offers for the last word of a line.
fn bash(scene: &Scene, line: &str) -> Vec<String> {
    let script = format!(
        "source <(ostracon completions bash)
        read -ra COMP_WORDS <<< {line:?}
        [[ {line:?} == *' ' ]] && COMP_WORDS+=('')
        COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
        _clap_complete_ostracon ostracon \"${{COMP_WORDS[COMP_CWORD]}}\"
        printf '%s\\n' \"${{COMPREPLY[@]}}\""
    );
    asked(scene, &["bash", "--norc"], &script)
}

#[test]
fn a_shell_offers_targets_rooms_subjects_and_orders() {
    let scene = Scene::new();
    scene.run(&["apply", "--auto-approve"], 0);
    let order = "ban --target t --room r2 --user carol --for 1h --reason x --auto-approve";
    scene.run(&order.split(' ').collect::<Vec<_>>(), 0);
    for (line, wanted) in [
        ("ostracon ban --target ", &["a", "t", "t2", "v", "z"][..]),
        ("ostracon plan --target t", &["t", "t2"]),
        ("ostracon lift --target t --room ", &["r", "r2"]),
        ("ostracon lift --room ", &["5", "r", "r2"]),
        ("ostracon lift --target t --room r --user ", &["alice", "bob"]),
        ("ostracon lift --target t --user c", &["carol"]),
        ("ostracon lift --target v --device ", &["d"]),
        ("ostracon lift --target=z --stream ", &["s"]),
        ("ostracon explain b", &["bob"]),
        ("ostracon state show t/room:r/", &["t/room:r/user:alice", "t/room:r/user:bob"]),
        ("ostracon -C nowhere ban --target ", &[""]),
        ("ostracon back", &["backport"]),
    ] {
        assert_eq!(bash(&scene, line), wanted, "{line}");
    }
    let orders = bash(&scene, "ostracon orders withdraw ");
    let listed = text(&scene.run(&["orders"], 0).stdout);
    assert!(listed.starts_with(&orders[0]), "{orders:?}: {listed}");
}

#[test]
fn what_a_shell_would_run_is_never_offered() {
    let scene = Scene::new();
    let hostile =
        r#"["$(id)", "`id`", "a;id", "a b", "-x", "a\"b", "a'b", "a\\b", "~", "!1", "good"]"#;
    scene.write(&format!("bans:\n  - {{ target: t, room: r, users: {hostile}, until: never }}\n"));
    scene.run(&["apply", "--auto-approve"], 0);
    assert_eq!(bash(&scene, "ostracon lift --target t --room r --user "), ["good"]);
}

#[test]
fn whoever_types_does_not_wait_for_a_server_that_does_not_answer() {
    let scene = Scene::new();
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let state = format!("postgresql://127.0.0.1:{}/x", silent.local_addr().unwrap().port());
    let mut command = scene.command(&["--", "ostracon", "lift", "--target", "t", "--user", ""]);
    command.env("OSTRACON_COMPLETE", "fish").env("OSTRACON_STATE", state);
    let output = command.env("_CLAP_COMPLETE_INDEX", "5").output().unwrap();
    assert_eq!((output.status.code(), &*text(&output.stdout)), (Some(0), ""));
}

#[test]
fn fish_shows_what_each_is() {
    if Command::new("fish").arg("--version").stdout(Stdio::null()).status().is_err() {
        assert!(std::env::var_os("CI").is_none(), "fish is not here: `.ci/run` installs it");
        eprintln!("fish is not here: it was not asked");
        return;
    }
    let scene = Scene::new();
    scene.run(&["apply", "--auto-approve"], 0);
    for (line, wanted) in [
        ("ostracon ban --target t", &["t\tTencent", "t2\tTencent"][..]),
        ("ostracon lift --target t --user a", &["alice\tuntil never"]),
    ] {
        let script = format!("ostracon completions fish | source; complete --do-complete {line:?}");
        assert_eq!(asked(&scene, &["fish", "--no-config"], &script), wanted, "{line}");
    }
}

#[test]
fn every_shell_has_a_script_and_an_unknown_one_gets_nothing() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = text(&bare(&["completions", shell]).output().unwrap().stdout);
        assert!(script.contains("OSTRACON_COMPLETE"), "{shell}: {script}");
    }
    let mut unknown = bare(&["--", "ostracon", ""]);
    let output = unknown.env("OSTRACON_COMPLETE", "csh").output().unwrap();
    assert_eq!((output.status.code(), &*text(&output.stdout)), (Some(64), ""));
}
