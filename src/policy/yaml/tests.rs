//! Laws of the reader: what it reads is what another YAML parser reads.

use proptest::prelude::*;

use super::{Node, Reader, Root, Value};
use crate::policy::plain::{Plain, classify};
use crate::policy::problem::Problem;

/// The document as one tree; `None` if anything about it is refused.
fn read(text: &str) -> Option<Vec<(String, Node<'_>)>> {
    let mut reader = Reader::new(text);
    let pairs = read_pairs(&mut reader).ok()?;
    reader.take_problems().is_empty().then_some(pairs)?
}

type Pairs<'t> = Option<Vec<(String, Node<'t>)>>;

fn read_pairs<'t>(reader: &mut Reader<'t>) -> Result<Pairs<'t>, Problem> {
    if !matches!(reader.enter()?, Root::Mapping) {
        return Ok(None);
    }
    let mut pairs = Vec::new();
    while let Some(key) = reader.key()? {
        pairs.push((key.text.to_string(), reader.value(key.at)?));
    }
    reader.finish()?;
    Ok(Some(pairs))
}

/// Whether both parsers mean the same: where the other sees text, exactly that text.
fn agree(node: &Node<'_>, other: &serde_yaml::Value) -> bool {
    match (&node.value, other) {
        (Value::Scalar { text, .. }, serde_yaml::Value::String(other)) => text == other,
        (Value::Scalar { text, plain }, serde_yaml::Value::Number(other)) => {
            let canonical = classify(text) == Plain::Integer;
            *plain && (!canonical || other.is_f64() || *text == other.to_string())
        }
        (Value::Scalar { plain, .. }, serde_yaml::Value::Null | serde_yaml::Value::Bool(_)) => {
            *plain
        }
        (Value::Sequence(items), serde_yaml::Value::Sequence(others)) => {
            items.len() == others.len()
                && items.iter().zip(others).all(|(item, other)| agree(item, other))
        }
        (Value::Mapping(pairs), serde_yaml::Value::Mapping(others)) => {
            pairs.len() == others.len()
                && pairs.iter().all(|(key, value)| {
                    others.get(&*key.text).is_some_and(|other| agree(value, other))
                })
        }
        _ => false,
    }
}

fn assert_agreement(document: &str) -> Result<bool, TestCaseError> {
    let other = serde_yaml::from_str::<serde_yaml::Value>(document);
    let (Some(pairs), Ok(serde_yaml::Value::Mapping(others))) = (read(document), other) else {
        return Ok(false);
    };
    prop_assert_eq!(pairs.len(), others.len(), "{}", document);
    for (key, node) in &pairs {
        let other = others.get(key.as_str());
        prop_assert!(other.is_some_and(|other| agree(node, other)), "{key:?} of {document:?}");
    }
    Ok(true)
}

/// A scalar in one of the ways to write it, for a place in flow or block.
fn scalar() -> impl Strategy<Value = String> {
    let text = "[ -~éß日😀\t]{0,12}";
    prop_oneof![
        "[A-Za-z0-9_.+:/@-]{1,12}".prop_filter("plain", |text| {
            !text.starts_with(['-', ':', '@', '?']) && !text.ends_with(':')
        }),
        text.prop_map(|text| format!("'{}'", text.replace('\'', "''"))),
        text.prop_map(|text| serde_json::to_string(&text).unwrap()),
        "[0-9]{1,19}",
    ]
}

fn document() -> impl Strategy<Value = String> {
    let list = || prop::collection::vec(scalar(), 0..5);
    let flow = list().prop_map(|items| format!(" [{}]\n", items.join(", ")));
    let block = list().prop_map(|items| {
        let lines: Vec<_> = items.iter().map(|item| format!("\n  - {item}")).collect();
        if lines.is_empty() { " []\n".to_owned() } else { lines.join("") + "  # end\n" }
    });
    let literal = "[a-z #:'é]{1,20}".prop_map(|text| format!(" |\n    x{text}\n"));
    let value = prop_oneof![flow, block, literal, scalar().prop_map(|text| format!(" {text}\n"))];
    prop::collection::vec(value, 1..5).prop_map(|values| {
        let pairs: Vec<_> =
            values.iter().enumerate().map(|(index, value)| format!("key{index}:{value}")).collect();
        pairs.concat()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_scalar_reads_as_another_parser_reads_it(document in document()) {
        prop_assert!(assert_agreement(&document)?, "one of the parsers refuses {document:?}");
    }

    #[test]
    fn whatever_both_parsers_read_means_the_same(
        tokens in prop::collection::vec(prop::sample::select(vec![
            "a", "b", "c: ", "d:\n", "- ", "  ", "\n", "\n  ", "\n- ", "[", "]", "{", "}", ", ",
            "'", "\"", "# x", "|\n", ">\n", "0x1", "1", "\\n", "? ", "---\n", "é",
        ]), 1..14),
    ) {
        assert_agreement(&format!("k: {}\n", tokens.concat()))?;
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in "[a-z:\\-\\[\\]{}&*!|>'\"#?%@,\n\t \u{feff}é]{0,60}") {
        drop(read(&text));
    }
}
