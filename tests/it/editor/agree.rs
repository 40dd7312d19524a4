//! By the schema of a workspace, an editor flags the entries that `validate` refuses, and no others.
//!
//! There are entries about which a schema knows less: where bytes are not characters, in bulk lists,
//! and where `from` is not before `until`.

use std::collections::BTreeSet;

use ostracon::policy::{Permissions, Severity, load, load_config, schema};
use serde_json::{Value, json};

use super::{client, folder};
use crate::workspace::Files;

const TARGETS: &[&str] = &[
    "target: t",
    "target: a",
    "target: v",
    "target: z",
    "targets: [t, z]",
    "targets: [t2, a]",
    "targets: [a, v, z]",
];

const ROOMS: &[&str] = &["", "room: live 42, ", "room: 7, ", "room: é\\u00b5, "];

const SUBJECTS: &[&str] = &[
    "",
    "users: [1, 9007199254740993], ",
    "users: [4294967295], ",
    "users: [alice, \"0123\", a~b], ",
    "users: [日本], ",
    "devices: [d, 1], ",
    "users: [1], devices: [d], ",
    "ips: [203.0.113.7, \"::ffff:203.0.113.7\", \"2001:DB8:0::1\"], ",
    "ips: [203.0.113.0/24], ",
];

const STREAMS: [&str; 5] =
    ["streams: [s, 1], ", "streams: [a.b], ", "room: r, streams: [s], ", "users: [u], ", ""];

const TERMS: &[&str] = &[
    "until: never",
    "until: 2036-02-29T23:59:59.123456789+05:30, deny: [join], meta: { a: 1, b: true }",
    "until: 2036-12-20T00:00:00z, deny: [publish_audio, join], wide: true",
    "until: 2036-12-20T00:00:00Z, from: 2016-12-31T23:59:60Z, wide: true, reason: 7",
    "until: 2036-12-20T00:00:00-00:00, wide: false, id: 12",
    "until: 2036-12-20, reason: Insults",
];

/// Policies with an entry a line, and whether a schema knows all that there is to know of them.
fn policies() -> Vec<(String, bool)> {
    let mut policies = Vec::new();
    for target in TARGETS {
        let mut bans = Vec::new();
        for room in ROOMS {
            for subjects in SUBJECTS {
                let terms = TERMS.iter();
                bans.extend(terms.map(|terms| format!("{target}, {room}{subjects}{terms}")));
            }
        }
        policies.push((file("bans", &bans), true));
    }
    let streams: Vec<_> = TARGETS
        .iter()
        .flat_map(|target| STREAMS.map(|it| format!("{target}, {it}until: never")))
        .collect();
    policies.push((file("forbidden_streams", &streams), true));
    let several = TARGETS.iter().filter(|target| target.starts_with("targets"));
    let protected: Vec<_> = several
        .chain(&["reason: staff"])
        .flat_map(|target| {
            let subjects = SUBJECTS.iter().chain(&STREAMS);
            subjects.map(move |subjects| format!("{subjects}{target}"))
        })
        .collect();
    policies.push((file("protect", &protected), false));
    policies
}

fn file(list: &str, entries: &[String]) -> String {
    let lines = entries.iter().map(|entry| format!("  - {{ {entry} }}\n"));
    [format!("{list}:\n")].into_iter().chain(lines).collect()
}

#[test]
fn an_editor_flags_what_validate_refuses_and_nothing_else() {
    let folder = folder();
    let Some(mut client) = client(folder.path(), &json!({})) else { return };
    let files = Files::new(&[]);
    let (config, _) = load_config(files.path(), &Permissions::default()).unwrap();
    for (name, schema) in [("own", schema::policy_of(&config)), ("any", schema::policy())] {
        let path = folder.path().join(format!("{name}.json"));
        std::fs::write(path, schema.to_string()).unwrap();
    }
    let (mut taken, mut wrong) = (0, Vec::new());
    for (number, (policy, is_whole)) in policies().iter().enumerate() {
        let lines: Vec<_> = policy.lines().collect();
        let refused = refused(policy);
        taken += lines.len() - 1 - refused.len();
        for name in ["own", "any"] {
            let uri = format!("file://{}/{name}{number}.yaml", folder.path().display());
            client.open(&uri, &format!("# yaml-language-server: $schema={name}.json\n{policy}"));
            let found = client.found(&uri);
            let line = |it: &Value| it["range"]["start"]["line"].as_u64().unwrap();
            let flagged: BTreeSet<_> = found.iter().map(line).collect();
            // The schema of no workspace in particular does not know what a target takes.
            let missed = refused.difference(&flagged).filter(|_| name == "own" && *is_whole);
            for line in flagged.difference(&refused).chain(missed) {
                wrong.push(format!("{name}: {}", lines[usize::try_from(*line).unwrap() - 1]));
            }
        }
    }
    assert!(taken > 100, "only {taken} entries were taken");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The lines of a policy, from 1, that `validate` refuses.
fn refused(policy: &str) -> BTreeSet<u64> {
    let files = Files::new(&[("p.yaml", policy)]);
    let problems = load(files.path(), &Permissions::default()).unwrap_err();
    let errors = problems.iter().filter(|problem| problem.severity == Severity::Error);
    errors.map(|error| u64::from(error.place.as_ref().unwrap().line)).collect()
}
