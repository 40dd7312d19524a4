//! Text for the messages of a SARIF log.

use std::fmt;

use super::Terminal;

/// A text as a plain text message of SARIF: like [`Terminal`], and neither a placeholder nor a
/// link (SARIF 2.1.0, §3.11.5 and §3.11.6).
#[derive(Clone, Copy, Debug)]
pub struct SarifMessage<'a>(pub &'a str);

impl fmt::Display for SarifMessage<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let visible = Terminal(self.0).to_string().replace("](", r"]\u{28}");
        f.write_str(&visible.replace('{', "{{").replace('}', "}}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_is_a_link_a_placeholder_or_acts() {
        for (text, shown) in [
            ("plain [text] (here)", "plain [text] (here)"),
            ("[press](https://evil.example)", r"[press]\u{{28}}https://evil.example)"),
            ("{0} and {", "{{0}} and {{"),
            ("a\n\u{202e}b", r"a\u{{a}}\u{{202e}}b"),
        ] {
            assert_eq!(SarifMessage(text).to_string(), shown);
        }
    }
}
