//! Reading what a target holds, without a plan and without a trace in the state.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, OnceLock};

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::accounts::{KnownAccounts, Paces};
use super::clearance::{Clearance, Waited, exchange};
use super::outcome::Failure;
use super::pause::Pause;
use super::rate_limiter::RateLimiter;
use super::retry_policy::{Answer, Attempts, RetryDecision, decide};
use super::send_with_retry::{Caller, List, list};
use super::target_executor::next_call;
use super::work::Work;
use crate::domain::{Deny, Id, TargetName, Until};
use crate::plan::term::CLOCK_TOLERANCE;
use crate::provider::{Call, Capability, Cursor, Listed, Listing, Session, Target, Verb};
use crate::store::RecentCalls;
use crate::world::{Credentials, World};

/// What is to be read, and with what.
pub struct Survey {
    /// Clock, network and chance.
    pub world: World,
    /// Where secrets are read.
    pub credentials: Arc<dyn Credentials>,
    /// The targets, and the rooms to look in where lists are per room.
    pub targets: Vec<(Arc<Target>, BTreeSet<Id>)>,
    /// The number of the newest call in the state.
    pub newest_call: i64,
    /// The calls that may still count for a rate.
    pub recent_calls: RecentCalls,
}

/// What was read.
#[derive(Debug)]
pub struct Surveyed {
    /// What each target showed.
    pub views: BTreeMap<TargetName, View>,
    /// The number of the newest call, these included.
    pub newest_call: i64,
    /// The calls that may still count for a rate, these included.
    pub recent_calls: RecentCalls,
}

/// What one target showed.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct View {
    /// The lists that were read: by room, or that of the app.
    pub lists: BTreeMap<Option<Id>, Vec<Listed>>,
    /// Why a list, or all of them, could not be read.
    pub failures: Vec<(Option<Id>, Failure)>,
    /// How far the provider's clock is ahead of ours, in seconds, if it said.
    pub clock_ahead: Option<i64>,
}

/// How many lists of one target are read at the same time: what the quickest provider takes at a
/// round trip of 200 ms.
const SIDE_BY_SIDE: usize = 40;

/// The capability whose list shows all that can be listed at a target.
pub fn listable(target: &Target) -> Option<&'static Capability> {
    let capabilities = target.provider.facts().capabilities.iter();
    capabilities.into_iter().find(|capability| capability.listing != Listing::Never)
}

/// Reads the lists of all targets, side by side.
pub async fn survey(survey: Survey) -> Surveyed {
    let Survey { world, credentials, targets, newest_call, recent_calls } = survey;
    let sequence = Arc::new(AtomicI64::new(newest_call));
    let mut limiters = Paces::new(&world, recent_calls, &KnownAccounts::default());
    let mut tasks = JoinSet::new();
    for (target, rooms) in targets {
        let (world, credentials) = (world.clone(), Arc::clone(&credentials));
        let (limiters, sequence) = (limiters.of(&target), Arc::clone(&sequence));
        tasks.spawn(async move {
            let name = target.name.clone();
            match credentials.read(&target).await {
                Err(error) => {
                    let error = error.to_string();
                    let failure = Failure { error, code: None, request_id: None };
                    (name, View { failures: vec![(None, failure)], ..View::default() })
                }
                Ok(secrets) => {
                    let session = Session::new(target, secrets);
                    let clock_ahead = OnceLock::new();
                    let reader = Reader { world, session, limiters, sequence, clock_ahead };
                    (name, Arc::new(reader).view(rooms).await)
                }
            }
        });
    }
    let mut views = BTreeMap::new();
    while let Some(done) = tasks.join_next().await {
        match done {
            Ok((name, view)) => drop(views.insert(name, view)),
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            Err(_cancelled) => {}
        }
    }
    let recent_calls = limiters.into_recent();
    Surveyed { views, newest_call: sequence.load(Ordering::Relaxed), recent_calls }
}

/// Reads the lists of one target.
struct Reader {
    world: World,
    session: Session,
    limiters: Vec<Arc<RateLimiter>>,
    sequence: Arc<AtomicI64>,
    clock_ahead: OnceLock<i64>,
}

impl Reader {
    async fn view(self: Arc<Self>, rooms: BTreeSet<Id>) -> View {
        let Some(capability) = listable(&self.session.target) else { return View::default() };
        let places: Vec<Option<Id>> = match capability.listing {
            Listing::Never => Vec::new(),
            Listing::CompletePerRoom => rooms.into_iter().map(Some).collect(),
            Listing::MayOmitPerApp => vec![None],
        };
        let gate = Arc::new(Semaphore::new(SIDE_BY_SIDE));
        let mut tasks = JoinSet::new();
        for place in places {
            let (reader, gate) = (Arc::clone(&self), Arc::clone(&gate));
            tasks.spawn(async move {
                let _permit = gate.acquire().await;
                let list = reader.list(capability, place.clone()).await;
                (place, list)
            });
        }
        let mut view = View::default();
        while let Some(done) = tasks.join_next().await {
            match done {
                Ok((place, Ok(rows))) => drop(view.lists.insert(place, rows)),
                Ok((place, Err(failure))) => view.failures.push((place, failure)),
                Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
                Err(_cancelled) => {}
            }
        }
        view.failures.sort();
        view.clock_ahead = self.clock_ahead.get().copied();
        view
    }

    /// Reads a whole list; one whose end is never seen is no list.
    async fn list(
        &self,
        capability: &'static Capability,
        room: Option<Id>,
    ) -> Result<Vec<Listed>, Failure> {
        let about = Call {
            verb: Verb::List,
            kind: capability.kind,
            room,
            deny: Deny::NOTHING,
            reason: None,
            until: Until::Never,
            items: Vec::new(),
            cursor: Cursor::START,
        };
        let List { rows, is_whole } = list(self, capability, &about).await?;
        if is_whole { Ok(rows) } else { Err(plain("the list repeats itself and never ends")) }
    }

    async fn send(&self, capability: &'static Capability, call: &Call) -> Answer {
        let number = next_call(&self.sequence, self.world.now());
        let (http, endpoint) = (&*self.world.http, &self.session.target.endpoint);
        let mut waited = Waited::take(http, endpoint, self.limiters.get(capability.lane)).await;
        let (answer, ahead) = loop {
            let look = |_| Ok::<_, Infallible>(());
            let Ok(clearance) = Clearance::take(&self.world, number, waited, look);
            match exchange(&self.world, &self.session, call, clearance).await {
                Ok(exchanged) => break exchanged,
                Err(again) => waited = again,
            }
        };
        if let Some(ahead) = ahead {
            // The first answer tells; a slow one later would tell less.
            let _known = self.clock_ahead.set(ahead);
        }
        answer
    }
}

impl Caller for Reader {
    async fn call(
        &self,
        capability: &'static Capability,
        work: &mut Work,
        attempts: &mut Attempts,
    ) -> Result<(Answer, RetryDecision), Failure> {
        let answer = self.send(capability, &work.call).await;
        if let Some(ahead) = self.clock_ahead.get()
            && ahead.abs() > CLOCK_TOLERANCE.as_secs()
        {
            let error = format!("the provider's clock is {ahead} s ahead of this machine's");
            return Err(plain(&error));
        }
        let decision = decide(capability, &work.call, &answer, attempts);
        Ok((answer, decision))
    }

    async fn pause(&self, capability: &'static Capability, pause: Pause) {
        let span = pause.span(self.world.random.bits());
        match pause {
            Pause::None => {}
            Pause::BackOff { .. } => tokio::time::sleep(span).await,
            Pause::Throttled { .. } => {
                if let Some(limiter) = self.limiters.get(capability.lane) {
                    limiter.throttle(span);
                }
            }
        }
    }
}

fn plain(error: &str) -> Failure {
    Failure { error: error.to_owned(), code: None, request_id: None }
}
