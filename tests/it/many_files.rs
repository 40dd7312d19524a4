//! Many policy files together.

use std::fmt::Write as _;

use ostracon::domain::Kind;
use ostracon::plan::overlap::claims;
use ostracon::policy::{Permissions, load};

use crate::workspace::Files;

#[test]
fn what_many_files_ask_for_comes_in_canonical_order() {
    let files = Files::new(&[]);
    let mut number = 1_u64;
    for file in 0..40 {
        let mut text = "bans:\n".to_owned();
        for _ in 0..file % 9 {
            // Any order will do that is not in order (Park and Miller 1988).
            number = number * 16_807 % 2_147_483_647;
            let (room, first) = (number % 3, number % 1000);
            let second = number % 777;
            let users = format!("[u{first}, v{second}]");
            writeln!(text, "- {{ target: t, room: r{room}, users: {users}, until: never }}")
                .unwrap();
        }
        let text = if text.ends_with(":\n") { "bans: []\n".to_owned() } else { text };
        files.write(&format!("{file}.yaml"), text.as_bytes());
    }
    let workspace = load(files.path(), &Permissions::default()).unwrap();
    let count = 2 * (0..40).map(|file| file % 9).sum::<usize>();
    assert_eq!(workspace.wanted.count(), count);
    let found: Vec<_> = claims(workspace.wanted.iter()).collect();
    assert_eq!(found.iter().map(|claims| claims.entries().count()).sum::<usize>(), count);
    assert!(found.is_sorted_by(|a, b| a.restriction < b.restriction));
}

#[test]
fn a_long_list_is_one_entry() {
    let list: Vec<_> = (0..20_000).map(|number| format!("user-{number}")).collect();
    let files = Files::new(&[
        ("a.yaml", "bans:\n  - { targets: [t, t2], room: r, users_from: l.txt, until: never }\n"),
        ("l.txt", &list.join("\n")),
    ]);
    let workspace = load(files.path(), &Permissions::default()).unwrap();
    assert_eq!((workspace.entries, workspace.wanted.count()), (1, 40_000));
    assert!(workspace.wanted.iter().all(|wanted| wanted.kind == Kind::User));
}
