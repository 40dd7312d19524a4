//! How much of a rate was used lately.

use std::collections::BTreeMap;

use jiff::SignedDuration;

use super::State;
use super::error::{StateError, doing};
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

impl State {
    /// How each rate was used in the hour before `now`, by who shares it and the lane.
    ///
    /// Only runs are counted: what merely looks records no calls.
    pub fn usage(&self, now: Moment) -> Result<BTreeMap<(String, usize), Usage>, StateError> {
        let reading = doing("read the record of calls");
        let mut statement = self
            .connection
            .prepare(
                "SELECT rate_key, lane, coalesce(sent, intended) AS at FROM call
                 WHERE at > ?1 AND at <= ?2 ORDER BY at",
            )
            .map_err(&reading)?;
        let hour_ago = now - SignedDuration::from_hours(1);
        let rows = statement
            .query_map([hour_ago.millis(), now.millis()], |row| {
                let lane = usize::try_from(row.get::<_, i64>(1)?).unwrap_or(0);
                Ok(((row.get::<_, String>(0)?, lane), Moment::from_millis(row.get(2)?)))
            })
            .map_err(&reading)?;
        let mut calls: BTreeMap<(String, usize), Vec<Moment>> = BTreeMap::new();
        for row in rows {
            let (rate, at) = row.map_err(&reading)?;
            calls.entry(rate).or_default().push(at);
        }
        Ok(calls.into_iter().map(|(rate, calls)| (rate, usage(&calls, now))).collect())
    }
}

/// The use that calls in ascending order, all within the hour, make of their rate.
fn usage(calls: &[Moment], now: Moment) -> Usage {
    let since = |seconds| {
        let start = now - SignedDuration::from_secs(seconds);
        (calls.len() - calls.partition_point(|at| *at <= start)) as u64
    };
    let mut busiest = 0;
    for (first, at) in calls.iter().enumerate() {
        let end = *at + SignedDuration::from_secs(1);
        busiest = busiest.max(calls.partition_point(|at| *at < end) - first);
    }
    Usage { hour: calls.len() as u64, minute: since(60), second: since(1), busiest: busiest as u64 }
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
        assert_eq!(usage(&calls, now), Usage { hour: 9, minute: 3, second: 2, busiest: 3 });
        assert_eq!(usage(&[], now), Usage::default());
    }
}
