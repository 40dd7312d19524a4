//! What is known of the targets and their accounts beyond one pass: an order that comes makes a run
//! plan anew, and no provider's patience begins anew with that.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicI64;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::SignedDuration;
use tokio::time::Instant;

use super::budget::RetryBudget;
use super::rate_limiter::{RateLimiter, WINDOW};
use super::target_executor::TargetExecutor;
use crate::domain::{Moment, TargetName};
use crate::plan::term::CLOCK_TOLERANCE;
use crate::provider::{Secrets, Target};
use crate::store::{RecentCalls, UsedRate};
use crate::world::{CredentialError, Credentials, World};

/// What the passes of one run share about the targets and their accounts. To be kept as long as
/// the state is ours: nobody else calls the accounts meanwhile.
#[derive(Clone, Debug, Default)]
pub struct KnownAccounts {
    limiters: Arc<Mutex<BTreeMap<Lane, Arc<RateLimiter>>>>,
    targets: Arc<Mutex<BTreeMap<TargetName, KnownTarget>>>,
    /// What the providers' clocks said of ours.
    pub(super) clocks: Arc<Clocks>,
    /// The number of the newest call: no two have the same, whoever sends them.
    pub(super) newest_call: Arc<AtomicI64>,
}

/// An account, and one of its rates.
type Lane = (String, usize);

/// What is known of one target.
#[derive(Clone, Debug)]
pub(super) struct KnownTarget {
    target: Arc<Target>,
    /// Its secrets.
    pub(super) secrets: Secrets,
    /// The retries that are left.
    pub(super) budget: Arc<RetryBudget>,
    /// How long an answer takes.
    pub(super) latency: Duration,
}

impl KnownTarget {
    /// A target of which nothing is known but its secrets.
    pub(super) fn new(target: &Arc<Target>, secrets: Secrets) -> Self {
        let (target, budget) = (Arc::clone(target), Arc::default());
        Self { target, secrets, budget, latency: Duration::ZERO }
    }

    /// Whether this is the same app still, reached in the same way and with the same secrets.
    fn is_of(&self, target: &Target) -> bool {
        let known = &self.target;
        (&known.endpoint, &known.settings, &known.credentials)
            == (&target.endpoint, &target.settings, &target.credentials)
            && known.binding() == target.binding()
    }
}

impl KnownAccounts {
    /// What is known of a target; its secrets are read if it is new, or the config has changed it.
    pub(super) async fn target(
        &self,
        target: &Arc<Target>,
        credentials: &dyn Credentials,
    ) -> Result<KnownTarget, CredentialError> {
        let known = lock(&self.targets).get(&target.name).cloned();
        if let Some(known) = known.filter(|known| known.is_of(target)) {
            return Ok(known);
        }
        Ok(KnownTarget::new(target, credentials.read(target).await?))
    }

    /// Forgets the targets, so that their secrets are read anew; what their accounts were sent stays.
    /// A pass that is under way keeps what it learns where nobody looks any more.
    pub fn forget_targets(&mut self) {
        self.targets = Arc::default();
    }

    /// Keeps what a pass has learned of a target. Of one that stopped nothing is kept: its secrets
    /// may be why, and a new pass is a new attempt.
    pub(super) fn keep(&self, executor: &TargetExecutor) {
        let target = &executor.session.target;
        if executor.stopped.get().is_some() {
            lock(&self.targets).remove(&target.name);
            return;
        }
        let known = KnownTarget {
            target: Arc::clone(target),
            secrets: executor.session.secrets.clone(),
            budget: Arc::clone(&executor.budget),
            latency: executor.in_flight.answers_in(),
        };
        lock(&self.targets).insert(target.name.clone(), known);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What the providers' clocks said of ours as long as the state is ours.
#[derive(Debug, Default)]
pub(super) struct Clocks(Mutex<BTreeMap<TargetName, Comparison>>);

/// What a provider's clock said of ours.
#[derive(Clone, Copy, Debug)]
struct Comparison {
    agrees: bool,
    /// When it was compared, by a clock that nobody sets and by ours.
    at: (Instant, Moment),
}

impl Comparison {
    /// Whether it agrees, and ours has not been set since.
    fn agrees_still(&self, now: Moment) -> bool {
        let (instant, moment) = self.at;
        let passed = SignedDuration::try_from(instant.elapsed()).unwrap_or(SignedDuration::MAX);
        self.agrees && (now - moment).saturating_sub(passed).abs() <= CLOCK_TOLERANCE
    }
}

impl Clocks {
    /// Notes whether a target's clock agrees with ours, which says `now`.
    pub(super) fn note(&self, target: &TargetName, agrees: bool, now: Moment) {
        let comparison = Comparison { agrees, at: (Instant::now(), now) };
        lock(&self.0).insert(target.clone(), comparison);
    }

    /// Whether some agree with ours, which says `now`, and none differs.
    pub(super) fn agree(&self, now: Moment) -> bool {
        let compared = lock(&self.0);
        compared.values().any(|it| it.agrees_still(now)) && compared.values().all(|it| it.agrees)
    }

    /// Whether a target's agrees with ours, which says `now`: whoever sends there need not find out.
    pub(super) fn agrees_with(&self, target: &TargetName, now: Moment) -> bool {
        lock(&self.0).get(target).is_some_and(|it| it.agrees_still(now))
    }
}

/// The rate limiters of all accounts in one pass.
pub(super) struct Paces {
    recent_calls: RecentCalls,
    earlier: KnownAccounts,
    known: BTreeMap<Lane, Arc<RateLimiter>>,
}

impl Paces {
    /// The rate limiters of accounts of which these calls were made, or which are known already.
    pub(super) fn new(
        world: &World,
        mut recent_calls: RecentCalls,
        earlier: &KnownAccounts,
    ) -> Self {
        if recent_calls.are_past(world.uptime().as_ref(), WINDOW) {
            recent_calls.rates.clear();
        }
        Self { recent_calls, earlier: earlier.clone(), known: BTreeMap::new() }
    }

    /// The calls that may count after those of [`Paces::of`].
    pub(super) fn into_recent(self) -> RecentCalls {
        let Self { mut recent_calls, known, earlier: _ } = self;
        recent_calls.rested = None;
        let rates = &mut recent_calls.rates;
        rates.retain(|used| !known.contains_key(&(used.rate_key.clone(), used.lane)));
        rates.extend(known.into_keys().map(|(rate_key, lane)| UsedRate {
            rate_key,
            lane,
            calls: usize::MAX,
        }));
        recent_calls
    }

    /// The rate limiters of a target, lane by lane; shared with every target of the same account.
    pub(super) fn of(&mut self, target: &Target) -> Vec<Arc<RateLimiter>> {
        let lanes = 0..target.provider.facts().lanes.len();
        lanes.map(|lane| self.lane(target, lane)).collect()
    }

    fn lane(&mut self, target: &Target, lane: usize) -> Arc<RateLimiter> {
        let key = (target.rate_key(), lane);
        if let Some(limiter) = self.known.get(&key) {
            return Arc::clone(limiter);
        }
        let rate = target.lane_rate(lane);
        let mut earlier = lock(&self.earlier.limiters);
        // Of an account that is known, what the state says of its calls is no news.
        let limiter = if let Some(limiter) = earlier.get(&key) {
            limiter.at_rate(rate)
        } else {
            let mut used = self.recent_calls.rates.iter();
            let used = used.find(|used| (&used.rate_key, used.lane) == (&key.0, key.1));
            let calls = used.map_or(0, |used| used.calls);
            Arc::new(RateLimiter::new(rate, Instant::now()).after(calls))
        };
        earlier.insert(key.clone(), Arc::clone(&limiter));
        drop(earlier);
        self.known.insert(key, Arc::clone(&limiter));
        limiter
    }
}
