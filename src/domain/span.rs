//! Spans of time, as people write them and programs print them.

use jiff::SignedDuration;

const DAY: i64 = 86_400;

/// A century: sums with an instant must stay far from overflow.
const LONGEST: i64 = 3_155_760_000;

/// Reads any span of time: `90s`, `1h 30m`, `2d12h`, `3h59m49.264s`, `-5s`, `PT8M`.
pub fn any(text: &str) -> Option<SignedDuration> {
    let (is_negative, length) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let (days, rest) = days(length)?;
    let rest: SignedDuration = match rest.trim_start_matches(' ') {
        "" if days.is_some() => SignedDuration::ZERO,
        rest => rest.parse().ok()?,
    };
    // A sign stands before the whole.
    if rest.is_negative() && (is_negative || days.is_some()) {
        return None;
    }
    let length = SignedDuration::from_secs(days.unwrap_or(0)).checked_add(rest)?;
    if is_negative { length.checked_neg() } else { Some(length) }
}

/// Reads how long something lasts, such as `15m` or `1h30m`: whole numbers with the units `d`, `h`,
/// `m` and `s`, from the longest to the shortest; more than nothing, at most a century.
pub fn lasting(text: &str) -> Option<SignedDuration> {
    // A number with one letter each: neither `ms`, nor a fraction, nor a blank.
    let is_plain = text
        .split_inclusive(|char: char| !char.is_ascii_digit())
        .all(|part| part.len() > 1 && part.ends_with(['d', 'h', 'm', 's']));
    any(text).filter(|span| is_plain && (1..=LONGEST).contains(&span.as_secs()))
}

/// The seconds of the days that a span begins with, if any, and what follows them; `None` for more
/// days than fit.
fn days(text: &str) -> Option<(Option<i64>, &str)> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, rest) = text.split_at_checked(digits)?;
    match rest.strip_prefix('d') {
        // Words such as `days` are left to jiff, which refuses days: they need not have 24 hours.
        Some(rest) if !rest.starts_with(char::is_alphabetic) => {
            Some((Some(number.parse::<i64>().ok()?.checked_mul(DAY)?), rest))
        }
        Some(_) | None => Some((None, text)),
    }
}

#[cfg(test)]
mod tests {
    use super::{any, lasting};

    #[test]
    fn any_span_is_read_as_people_and_programs_write_it() {
        let millis = |text| any(text).map(|span| span.as_millis());
        for (text, length) in [
            ("0s", 0),
            ("90s", 90_000),
            ("1h 30m", 5_400_000),
            ("8 minutes", 480_000),
            ("3 seconds", 3_000),
            ("PT8M", 480_000),
            ("500ms", 500),
            ("3h59m49.264s", 14_389_264),
            ("30d", 2_592_000_000),
            ("2d12h", 216_000_000),
            ("2d 12h", 216_000_000),
            ("-5s", -5_000),
            ("-1d5h", -104_400_000),
            ("-PT1H", -3_600_000),
            ("+5s", 5_000),
        ] {
            assert_eq!(millis(text), Some(length), "{text}");
        }
        for bad in [
            "",
            "-",
            "d",
            "15",
            "m",
            "1m1h",
            "1h1d",
            "1d1d",
            "1d-5h",
            "1d 5h ago",
            "--5s",
            "soon",
            "1w",
            "1dd",
            "99999999999999999d",
            "9223372036854775807d",
        ] {
            assert_eq!(millis(bad), None, "{bad}");
        }
    }

    #[test]
    fn what_lasts_is_whole_and_more_than_nothing() {
        let seconds = |text| lasting(text).map(|span| span.as_secs());
        assert_eq!(seconds("15m"), Some(900));
        assert_eq!(seconds("1h30m"), Some(5_400));
        assert_eq!(seconds("2d"), Some(172_800));
        assert_eq!(seconds("36525d"), Some(3_155_760_000));
        for bad in [
            "",
            "15",
            "m",
            "0s",
            "1m1h",
            "1.5h",
            "-1m",
            "1w",
            "15 m",
            "1h 30m",
            "PT8M",
            "500ms",
            "1000ms",
            "1s1ms",
            "36525d1s",
            "99999999999999d",
        ] {
            assert_eq!(seconds(bad), None, "{bad}");
        }
    }
}
