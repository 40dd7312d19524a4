//! Pace: never more calls in any second than an account may make, as the provider counts them.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// The pace of one rate of one account.
///
/// Our own few lines instead of a crate: the ones measured sleep on clocks that tests cannot
/// pause, or cannot be slowed by a provider's throttling answer.
#[derive(Debug)]
pub struct Pace {
    /// Callers queue here, first come first served.
    turnstile: tokio::sync::Mutex<()>,
    tempo: Mutex<Tempo>,
}

#[derive(Debug)]
struct Tempo {
    interval: Duration,
    /// How often the pace was halved and not yet won back.
    halvings: u32,
    next: Instant,
    /// Since when no throttling answer came.
    quiet_since: Instant,
}

/// A turn to send one call. Others wait until it is dropped, which should happen when the call
/// has been handed to the network: only then is it known when it left.
#[derive(Debug)]
#[must_use]
pub struct Turn<'a> {
    pace: &'a Pace,
    _turnstile: tokio::sync::MutexGuard<'a, ()>,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.pace.with(Tempo::take);
    }
}

/// To spare below the documented rate, in percent: arrivals bunch up on their way (design §5).
const TO_SPARE: u32 = 3;

/// How late a caller may be woken and still count as on time: timers tick in milliseconds.
const WAKES_LATE: Duration = Duration::from_millis(12);

/// After this long without a throttling answer one halving is won back.
const WON_BACK_AFTER: Duration = Duration::from_secs(5);

/// A pace is halved at most this often: to a 64th.
const MOST_HALVINGS: u32 = 6;

impl Pace {
    /// The pace of `per_second` calls, the first not before `start`.
    pub fn new(per_second: u32, start: Instant) -> Self {
        let interval = Duration::from_secs(1) * (100 + TO_SPARE) / 100 / per_second.max(1);
        let tempo = Tempo { interval, halvings: 0, next: start, quiet_since: start };
        Self { turnstile: tokio::sync::Mutex::new(()), tempo: Mutex::new(tempo) }
    }

    /// Waits for a turn to send one call.
    pub async fn turn(&self) -> Turn<'_> {
        let turnstile = self.turnstile.lock().await;
        loop {
            let next = self.with(|tempo| tempo.next);
            if next <= Instant::now() {
                break;
            }
            sleep_until(next).await;
        }
        Turn { pace: self, _turnstile: turnstile }
    }

    /// Slows down after a throttling answer, and waits at least `pause`.
    pub fn throttle(&self, pause: Duration) {
        self.with(|tempo| {
            let now = Instant::now();
            tempo.halvings = (tempo.halvings + 1).min(MOST_HALVINGS);
            tempo.quiet_since = now;
            tempo.next = tempo.next.max(now + pause);
        });
    }

    fn with<T>(&self, step: impl FnOnce(&mut Tempo) -> T) -> T {
        step(&mut self.tempo.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Tempo {
    fn take(&mut self) {
        let now = Instant::now();
        if self.halvings > 0 && now.duration_since(self.quiet_since) >= WON_BACK_AFTER {
            self.halvings -= 1;
            self.quiet_since = now;
        }
        let interval = self.interval * 2_u32.pow(self.halvings);
        let on_time = now.duration_since(self.next) <= WAKES_LATE;
        self.next = if on_time { self.next } else { now } + interval;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn arrivals(pace: &Pace, count: usize) -> Vec<Duration> {
        let start = Instant::now();
        let mut arrivals = Vec::new();
        for _ in 0..count {
            drop(pace.turn().await);
            arrivals.push(start.elapsed());
        }
        arrivals
    }

    #[tokio::test(start_paused = true)]
    async fn no_second_sees_more_calls_than_the_rate() {
        for rate in [1, 5, 10, 20, 30, 50, 200] {
            let pace = Pace::new(rate, Instant::now());
            let arrivals = arrivals(&pace, 3 * rate as usize).await;
            for first in &arrivals {
                let window = *first..*first + Duration::from_secs(1);
                let within = arrivals.iter().filter(|at| window.contains(at)).count();
                assert!(within <= rate as usize, "{within} in a second at {rate}/s");
            }
            let floor = Duration::from_secs(3);
            assert!(arrivals.last().unwrap() <= &(floor * 105 / 100), "{rate}/s is too slow");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_throttling_answer_halves_the_pace_and_quiet_wins_it_back() {
        let pace = Pace::new(10, Instant::now());
        pace.throttle(Duration::from_secs(2));
        let slow = arrivals(&pace, 3).await;
        assert!(slow[0] >= Duration::from_secs(2));
        assert!(slow[2] >= slow[1] + Duration::from_millis(200));
        tokio::time::sleep(WON_BACK_AFTER).await;
        let quick = arrivals(&pace, 3).await;
        assert!(quick[2] < quick[1] + Duration::from_millis(110));
    }
}
