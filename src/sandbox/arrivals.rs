//! How fast calls arrive, as a provider counts them.

use std::collections::{BTreeMap, VecDeque};

use jiff::SignedDuration;

use crate::domain::Moment;

/// The arrivals of the last second, for everybody who has a rate.
#[derive(Default)]
pub(super) struct Arrivals(BTreeMap<String, VecDeque<Moment>>);

/// Every documented rate is "so many a second".
const WINDOW: SignedDuration = SignedDuration::from_secs(1);

impl Arrivals {
    /// Notes an arrival; answers how many there were in the second that ends with it, itself
    /// included.
    ///
    /// A call that is refused for coming too fast counts too: it did arrive.
    pub(super) fn arrive(&mut self, who: &str, now: Moment) -> usize {
        let arrivals = self.0.entry(who.to_owned()).or_default();
        // Both ends are checked: a test may put the clock back.
        arrivals.retain(|earlier| *earlier <= now && now - *earlier < WINDOW);
        arrivals.push_back(now);
        arrivals.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_is_any_second_not_one_of_the_clock() {
        let mut arrivals = Arrivals::default();
        let counts = [100, 999, 1000, 1099, 1100, 2100, 50]
            .map(|millis| arrivals.arrive("app", Moment::from_millis(millis)));
        assert_eq!(counts, [1, 2, 3, 4, 4, 1, 1]);
        assert_eq!(arrivals.arrive("another app", Moment::from_millis(50)), 1);
    }
}
