//! The reference of commands, keys, JSON and metrics is what the code says of itself.
//!
//! `UPDATE_EXPECT=1 cargo test reference` writes its pages anew: read the diff.

mod commands;
mod keys;
mod metrics;

use std::fs;

use crate::readme::with_part;
use crate::sources::top;

/// What a generated page begins with.
fn page(title: &str, about: &str, body: &str) -> String {
    let note = "<!-- Generated from the code: `UPDATE_EXPECT=1 cargo test reference`. -->";
    format!("# {title}\n\n{note}\n\n{about}\n\n{}\n", body.trim())
}

/// A text in a cell of a table.
fn cell(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|")
}

#[test]
fn the_pages_of_the_reference_are_those_of_the_code() {
    let operations = fs::read_to_string(top().join("docs/operations.md")).unwrap();
    let metrics = metrics::table();
    let mut stale = Vec::new();
    for (name, text) in [
        ("docs/commands.md", commands::page()),
        ("docs/config.md", keys::config()),
        ("docs/policy.md", keys::policy()),
        ("docs/json.md", keys::json()),
        ("docs/operations.md", with_part(&operations, "metrics", &metrics)),
    ] {
        let path = top().join(name);
        if fs::read_to_string(&path).unwrap_or_default() == text {
            continue;
        }
        stale.push(name);
        if std::env::var("UPDATE_EXPECT").is_ok_and(|value| value == "1") {
            fs::write(path, text).unwrap();
            stale.pop();
        }
    }
    assert!(stale.is_empty(), "{stale:?}: `UPDATE_EXPECT=1 cargo test reference` writes them");
}
