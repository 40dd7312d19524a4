//! The tutorial runs as it is written, and shows what it says.

use std::fmt::Write as _;
use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

use crate::sources::top;

/// What separates the output of one block from that of the next.
const MARK: &str = "=== the next block ===";

#[test]
fn the_tutorial_runs_as_it_is_written_and_shows_what_it_says() {
    let text = fs::read_to_string(top().join("docs/tutorial.md")).unwrap();
    let blocks = blocks(&text);
    let sandbox = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = sandbox.local_addr().unwrap().port().to_string();
    drop(sandbox);
    let mut script = "set -eu\ntrap 'kill $(jobs -p) 2> /dev/null || true' EXIT\n".to_owned();
    for (language, block) in &blocks {
        if *language == "sh" {
            // Nobody types as fast as this: whatever is started in the background listens first.
            let listens =
                format!("&\nuntil (: <> /dev/tcp/127.0.0.1/{port}) 2> /dev/null; do :; done\n");
            let block = block.replace("8700", &port).replace("&\n", &listens);
            writeln!(script, "{block}\necho '{MARK}'").unwrap();
        }
    }
    let (said, complaints) = run(&script);
    let mut outputs = said.split(MARK);
    let (mut shown, mut checked) = ("", 0);
    for (language, block) in blocks {
        match language {
            "sh" => shown = outputs.next().unwrap_or_else(|| panic!("{said}\n{complaints}")),
            _ => {
                for line in block.lines().filter(|line| !line.trim().is_empty()) {
                    let line = words(line);
                    let is_shown = shown.lines().any(|it| words(it).contains(&line));
                    assert!(is_shown, "`{line}` is not in\n{shown}\n{complaints}");
                    checked += 1;
                }
            }
        }
    }
    assert!(checked >= 10);
}

/// The fenced blocks, each with its language.
fn blocks(text: &str) -> Vec<(&str, &str)> {
    let fenced = text.split("\n```").skip(1).step_by(2);
    fenced.filter_map(|block| block.split_once('\n')).collect()
}

/// A line as it does not depend on the day and on the width of columns.
fn words(line: &str) -> String {
    let mut words: Vec<&str> = line.split_whitespace().collect();
    while let Some(place) = words.windows(3).position(|it| it[0] == "in" && it[2] == "years") {
        words.drain(place..place + 3);
    }
    words.join(" ")
}

/// Runs a script in an empty directory; what it printed, and what it complained of.
fn run(script: &str) -> (String, String) {
    let scratch = tempfile::tempdir().unwrap();
    let program = Path::new(env!("CARGO_BIN_EXE_ostracon")).parent().unwrap();
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
    let mut shell = Command::new("bash");
    shell.arg("-c").arg(script).current_dir(scratch.path());
    let output = shell.env("PATH", path).env("HOME", scratch.path()).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let (said, complaints) = (text(output.stdout), text(output.stderr));
    assert!(output.status.success(), "{said}\n{complaints}");
    (said, complaints)
}
