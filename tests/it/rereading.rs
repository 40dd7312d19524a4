//! Who reads a workspace again and again, as the service does, reads what is there.

use ostracon::policy::{Memo, Permissions, load, load_with};

use crate::workspace::{CONFIG, Files};

/// Edits one after the other: the file, and what stands in it then, or nothing.
const EDITS: &[(&str, Option<&str>)] = &[
    (
        "a.yaml",
        Some("bans:\n  - { id: x, target: a, users: [1, 2], until: never, meta: { k: v } }\n"),
    ),
    ("bans/b.yaml", Some("bans:\n  - { id: y, target: t, room: r, users: [u], until: never }\n")),
    // An id that another file has.
    ("c.yaml", Some("bans:\n  - { id: x, target: a, users: [3], until: never }\n")),
    ("c.yaml", Some("bans:\n  - { id: z, target: a, users: [3], until: never }\n")),
    ("c.yaml", Some("bans:\n  - { id: z, target: a, users: [oops], until: never }\n")),
    ("c.yaml", None),
    // Somebody whom another file names is protected, and is so no longer.
    ("p.yaml", Some("protect:\n  - users: [\"1\"]\n")),
    ("p.yaml", Some("protect:\n  - users: [\"9\"]\n")),
    ("p.yaml", Some("protect: []\n")),
    // A list changes, of which the file that names it says nothing.
    ("l.yaml", Some("bans:\n  - { target: a, users_from: l.txt, until: never }\n")),
    ("l.txt", Some("4\n5\n")),
    ("l.txt", Some("4\n6\n")),
    ("l.txt", Some("four\n")),
    ("l.txt", Some("4\n")),
    ("p.yaml", Some("protect:\n  - users: [\"4\"]\n")),
    ("p.yaml", Some("protect: []\n")),
    // A wide ban, of which protections are warned.
    ("w.yaml", Some("bans:\n  - { target: a, ips: [203.0.113.7], wide: true, until: never }\n")),
    ("p.yaml", Some("protect:\n  - users: [\"9\"]\n")),
    // Another config: what a file means depends on it.
    (
        "ostracon.yaml",
        Some(
            "version: 1\ntargets:\n  a:\n    provider: agora\n    app_id: 4855aaaaaaaaaaaaaaaaaaaaaaaaeae2\n    credentials: { customer_id: { env: A }, customer_secret: { env: B } }\n",
        ),
    ),
    ("ostracon.yaml", Some(CONFIG)),
    ("a.yaml", Some("bans:\n  - { id: x, target: a, users: [1], until: 2027-01-01T00:00:00Z }\n")),
    ("acks/x.yaml", Some("oops\n")),
    ("acks/x.yaml", None),
    ("a.yaml", None),
];

#[test]
fn what_is_read_again_is_what_is_there() {
    let files = Files::new(&[]);
    let (permissions, mut memo) = (Permissions::default(), Memo::default());
    let mut outcomes = [0, 0];
    for (name, text) in EDITS {
        match text {
            Some(text) => files.write(name, text.as_bytes()),
            None => std::fs::remove_file(files.path().join(name)).unwrap(),
        }
        for _ in 0..2 {
            let again = load_with(files.path(), &permissions, &mut memo);
            let afresh = load(files.path(), &permissions);
            outcomes[usize::from(afresh.is_ok())] += 1;
            assert_eq!(format!("{again:?}"), format!("{afresh:?}"), "{name} {text:?}");
        }
    }
    // Some of them make sense and some do not.
    assert!(outcomes.iter().all(|count| *count >= 8), "{outcomes:?}");
}
