//! Laws of reading a workspace, for policies nobody thought of.

use ostracon::plan::overlap::claims;
use ostracon::policy::{Permissions, load, render};
use proptest::prelude::*;

use crate::workspace::Files;

fn pieces() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "bans:\n",
        "protect:\n",
        "forbidden_streams:\n",
        "  - ",
        "    ",
        "target: t\n",
        "targets: [t, z]\n",
        "room: r\n",
        "users: [alice, 1]\n",
        "users:\n      - bob\n",
        "ips: [203.0.113.7]\n",
        "streams: [s]\n",
        "until: never\n",
        "until: 2026-12-20T00:00:00Z\n",
        "from: 2027-01-01T00:00:00Z\n",
        "wide: true\n",
        "deny: [join]\n",
        "reason: é\u{202e}\n",
        "id: x\n",
        "meta: {a: b}\n",
        "{",
        "}",
        "[",
        "]",
        ", ",
        "&a ",
        "*a",
        "? ",
        ": ",
        "'",
        "\"",
        "# c\n",
        "!t ",
        "|\n",
        "\t",
        "~",
        "\r\n",
        "\u{feff}",
        "---\n",
        "\u{0}",
        "日",
    ]);
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_text_is_read_or_refused_with_a_place(text in pieces()) {
        let files = Files::new(&[("a.yaml", &text)]);
        if let Err(diagnostics) = load(files.path(), &Permissions::default()) {
            let lines = text.lines().count() + 1;
            for diagnostic in &diagnostics {
                let place = diagnostic.place.as_ref().unwrap();
                prop_assert!((1..=lines).contains(&(place.line as usize)), "{place:?} of {text:?}");
                prop_assert!(place.column >= 1);
            }
            let said = render(&diagnostics);
            let hidden = |char: char| char != '\n' && (char.is_control() || char == '\u{202e}');
            prop_assert!(!said.contains(hidden), "{said:?}");
        }
    }

    #[test]
    fn how_entries_are_spread_over_files_changes_nothing(
        users in prop::collection::vec(("[a-f]", 0_usize..3), 1..8),
    ) {
        let entry = |user: &str| {
            format!("  - {{ targets: [t, z], room: r, users: [{user}], until: never }}\n")
        };
        let one: Vec<_> = users.iter().map(|(user, _)| entry(user)).collect();
        let one = Files::new(&[("all.yaml", &format!("bans:\n{}", one.concat()))]);
        let mut parts = ["b.yaml", "a/z.yml", "c.yaml"].map(|name| (name, "bans: [\n".to_owned()));
        for (user, part) in &users {
            parts[*part].1 += &entry(user).replace("  - ", "  ").replace("}\n", "},\n");
        }
        let parts = parts.map(|(name, text)| (name, text + "]\n"));
        let several = Files::new(&parts.each_ref().map(|(name, text)| (*name, text.as_str())));
        let [one, several] = [one, several].map(|files| {
            let workspace = load(files.path(), &Permissions::default()).unwrap();
            claims(workspace.wanted.iter()).map(|claims| claims.restriction).collect::<Vec<_>>()
        });
        prop_assert_eq!(one, several);
    }
}
