//! Pace: never more calls in any second than an account may make, as the provider counts them.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, sleep_until};

use super::pause::LONGEST_BELIEVED;

/// The pace of one rate of one account.
///
/// Our own few lines instead of a crate: the ones measured sleep on clocks that tests cannot
/// pause, or cannot be slowed by a provider's throttling answer.
#[derive(Debug)]
pub struct RateLimiter {
    /// Callers queue here first, as they come: only those whose turn is near make connections.
    lobby: Semaphore,
    /// They queue here then, first come first served.
    turnstile: tokio::sync::Mutex<()>,
    state: Mutex<LimiterState>,
}

/// A place among those whose turn is near.
pub type Near<'a> = Option<SemaphorePermit<'a>>;

/// A turn to send one call. Others wait until it is dropped, which should happen when the call
/// has been handed to the network: only then is it known when it left.
#[derive(Debug)]
#[must_use]
pub struct Permit<'a> {
    limiter: &'a RateLimiter,
    _turnstile: tokio::sync::MutexGuard<'a, ()>,
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        self.limiter.with(LimiterState::take);
    }
}

#[derive(Clone, Debug)]
struct LimiterState {
    per_second: u32,
    /// How often the pace was halved and not yet won back.
    halvings: u32,
    /// When the newest calls left, oldest first: as many as one window may hold.
    sent: VecDeque<Instant>,
    /// When the next call is due, if calls leave evenly.
    due: Instant,
    /// No call leaves before this.
    not_before: Instant,
    /// Since when no throttling answer came.
    quiet_since: Instant,
}

/// The window in which a rate's calls are counted: a second, and a few percent to spare, since
/// arrivals bunch up on their way (design §5).
pub const WINDOW: Duration = Duration::from_millis(1040);

/// Calls leave evenly. A moment in which this machine was busy is made good, up to this long...
const CREDIT: Duration = Duration::from_millis(100);

/// ...by calls that follow each other at up to this many times the rate.
const CATCHES_UP: u32 = 2;

/// A turn is near when no more calls go first than leave within so many seconds: by then a
/// connection is made, and none that waits is closed.
const NEAR: u32 = 2;

/// A turn is near when only so few calls go first, whatever the rate.
const FEW: u32 = 4;

/// After this long without a throttling answer one halving is won back.
const WON_BACK_AFTER: Duration = Duration::from_secs(5);

/// A pace is halved at most this often: to a 64th.
const MOST_HALVINGS: u32 = 6;

impl RateLimiter {
    /// The pace of `per_second` calls, the first not before `start`.
    pub fn new(per_second: u32, start: Instant) -> Self {
        let state = LimiterState {
            per_second: per_second.max(1),
            halvings: 0,
            sent: VecDeque::new(),
            due: start,
            not_before: start,
            quiet_since: start,
        };
        Self::of(state)
    }

    fn of(state: LimiterState) -> Self {
        let lobby = Semaphore::new(state.per_second.saturating_mul(NEAR).max(FEW) as usize);
        Self { lobby, turnstile: tokio::sync::Mutex::new(()), state: Mutex::new(state) }
    }

    /// The same account's pace at this rate, for whoever calls it next: what was sent, and what the
    /// provider asked for, counts.
    pub fn at_rate(self: &Arc<Self>, per_second: u32) -> Arc<Self> {
        let state = self.with(|state| state.clone());
        let per_second = per_second.max(1);
        if state.per_second == per_second {
            return Arc::clone(self);
        }
        Arc::new(Self::of(LimiterState { per_second, ..state }))
    }

    /// The same pace, counting so many calls of an earlier run as if they had just left.
    #[must_use]
    pub fn after(self, calls: usize) -> Self {
        self.with(|state| {
            let calls = calls.min(state.per_second as usize);
            state.sent = std::iter::repeat_n(Instant::now(), calls).collect();
        });
        self
    }

    /// Waits until the turn of one call is near; to be held until it has come.
    pub async fn near(&self) -> Near<'_> {
        // An error means that the semaphore was closed, which nobody does.
        self.lobby.acquire().await.ok()
    }

    /// Whether no call may leave now, since the provider asked for a pause.
    pub fn is_paused(&self) -> bool {
        self.with(|state| state.not_before > Instant::now())
    }

    /// Waits for a turn to send one call.
    pub async fn permit(&self) -> Permit<'_> {
        let turnstile = self.turnstile.lock().await;
        loop {
            let next = self.with(|state| state.next());
            if next <= Instant::now() {
                break;
            }
            sleep_until(next).await;
        }
        Permit { limiter: self, _turnstile: turnstile }
    }

    /// Slows down after a throttling answer, and waits at least `pause`.
    pub fn throttle(&self, pause: Duration) {
        self.with(|state| {
            let now = Instant::now();
            state.halvings = (state.halvings + 1).min(MOST_HALVINGS);
            state.quiet_since = now;
            // No answer makes anybody wait longer than this, nor the clock overflow.
            state.not_before = state.not_before.max(now + pause.min(LONGEST_BELIEVED));
        });
    }

    fn with<T>(&self, step: impl FnOnce(&mut LimiterState) -> T) -> T {
        step(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl LimiterState {
    /// When the next call may leave.
    fn next(&self) -> Instant {
        let (window, calls) = self.window();
        let spacing = window / calls / CATCHES_UP;
        let spaced = self.sent.back().map(|newest| *newest + spacing);
        let first = self.sent.len().checked_sub(calls as usize);
        let room = first.and_then(|first| self.sent.get(first)).map(|oldest| *oldest + window);
        [spaced, room].into_iter().flatten().fold(self.not_before.max(self.due), Instant::max)
    }

    /// A call leaves now.
    fn take(&mut self) {
        let now = Instant::now();
        if self.halvings > 0 && now.duration_since(self.quiet_since) >= WON_BACK_AFTER {
            self.halvings -= 1;
            self.quiet_since = now;
        }
        let (window, calls) = self.window();
        let earliest = now.checked_sub(CREDIT).unwrap_or(now);
        self.due = self.due.max(earliest) + window / calls;
        self.sent.push_back(now);
        while self.sent.len() > self.per_second as usize {
            self.sent.pop_front();
        }
    }

    /// A span, and how many calls may leave within it.
    fn window(&self) -> (Duration, u32) {
        let slower = 2_u32.pow(self.halvings);
        let calls = (self.per_second / slower).max(1);
        (WINDOW * calls * slower / self.per_second, calls)
    }
}

#[cfg(test)]
mod tests {
    use tokio::task::JoinSet;

    use super::*;

    async fn arrivals(limiter: &RateLimiter, count: usize) -> Vec<Duration> {
        let start = Instant::now();
        let mut arrivals = Vec::new();
        for _ in 0..count {
            drop(limiter.permit().await);
            arrivals.push(start.elapsed());
        }
        arrivals
    }

    #[tokio::test(start_paused = true)]
    async fn no_second_sees_more_calls_than_the_rate() {
        for rate in [1, 5, 10, 20, 30, 50, 200] {
            let limiter = RateLimiter::new(rate, Instant::now());
            let arrivals = arrivals(&limiter, 5 * rate as usize).await;
            for first in &arrivals {
                let window = *first..*first + Duration::from_secs(1);
                let within = arrivals.iter().filter(|at| window.contains(at)).count();
                assert!(within <= rate as usize, "{within} in a second at {rate}/s");
            }
            let last = arrivals.last().unwrap();
            assert!(*last <= WINDOW * 5, "{rate}/s takes {last:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_calls_of_an_earlier_run_count_although_the_clock_was_moved_since() {
        let limiter = RateLimiter::new(10, Instant::now()).after(6);
        let arrivals = arrivals(&limiter, 6).await;
        let within = |at: &&Duration| **at < Duration::from_secs(1);
        assert_eq!(arrivals.iter().filter(within).count(), 4);
    }

    #[tokio::test(start_paused = true)]
    async fn at_another_rate_what_was_sent_and_what_was_asked_for_counts() {
        for (before, after, sent) in [(10, 10, 10), (10, 2, 10), (2, 10, 2), (10, 20, 10)] {
            let limiter = Arc::new(RateLimiter::new(before, Instant::now()));
            let start = Instant::now();
            let mut all = arrivals(&limiter, sent).await;
            let limiter = limiter.at_rate(after);
            let taken = start.elapsed();
            all.extend(arrivals(&limiter, 3 * after as usize).await.iter().map(|it| *it + taken));
            for first in &all[sent..] {
                let window = *first..*first + Duration::from_secs(1);
                let within = all.iter().filter(|at| window.contains(at)).count();
                assert!(within <= after as usize, "{within} in a second at {after}/s");
            }
            assert!(all[sent] <= all[sent - 1] + WINDOW);
            limiter.throttle(Duration::from_secs(9));
            let next = limiter.at_rate(before + 1);
            assert!(arrivals(&next, 1).await[0] >= Duration::from_secs(9));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_moment_without_a_turn_is_made_good() {
        let limiter = RateLimiter::new(100, Instant::now());
        let start = Instant::now();
        let _before = arrivals(&limiter, 10).await;
        tokio::time::sleep(Duration::from_millis(90)).await;
        let _after = arrivals(&limiter, 90).await;
        assert!(start.elapsed() <= WINDOW);
    }

    #[tokio::test(start_paused = true)]
    async fn who_is_let_in_to_connect_has_the_turn_soon_however_long_the_queue_is() {
        for (rate, callers, longest) in [(1, 30, 4200), (10, 300, 2100), (200, 3000, 2100)] {
            let limiter = Arc::new(RateLimiter::new(rate, Instant::now()));
            let mut tasks = JoinSet::new();
            for _ in 0..callers {
                let limiter = Arc::clone(&limiter);
                tasks.spawn(async move {
                    let near = limiter.near().await;
                    let since = Instant::now();
                    drop(limiter.permit().await);
                    drop(near);
                    since.elapsed()
                });
            }
            let waited = tasks.join_all().await.into_iter().max().unwrap();
            assert!(waited <= Duration::from_millis(longest), "{waited:?} at {rate}/s");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn no_pause_is_longer_than_five_minutes_and_none_is_too_long_to_reckon_with() {
        let seconds = Duration::from_secs;
        for (asked, waits) in [
            (Duration::ZERO, Duration::ZERO),
            (seconds(7), seconds(7)),
            (seconds(300), seconds(300)),
            (seconds(86_400), seconds(300)),
            (seconds(1 << 63), seconds(300)),
            (Duration::MAX, seconds(300)),
        ] {
            let limiter = RateLimiter::new(200, Instant::now());
            limiter.throttle(asked);
            assert_eq!(limiter.is_paused(), !asked.is_zero());
            let first = arrivals(&limiter, 1).await[0];
            assert!(
                (waits..waits + Duration::from_millis(2)).contains(&first),
                "{asked:?} {first:?}"
            );
            assert!(!limiter.is_paused());
            // A shorter pause does not cut a longer one short.
            limiter.throttle(seconds(9));
            limiter.throttle(seconds(1));
            assert!(arrivals(&limiter, 1).await[0] >= seconds(9));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_throttling_answer_halves_the_pace_and_quiet_wins_it_back() {
        let limiter = RateLimiter::new(10, Instant::now());
        limiter.throttle(Duration::from_secs(2));
        let slow = arrivals(&limiter, 11).await;
        assert!(slow[0] >= Duration::from_secs(2));
        assert!(slow[10] >= slow[0] + Duration::from_secs(2));
        tokio::time::sleep(WON_BACK_AFTER).await;
        let quick = arrivals(&limiter, 11).await;
        assert!(quick[10] < quick[0] + Duration::from_millis(1500));
    }
}
