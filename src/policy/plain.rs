//! What an unquoted text means.
//!
//! Ids are text. What some YAML reader would take for anything else must be quoted, so that
//! every reader of a policy sees the same id; canonical whole numbers mean themselves.

/// What YAML 1.1 or 1.2 would make of an unquoted text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Plain {
    /// Text in both.
    Text,
    /// A whole number in canonical form, which means itself.
    Integer,
    /// Nothing.
    Null,
    /// A yes or no.
    Bool,
    /// A number that could be written otherwise.
    Number,
    /// A date, or a time of day in base 60.
    Time,
}

/// What YAML 1.1 or 1.2 would make of an unquoted text.
pub(super) fn classify(text: &str) -> Plain {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Plain::Null,
        "true" | "True" | "TRUE" | "false" | "False" | "FALSE" | "yes" | "Yes" | "YES" | "no"
        | "No" | "NO" | "on" | "On" | "ON" | "off" | "Off" | "OFF" => return Plain::Bool,
        _ => {}
    }
    let Some(first) = text.bytes().next() else { return Plain::Null };
    if !(first.is_ascii_digit() || matches!(first, b'+' | b'-' | b'.')) {
        return Plain::Text;
    }
    if is_canonical(text) {
        Plain::Integer
    } else if is_number(text) {
        Plain::Number
    } else if is_base_60(text) || is_date(text) {
        Plain::Time
    } else {
        Plain::Text
    }
}

/// Whether an unquoted key is text for every reader.
pub(super) fn is_text(text: &str) -> bool {
    classify(text) == Plain::Text
}

/// The text in double quotes, as YAML would have it.
pub(super) fn quoted(text: &str) -> String {
    const LONGEST: usize = 64;
    let shown: String = text.chars().take(LONGEST).collect();
    let rest = if shown.len() < text.len() { "…" } else { "" };
    format!("\"{}{rest}\"", shown.replace('\\', "\\\\").replace('"', "\\\""))
}

/// Whether this is a whole number in its only spelling.
pub(super) fn is_canonical(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let leads = digits.bytes().next().is_some_and(|byte| matches!(byte, b'1'..=b'9'));
    text == "0" || (leads && digits.bytes().all(|byte| byte.is_ascii_digit()))
}

fn is_number(text: &str) -> bool {
    let bare = text.strip_prefix(['+', '-']).unwrap_or(text);
    if matches!(bare, ".inf" | ".Inf" | ".INF" | ".nan" | ".NaN" | ".NAN") {
        return true;
    }
    for (prefix, base) in [("0x", 16), ("0o", 8), ("0b", 2)] {
        if let Some(digits) = bare.strip_prefix(prefix) {
            return !digits.is_empty()
                && digits.chars().all(|char| char == '_' || char.is_digit(base));
        }
    }
    let (mantissa, exponent) = match bare.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (bare, None),
    };
    let exponent_fits = exponent.is_none_or(|exponent| {
        let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
    });
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_');
    let has_digit = mantissa.bytes().any(|byte| byte.is_ascii_digit());
    has_digit && digits(whole) && digits(fraction) && exponent_fits
}

/// `12:30:45`, which YAML 1.1 reads as a number in base 60.
fn is_base_60(text: &str) -> bool {
    let bare = text.strip_prefix(['+', '-']).unwrap_or(text);
    let bare = bare.split_once('.').map_or(bare, |(whole, _)| whole);
    let mut parts = bare.split(':');
    let first = parts.next().unwrap_or_default();
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_');
    let mut rest = parts.peekable();
    rest.peek().is_some()
        && !first.is_empty()
        && digits(first)
        && rest.all(|part| part.parse::<u8>().is_ok_and(|part| part < 60))
}

/// `2026-11-20`, alone or before a time of day.
fn is_date(text: &str) -> bool {
    let (date, rest) = match text.split_once(['T', 't', ' ', '\t']) {
        Some((date, rest)) => (date, rest),
        None => (text, "0"),
    };
    let mut parts = date.split('-');
    let mut is_part = |least: usize, most: usize| {
        parts.next().is_some_and(|part| {
            (least..=most).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
        })
    };
    let shape = is_part(4, 4) && is_part(1, 2) && is_part(1, 2);
    shape
        && parts.next().is_none()
        && rest.trim_start().bytes().next().is_some_and(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_reader_could_mangle_is_not_text() {
        for (texts, class) in [
            (&["", "~", "null", "NULL"][..], Plain::Null),
            (&["yes", "NO", "on", "Off", "true", "FALSE"], Plain::Bool),
            (&["0", "1", "-7", "99999999999999999999999"], Plain::Integer),
            (
                &[
                    "0123", "00", "1e5", "1E+5", "0x1F", "0o17", "0b1", "1_000", "1.0", ".5", "5.",
                    "+1", "-0", ".inf", "-.INF", ".NaN", "-.5", "1.5e3", "08",
                ],
                Plain::Number,
            ),
            (
                &["12:30", "12:30:45", "190:20:30.15", "2026-11-20", "2026-1-2 03:04:05Z"],
                Plain::Time,
            ),
            (
                &[
                    "alice",
                    "y",
                    "203.0.113.7",
                    "1a",
                    "e5",
                    "-",
                    "--",
                    ".",
                    "-.",
                    "+",
                    "0x",
                    "0xg",
                    "2026-11-20-party",
                    "2001:db8::1",
                    "tRue",
                    "12:61",
                    "1e",
                    "v1.0",
                    "é",
                    "nan",
                    "inf",
                ],
                Plain::Text,
            ),
        ] {
            for text in texts {
                assert_eq!(classify(text), class, "{text}");
            }
        }
    }
}
