//! What the documented rates make of a plan.

use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Step;
use crate::domain::TargetName;
use crate::provider::Target;

/// How many calls a target gets, and how long they take at its rate.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Forecast {
    /// The target.
    #[schemars(with = "String")]
    pub target: TargetName,
    /// How many calls.
    pub calls: u64,
    /// How long they take at least.
    #[schemars(with = "f64")]
    pub seconds: Seconds,
}

/// A span of time, to the microsecond; a decimal number of seconds in JSON.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Seconds {
    micros: u64,
}

impl Seconds {
    /// How long `calls` take at `per_second`.
    pub fn of_calls(calls: u64, per_second: u32) -> Self {
        Self { micros: calls.saturating_mul(1_000_000) / u64::from(per_second.max(1)) }
    }

    /// Microseconds.
    pub fn micros(self) -> u64 {
        self.micros
    }

    /// Whole seconds, rounded up.
    pub fn rounded_up(self) -> u64 {
        self.micros.div_ceil(1_000_000)
    }
}

impl Serialize for Seconds {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // Through text, so that 5000 µs is 0.005 and no arithmetic on floats can blur it.
        let text = format!("{}.{:06}", self.micros / 1_000_000, self.micros % 1_000_000);
        let number: f64 = text.parse().map_err(serde::ser::Error::custom)?;
        serializer.serialize_f64(number)
    }
}

impl<'de> Deserialize<'de> for Seconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = format!("{:.6}", f64::deserialize(deserializer)?);
        let micros = text.replace('.', "").parse().map_err(D::Error::custom)?;
        Ok(Self { micros })
    }
}

/// The forecast for these steps, target by target.
pub(super) fn forecast(
    steps: &[Step],
    targets: &BTreeMap<TargetName, Arc<Target>>,
) -> Vec<Forecast> {
    let mut calls: BTreeMap<(&TargetName, usize), u64> = BTreeMap::new();
    for step in steps {
        *calls.entry((&step.target, step.capability.lane)).or_default() += 1;
    }
    let mut forecast: Vec<Forecast> = Vec::new();
    for ((name, lane), calls) in calls {
        let rate = targets.get(name).map_or(1, |target| target.lane_rate(lane));
        let seconds = Seconds::of_calls(calls, rate);
        match forecast.last_mut().filter(|last| last.target == *name) {
            // Lanes run side by side.
            Some(last) => {
                last.calls += calls;
                last.seconds = last.seconds.max(seconds);
            }
            None => forecast.push(Forecast { target: name.clone(), calls, seconds }),
        }
    }
    forecast
}

#[cfg(test)]
mod tests {
    use super::Seconds;

    #[test]
    fn seconds_are_read_back_as_they_were() {
        for calls in [0, 1, 7, 100, 999_999, 123_456_789] {
            for rate in [1, 3, 10, 30, 200] {
                let seconds = Seconds::of_calls(calls, rate);
                let json = serde_json::to_string(&seconds).unwrap();
                assert_eq!(serde_json::from_str::<Seconds>(&json).unwrap(), seconds, "{json}");
            }
        }
        for bad in ["-1", "1e300", "\"1\"", "null"] {
            assert!(serde_json::from_str::<Seconds>(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn seconds_are_exact_in_json() {
        let json = |calls, rate| serde_json::to_string(&Seconds::of_calls(calls, rate)).unwrap();
        assert_eq!(json(1, 200), "0.005");
        assert_eq!(json(100, 10), "10.0");
        assert_eq!(json(1, 30), "0.033333");
        assert_eq!(Seconds::of_calls(1, 200).rounded_up(), 1);
    }
}
