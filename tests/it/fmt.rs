//! `fmt`: what it changes, shows and refuses, alone and as a hook of git.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::scene::{Scene, bare, expect, text};
use crate::sources::top;
use crate::workspace::Files;

const MESSY: &str = "# Of today.
bans:
- until: never   # for good
  users: [ 7,'8' ]
  target: a
";

const NEAT: &str = "# Of today.
bans:
  - target: a
    users: [\"7\", \"8\"]
    until: never   # for good
";

fn fmt(files: &Files, arguments: &[&str], code: i32) -> (String, String) {
    let mut command = bare(&[&["fmt"], arguments].concat());
    command.env("OSTRACON_DIR", files.path());
    let output = expect(command, code);
    (text(&output.stdout), text(&output.stderr))
}

fn read(files: &Files, name: &str) -> String {
    fs::read_to_string(files.path().join(name)).unwrap()
}

#[test]
fn files_are_laid_out_and_those_that_changed_are_named() {
    let files = Files::new(&[("bans/a.yaml", MESSY), ("bans/b.yml", NEAT)]);
    assert_eq!(fmt(&files, &[], 0), ("bans/a.yaml\n".into(), String::new()));
    assert_eq!(read(&files, "bans/a.yaml"), NEAT);
    assert_eq!(fmt(&files, &[], 0), (String::new(), String::new()));
    assert_eq!(fmt(&files, &["--check"], 0), (String::new(), String::new()));
}

#[test]
fn a_check_changes_nothing_and_prints_a_patch_that_git_applies() {
    let files = Files::new(&[("bans/a.yaml", MESSY), ("b.yaml", &MESSY.replace('7', "9"))]);
    let (patch, said) = fmt(&files, &["--check"], 1);
    assert_eq!(said, "Error: 2 files are laid out otherwise\nHint: run `ostracon fmt`\n");
    assert_eq!(read(&files, "bans/a.yaml"), MESSY);
    let mut git = Command::new("git");
    git.args(["apply", "-"]).current_dir(files.path()).stdin(Stdio::piped());
    let mut git = git.spawn().unwrap();
    git.stdin.take().unwrap().write_all(patch.as_bytes()).unwrap();
    assert!(git.wait().unwrap().success(), "{patch}");
    assert_eq!(read(&files, "bans/a.yaml"), NEAT);
    fmt(&files, &["--check"], 0);
}

#[test]
fn one_that_cannot_be_laid_out_is_told_of_and_the_others_are_laid_out() {
    let files = Files::new(&[
        ("a.yaml", "bans:\n  - ? target\n    : a\n"),
        ("b.yaml", "bans: [\n"),
        ("c.yaml", MESSY),
    ]);
    symlink(files.path().join("c.yaml"), files.path().join("d.yaml")).unwrap();
    for code in [1, 1] {
        let (_, said) = fmt(&files, &[], code);
        for wanted in [
            "error[not-formatted]: this is left as it is\n --> a.yaml:2:7",
            "error[yaml-syntax]",
            "error[symlink]",
            "the workspace has 3 problems",
        ] {
            assert!(said.contains(wanted), "{said}");
        }
    }
    assert_eq!(read(&files, "c.yaml"), NEAT);
    assert_eq!(read(&files, "a.yaml"), "bans:\n  - ? target\n    : a\n");
}

#[test]
fn a_file_is_named_as_problems_name_it_or_as_a_shell_does() {
    for shell in [false, true] {
        let files = Files::new(&[("bans/a.yaml", MESSY), ("b.yaml", MESSY)]);
        let path = files.path().join("bans/a.yaml");
        let name = if shell { path.to_str().unwrap() } else { "bans/a.yaml" };
        assert_eq!(fmt(&files, &[name], 0).0, "bans/a.yaml\n");
        assert_eq!(read(&files, "b.yaml"), MESSY);
    }
    let files = Files::new(&[("lists/a.txt", "7\n"), (".git/a.yaml", MESSY)]);
    for name in ["lists/a.txt", ".git/a.yaml", "../a.yaml", "/etc/passwd", "acks/a.yaml"] {
        let (_, said) = fmt(&files, &[name], 64);
        assert!(said.contains("is no file of the workspace"), "{said}");
    }
    let (_, said) = fmt(&files, &["none.yaml"], 1);
    assert!(said.contains("this file cannot be read: it does not exist\n --> none.yaml"), "{said}");
}

#[test]
fn an_editor_has_its_text_laid_out_by_standard_input_and_output() {
    for (given, arguments, code, wanted) in [
        (MESSY, &["fmt", "-"][..], 0, NEAT),
        (NEAT, &["fmt", "-", "--check"][..], 0, ""),
        ("bans: [\n", &["fmt", "-"][..], 1, ""),
    ] {
        let mut command = bare(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(given.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!((output.status.code(), &*text(&output.stdout)), (Some(code), wanted));
    }
}

#[test]
fn what_the_program_writes_is_laid_out_already() {
    let scene = Scene::new();
    scene.run(&["apply", "--auto-approve"], 0);
    let ban = "ban --target t --room r --user 42 --for 1h --reason Abuse --auto-approve";
    scene.run(&ban.split(' ').collect::<Vec<_>>(), 0);
    scene.run(&["backport"], 0);
    scene.files.write("people.csv", b"who,till\n7,2030-01-01T00:00:00Z\nyes,never\n");
    let columns = "--target t --set room=r --map subject=who --map until=till";
    let columns: Vec<_> = columns.split(' ').collect();
    let from = scene.files.path().join("people.csv");
    let import = ["import", "--from", from.to_str().unwrap(), "--out", "bans/people.yaml"];
    scene.run(&[&import[..], &columns[..]].concat(), 0);
    scene.run(&["fmt", "--check", "bans/orders.yaml", "bans/people.yaml"], 0);
}

#[test]
fn the_example_workspace_is_laid_out() {
    let mut command = bare(&["fmt", "--check"]);
    command.env("OSTRACON_DIR", top().join("policies"));
    expect(command, 0);
}

/// Runs something in a directory, and says whether it went well and what it said.
fn run_in(directory: &Path, program: &str, arguments: &[&str]) -> (bool, String) {
    let binary = Path::new(env!("CARGO_BIN_EXE_ostracon")).parent().unwrap();
    let path = format!("{}:{}", binary.display(), std::env::var("PATH").unwrap());
    let mut command = Command::new(program);
    command.args(arguments).current_dir(directory).env("PATH", path);
    for (name, value) in [
        ("PRE_COMMIT_HOME", directory.join(".cache").to_str().unwrap()),
        ("GIT_CONFIG_GLOBAL", "/dev/null"),
        ("GIT_AUTHOR_NAME", "A"),
        ("GIT_AUTHOR_EMAIL", "a@example.com"),
        ("GIT_COMMITTER_NAME", "A"),
        ("GIT_COMMITTER_EMAIL", "a@example.com"),
    ] {
        command.env(name, value);
    }
    let output = command.output().unwrap();
    (output.status.success(), text(&output.stdout) + &*text(&output.stderr))
}

/// A commit is checked by the hooks that the repository defines, here by the program that is built.
#[test]
fn a_commit_is_laid_out_and_checked_by_the_hooks() {
    if !has_pre_commit() {
        return;
    }
    let hooks = Files::new(&[]);
    let manifest = ".pre-commit-hooks.yaml";
    fs::copy(top().join(manifest), hooks.path().join(manifest)).unwrap();
    let git = |directory: &Path, arguments: &[&str]| {
        let (well, said) = run_in(directory, "git", arguments);
        assert!(well, "{said}");
        said
    };
    git(hooks.path(), &["init", "--quiet"]);
    git(hooks.path(), &["add", "--all"]);
    git(hooks.path(), &["commit", "--quiet", "--message", "Hooks"]);
    let revision = git(hooks.path(), &["rev-parse", "HEAD"]);
    let config = format!(
        "repos:
  - repo: {}
    rev: {}
    hooks:
      - {{ id: ostracon-fmt, language: system }}
      - {{ id: ostracon-validate, language: system }}
",
        hooks.path().display(),
        revision.trim()
    );
    let files = Files::new(&[]);
    let work = files.path();
    fs::create_dir(work.join("policies")).unwrap();
    fs::rename(work.join("ostracon.yaml"), work.join("policies/ostracon.yaml")).unwrap();
    files.write(".pre-commit-config.yaml", config.as_bytes());
    files.write(".gitignore", b".cache\n");
    git(work, &["init", "--quiet"]);
    let hook = |well: bool, wanted: &[&str]| {
        git(work, &["add", "--all"]);
        let (done, said) = run_in(work, "pre-commit", &["run", "--color=never"]);
        assert_eq!(done, well, "{said}");
        for wanted in wanted {
            assert!(said.contains(wanted), "{said}");
        }
    };
    files.write("policies/bans.yaml", MESSY.as_bytes());
    hook(false, &["files were modified by this hook", "bans.yaml"]);
    assert_eq!(read(&files, "policies/bans.yaml"), NEAT);
    hook(true, &["ostracon fmt", "ostracon validate", "Passed"]);
    files.write("policies/bans.yaml", NEAT.replace("target: a", "target: b").as_bytes());
    hook(false, &["error[unknown-target]", "bans.yaml:3"]);
}

fn has_pre_commit() -> bool {
    let is_here =
        Command::new("pre-commit").arg("--version").stdout(Stdio::null()).status().is_ok();
    if !is_here {
        assert!(std::env::var_os("CI").is_none(), "pre-commit is not here: `.ci/run` installs it");
        eprintln!("pre-commit is not here: the hooks were not tried");
    }
    is_here
}
