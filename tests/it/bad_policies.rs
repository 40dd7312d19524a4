//! Every directory below `tests/bad` is a workspace with something wrong in it, and
//! `expected.txt` in it is exactly what is said about that.
//!
//! `UPDATE_EXPECT=1 cargo test bad_policies` writes the files anew: read the diff.

use std::fs;
use std::path::Path;

use ostracon::policy::{Permissions, load, render};

#[test]
fn every_bad_workspace_is_refused_with_the_expected_words() {
    let bad = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bad");
    let update = std::env::var("UPDATE_EXPECT").is_ok_and(|value| value == "1");
    let mut names: Vec<_> =
        fs::read_dir(&bad).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert!(names.len() >= 60, "only {} bad workspaces", names.len());
    let mut wrong = Vec::new();
    for name in names {
        let directory = bad.join(&name);
        let said = match load(&directory, &Permissions::default()) {
            Ok(_) => panic!("{} is not refused", name.display()),
            Err(diagnostics) => render(&diagnostics),
        };
        let expected = directory.join("expected.txt");
        if update {
            fs::write(&expected, &said).unwrap();
        } else if fs::read_to_string(&expected).ok().as_ref() != Some(&said) {
            wrong.push(format!("== {} says:\n{said}", name.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
