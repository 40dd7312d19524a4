//! How far away an instant is, in words: "in 29 days", "3 h ago".

use crate::domain::Moment;

const SECOND: u64 = 1000;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;
/// A year of the Gregorian calendar on average, and a twelfth of it.
const YEAR: u64 = 31_556_952 * SECOND;
const MONTH: u64 = YEAR / 12;

/// The units, and from how many of them the next one says it better.
const UNITS: [(u64, u64, &str, &str); 6] = [
    (SECOND, 60, "s", "s"),
    (MINUTE, 60, "min", "min"),
    (HOUR, 48, "h", "h"),
    (DAY, 60, "day", "days"),
    (MONTH, 24, "month", "months"),
    (YEAR, u64::MAX, "year", "years"),
];

/// How far `at` is from `now`, rounded to the nearest of one unit.
pub fn relative_time(now: Moment, at: Moment) -> String {
    let millis = at.millis().saturating_sub(now.millis());
    let length = length(millis.unsigned_abs());
    if millis.unsigned_abs() < SECOND / 2 {
        "now".to_owned()
    } else if millis > 0 {
        format!("in {length}")
    } else {
        format!("{length} ago")
    }
}

/// How long so many milliseconds are, rounded to the nearest of one unit.
pub fn length(millis: u64) -> String {
    let rounded = |unit: u64| millis.saturating_add(unit / 2) / unit;
    let fitting = UNITS.into_iter().find(|(unit, enough, ..)| rounded(*unit) < *enough);
    fitting.map_or_else(String::new, |(unit, _, one, many)| {
        let count = rounded(unit);
        format!("{count} {}", if count == 1 { one } else { many })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_rounded_to_the_nearest_of_the_unit_that_says_most() {
        for (millis, text) in [
            (1, "0 s"),
            (1_500, "2 s"),
            (59_499, "59 s"),
            (59_500, "1 min"),
            (59 * MINUTE + 29_999, "59 min"),
            (59 * MINUTE + 30_000, "1 h"),
            (DAY, "24 h"),
            (47 * HOUR + 29 * MINUTE, "47 h"),
            (47 * HOUR + 30 * MINUTE, "2 days"),
            (29 * DAY - 11 * HOUR, "29 days"),
            (29 * DAY + 11 * HOUR, "29 days"),
            (59 * DAY + 12 * HOUR, "2 months"),
            (365 * DAY, "12 months"),
            (3650 * DAY, "10 years"),
            (u64::MAX, "584554049 years"),
        ] {
            assert_eq!(length(millis), text, "{millis}");
        }
    }

    #[test]
    fn the_direction_is_said() {
        let now = Moment::from_seconds(1_000_000);
        for (seconds, text) in [(1_000_000, "now"), (1_010_800, "in 3 h"), (827_200, "2 days ago")]
        {
            assert_eq!(relative_time(now, Moment::from_seconds(seconds)), text);
        }
        assert_eq!(relative_time(now, Moment::from_millis(1_000_000_400)), "now");
        assert_eq!(relative_time(now, Moment::from_millis(999_999_500)), "1 s ago");
    }
}
