//! What stands between brackets and braces of YAML, and what a scalar says.

use std::ops::Range;

use super::edit::ByHand;

fn shown<'t>(text: &'t str, range: &Range<usize>) -> &'t str {
    text.get(range.clone()).unwrap_or_default()
}

/// What stands between the brackets or braces that open at `start`, between commas; without the
/// space around it.
pub(super) fn parts(text: &str, start: usize) -> Result<Vec<Range<usize>>, ByHand> {
    let (mut depth, mut quote, mut from) = (0_usize, None, start + 1);
    let mut parts = Vec::new();
    let mut before = ' ';
    let mut chars = text.get(start..).ok_or(ByHand)?.char_indices();
    while let Some((offset, char)) = chars.next() {
        let at = start + offset;
        match (quote, char) {
            (Some('"'), '\\') => drop(chars.next()),
            (Some(open), char) if open == char => quote = None,
            (None, '"' | '\'') if !before.is_alphanumeric() => quote = Some(char),
            // A comment within: where it ends and what it is about is not for us to say.
            (None, '#') if before.is_whitespace() => return Err(ByHand),
            (None, '[' | '{') => depth += 1,
            (None, ']' | '}') => {
                depth = depth.checked_sub(1).ok_or(ByHand)?;
                if depth == 0 {
                    parts.push(from..at);
                    let is_filled = |it: &Range<usize>| !shown(text, it).trim().is_empty();
                    return Ok(parts
                        .into_iter()
                        .filter(is_filled)
                        .map(|it| trimmed(text, it))
                        .collect());
                }
            }
            (None, ',') if depth == 1 => {
                parts.push(from..at);
                from = at + 1;
            }
            (None | Some(_), _) => {}
        }
        before = char;
    }
    Err(ByHand)
}

fn trimmed(text: &str, range: Range<usize>) -> Range<usize> {
    let shown = shown(text, &range);
    let start = range.start + (shown.len() - shown.trim_start().len());
    start..start + shown.trim().len()
}

/// A scalar as a text; `None` for what has an anchor, a tag or more than one line.
pub(super) fn read(scalar: &str) -> Option<String> {
    let scalar = scalar.trim();
    match scalar.chars().next()? {
        '&' | '*' | '!' | '|' | '>' | '{' | '[' => None,
        '"' => {
            let end = 1 + scalar.get(1..)?.find('"')?;
            serde_json::from_str(scalar.get(..=end)?).ok()
        }
        '\'' => Some(scalar.get(1..)?.split_once('\'')?.0.to_owned()),
        _ => Some(scalar.split_once(" #").map_or(scalar, |(text, _)| text).trim().to_owned()),
    }
}
