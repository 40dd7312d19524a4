//! Where everyday YAML ends: texts that the scanner reads, and some that it must not.

use super::tests::check;

/// Texts that are everyday YAML in no obvious way, or nearly, and whether they are.
const EDGES: &[(&str, bool)] = &[
    // Nothing where a value may stand.
    ("a:", true),
    ("a:\nb:\n", true),
    ("a:\n  b:\nc:\n", true),
    ("a: # b\n\nc: d\n", true),
    // Lists with and without indentation, and what goes on after them.
    ("a:\n- b\n- c\nd: e\n", true),
    ("a:\n  - b\n  - c\nd: e\n", true),
    ("a:\n-   b:  c\n    d: e\n-   f: g\nh:\n", true),
    ("a:\n- b:\n  - c\n  d:\n  - e\n", true),
    ("a:\n - b\n- c\n", false),
    ("a:\n- b\n - c\n", false),
    ("a:\n  b: c\n d: e\n", false),
    ("a:\n  b: c\n   d: e\n", false),
    ("a: b\n- c\n", false),
    ("a:\n- b\n  c: d\n", false),
    ("- a\n", false),
    (" a: b\n", false),
    ("a:\n- - b\n", false),
    ("a:\n-\n  b: c\n", false),
    // Colons, dashes, hashes.
    ("a: http://b:80/c#d\n", true),
    ("a: b: c\n", false),
    ("a: b:\n", false),
    ("a:b\n", false),
    ("a : b\n", true),
    ("a: -1\n", true),
    ("a: - b\n", false),
    ("a: -\n", false),
    ("a: b#c\n", true),
    ("a: b #c\nd: e\n", true),
    ("a: #b\n  c: d # e\n", true),
    ("a: 'b'#c\n", false),
    ("a: [b]#c\n", false),
    ("a: ---\n", true),
    ("--- b: c\n", false),
    ("a: b\n---\nc: d\n", false),
    ("a: b\n...\n", false),
    // Texts of several lines.
    ("a: b\n  c\n", false),
    ("a: b # c\n  d\n", false),
    ("a:\n  b\n", false),
    ("a: 'b\n  c'\n", false),
    ("a: |\n  b\n", false),
    // Quotes.
    ("a: ''\n", true),
    ("a: 'b''c'\n", true),
    ("a: \"b\\\"c\\\\\\n\\t\\/\"\n", true),
    ("a: \"\\u00e9\"\n", false),
    ("a: 'b\n", false),
    ("a: 'b' c\n", false),
    ("'a': b\n\"c\" : d\n", true),
    ("'a':b\n", false),
    ("a: b'c\"d\n", true),
    // Brackets.
    ("a: []\nb: {}\n", true),
    ("a: [ b, 'c', \"d\" , ]\n", true),
    ("a: {b: c, 'd': [e, {f: g}], }\n", true),
    ("a: [b c, d#e]\n", true),
    ("a: [b: c]\n", false),
    ("a: {b}\n", false),
    ("a: {b:}\n", false),
    ("a: {b: }\n", false),
    ("a: {\"b\":c}\n", false),
    ("a: [b,, c]\n", false),
    ("a: [,]\n", false),
    ("a: [b\n  , c]\n", false),
    ("a: [b]]\n", false),
    ("a: [b}\n", false),
    ("a: [-]\n", false),
    ("a: [-b, -1]\n", true),
    ("a: [b # c\n]\n", false),
    ("[a]: b\n", false),
    ("a: [[[[[[[[b]]]]]]]]\n", true),
    ("a: [[[[[[[[[b]]]]]]]]]\n", false),
    ("a: b, c\nd]: {e: f}\n", true),
    // What needs the parser to say so.
    ("", false),
    ("# a\n", false),
    ("a: &b c\n", false),
    ("a: *b\n", false),
    ("a: !b c\n", false),
    ("? a\n: b\n", false),
    ("%YAML 1.2\n", false),
    ("a: @b\n", false),
    // Other characters.
    ("é: ß # 😀\n日: [😀, é]\n", true),
    ("a: b\tc\n", false),
    ("\ta: b\n", false),
    ("a: b \t\n", false),
    ("a: b #\tc\n", true),
    ("#\ta\nb: c\n", true),
    ("a: b\rc: d\n", false),
    ("a: b\r\r\n", false),
    ("a: b\0\n", false),
    ("a: \u{feff}b\n", false),
    ("a: \u{85}b\n", false),
    ("a: \u{2028}b\n", true),
    ("a: b # \u{7f}\n", false),
    ("  \n   # a\n\nb:\n\n   # c\n  d: e\n    \n", true),
];

#[test]
fn the_steps_are_those_of_the_parser_at_every_edge() {
    for (text, whole) in EDGES {
        assert_eq!(check(text).unwrap(), *whole, "{text:?}");
    }
}

#[test]
fn a_long_key_is_left_to_the_parser() {
    for length in [998, 999, 1000, 1001, 1023, 1024, 1025] {
        for text in
            [format!("{}: b\n", "a".repeat(length)), format!("a: {{{}: b}}\n", "a".repeat(length))]
        {
            assert_eq!(check(&text).unwrap(), length < 1000, "{length}");
        }
    }
}

#[test]
fn a_long_line_is_left_to_the_parser() {
    for (item, times, whole) in [("a,", 1 << 19, false), ("a,", 1000, true), ("é,", 2000, false)] {
        assert_eq!(
            check(&format!("a: [{}]\n", item.repeat(times))).unwrap(),
            whole,
            "{item} {times}"
        );
    }
}

#[test]
fn what_stands_deep_is_left_to_the_parser() {
    for (depth, whole) in [(64, true), (65, false), (300, false)] {
        let lines: Vec<_> = (0..depth).map(|depth| " ".repeat(depth) + "a:\n").collect();
        let text = lines.concat();
        assert_eq!(check(&text).unwrap(), whole, "{depth}");
    }
}
