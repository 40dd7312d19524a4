//! The one layout, and what it leaves alone.

use std::fmt::Write as _;

use proptest::prelude::*;
use serde_yaml::Value;

use super::laid_out;

/// The layout of a text, as lines that begin where its lines do.
fn of(text: &str) -> String {
    let new = laid_out(text, false).unwrap_or_else(|problem| panic!("{problem:?}\n{text}"));
    assert_eq!(laid_out(&new, false).unwrap(), new, "laid out twice");
    new
}

#[test]
fn keys_stand_in_their_order_and_take_their_comments_along() {
    assert_eq!(
        of("# yaml-language-server: $schema=x
#
# About the file.

protect:   # nobody
- reason: staff
  users: [ host ]
bans:

# About
# the first.
- until: never   # for good
  users:
    - b
    - a # second
    # below them


  # Where.
  room: r
  target:    t
  # at its end
- {until: never , users: [1,'x'], target: t}
"),
        "# yaml-language-server: $schema=x
#
# About the file.

bans:
  # About
  # the first.
  - target: t

    # Where.
    room: r
    users:
      - b
      - a # second
      # below them
    until: never   # for good
    # at its end
  - { target: t, users: [\"1\", \"x\"], until: never }
protect:   # nobody
  - users: [host]
    reason: staff
"
    );
}

#[test]
fn ids_that_some_reader_takes_for_something_else_are_quoted() {
    assert_eq!(
        of("bans:
- target: t
  room: 12
  users: [alice, 1820211234043371, a.b, 'it''s', \"plain\", 1a, y, 0123, true, é]
  ips: [203.0.113.7]
  reason: 12 o'clock
  until: 2026-12-20T00:00:00Z
  meta: { case: 12 }
"),
        "bans:
  - target: t
    room: \"12\"
    users: [alice, \"1820211234043371\", a.b, \"it's\", \"plain\", \"1a\", \"y\", 0123, true, é]
    ips: [203.0.113.7]
    reason: 12 o'clock
    until: 2026-12-20T00:00:00Z
    meta: { case: 12 }
"
    );
}

#[test]
fn texts_of_several_lines_are_moved_as_a_whole() {
    assert_eq!(
        of("bans:
-   target: t
    reason: |  # c
        one
          two

    users: [
      a, # one
      1
    ]
    meta:
        note: >-
            folded
            text


    until: never
"),
        "bans:
  - target: t
    users: [
      a, # one
      \"1\"
    ]
    reason: |  # c
        one
          two
    until: never
    meta:
      note: >-
          folded
          text
"
    );
}

#[test]
fn comments_below_each_other_stay_so() {
    assert_eq!(
        of("bans:
- id: a          # one
  target: t      # two
  room: 123456   # three
  users: [a] # four
"),
        "bans:
  - id: a          # one
    target: t      # two
    room: \"123456\" # three
    users: [a] # four
"
    );
}

#[test]
fn the_config_has_its_order_too() {
    assert_eq!(
        of("targets:
  # the one
  b:
    rekick_every: 15m
    region: sgp
    app_id: 1
    credentials: {server_secret: {env: X}}
    provider: zego
  a:
      provider: zego
version: 1
"),
        "version: 1
targets:
  # the one
  b:
    provider: zego
    app_id: 1
    region: sgp
    credentials: { server_secret: { env: X } }
    rekick_every: 15m
  a:
    provider: zego
"
    );
}

#[test]
fn entries_are_sorted_by_id_if_that_is_asked_for() {
    let text = "bans:
  - target: z
    until: never

  # the second
  - id: b
    until: never

  - { until: never, id: a }
  - target: a # last but one
protect: [{ users: [z] }, { users: [a] }]
";
    assert_eq!(
        laid_out(text, true).unwrap(),
        "bans:
  - { id: a, until: never }

  # the second
  - id: b
    until: never

  - target: a # last but one

  - target: z
    until: never
protect: [{ users: [z] }, { users: [a] }]
"
    );
}

#[test]
fn what_is_laid_out_already_stays_as_it_is() {
    for text in [
        "bans: []\n",
        "---\n# x\nbans: []\n",
        "bans:\n  - { target: a }\n\n  # commented out:\n  # - { target: b }\n\n# the end\n",
        "bans:\n  - &x\n    target: a\n  - *x\n",
        "bans:\n  - target: &a t\n    users: &u [a, b]\n  - target: *a\n    users: *u\n",
        "bans:\n  - target: t\n    until:\n    meta: {}\n",
        "bans:\n  - target: t\n    reason: two\n      lines\n    until: never\n",
        "bans:\n  - target: t\n    users: []\n    reason: |+\n      kept\n\n    until: never\n",
    ] {
        assert_eq!(of(text), text);
    }
}

#[test]
fn what_cannot_be_laid_out_is_left_to_people() {
    for (text, code) in [
        ("", "not-formatted"),
        ("# nothing\n", "not-formatted"),
        ("[]\n", "not-formatted"),
        ("{ bans: [] }\n", "not-formatted"),
        ("bans:\n  - ? a\n    : b\n", "not-formatted"),
        ("bans:\n  - users: # why\n      # them\n      a\n", "not-formatted"),
        ("bans:\n  - reason: &r x\n    id: *r\n", "not-formatted"),
        ("bans: !x []\n", "tag"),
        ("bans: [\n", "yaml-syntax"),
        ("bans: []\n---\nbans: []\n", "second-document"),
        ("bans:\n  - id: a\n    id: b\n", "duplicate-key"),
    ] {
        let Err(problem) = laid_out(text, false) else { panic!("{text}") };
        let shown = format!("{problem:?}");
        assert!(shown.contains(&format!("code: {code:?}")), "{text}: {shown}");
    }
}

#[test]
fn line_ends_of_windows_become_plain_ones() {
    assert_eq!(
        of("bans:\r\n- target: t # c\r\n  reason: |\r\n    one\r\n    two\r\n"),
        "bans:\n  - target: t # c\n    reason: |\n      one\n      two\n"
    );
}

/// An entry as somebody may write it: its keys in any order, at any indentation, with comments and
/// empty lines anywhere.
fn entry(indent: usize) -> impl Strategy<Value = String> {
    let key = |key: &'static str, values: &'static [&'static str]| {
        let values = proptest::sample::select(values);
        let above = proptest::sample::select(&["", "", "# above\n", "\n", "\n# after a gap\n"][..]);
        let behind = proptest::sample::select(&["", "", " # behind", "   # far behind"][..]);
        (values, above, behind).prop_map(move |(value, above, behind)| (key, value, above, behind))
    };
    let users: &[&str] = &[
        "[a, 'b', 1]",
        "[ a,b ]",
        "[]",
        "\n- a\n- 17 # who\n",
        "\n  # whom\n  - \"a\"\n\n  - b\n  # below\n",
        "[a, # one\n  b]",
    ];
    let reasons: &[&str] =
        &["x", "'it''s'", "|\n  two\n  lines\n", ">-\n\n  one\n   two\n", "two\n  lines", ""];
    let keys = (
        key("target", &["t", "'t'", "&t t"]),
        key("room", &["r", "12", "\"1\""]),
        key("users", users),
        key("reason", reasons),
        key("until", &["never", "2026-12-20T00:00:00Z", "'2026-12-20T00:00:00+08:00'"]),
        key("meta", &["{}", "{a: b}", "\n  a: 1\n  # m\n  b: 2\n", "&m { a: \"x # y\" }"]),
    );
    let keys = keys.prop_map(|(a, b, c, d, e, f)| vec![a, b, c, d, e, f]);
    (keys.prop_shuffle(), 0..=6_usize).prop_map(move |(keys, count)| {
        let (mut entry, pad) = (String::new(), " ".repeat(indent + 2));
        for (name, value, above, behind) in keys.into_iter().take(count.max(1)) {
            // A comment would become part of a text of several lines.
            let behind = if value.contains('\n') { "" } else { behind };
            for line in above.split_inclusive('\n') {
                entry.push_str(if line == "\n" { "" } else { &pad });
                entry.push_str(line);
            }
            let value = value.trim_end_matches('\n').replace('\n', &format!("\n{pad}"));
            let space = if value.starts_with('\n') || value.is_empty() { "" } else { " " };
            writeln!(entry, "{pad}{name}:{space}{value}{behind}").unwrap();
        }
        // The dash stands before the first key, and what stood above it above the dash.
        let first =
            entry.lines().position(|line| line.trim_start().starts_with(char::is_alphabetic));
        let (first, dash) = (first.unwrap(), format!("{}- ", " ".repeat(indent)));
        let set = |(index, line): (usize, &str)| {
            if index == first {
                format!("{dash}{}\n", line.trim_start())
            } else {
                format!("{line}\n")
            }
        };
        entry.lines().enumerate().map(set).collect::<Vec<_>>().concat()
    })
}

/// The same with every number as a text: as ids they are.
fn as_texts(value: Value) -> Value {
    match value {
        Value::Number(number) => Value::String(number.to_string()),
        Value::Sequence(items) => Value::Sequence(items.into_iter().map(as_texts).collect()),
        Value::Mapping(pairs) => {
            let pairs = pairs.into_iter().map(|(key, value)| (key, as_texts(value)));
            Value::Mapping(pairs.collect())
        }
        other => other,
    }
}

proptest! {
    #[test]
    fn whatever_is_laid_out_says_the_same_and_says_it_once_and_for_all(
        sections in proptest::collection::vec(
            (0..4_usize).prop_flat_map(|indent| proptest::collection::vec(entry(indent), 1..4)), 1..3),
        sort in any::<bool>(),
    ) {
        let names = ["forbidden_streams", "bans"];
        let text: String = names
            .iter()
            .zip(&sections)
            .map(|(name, entries)| format!("# about {name}\n\n{name}: # s\n{}", entries.concat()))
            .collect::<Vec<_>>()
            .concat();
        let new = laid_out(&text, sort);
        prop_assert!(new.is_ok(), "{text}\n{new:?}");
        let new = new.unwrap();
        prop_assert_eq!(&laid_out(&new, sort).unwrap(), &new, "{}", text);
        let read = |text: &str| as_texts(serde_yaml::from_str(text).unwrap());
        if !sort {
            prop_assert_eq!(read(&new), read(&text), "{}", text);
        }
        for mark in ["# above", "# after a gap", "# behind", "# who", "# whom", "# below", "# m\n"] {
            prop_assert_eq!(new.matches(mark).count(), text.matches(mark).count(), "{}", text);
        }
        prop_assert!(!new.contains("\n\n\n") && !new.contains(" \n"), "{}", new);
    }

    #[test]
    fn no_text_is_too_strange(text in "([-a: #&*!|>\\[\\]{},'\"\n]|bans:|- |  |---\n|users: ){0,40}") {
        if let Ok(new) = laid_out(&text, false) {
            prop_assert_eq!(&laid_out(&new, false).unwrap(), &new, "{}", text);
        }
    }
}
