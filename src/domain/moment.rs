//! Instants: a [`Moment`] on the clock, and the [`Until`] that an entry promises.

use std::fmt;
use std::ops::{Add, Sub};

use jiff::SignedDuration;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::reading::parsed;

/// An instant, in milliseconds since the Unix epoch; prints as RFC 3339 in UTC.
///
/// It is one that can be printed so and read back, whatever number it is made from: what a
/// provider's clock or list says may be anything.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(i64);

impl Moment {
    /// The first instant there is, 0000-01-01T00:00:00Z.
    pub const FIRST: Self = Self(-62_167_219_200_000);

    /// The last instant there is, in 9999.
    pub const LAST: Self = Self(253_402_207_200_000);

    /// The instant `millis` milliseconds after the Unix epoch, or the nearest there is.
    pub const fn from_millis(millis: i64) -> Self {
        if millis < Self::FIRST.0 {
            Self::FIRST
        } else if millis > Self::LAST.0 {
            Self::LAST
        } else {
            Self(millis)
        }
    }

    /// The instant `seconds` seconds after the Unix epoch, or the nearest there is.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self::from_millis(seconds.saturating_mul(1000))
    }

    /// Milliseconds since the Unix epoch.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since the Unix epoch, rounded down.
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// Reads an RFC 3339 date-time with an offset; a fraction finer than a millisecond rounds up,
    /// so that nothing ends early.
    ///
    /// The reader behind it takes more (a blank for `T`, zone names in brackets), so the shape is
    /// checked first: what a reviewer reads must have one meaning everywhere.
    pub fn parse(text: &str) -> Option<Self> {
        if !is_rfc3339(text.as_bytes()) {
            return None;
        }
        let timestamp: jiff::Timestamp = text.parse().ok()?;
        let finer = timestamp.subsec_nanosecond().rem_euclid(1_000_000) != 0;
        let rounded = i64::from(finer && timestamp.as_second() >= 0);
        Some(Self::from_millis(timestamp.as_millisecond() + rounded))
    }

    /// Seconds from `self` to `later`, rounded up; negative when `later` is past.
    pub fn seconds_to(self, later: Self) -> i64 {
        let millis = later.0.saturating_sub(self.0);
        millis.div_euclid(1000) + i64::from(millis.rem_euclid(1000) != 0)
    }
}

/// Whether `text` is `YYYY-MM-DDThh:mm:ss[.f…](Z|±hh:mm)`.
fn is_rfc3339(text: &[u8]) -> bool {
    let shape = |text: &[u8], shape: &[u8]| {
        text.len() == shape.len()
            && text.iter().zip(shape).all(|(byte, wanted)| match wanted {
                b'0' => byte.is_ascii_digit(),
                b'+' => matches!(byte, b'+' | b'-'),
                b'T' => matches!(byte, b'T' | b't'),
                other => byte == other,
            })
    };
    let Some((head, rest)) = text.split_at_checked(19) else { return false };
    let offset = match rest.split_first() {
        Some((b'.', fraction)) => {
            let digits = fraction.iter().take_while(|byte| byte.is_ascii_digit()).count();
            if digits == 0 || digits > 9 {
                return false;
            }
            fraction.get(digits..).unwrap_or_default()
        }
        _ => rest,
    };
    shape(head, b"0000-00-00T00:00:00")
        && (matches!(offset, b"Z" | b"z") || shape(offset, b"+00:00"))
}

impl Add<SignedDuration> for Moment {
    type Output = Self;

    fn add(self, span: SignedDuration) -> Self {
        Self::from_millis(self.0.saturating_add(millis(span)))
    }
}

impl Sub<SignedDuration> for Moment {
    type Output = Self;

    fn sub(self, span: SignedDuration) -> Self {
        Self::from_millis(self.0.saturating_sub(millis(span)))
    }
}

/// The milliseconds of a span; more than there are between two moments, if it is that long.
fn millis(span: SignedDuration) -> i64 {
    let whole = if span.is_negative() { i64::MIN } else { i64::MAX };
    i64::try_from(span.as_millis()).unwrap_or(whole)
}

impl Sub for Moment {
    type Output = SignedDuration;

    fn sub(self, earlier: Self) -> SignedDuration {
        SignedDuration::from_millis(self.0.saturating_sub(earlier.0))
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(timestamp) => timestamp.fmt(f),
            // There is no such moment.
            Err(_) => write!(f, "{} ms", self.0),
        }
    }
}

impl fmt::Debug for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        parsed(deserializer, "an RFC 3339 instant", Self::parse)
    }
}

impl JsonSchema for Moment {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Moment".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "format": "date-time" })
    }
}

/// When a restriction ends: what an entry promises, not what a provider holds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Until {
    /// It ends at this instant.
    At(Moment),
    /// It stays until the entry is taken out of the policy.
    Never,
}

impl Until {
    /// Whether this end has come at `now`.
    pub fn has_passed(self, now: Moment) -> bool {
        match self {
            Self::At(at) => at <= now,
            Self::Never => false,
        }
    }

    /// The instant, unless it never ends.
    pub fn at(self) -> Option<Moment> {
        match self {
            Self::At(at) => Some(at),
            Self::Never => None,
        }
    }

    /// Reads `never` or an RFC 3339 instant.
    pub fn parse(text: &str) -> Option<Self> {
        if text == "never" { Some(Self::Never) } else { Moment::parse(text).map(Self::At) }
    }
}

impl fmt::Display for Until {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::At(at) => at.fmt(f),
            Self::Never => f.write_str("never"),
        }
    }
}

impl Serialize for Until {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Until {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        parsed(deserializer, "`never` or an RFC 3339 instant", Self::parse)
    }
}

impl JsonSchema for Until {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Until".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "`never`, or an RFC 3339 instant with an offset",
            "anyOf": [{ "const": "never" }, { "type": "string", "format": "date-time" }]
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_needs_the_rfc_3339_shape_and_an_offset() {
        for good in [
            "2026-12-20T00:00:00Z",
            "2026-12-20t00:00:00z",
            "2027-01-01T00:00:00+08:00",
            "2026-12-20T00:00:00.123456789-00:30",
        ] {
            assert!(Moment::parse(good).is_some(), "{good}");
        }
        for bad in [
            "",
            "2026-12-20",
            "2026-12-20T00:00:00",
            "2026-12-20 00:00:00Z",
            "2026-12-20T00:00Z",
            "2026-13-20T00:00:00Z",
            "2026-02-30T00:00:00Z",
            "2026-12-20T00:00:00.Z",
            "2026-12-20T00:00:00+0800",
            "2026-12-20T00:00:00Z[UTC]",
            "+002026-12-20T00:00:00Z",
        ] {
            assert!(Moment::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn an_instant_prints_in_utc_without_an_empty_fraction() {
        let at = Moment::parse("2027-01-01T00:00:00+08:00").unwrap();
        assert_eq!(at.to_string(), "2026-12-31T16:00:00Z");
        assert_eq!((at + SignedDuration::from_millis(5)).to_string(), "2026-12-31T16:00:00.005Z");
    }

    #[test]
    fn a_fraction_rounds_up_so_that_nothing_ends_early() {
        let at = Moment::parse("2026-01-01T00:00:00.0000001Z").unwrap();
        assert_eq!(at.millis() % 1000, 1);
        let now = Moment::from_seconds(100);
        assert_eq!(now.seconds_to(Moment::from_millis(100_001)), 1);
        assert_eq!(now.seconds_to(Moment::from_millis(99_500)), 0);
        assert_eq!(now.seconds_to(now), 0);
    }

    #[test]
    fn every_number_makes_a_moment_that_prints_and_is_read_back() {
        assert_eq!(Moment::LAST.seconds(), jiff::Timestamp::MAX.as_second());
        assert_eq!(Moment::FIRST.to_string(), "0000-01-01T00:00:00Z");
        let spans = [i64::MIN, i64::MIN / 1000, -1, 0, 1, i64::MAX / 1000, i64::MAX]
            .map(SignedDuration::from_secs);
        for number in [i64::MIN, -1, 0, 1, 1_795_000_000, 253_402_300_799_999, i64::MAX] {
            for at in [Moment::from_millis(number), Moment::from_seconds(number)] {
                let sums = spans.iter().flat_map(|span| [at + *span, at - *span]);
                for at in sums.chain([at]) {
                    assert_eq!(Moment::parse(&at.to_string()), Some(at), "{number}");
                }
                assert_eq!(at + spans[6], Moment::LAST);
                assert_eq!(at + spans[0], Moment::FIRST);
            }
        }
    }

    #[test]
    fn never_is_later_than_every_instant() {
        assert!(Until::Never > Until::At(Moment::from_millis(i64::MAX)));
        assert!(!Until::Never.has_passed(Moment::from_millis(i64::MAX)));
    }
}
