//! Weeks of edits, faults, kills and wrong clocks in one state, whose books are reckoned after each.
//!
//! `OSTRACON_SOAK_DAYS=60 OSTRACON_SEEDS=20 cargo test soak` plays as many soaks of as many days;
//! with `OSTRACON_SEED=42` the one that failed.

use super::hours;
use super::random::Schedule;
use super::seeds::seeds;

/// How many days are played unless the environment says otherwise.
const DAYS: i64 = 3;

/// How many soaks: in some of them Tencent keeps old ends, in others it does not.
const SOAKS: u64 = 4;

#[test]
fn a_soak_of_many_days_ends_with_the_books_in_agreement_after_each() {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().unwrap());
    let days = number("OSTRACON_SOAK_DAYS").map_or(DAYS, |days| i64::try_from(days).unwrap());
    for seed in seeds(SOAKS) {
        let mut soak = Schedule::new(seed);
        let end = soak.story.now() + hours(24 * days);
        while soak.story.now() < end {
            soak.hide_rules();
            soak.meet_a_wrong_clock();
            soak.rounds();
            soak.settle();
            soak.story.advance(hours(soak.chance.pick(&[0, 1, 5, 24])));
        }
    }
}
