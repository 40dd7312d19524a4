//! Stories that are made from a seed: which are played, and by how many threads.

use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};

/// The seeds that the environment asks for: the one of `OSTRACON_SEED`, or as many as
/// `OSTRACON_SEEDS` or the caller says, from `OSTRACON_FIRST_SEED` or 0 on.
pub(super) fn seeds(usual: u64) -> Range<u64> {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().unwrap());
    if let Some(seed) = number("OSTRACON_SEED") {
        return seed..seed + 1;
    }
    let first = number("OSTRACON_FIRST_SEED").unwrap_or_default();
    first..first + number("OSTRACON_SEEDS").unwrap_or(usual)
}

/// Plays each seed once, on every core; `start` makes what one thread needs.
pub(super) fn play_each<T>(
    seeds: &Range<u64>,
    start: impl Fn() -> T + Sync,
    play: impl Fn(&T, u64) + Sync,
) {
    let next = AtomicU64::new(seeds.start);
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                let own = start();
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if !seeds.contains(&seed) {
                        break;
                    }
                    play(&own, seed);
                }
            });
        }
    });
}
