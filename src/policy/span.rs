//! Spans of time in the config.

use jiff::SignedDuration;

/// Reads a span of time such as `15m` or `1h30m`: units in descending order, more than nothing.
pub fn parse_span(text: &str) -> Option<SignedDuration> {
    let mut seconds = 0_i64;
    let mut rest = text;
    let mut last = i64::MAX;
    while !rest.is_empty() {
        let end = rest.find(|char: char| !char.is_ascii_digit())?;
        let (digits, tail) = rest.split_at_checked(end)?;
        let mut chars = tail.chars();
        let unit = match chars.next()? {
            'd' => 86_400,
            'h' => 3_600,
            'm' => 60,
            's' => 1,
            _ => return None,
        };
        if unit >= last {
            return None;
        }
        last = unit;
        seconds = digits.parse::<i64>().ok()?.checked_mul(unit)?.checked_add(seconds)?;
        rest = chars.as_str();
    }
    // A century: sums with an instant must stay far from overflow.
    (1..=3_155_760_000).contains(&seconds).then(|| SignedDuration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::parse_span;

    #[test]
    fn a_span_of_time_is_numbers_with_units_in_order() {
        let seconds = |text| parse_span(text).map(|span| span.as_secs());
        assert_eq!(seconds("15m"), Some(900));
        assert_eq!(seconds("1h30m"), Some(5_400));
        assert_eq!(seconds("2d"), Some(172_800));
        for bad in ["", "15", "m", "0s", "1m1h", "1.5h", "-1m", "1w", "15 m", "99999999999999d"] {
            assert_eq!(parse_span(bad), None, "{bad}");
        }
    }
}
