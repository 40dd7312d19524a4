//! Text for GitHub's and GitLab's Markdown.

use std::fmt::{self, Write as _};

use super::Terminal;

/// Text for Markdown and for HTML within it: one line, in which nothing acts.
///
/// What acts or hides on a terminal is shown as there. Every other character that could mean
/// something in Markdown, in HTML or in an attribute becomes a character reference, which can
/// never be structure. A reference is text again once rendered, and people are looked for in
/// that: whoever writes this type puts it into a `<code>` or `<pre>` element, where nobody is.
#[derive(Clone, Copy, Debug)]
pub struct Markdown<'a>(pub &'a str);

impl fmt::Display for Markdown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut last = ' ';
        for char in Terminal(self.0).to_string().chars() {
            if means_something(char, last) {
                write!(f, "&#{};", u32::from(char))?;
            } else {
                f.write_char(char)?;
            }
            last = char;
        }
        Ok(())
    }
}

/// Whether a character can be part of a construct. `.` only makes a link of `www.`; `-`, `+`
/// and digits only mean something where a line starts, and there nothing foreign stands.
fn means_something(char: char, last: char) -> bool {
    match char {
        ' ' | ',' | ';' | '/' | '-' | '+' | '=' | '%' | '?' => false,
        '.' => matches!(last, 'w' | 'W'),
        char => char.is_ascii_punctuation(),
    }
}

/// Text of at most so many characters, with a mark where some are missing.
pub(in crate::report) fn clipped(text: &str, most: usize) -> String {
    let mut chars = text.chars();
    let mut short: String = chars.by_ref().take(most).collect();
    if chars.next().is_some() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_means_something_becomes_a_reference() {
        for (text, shown) in [
            ("plain, ünï 日本 1.5", "plain, ünï 日本 1.5"),
            ("@alice", "&#64;alice"),
            ("</details>", "&#60;/details&#62;"),
            ("a|b`c`", "a&#124;b&#96;c&#96;"),
            ("[x](https://e.com)", "&#91;x&#93;&#40;https&#58;//e.com&#41;"),
            ("www.e.com", "www&#46;e.com"),
            ("#12 $x$ &lt;", "&#35;12 &#36;x&#36; &#38;lt;"),
            ("a\nb\u{202e}", "a&#92;u&#123;a&#125;b&#92;u&#123;202e&#125;"),
        ] {
            assert_eq!(Markdown(text).to_string(), shown);
        }
    }

    #[test]
    fn what_is_too_long_is_clipped_between_characters() {
        assert_eq!(clipped("日本", 2), "日本");
        assert_eq!(clipped("日本語", 2), "日本…");
    }

    proptest! {
        #[test]
        fn no_text_acts(text in "\\PC*|[@<>`|\\[\\]#\\u{202e}\\u{1b}\n\ra-z:./!]*") {
            let shown = Markdown(&text).to_string();
            let acts = |char: char| {
                char.is_control() || "<>`|[]()@*_~\"'\\!$:{}".contains(char)
            };
            prop_assert!(!shown.contains(acts), "{shown}");
        }
    }
}
