//! Workspaces that no repository should hold: what git stores badly, and what is meant badly.

use std::os::unix::fs::symlink;

use ostracon::policy::{Permissions, load, render};

use crate::workspace::Files;

fn refusal(files: &Files) -> String {
    match load(files.path(), &Permissions::default()) {
        Ok(_) => panic!("it is not refused"),
        Err(diagnostics) => render(&diagnostics),
    }
}

#[test]
fn ten_megabytes_on_one_line_are_refused_in_a_few_words() {
    let room = "r".repeat(10_000_000);
    let files = Files::new(&[(
        "a.yaml",
        &format!("bans: [{{ target: t, room: {room}, users: [alice], until: nevre }}]\n"),
    )]);
    let said = refusal(&files);
    assert!(said.contains("error[bad-id]: `t`: the room is 10000000 bytes long"), "{said}");
    assert!(said.contains("a.yaml:1:10000052"), "{said}");
    assert!(said.len() < 2_000, "{}", said.len());
}

#[test]
fn ten_megabytes_of_users_on_one_line_are_read() {
    let users: Vec<_> = (0..700_000).map(|number| format!("u{number}")).collect();
    let files = Files::new(&[(
        "a.yaml",
        &format!("bans: [{{ target: t, room: r, users: [{}], until: never }}]\n", users.join(", ")),
    )]);
    assert_eq!(load(files.path(), &Permissions::default()).unwrap().wanted.count(), 700_000);
}

#[test]
fn a_symlink_is_refused_wherever_it_points() {
    let files = Files::new(&[("real/a.yaml", "bans: []\n")]);
    symlink("/etc/hostname", files.path().join("out.yaml")).unwrap();
    symlink("real/a.yaml", files.path().join("in.yaml")).unwrap();
    symlink("real", files.path().join("folder")).unwrap();
    symlink("/nowhere", files.path().join("dangling.txt")).unwrap();
    let said = refusal(&files);
    for name in ["out.yaml", "in.yaml", "folder", "dangling.txt"] {
        assert!(said.contains(&format!("--> {name}\n")), "{said}");
    }
    assert_eq!(said.matches("error[symlink]").count(), 4, "{said}");
}

#[test]
fn a_symlinked_config_is_refused() {
    let files = Files::new(&[("real.yml", "bans: []\n")]);
    std::fs::rename(files.path().join("ostracon.yaml"), files.path().join("c.txt")).unwrap();
    symlink("c.txt", files.path().join("ostracon.yaml")).unwrap();
    assert!(refusal(&files).contains("error[symlink]"));
}

#[test]
fn a_list_behind_a_symlink_is_refused() {
    let entry =
        |list: &str| format!("  - {{ target: t, room: r, users_from: {list}, until: never }}\n");
    let outside = Files::new(&[("spam.txt", "alice\n")]);
    let text = format!("bans:\n{}{}", entry(".lists/spam.txt"), entry(".link.txt"));
    let files = Files::new(&[("a.yaml", &text)]);
    symlink(outside.path(), files.path().join(".lists")).unwrap();
    symlink(outside.path().join("spam.txt"), files.path().join(".link.txt")).unwrap();
    let said = refusal(&files);
    assert!(said.contains("`.lists` is a symlink"), "{said}");
    assert!(said.contains("`.link.txt` is a symlink"), "{said}");
}

#[test]
fn invalid_utf_8_is_refused_where_it_starts() {
    let files = Files::new(&[(
        "b.yaml",
        "bans:\n  - { target: t, room: r, users_from: l.txt, until: never }\n",
    )]);
    files.write("a.yaml", b"bans:\n  - target: \xc3\xa9\xff\n");
    files.write("l.txt", b"alice\nb\xc3(");
    let said = refusal(&files);
    assert!(said.contains("--> a.yaml:2:14"), "{said}");
    assert!(said.contains("--> l.txt:2:2"), "{said}");
    assert_eq!(said.matches("error[not-utf8]").count(), 2, "{said}");
}

#[test]
fn text_of_another_encoding_is_refused() {
    let files = Files::new(&[]);
    let utf16: Vec<u8> = "\u{feff}bans: []\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    files.write("a.yaml", &utf16);
    assert!(refusal(&files).contains("error[not-utf8]"));
}

#[test]
fn an_alias_bomb_of_long_texts_is_refused() {
    let long = "x".repeat(200_000);
    let uses = "*x, ".repeat(1_000);
    let files = Files::new(&[(
        "a.yaml",
        &format!(
            "bans:\n  - target: t\n    room: r\n    reason: &x {long}\n    users: [{uses}]\n    until: never\n"
        ),
    )]);
    let said = refusal(&files);
    assert_eq!(said.matches("error[too-many-aliases]").count(), 1, "{said}");
}

#[test]
fn a_flood_of_mistakes_is_counted_and_not_kept() {
    let files = Files::new(&[("a.yaml", &format!("bans:\n{}", "  - x\n".repeat(100_000)))]);
    let said = refusal(&files);
    assert_eq!(said.matches("error[wrong-shape]").count(), 100, "{}", said.len());
    assert!(said.contains("and 9901 more"), "{said}");
}

#[test]
fn a_file_beyond_all_measure_is_refused_unread() {
    let files = Files::new(&[("a.yaml", "")]);
    let file = std::fs::File::options().write(true).open(files.path().join("a.yaml")).unwrap();
    file.set_len((1 << 30) + 1).unwrap();
    assert!(refusal(&files).contains("error[file-too-large]"));
}

#[test]
fn a_policy_that_is_no_file_is_refused() {
    let files = Files::new(&[]);
    let socket = std::os::unix::net::UnixListener::bind(files.path().join("a.yaml")).unwrap();
    let said = refusal(&files);
    assert!(said.contains("this file cannot be read: it is not a regular file"), "{said}");
    drop(socket);
}

#[test]
fn a_name_with_a_line_end_is_refused() {
    let files = Files::new(&[("a\n::error::b.yaml", "bans: []\n")]);
    let said = refusal(&files);
    assert!(said.contains("error[bad-file-name]"), "{said}");
    assert!(said.contains("--> a\\u{a}::error::b.yaml"), "{said}");
}

#[test]
fn a_directory_that_is_not_there_is_told_of() {
    let files = Files::new(&[]);
    let diagnostics = load(&files.path().join("nowhere"), &Permissions::default()).unwrap_err();
    assert!(render(&diagnostics).contains("error[config-missing]"));
}

#[test]
fn a_wrong_state_from_outside_is_told_of() {
    let files = Files::new(&[]);
    let permissions =
        Permissions { state: Some("/var/lib/state.db".to_owned()), ..Permissions::default() };
    let diagnostics = load(files.path(), &permissions).unwrap_err();
    assert!(render(&diagnostics).contains("error[bad-state]"));
}
