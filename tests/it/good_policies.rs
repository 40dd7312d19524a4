//! Workspaces that are right, and what they mean.

use std::path::Path;

use ostracon::policy::{Leave, load, render};

#[test]
fn the_example_workspace_is_valid() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies");
    let workspace = load(&directory, &Leave::default())
        .unwrap_or_else(|diagnostics| panic!("{}", render(&diagnostics)));
    assert_eq!(workspace.entries, 7);
    assert_eq!(workspace.warnings, []);
    assert_eq!(workspace.config.targets.len(), 5);
    assert_eq!(workspace.wanted.len(), 4 + 1 + 2 + 1 + 1 + 5 + 2);
}
