//! Times as people and their tools write them, made RFC 3339.

use super::moment::Moment;

/// `text` as RFC 3339, if it is a date, or a date and a time: `2026-12-20`, `2026-12-20 18:30`,
/// `2026-12-20 18:30:00 UTC`, `2026-12-20T18:30+0200`. A date alone is its first instant.
///
/// `zone` is the offset of what says none; without it, such a text has no meaning.
pub fn rfc3339(text: &str, zone: Option<&str>) -> Option<String> {
    let (date, rest) = text.split_at_checked(10)?;
    let rest = match rest {
        "" => "00:00",
        rest => rest.strip_prefix(['T', 't', ' '])?,
    };
    let is_time = |c: char| c.is_ascii_digit() || matches!(c, ':' | '.');
    let offset = rest.trim_start_matches(is_time);
    let time = rest.strip_suffix(offset)?;
    let seconds = if time.len() == 5 { ":00" } else { "" };
    let offset = match offset.trim_start() {
        "" => zone?.to_owned(),
        "UTC" | "GMT" | "Z" | "z" => "Z".to_owned(),
        short if short.len() == 3 => format!("{short}:00"),
        short if short.len() == 5 => {
            let (hours, minutes) = short.split_at_checked(3)?;
            format!("{hours}:{minutes}")
        }
        offset => offset.to_owned(),
    };
    let whole = format!("{date}T{time}{seconds}{offset}");
    Moment::parse(&whole).map(|_| whole)
}

/// What to write instead of `text`, as far as that can be told.
pub fn suggested(text: &str) -> Option<String> {
    if let Some(literal) = rfc3339(text, None) {
        return Some(format!("write `{literal}`"));
    }
    let literal = rfc3339(text, Some("Z"))?;
    Some(format!("write `{literal}` if that is UTC, else with its offset in place of `Z`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_that_people_write_have_one_meaning_or_none() {
        for (text, zone, literal) in [
            ("2026-12-20", Some("Z"), Some("2026-12-20T00:00:00Z")),
            ("2026-12-20", Some("+02:00"), Some("2026-12-20T00:00:00+02:00")),
            ("2026-12-20", None, None),
            ("2026-12-20 18:30", Some("-05:30"), Some("2026-12-20T18:30:00-05:30")),
            ("2026-12-20T18:30", None, None),
            ("2026-12-20 18:30:01.5", Some("Z"), Some("2026-12-20T18:30:01.5Z")),
            ("2026-12-20 18:30:00 UTC", Some("+02:00"), Some("2026-12-20T18:30:00Z")),
            ("2026-12-20 18:30:00Z", None, Some("2026-12-20T18:30:00Z")),
            ("2026-12-20T18:30+0200", None, Some("2026-12-20T18:30:00+02:00")),
            ("2026-12-20 18:30 +02", None, Some("2026-12-20T18:30:00+02:00")),
            ("2026-12-20T18:30:00+02:00", None, Some("2026-12-20T18:30:00+02:00")),
            ("2026-02-30", Some("Z"), None),
            ("20.12.2026", Some("Z"), None),
            ("12/20/2026", Some("Z"), None),
            ("2026-12-20 ", Some("Z"), None),
            ("2026-12-20 6:30", Some("Z"), None),
            ("2026-12-20 18:30 CET", Some("Z"), None),
            ("2026-12-20x18:30", Some("Z"), None),
            ("2026-12-2\u{b2}", Some("Z"), None),
            ("2026-12-20 18:30+\u{20ac}", Some("Z"), None),
            ("", Some("Z"), None),
        ] {
            assert_eq!(rfc3339(text, zone).as_deref(), literal, "{text} {zone:?}");
        }
    }
}
