//! Canonical YAML: one way to write a thing, so that two texts differ only where the things do.

use std::fmt::Write as _;

/// A text as a YAML scalar: plain where nobody can take it for anything else, else quoted.
pub fn scalar(text: &str) -> String {
    if is_plain(text) { text.to_owned() } else { quoted(text) }
}

/// A text as a YAML scalar in double quotes, in which everything that hides or acts is escaped.
pub fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for char in text.chars() {
        match char {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            char if super::acts_or_hides(char) => {
                // Writing to a string cannot fail.
                let _: std::fmt::Result = match u32::from(char) {
                    code @ ..=0xffff => write!(quoted, "\\u{code:04x}"),
                    code => write!(quoted, "\\U{code:08x}"),
                };
            }
            char => quoted.push(char),
        }
    }
    quoted.push('"');
    quoted
}

/// Words of YAML 1.1 and 1.2 that are no text without quotes.
const WORDS: [&str; 11] =
    ["true", "false", "null", "yes", "no", "on", "off", "y", "n", "nan", "inf"];

fn is_plain(text: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
    text.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic())
        && text.bytes().all(is_word)
        && !WORDS.iter().any(|word| word.eq_ignore_ascii_case(text))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_what_cannot_be_mistaken_is_plain() {
        for (text, yaml) in [
            ("alice", "alice"),
            ("case-4821", "case-4821"),
            ("42", "\"42\""),
            ("No", "\"No\""),
            ("", "\"\""),
            ("a: b", "\"a: b\""),
            ("a\nb\u{202e}\u{e0041}\"\\", r#""a\nb\u202e\U000e0041\"\\""#),
        ] {
            assert_eq!(scalar(text), yaml);
        }
    }

    proptest! {
        #[test]
        fn every_text_reads_back_as_itself(text in "\\PC*|[a-z0-9:#\\-\"\\\\\n\r\t\u{0}\u{85}\u{2028}]*") {
            let yaml = scalar(&text);
            prop_assert!(!yaml.contains(crate::domain::acts_or_hides));
            let read: String = serde_yaml::from_str(&yaml).unwrap();
            prop_assert_eq!(read, text);
        }
    }
}
