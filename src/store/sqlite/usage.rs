//! The calls of the last hour.

use std::collections::BTreeMap;

use jiff::SignedDuration;

use super::State;
use super::error::doing;
use crate::domain::Moment;
use crate::store::{StateError, Usage};

impl State {
    /// How each rate was used in the hour before `now`, by who shares it and the lane.
    ///
    /// Only runs are counted: what merely looks records no calls.
    pub(super) fn usage(
        &self,
        now: Moment,
    ) -> Result<BTreeMap<(String, usize), Usage>, StateError> {
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
        Ok(calls.into_iter().map(|(rate, calls)| (rate, Usage::of(&calls, now))).collect())
    }
}
