//! How much of a rate was used lately.

use jiff::SignedDuration;

use crate::domain::Moment;

/// How often calls of one rate were sent in the hour before an instant.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Usage {
    /// In the last hour.
    pub hour: u64,
    /// In the last minute.
    pub minute: u64,
    /// In the last second.
    pub second: u64,
    /// In the busiest second of that hour.
    pub busiest: u64,
}

impl Usage {
    /// The use that calls in ascending order, all within the hour, make of their rate.
    pub(super) fn of(calls: &[Moment], now: Moment) -> Self {
        let since = |seconds| {
            let start = now - SignedDuration::from_secs(seconds);
            (calls.len() - calls.partition_point(|at| *at <= start)) as u64
        };
        let mut busiest = 0;
        for (first, at) in calls.iter().enumerate() {
            let end = *at + SignedDuration::from_secs(1);
            busiest = busiest.max(calls.partition_point(|at| *at < end) - first);
        }
        Self {
            hour: calls.len() as u64,
            minute: since(60),
            second: since(1),
            busiest: busiest as u64,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_counted_by_the_hour_the_minute_the_second_and_the_busiest_second() {
        let now = Moment::from_seconds(10_000);
        let ago = |millis| now - SignedDuration::from_millis(millis);
        let calls =
            [3_000_000, 900_000, 899_500, 899_001, 899_000, 60_000, 59_999, 999, 0].map(ago);
        assert_eq!(Usage::of(&calls, now), Usage { hour: 9, minute: 3, second: 2, busiest: 3 });
        assert_eq!(Usage::of(&[], now), Usage::default());
    }
}
