//! What the README, the reference and CONTRIBUTING say is true: their tables, commands, flags, files,
//! links and examples.
//!
//! `UPDATE_EXPECT=1 cargo test readme` writes the generated tables anew: read the diff.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use clap::{CommandFactory as _, Parser as _};
use ostracon::cli::Cli;
use ostracon::policy::{Permissions, load, render};

use crate::sources::top;
use crate::workspace::Files;

/// What everything else is left to, so that the README stays short.
const REFERENCE: &str = "docs/reference.md";

/// What is held to the program.
const TEXTS: [&str; 3] = ["README.md", REFERENCE, "CONTRIBUTING.md"];

/// The commands that the README promises for a new machine.
const MAIN_JOB: &str = "cargo run --release -- apply --sandbox --auto-approve";
const TESTS: &str = "cargo test";

/// Flags of other programs that are mentioned.
const OTHER_FLAGS: &[&str] = &[
    "--release",
    "--path",
    "--locked",
    "--lib",
    "--test",
    "--bench",
    "--all-targets",
    "--no-run",
    "--million",
    "--record",
];

/// Files that are mentioned and made by running the program.
const MADE: &[&str] = &[".ostracon/state.db", "state.db", "plan.json"];

#[test]
fn the_generated_tables_are_those_of_the_code() {
    let mut reference = read(REFERENCE);
    let mut stale = Vec::new();
    for (name, text) in [
        ("capabilities", ostracon::report::capabilities()),
        ("exit codes", ostracon::exit::table()),
    ] {
        let new = with_part(&reference, name, &text);
        if new != reference {
            stale.push(name);
        }
        reference = new;
    }
    if std::env::var("UPDATE_EXPECT").is_ok_and(|value| value == "1") {
        fs::write(top().join(REFERENCE), reference).unwrap();
    } else {
        assert!(stale.is_empty(), "{stale:?}: `UPDATE_EXPECT=1 cargo test readme` writes them");
    }
}

#[test]
fn every_command_line_that_is_shown_is_understood() {
    let texts = TEXTS.into_iter().chain(["docs/editor.md", "docs/recipes.md", "docs/concepts.md"]);
    let shown: Vec<_> = texts.flat_map(|name| commands(&read(name))).collect();
    assert!(shown.len() >= 10, "{shown:?}");
    for line in shown {
        let words = line.split_whitespace();
        let parsed = Cli::try_parse_from(words);
        assert!(parsed.is_ok(), "{line}\n{}", parsed.unwrap_err());
    }
}

#[test]
fn every_flag_that_is_mentioned_is_in_the_help() {
    let mut root = Cli::command();
    let mut help = root.render_long_help().to_string();
    for command in root.get_subcommands_mut() {
        help += &command.render_long_help().to_string();
        for inner in command.get_subcommands_mut() {
            help += &inner.render_long_help().to_string();
        }
    }
    let known: Vec<_> = flags(&help).collect();
    for name in TEXTS {
        let text = read(name);
        let unknown: Vec<_> = flags(&text)
            .filter(|flag| !known.contains(flag) && !OTHER_FLAGS.contains(flag))
            .collect();
        assert!(unknown.is_empty(), "{name}: {unknown:?}");
    }
}

#[test]
fn every_command_is_in_the_readme_or_the_reference() {
    let readme = read("README.md") + &read(REFERENCE);
    for command in Cli::command().get_subcommands() {
        let name = command.get_name();
        let named = readme.contains(&format!("`{name}`"))
            || readme.contains(&format!("`ostracon {name} "))
            || readme.contains(&format!("\nostracon {name} "));
        assert!(named, "`{name}` is missing");
    }
}

#[test]
fn every_file_that_is_mentioned_exists() {
    for name in TEXTS {
        let text = read(name);
        for path in mentioned(&text) {
            let known = ["", "policies", "src", "src/provider/tencent"]
                .iter()
                .any(|directory| top().join(directory).join(path).exists());
            assert!(known || MADE.contains(&path), "{name} mentions `{path}`");
        }
    }
}

#[test]
fn the_readme_is_read_in_one_sitting() {
    let lines = read("README.md").lines().count();
    assert!(lines <= 150, "{lines} lines: the rest belongs in {REFERENCE}");
}

#[test]
fn every_link_leads_somewhere() {
    let mut texts = vec!["README.md".to_owned(), "CONTRIBUTING.md".to_owned()];
    texts.extend(pages().into_iter().map(|name| format!("docs/{name}")));
    let mut broken = Vec::new();
    for name in &texts {
        let text = read(name);
        let links = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        for link in links.filter(|link| !link.contains("://")) {
            let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
            let whole = match path {
                "" => top().join(name),
                path => top().join(name).parent().unwrap().join(path),
            };
            // The book has nothing but the pages.
            let leaves = name.starts_with("docs/") && path.starts_with("..");
            let leads = !leaves
                && match (whole.exists(), anchor) {
                    (exists, "") => exists,
                    (false, _) => false,
                    (true, anchor) => {
                        anchors(&fs::read_to_string(&whole).unwrap()).contains(anchor)
                    }
                };
            if !leads {
                broken.push(format!("{name}: {link}"));
            }
        }
    }
    assert_eq!(broken, Vec::<String>::new());
}

#[test]
fn every_page_is_in_the_book() {
    let summary = read("docs/SUMMARY.md");
    let is_missing =
        |name: &String| name != "SUMMARY.md" && !summary.contains(&format!("]({name})"));
    let missing: Vec<_> = pages().into_iter().filter(is_missing).collect();
    assert_eq!(missing, Vec::<String>::new());
}

/// The pages in `docs`.
fn pages() -> Vec<String> {
    let names = fs::read_dir(top().join("docs")).unwrap();
    let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| Path::new(name).extension().is_some_and(|it| it == "md")).collect()
}

/// The anchors of a text's headings, as forges make them.
fn anchors(text: &str) -> BTreeSet<String> {
    let prose = text.split("\n```").step_by(2);
    let headings = prose.flat_map(str::lines).filter(|line| line.starts_with('#'));
    let anchor = |heading: &str| -> String {
        let heading = heading.trim_start_matches('#').trim().to_lowercase();
        let kept = heading.chars().filter(|it| it.is_alphanumeric() || " -_".contains(*it));
        kept.map(|it| if it == ' ' { '-' } else { it }).collect()
    };
    headings.map(anchor).collect()
}

#[test]
fn the_examples_in_the_readme_are_a_valid_workspace() {
    let readme = read("README.md");
    let blocks: Vec<_> = blocks(&readme, "yaml").collect();
    let config = blocks.iter().find(|block| block.starts_with("version:")).unwrap();
    let policy = blocks.iter().find(|block| block.starts_with("bans:")).unwrap();
    let files = Files::new(&[("ostracon.yaml", config), ("bans.yaml", policy)]);
    let workspace = load(files.path(), &Permissions::default());
    let workspace = workspace.unwrap_or_else(|problems| panic!("{}", render(&problems)));
    assert!(workspace.wanted.count() >= 2);
}

#[test]
fn the_checks_run_what_the_readme_promises() {
    let (readme, checks) = (read("README.md"), read(".ci/run"));
    for command in [MAIN_JOB, TESTS] {
        assert!(readme.lines().any(|line| line.starts_with(command)), "{command}");
        assert!(checks.contains(command), "{command}");
    }
}

#[test]
fn the_main_job_ends_as_the_readme_says() {
    let (_cargo, arguments) = MAIN_JOB.split_once(" -- ").unwrap();
    let mut program = Command::new(env!("CARGO_BIN_EXE_ostracon"));
    let output = program.args(arguments.split(' ')).current_dir(top()).env_clear().output();
    let output = output.unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let last = said.lines().last().unwrap_or_default();
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    assert!(read("README.md").contains(&format!("`{last}`")), "{last}");
}

fn read(name: &str) -> String {
    fs::read_to_string(top().join(name)).unwrap()
}

/// The text with what stands between the markers of this name replaced.
pub(crate) fn with_part(text: &str, name: &str, part: &str) -> String {
    let (begin, end) = (format!("<!-- {name} -->\n"), format!("<!-- end of {name} -->"));
    let (before, rest) = text.split_once(&begin).unwrap();
    let (_, after) = rest.split_once(&end).unwrap();
    format!("{before}{begin}\n{}\n\n{end}{after}", part.trim_end())
}

/// The fenced blocks of a language; of every language if it is empty.
fn blocks<'a>(text: &'a str, language: &'a str) -> impl Iterator<Item = &'a str> {
    text.split("\n```").skip(1).step_by(2).filter_map(move |block| {
        let (found, body) = block.split_once('\n')?;
        (language.is_empty() || found == language).then_some(body)
    })
}

/// The command lines of ostracon in the fenced blocks, from `ostracon` on.
fn commands(text: &str) -> Vec<String> {
    let lines = blocks(text, "").flat_map(str::lines);
    let own = lines.filter_map(|line| {
        let line = line.split(['#', '|', '>', ';']).next()?.trim();
        let start = line.find("cargo run ").or_else(|| line.find("ostracon "));
        let line = line.get(start?..)?;
        match line.split_once(" -- ") {
            Some((_cargo, arguments)) => Some(format!("ostracon {arguments}")),
            None => line.starts_with("ostracon ").then(|| line.to_owned()),
        }
    });
    own.collect()
}

/// Everything that looks like a long flag.
fn flags(text: &str) -> impl Iterator<Item = &str> {
    let words =
        text.split(|character: char| !character.is_ascii_alphanumeric() && character != '-');
    words.filter(|word| {
        word.strip_prefix("--")
            .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_lowercase()))
    })
}

/// The code spans outside fenced blocks that look like a file or a directory of the repository.
fn mentioned(text: &str) -> impl Iterator<Item = &str> {
    let prose = text.split("\n```").step_by(2);
    let spans = prose.flat_map(|prose| prose.split('`').skip(1).step_by(2));
    spans.filter(|span| {
        let plain =
            |character: char| character.is_ascii_alphanumeric() || "./_-".contains(character);
        let directories =
            ["src/", "tests/", "policies/", "schemas/", ".ci/", ".cargo/", ".config/"];
        let endings = [".rs", ".md", ".toml", ".yaml", ".json", ".db", ".txt"];
        span.chars().all(plain)
            && (directories.iter().any(|directory| span.starts_with(directory))
                || endings.iter().any(|ending| span.ends_with(ending) && span.len() > ending.len()))
    })
}
