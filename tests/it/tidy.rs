//! The house keeps its shape: layers, doors to the outside, names, sizes.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use ostracon::provider::REGISTRY;

use crate::sources::{sources, top};

/// Each layer, and those it may use. A layer stands below those that use it.
const LAYERS: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("provider", &["domain"]),
    ("policy", &["domain", "provider"]),
    ("plan", &["domain", "provider"]),
    ("world", &["domain", "provider"]),
    ("sandbox", &["domain", "provider", "world"]),
    // A state keeps what plans speak of: bindings, and the mark a plan names it by.
    ("store", &["domain", "plan", "world"]),
    ("apply", &["domain", "provider", "plan", "store", "world"]),
    ("report", &["domain", "provider", "policy", "plan", "store", "apply"]),
    ("exit", &[]),
    ("error", &["policy", "plan", "store", "report", "exit"]),
    ("console", &["domain", "world", "report"]),
    ("cli", &["commands"]),
    ("logging", &["cli"]),
    (
        "commands",
        &[
            "domain", "provider", "policy", "plan", "world", "sandbox", "store", "apply", "report",
            "exit", "error", "console", "cli",
        ],
    ),
    ("lib", &["world", "report", "exit", "error", "console", "cli", "logging", "commands"]),
    ("main", &["world", "exit", "console"]),
];

/// The one pair that uses each other: the command line is made of every command's arguments,
/// and the commands read what they all share on it.
const MUTUAL: (&str, &str) = ("cli", "commands");

/// What leads outside the program, and the only files below `src` that may name it.
const DOORS: &[(&[&str], &[&str])] = &[
    (
        &[
            "std::fs",
            "tokio::fs",
            ".is_file()",
            ".is_dir()",
            ".exists()",
            ".try_exists()",
            ".metadata()",
            ".symlink_metadata()",
            ".canonicalize()",
            ".read_dir()",
            ".read_link()",
        ],
        // `commands` writes files of people and reads plan files, looks whether there is a config,
        // and writes what a step of GitHub Actions leaves behind.
        &[
            "world/",
            "store/",
            "policy/files.rs",
            "policy/fingerprint.rs",
            "commands/plan_file.rs",
            "commands/whole_file.rs",
            "commands/apply.rs",
            "commands/github.rs",
            "commands/import/",
            // Whether git is at work, and what a link to the workspace leads to now.
            "commands/run/checkout.rs",
            "commands/run/watch.rs",
        ],
    ),
    (&["walkdir"], &["policy/files.rs", "policy/fingerprint.rs"]),
    (&["rusqlite"], &["store/sqlite/"]),
    (&["tokio_postgres"], &["store/postgres/"]),
    (
        &[
            "tokio::net",
            "TcpListener",
            "TcpStream",
            "UdpSocket",
            "UnixListener",
            "UnixStream",
            "ToSocketAddrs",
            "lookup_host",
        ],
        &["sandbox/serve.rs", "commands/sandbox.rs", "commands/run/", "world/network/tests/"],
    ),
    (
        &["hyper::", "hyper_util"],
        &["sandbox/serve.rs", "commands/run/serve.rs", "world/network/failure.rs"],
    ),
    (&["reqwest"], &["world/network/"]),
    (
        &["tokio::process", "process::Command"],
        &["world/credentials.rs", "world/who.rs", "commands/run/git.rs", "commands/pager.rs"],
    ),
    (&["std::env"], &["world/system.rs", "main.rs"]),
    (&["getrandom", "gethostname"], &["world/system.rs"]),
    (&["io::stdin()", "io::stdout()", "io::stderr()"], &["console/", "main.rs"]),
    (&["indicatif"], &["commands/progress.rs"]),
    (&["notify::"], &["commands/run/watch.rs", "commands/run/systemd.rs"]),
    (&["prometheus_client"], &["commands/run/metrics.rs"]),
    (
        &["tokio::", "async ", ".await"],
        &["world/", "sandbox/", "store/postgres/", "apply/", "commands/"],
    ),
    (&["tracing"], &["world/", "sandbox/", "store/", "apply/", "commands/", "logging.rs"]),
    // A group at the top of `std` would hide what it names from the lines above.
    (&["std::{"], &[]),
];

/// Files above [`MOST_LINES`], each with the reason why it is not two.
const LONG: &[(&str, &str)] = &[];

/// How long a file may be without a reason.
const MOST_LINES: usize = 400;

#[test]
fn modules_use_lower_layers_only() {
    let mut wrong = String::new();
    for source in sources() {
        let Some(path) = source.in_src() else { continue };
        let module = layer_of(path);
        let Some((_, below)) = LAYERS.iter().find(|(name, _)| *name == module) else {
            writeln!(wrong, "{}: `{module}` is not in the table of layers", source.path).unwrap();
            continue;
        };
        for used in used_by(path, &source.code) {
            let is_layer = LAYERS.iter().any(|(name, _)| *name == used);
            if is_layer && used != module && !below.contains(&used.as_str()) {
                writeln!(wrong, "{}: `{module}` may not use `{used}`", source.path).unwrap();
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn the_layers_have_no_cycle() {
    for (index, (name, below)) in LAYERS.iter().enumerate() {
        for used in *below {
            let lower = LAYERS[..index].iter().any(|(lower, _)| lower == used);
            assert!(lower || (*name, *used) == MUTUAL, "`{used}` is not below `{name}`");
        }
    }
}

#[test]
fn every_way_of_naming_a_layer_is_seen() {
    let code = "use crate::plan::{Plan, file};\nuse crate::{store::State, world};\n\
                let x = super::super::apply::run; use super::near; use ostracon::exit::Exit;";
    let used: Vec<_> = used_by("report/row/cell.rs", code).into_iter().collect();
    assert_eq!(used, ["exit", "plan", "store", "world"]);
    assert!(used_by("report/row.rs", code).contains("apply"));
    assert!(used_by("report/mod.rs", code).contains("near"));
}

#[test]
fn only_the_doors_lead_outside() {
    let mut wrong = String::new();
    for source in sources() {
        let Some(path) = source.in_src() else { continue };
        for (words, doors) in DOORS {
            let is_door = doors.iter().any(|door| path == *door || path.starts_with(door));
            for word in words.iter().filter(|word| !is_door && source.code.contains(**word)) {
                let doors = doors.join(", ");
                writeln!(wrong, "{}: `{word}` belongs in: {doors}", source.path).unwrap();
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn nobody_asks_for_a_provider_by_name() {
    let names = REGISTRY.map(|provider| provider.facts().name);
    let mut wrong = String::new();
    for source in sources() {
        let Some(path) = source.in_src() else { continue };
        for name in names {
            let own = path.starts_with(&format!("provider/{name}/"));
            if own || path == "provider/mod.rs" || path.starts_with("sandbox/") {
                continue;
            }
            for line in source.code.lines().filter(|line| has_word(line, name)) {
                writeln!(wrong, "{}: {}", source.path, line.trim()).unwrap();
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn provider_folders_have_the_same_file_names() {
    let paths: Vec<_> = sources().into_iter().map(|source| source.path).collect();
    for provider in REGISTRY {
        let folder = format!("src/provider/{}/", provider.facts().name);
        for name in ["mod.rs", "wire.rs", "signature.rs", "faults.rs", "tests.rs"] {
            assert!(paths.contains(&format!("{folder}{name}")), "{folder}{name} is not there");
        }
    }
}

#[test]
fn every_file_says_what_it_is_for() {
    let silent: Vec<_> =
        sources().into_iter().filter(|source| !source.text.starts_with("//! ")).collect();
    let silent: Vec<_> = silent.iter().map(|source| &source.path).collect();
    assert!(silent.is_empty(), "without a first line `//! …`: {silent:?}");
}

#[test]
fn a_long_file_has_a_reason() {
    let mut long = BTreeSet::new();
    for source in sources() {
        if source.text.lines().count() > MOST_LINES {
            long.insert(source.path);
        }
    }
    let excused: BTreeSet<_> = LONG.iter().map(|(path, _)| (*path).to_owned()).collect();
    assert_eq!(long, excused, "files above {MOST_LINES} lines, and those with a reason");
}

#[test]
fn every_test_file_is_registered() {
    let main = std::fs::read_to_string(top().join("tests/it/main.rs")).unwrap();
    for source in sources() {
        let Some(path) = source.path.strip_prefix("tests/it/") else { continue };
        let name = path.split('/').next().unwrap().trim_end_matches(".rs");
        let registered = main.lines().any(|line| line == format!("mod {name};"));
        assert!(name == "main" || registered, "tests/it/{path} is never compiled");
    }
}

/// The layer of a file below `src`: its folder, or itself.
fn layer_of(path: &str) -> &str {
    path.split('/').next().unwrap().trim_end_matches(".rs")
}

/// The modules at the top of the crate that this code names.
fn used_by(path: &str, code: &str) -> BTreeSet<String> {
    let depth = path.trim_end_matches("/mod.rs").split('/').count();
    let to_the_top = "super::".repeat(depth);
    let mut used = BTreeSet::new();
    for start in ["crate::", "ostracon::", &to_the_top] {
        for (at, _) in code.match_indices(start) {
            let before = code[..at].chars().next_back();
            if before.is_some_and(|before| before.is_alphanumeric() || "_:".contains(before)) {
                continue;
            }
            used.extend(first_names(&code[at + start.len()..]));
        }
    }
    used
}

/// The first name of a path, or those of a group.
fn first_names(path: &str) -> Vec<String> {
    let Some(group) = path.strip_prefix('{') else { return vec![word_at_start(path)] };
    let mut names = vec![word_at_start(group)];
    let mut depth = 1;
    for (at, character) in group.char_indices() {
        match character {
            '{' => depth += 1,
            '}' if depth == 1 => break,
            '}' => depth -= 1,
            ',' if depth == 1 => names.push(word_at_start(&group[at + 1..])),
            _ => {}
        }
    }
    names
}

fn word_at_start(text: &str) -> String {
    let text = text.trim_start();
    text.chars().take_while(|character| character.is_alphanumeric() || *character == '_').collect()
}

fn has_word(line: &str, word: &str) -> bool {
    line.split(|character: char| !character.is_alphanumeric())
        .any(|found| found.eq_ignore_ascii_case(word))
}
