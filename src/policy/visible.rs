//! Text of strangers, made visible for a terminal or a log.

use std::fmt::Write as _;

use crate::domain::acts_or_hides;

/// The text with everything written out that acts or hides, so that what is printed
/// is what stands there; a tab becomes four blanks.
pub(super) fn visible(text: &str) -> String {
    let mut seen = String::with_capacity(text.len());
    let mut hashes = 0;
    for char in text.chars() {
        // GitHub Actions takes `##[command]` for a command wherever it stands in a log line.
        if char == '[' && hashes >= 2 {
            seen.push('\\');
        }
        hashes = if char == '#' { hashes + 1 } else { 0 };
        if char == '\t' {
            seen.push_str("    ");
        } else if acts_or_hides(char) {
            // Writing to a string cannot fail.
            let _: std::fmt::Result = write!(seen, "{}", char.escape_unicode());
        } else {
            seen.push(char);
        }
    }
    seen
}

#[cfg(test)]
mod tests {
    use super::visible;

    #[test]
    fn what_would_not_show_is_written_out() {
        assert_eq!(
            visible("a\tb\u{1b}[31m\u{202e}é\u{200b}"),
            "a    b\\u{1b}[31m\\u{202e}é\\u{200b}"
        );
        assert_eq!(visible("##[x] #[y]"), "##\\[x] #[y]");
        assert_eq!(visible("a\nb\u{85}"), "a\\u{a}b\\u{85}");
    }
}
