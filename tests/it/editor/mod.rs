//! Config and policies in an editor: what a real language server completes, shows and flags by the
//! schemas that the program prints.
//!
//! Where it is not installed, the test says so and passes, unless `CI` is set; `.ci/run` gets it.

mod agree;
mod cases;
mod client;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::sources::top;
use cases::{By, COMPLETION, DIAGNOSTICS, HOVER, Sees};
use client::Client;

#[test]
fn an_editor_completes() {
    look(COMPLETION);
}

#[test]
fn an_editor_shows_what_a_key_means() {
    look(HOVER);
}

#[test]
fn an_editor_flags_what_is_wrong() {
    look(DIAGNOSTICS);
}

#[test]
fn an_editor_finds_nothing_wrong_with_the_example_workspace() {
    let folder = workspace();
    let Some(mut client) = client(folder.path(), &json!({})) else { return };
    let mut uris = Vec::new();
    for name in ["ostracon.yaml", "protect.yaml", "bans/2026-11.yaml", "bans/bots.yaml"] {
        let path = top().join("policies").join(name);
        let text = std::fs::read_to_string(&path).unwrap();
        uris.push(format!("file://{}", path.display()));
        client.open(uris.last().unwrap(), &text);
        if name != "ostracon.yaml" {
            // By the schema of the workspace too.
            let (_, rest) = text.split_once('\n').unwrap();
            uris.push(format!("file://{}/{name}", folder.path().display()));
            let schema = folder.path().join("policies/policy.schema.json");
            let text = format!("# yaml-language-server: $schema={}\n{rest}", schema.display());
            client.open(uris.last().unwrap(), &text);
        }
    }
    for uri in uris {
        assert_eq!(client.found(&uri), Vec::<Value>::new(), "{uri}");
    }
}

#[test]
fn an_editor_that_is_set_up_as_documented_knows_which_file_is_what() {
    let docs = std::fs::read_to_string(top().join("docs/editor.md")).unwrap();
    let setup = docs.split("```json\n").nth(1).unwrap().split("```").next().unwrap();
    let setup: Value = serde_json::from_str(setup).unwrap();
    let folder = workspace();
    let Some(mut client) = client(folder.path(), &setup["yaml.schemas"]) else { return };
    let by_comment = "# $schema: ../policy.schema.json\nbans: [{ target: nobody, until: never }]\n";
    // What is no policy before what is one: by then it was looked at.
    let cases = [
        ("policies/acks/a.yaml", "who: alice\nwhy: agreed\n", ""),
        ("elsewhere.yaml", "version: 2\n", ""),
        ("policies/ostracon.yaml", "version: 2\ntargets: {}\n", "Value must be 1"),
        ("policies/b.yaml", "bans: [{ target: nobody, until: never }]\n", "tencent-live"),
        ("policies/bans/c.yaml", "bans: [{ target: nobody, until: never }]\n", "tencent-live"),
        ("policies/d/e.yml", by_comment, "tencent-live"),
    ];
    let uri = |name: &str| format!("file://{}/{name}", folder.path().display());
    for (name, text, _) in cases {
        client.open(&uri(name), text);
    }
    for (name, _, part) in cases.into_iter().rev() {
        let found = client.found_once(&uri(name), |found| part.is_empty() || !found.is_empty());
        let said = |found: &Value| found["message"].as_str().unwrap().contains(part);
        let is_that = if part.is_empty() { found.is_empty() } else { found.iter().any(said) };
        assert!(is_that, "{name}: {found:#?}");
    }
}

/// Opens a document for each case, asks what is asked of it, and compares.
fn look(cases: &[(By, &str, Sees)]) {
    let folder = workspace();
    let Some(mut client) = client(folder.path(), &json!({})) else { return };
    let mut asked = Vec::new();
    for (number, (by, text, sees)) in cases.iter().enumerate() {
        let schema = match by {
            By::Workspace => "policies/policy",
            By::Policy => "policy",
            By::Config => "policies/config",
        };
        let uri = format!("file://{}/{number}.yaml", folder.path().display());
        let modeline = format!("# yaml-language-server: $schema={schema}.schema.json\n");
        let text = modeline + text;
        let before = text.split('§').next().unwrap();
        let line = before.rsplit('\n').next().unwrap();
        let position = json!({
            "line": before.matches('\n').count(),
            "character": line.chars().count(),
        });
        client.open(&uri, &text.replace('§', ""));
        let about = json!({ "textDocument": { "uri": &uri }, "position": position });
        let id = match sees {
            Sees::Offers(..) | Sees::Only(_) | Sees::Hints(..) => {
                client.ask("textDocument/completion", &about)
            }
            Sees::Shows(_) => client.ask("textDocument/hover", &about),
            Sees::Flags(_) => 0,
        };
        asked.push((uri, id));
    }
    let mut wrong = Vec::new();
    for ((_, text, sees), (uri, id)) in cases.iter().zip(asked) {
        let seen = match sees {
            Sees::Flags(_) => client.found(&uri).into(),
            Sees::Offers(..) | Sees::Only(_) | Sees::Hints(..) | Sees::Shows(_) => {
                client.answer(id)
            }
        };
        if let Some(what) = differs(sees, &seen) {
            wrong.push(format!("{text}{what}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What is not as it should be.
fn differs(meant: &Sees, seen: &Value) -> Option<String> {
    let items = || seen["items"].as_array().or(seen.as_array()).into_iter().flatten();
    let labels: Vec<_> = items().filter_map(|item| item["label"].as_str()).collect();
    let is_right = match meant {
        Sees::Offers(there, not) => {
            there.iter().all(|label| labels.contains(label))
                && !not.iter().any(|label| labels.contains(label))
        }
        Sees::Only(there) => {
            labels.len() == there.len() && there.iter().all(|label| labels.contains(label))
        }
        Sees::Hints(label, hint) => {
            let item = items().find(|item| item["label"] == *label);
            item.is_some_and(|item| item["documentation"] == *hint)
        }
        Sees::Shows(parts) => {
            let shown = seen["contents"]["value"].as_str().unwrap_or_default();
            parts.iter().all(|part| shown.contains(part))
        }
        Sees::Flags(flags) => {
            let mut found: Vec<_> = items().collect();
            found.sort_by_key(|it| it["range"]["start"]["line"].as_u64());
            let is_that = |(found, (line, part)): (&&Value, &(u64, &str))| {
                found["range"]["start"]["line"] == *line
                    && found["message"].as_str().unwrap().contains(part)
            };
            found.len() == flags.len() && found.iter().zip(*flags).all(is_that)
        }
    };
    (!is_right).then(|| format!("{seen:#}"))
}

/// A folder with the schemas, as the program prints them for the example workspace.
fn workspace() -> TempDir {
    let folder = folder();
    std::fs::create_dir(folder.path().join("policies")).unwrap();
    for (name, words) in [
        ("policies/policy", &["schema", "policy", "--targets"][..]),
        ("policies/config", &["schema", "config"]),
        ("policy", &["schema", "policy"]),
    ] {
        let mut program = Command::new(env!("CARGO_BIN_EXE_ostracon"));
        let output = program.args(words).current_dir(top()).env_clear().output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let path = folder.path().join(format!("{name}.schema.json"));
        std::fs::write(path, output.stdout).unwrap();
    }
    folder
}

/// A folder where the server's patterns match: below none whose name begins with a dot they do.
fn folder() -> TempDir {
    tempfile::Builder::new().prefix("ostracon-editor-").tempdir().unwrap()
}

/// An editor, if there is a server for it on this machine.
fn client(folder: &Path, schemas: &Value) -> Option<Client> {
    let program: PathBuf =
        top().join("target/tools/yaml/node_modules/yaml-language-server/bin/yaml-language-server");
    let node = Command::new("node").arg("--version").output();
    match (node, program.is_file()) {
        (Ok(_), true) => Some(Client::start(&program, folder, schemas)),
        (Err(_), _) => missing("no `node`"),
        (Ok(_), false) => missing(&format!("no `{}`: `.ci/run` gets it", relative(&program))),
    }
}

fn relative(path: &Path) -> std::path::Display<'_> {
    path.strip_prefix(top()).unwrap().display()
}

/// Says that something is not on this machine, which is a failure where all should be.
fn missing(what: &str) -> Option<Client> {
    let ci = std::env::vars_os().any(|(name, value)| name == "CI" && !value.is_empty());
    assert!(!ci, "{what}, and `CI` is set");
    let said = format!("SKIPPED: schemas were not tried in an editor: {what}\n");
    // Past the harness, which keeps to itself what a test that passes says.
    std::io::stderr().write_all(said.as_bytes()).unwrap();
    None
}
