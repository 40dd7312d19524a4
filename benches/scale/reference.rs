//! The unit R: what it costs to parse the same policy as one file of five-field entries, with the
//! `serde_yaml` family into plain structs.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use ostracon::policy::{Permissions, load};
use serde::Deserialize;

#[derive(Deserialize)]
struct Policy {
    bans: Vec<Entry>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "only parsed")]
struct Entry {
    target: String,
    room: String,
    user: String,
    until: String,
    reason: String,
}

/// Writes everything that a workspace wants into one file, `reference.yaml` beside the directory.
pub(crate) fn write(directory: &Path) {
    let workspace = load(directory, &Permissions::default()).unwrap();
    let mut text = "bans:\n".to_owned();
    for wanted in workspace.wanted.iter() {
        let (target, until) = (&wanted.target, wanted.until);
        let room = wanted.room.as_ref().map_or("none", |room| room.as_str());
        let reason = wanted.reason.as_deref().unwrap_or_default();
        for id in &wanted.ids {
            write!(
                text,
                "- target: {target}\n  room: {room}\n  user: \"{id}\"\n  until: \"{until}\"\n  \
                 reason: \"{reason}\"\n",
            )
            .unwrap();
        }
    }
    fs::write(directory.with_extension("reference.yaml"), text).unwrap();
}

/// Parses such a file; how many entries it has.
pub(crate) fn parse(file: &Path) -> usize {
    let text = fs::read_to_string(file).unwrap();
    let policy: Policy = serde_yaml::from_str(&text).unwrap();
    policy.bans.len()
}
