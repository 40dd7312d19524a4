//! Laws of the scanner: as far as it goes, it takes the very steps that the parser takes.

use proptest::prelude::*;
use proptest::sample::select;

use super::{Everyday, Step};
use crate::policy::yaml::granit::Granit;
use crate::policy::yaml::step::Event;

/// The steps that were given, and whether they reach the end of the text.
fn everyday(text: &str) -> (Vec<Step<'_>>, bool) {
    let mut everyday = Everyday::new(text);
    let mut steps = Vec::new();
    while let Ok(step) = everyday.step() {
        let is_end = step.event == Event::StreamEnd;
        steps.push(step);
        if is_end {
            return (steps, true);
        }
    }
    (steps, false)
}

/// The steps of the parser up to its first error, or to something that it reports.
fn parsed(text: &str) -> Vec<Step<'_>> {
    let mut granit = Granit::new(text);
    let mut steps = Vec::new();
    let mut problems = Vec::new();
    while let Ok(step) = granit.step(&mut problems) {
        let is_end = step.event == Event::StreamEnd;
        if !problems.is_empty() {
            break;
        }
        steps.push(step);
        if is_end {
            break;
        }
    }
    steps
}

/// Whether the scanner reads all of a text; an error where it says anything else than the parser.
pub(super) fn check(text: &str) -> Result<bool, TestCaseError> {
    let (steps, whole) = everyday(text);
    let parsed = parsed(text);
    let same = parsed.iter().zip(&steps).take_while(|(parsed, step)| parsed == step).count();
    prop_assert!(
        same == steps.len() && (!whole || parsed.len() == steps.len()),
        "step {same} of {text:?}:\n{:?}\nbut parsed\n{:?}",
        steps.get(same),
        parsed.get(same),
    );
    Ok(whole)
}

/// Policies as people and programs write them.
const POLICIES: &[&str] = &[
    include_str!("../../../../policies/ostracon.yaml"),
    include_str!("../../../../policies/protect.yaml"),
    include_str!("../../../../policies/bans/2026-11.yaml"),
    include_str!("../../../../policies/bans/bots.yaml"),
    include_str!("../../../../policies/streams/rebroadcasts.yaml"),
    "bans:
- id: case-0001000
  target: volc-live
  room: 90166
  users:
  - 7000002922
  - user-589de093-2947
  from: 2036-01-01T00:00:00Z
  until: never
  reason: harassment, ticket 4711
  meta: { ticket: T-31540, team: trust-and-safety }

- id: case-0001002
  target: agora-live
  users: [7000002946]
  until: 2036-11-19T00:00:00Z
",
    "bans:
  - target: \"zego-live\"
    room: \"show 7\"
    users:
      - \"al\\\"ice\"
      - 'it''s'
    deny: [publish_audio, publish_video]
    until: 2036-11-19T00:00:00Z
forbidden_streams: []
",
    "bans:\r\n- target: a\r\n  users: [ b , 'ç' ] #\td\r\n\r\n  # e\r\n  until: never",
];

#[test]
fn what_policies_look_like_is_read_without_the_parser() {
    for text in POLICIES {
        assert!(check(text).unwrap(), "{text}");
    }
}

/// Pieces of lines, everyday and odd.
const PIECES: &[&str] = &[
    "a",
    "b",
    "k",
    "1",
    "-1",
    "é",
    "日",
    "😀",
    "'",
    "\"",
    "''",
    "\"\"",
    "'a'",
    "\"b\"",
    "'a b'",
    "'it''s'",
    "\"\\\"\"",
    "\"\\n\"",
    "\"\\x\"",
    " ",
    "  ",
    "\t",
    ":",
    ": ",
    ":a",
    " : ",
    "- ",
    "-",
    "-a",
    "?",
    "? ",
    "#",
    " #",
    " # c",
    "#c",
    "[",
    "]",
    "[a]",
    "[a, b]",
    "[a, 'b']",
    "[]",
    ",",
    ", ",
    "{",
    "}",
    "{}",
    "{a: b}",
    "{a: b, c: [d]}",
    "{a}",
    "{a:b}",
    "{a: }",
    "{'a':b}",
    "&a ",
    "&a",
    "*a",
    "!",
    "!a ",
    "|",
    ">",
    "%",
    "@",
    "`",
    "~",
    "---",
    "...",
    "http://x:1/y#z",
    "2026-01-01T00:00:00Z",
    "\\",
    "\u{feff}",
    "\u{85}",
    "\u{2028}",
    "\u{7f}",
    "\0",
    "\r",
    "a: b",
    "a:",
    "- a",
    "- a: b",
    "- - a",
];

fn pieces() -> impl Strategy<Value = String> {
    prop::collection::vec(select(PIECES), 0..6).prop_map(|pieces| pieces.concat())
}

/// A line which is mostly good.
fn line() -> impl Strategy<Value = String> {
    let indent = select(vec![0_usize, 0, 0, 2, 2, 2, 4, 4, 1, 3, 6]);
    let dashes = select(vec!["", "", "", "- ", "- ", "-   ", "- - ", "-"]);
    let key = select(vec!["", "", "a: ", "b: ", "c:", "d:   ", "'e': ", "f : ", "é: "]);
    let value = prop_oneof![
        2 => Just(String::new()),
        4 => select(PIECES).prop_map(str::to_owned),
        2 => pieces(),
    ];
    let tail = select(vec!["", "", "", "", " ", " # c", "#c", " #", "\t", " \t# c"]);
    let end = select(vec![
        "\n",
        "\n",
        "\n",
        "\n",
        "\n",
        "\r\n",
        "\n\n",
        "\n# c\n",
        "\n  \n",
        "\n   # c\n",
    ]);
    (indent, dashes, key, value, tail, end).prop_map(|(indent, dashes, key, value, tail, end)| {
        format!("{}{dashes}{key}{value}{tail}{end}", " ".repeat(indent))
    })
}

/// A tree of everyday YAML, in some indentation.
fn tree() -> impl Strategy<Value = String> {
    let scalar = select(vec![
        " a\n",
        " 'b'\n",
        " \"c d\" # e\n",
        " [f, g]\n",
        " {h: i}\n",
        "\n",
        " # j\n",
        " -1\n",
        " k: l\n",
        " é\n",
    ]);
    let leaf = scalar.prop_map(|scalar| vec![format!("a:{scalar}")]);
    let nested = leaf.prop_recursive(4, 24, 4, |inner| {
        let style = (select(vec![0_usize, 1, 2, 4]), select(vec!["- ", "-  ", ""]));
        (style, prop::collection::vec(inner, 1..4)).prop_map(|((step, dash), inner)| {
            let mut lines = vec!["b:\n".to_owned()];
            for inner in inner {
                for (index, line) in inner.iter().enumerate() {
                    let start = if index == 0 { dash.to_owned() } else { " ".repeat(dash.len()) };
                    lines.push(format!("{}{start}{line}", " ".repeat(step)));
                }
            }
            lines
        })
    });
    prop::collection::vec(nested, 1..4).prop_map(|trees| trees.concat().concat())
}

/// A policy with some characters taken out, put in or exchanged.
fn mutated(text: &str, changes: &[(prop::sample::Index, usize, &str)]) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    for (index, taken, piece) in changes {
        let start = index.index(chars.len() + 1);
        let end = (start + taken).min(chars.len());
        chars.splice(start..end, piece.chars());
    }
    chars.into_iter().collect()
}

fn changes() -> impl Strategy<Value = Vec<(prop::sample::Index, usize, &'static str)>> {
    let piece = prop_oneof![1 => Just(""), 1 => Just("\n"), 1 => Just("\n  "), 6 => select(PIECES)];
    prop::collection::vec((any::<prop::sample::Index>(), 0_usize..3, piece), 1..5)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_the_lines_the_steps_are_those_of_the_parser(
        lines in prop::collection::vec(line(), 1..8),
    ) {
        check(&lines.concat())?;
    }

    #[test]
    fn whatever_the_value_the_steps_are_those_of_the_parser(
        values in prop::collection::vec(pieces(), 1..5), in_flow: bool,
    ) {
        let text = if in_flow {
            format!("a: [{}]\nb: {{c: {}}}\n", values.join(", "), values.join(", d: "))
        } else {
            values.iter().map(|value| "a: ".to_owned() + value + "\n").collect()
        };
        check(&text)?;
    }

    #[test]
    fn whatever_the_tree_the_steps_are_those_of_the_parser(text in tree(), changes in changes()) {
        check(&text)?;
        check(&mutated(&text, &changes))?;
    }

    #[test]
    fn a_damaged_policy_takes_the_steps_of_the_parser(
        text in select(POLICIES), changes in changes(),
    ) {
        check(&mutated(text, &changes))?;
    }

    #[test]
    fn whatever_the_text_the_steps_are_those_of_the_parser(
        text in "[a-c:\\-\\[\\]{}&*!|>'\"#?%@,\n\t\r \u{feff}é]{0,60}",
    ) {
        check(&text)?;
    }
}
