//! What was ordered, brought into the files.

use std::os::unix::fs::symlink;

use ostracon::exit::Exit;

use super::orders::{ban, lift, policy, standing, told};
use crate::workspace::CONFIG;

/// Policies in which user 7 is banned at `a`, each in another manner.
const MANNERS: [&str; 5] = [
    "# Everybody.\nbans:\n  - { target: a, users: [7, 8], until: never } # both\n",
    "bans:\n- target: a\n  users:\n  - \"7\" # him\n  - 8\n  until: never\n",
    "bans:\n  - id: eight\n    target: a\n    users: [8]\n    until: never\n\n  # Seven\n  - id: seven\n    target: a\n    users: [7]\n    until: never\n",
    "bans:\n  - { target: a, users: [7], until: never }\n  - { target: a, users: [8], until: never }\n  - { target: a, users: ['7'], until: 2026-12-20T00:00:00Z }\n",
    "bans:\n  - target: a\n    users: [7]\n    until: never\nprotect: []\n",
];

#[test]
fn backport_brings_orders_into_the_files_and_changes_nothing_that_is_wanted() {
    for manner in MANNERS {
        let story = told(manner);
        lift(&story, "24h");
        let ban = ["ban", "--target", "t", "--room", "r", "--user", "u", "--for", "24h"];
        let told_why = ["--reason", "\"Abuse\": yes", "--meta", "case=T-1", "--auto-approve"];
        let (exit, text) = story.read(&[&ban[..], &told_why[..]].concat());
        assert_eq!(exit, Exit::Done, "{text}");
        let (held, orders) = (story.held(), standing(&story));
        assert_eq!(orders.len(), 2);
        assert_eq!(story.run(&["backport", "--check"]).0, Exit::Changes);
        let (exit, diff) = story.run(&["backport"]);
        assert_eq!(exit, Exit::Done, "{diff}");
        assert!(diff.contains("+++ b/bans/orders.yaml") && diff.contains(&orders[1]), "{diff}");
        let left = std::fs::read_to_string(story.files.path().join("policy.yaml")).unwrap();
        for comment in ["# Everybody.", "# both"] {
            assert_eq!(left.contains(comment), manner.contains(comment), "{left}");
        }
        // All it takes is gone, and nothing else: the lines that are left stood there before.
        let known = |line: &str| manner.contains(line.trim()) || line.ends_with("[]");
        let edited = left.lines().filter(|line| !known(line)).count();
        assert!(edited <= 1, "{left}");
        assert_eq!(story.run(&["backport", "--check"]).0, Exit::Done);
        assert!(story.run(&["backport"]).1.starts_with("Everything"), "{left}");
        story.config(&format!("{CONFIG}guards: {{ allow_empty: true }}\n"));
        story.apply().ends(Exit::Done);
        assert_eq!(story.held(), held);
        assert_eq!(standing(&story), Vec::<String>::new());
    }
}

#[test]
fn what_backport_cannot_edit_safely_is_left_to_people_and_said() {
    for policy in [
        "bans:\n  - target: a\n    users: &them [7, 8]\n    until: never\n  - { target: a, users: *them, until: 2026-12-20T00:00:00Z }\n",
        "bans: [{ target: a, users: [7], until: never }]\n",
    ] {
        let story = told(policy);
        lift(&story, "24h");
        let (exit, said) = story.run(&["backport"]);
        assert_eq!(exit, Exit::Error, "{said}");
        assert!(said.contains("By hand: a/user:7 stands in policy.yaml:"), "{said}");
        let left = std::fs::read_to_string(story.files.path().join("policy.yaml")).unwrap();
        assert_eq!(left, policy);
    }
}

#[test]
fn backport_writes_no_file_that_nobody_would_read() {
    let story = told(&policy(""));
    ban(&story, "24h");
    for out in ["acks/x.yaml", ".hidden/x.yaml", "../x.yaml", "x.txt", "ostracon.yaml"] {
        assert_eq!(story.run(&["backport", "--out", out]).0, Exit::Usage, "{out}");
    }
    for out in ["x.yml", "bans/acks/x.yaml"] {
        assert_eq!(story.run(&["backport", "--out", out]).0, Exit::Done, "{out}");
        assert_eq!(story.run(&["backport", "--check"]).0, Exit::Done, "{out}");
    }
}

#[test]
fn backport_follows_no_link_that_somebody_has_planted() {
    for out in ["bans/orders.yaml", "acks/orders.yaml", ".hidden/orders.yaml"] {
        let story = told(&policy(""));
        ban(&story, "24h");
        story.files.write("theirs", b"theirs");
        let directory = story.files.path().join(out).parent().unwrap().to_owned();
        std::fs::create_dir_all(&directory).unwrap();
        for name in ["orders.yaml.new", ".orders.yaml.new", ".ostracon-1.new"] {
            symlink(story.files.path().join("theirs"), directory.join(name)).unwrap();
        }
        let (_, said) = story.run(&["backport", "--out", out]);
        let theirs = std::fs::read_to_string(story.files.path().join("theirs")).unwrap();
        assert_eq!(theirs, "theirs", "{out}: {said}");
        assert!(!story.files.path().join(out).is_symlink(), "{out}: {said}");
    }
}
