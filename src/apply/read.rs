//! Reading what a target holds, without a plan and without a trace in the state.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, OnceLock};

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::accounts::{KnownAccounts, Paces};
use super::clearance::{Clearance, Waited, exchange};
use super::insist::{Caller, List, list};
use super::line::next_call;
use super::outcome::Trouble;
use super::pace::Pace;
use super::pause::Pause;
use super::settle::{Answer, Tries, Verdict, settle};
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
    pub troubles: Vec<(Option<Id>, Trouble)>,
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
    let mut paces = Paces::new(&world, recent_calls, &KnownAccounts::default());
    let mut tasks = JoinSet::new();
    for (target, rooms) in targets {
        let (world, credentials) = (world.clone(), Arc::clone(&credentials));
        let (paces, sequence) = (paces.of(&target), Arc::clone(&sequence));
        tasks.spawn(async move {
            let name = target.name.clone();
            match credentials.read(&target).await {
                Err(error) => {
                    let error = error.to_string();
                    let trouble = Trouble { error, code: None, request_id: None };
                    (name, View { troubles: vec![(None, trouble)], ..View::default() })
                }
                Ok(secrets) => {
                    let session = Session::new(target, secrets);
                    let clock_ahead = OnceLock::new();
                    let reader = Reader { world, session, paces, sequence, clock_ahead };
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
    let recent_calls = paces.into_recent();
    Surveyed { views, newest_call: sequence.load(Ordering::Relaxed), recent_calls }
}

/// Reads the lists of one target.
struct Reader {
    world: World,
    session: Session,
    paces: Vec<Arc<Pace>>,
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
                Ok((place, Err(trouble))) => view.troubles.push((place, trouble)),
                Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
                Err(_cancelled) => {}
            }
        }
        view.troubles.sort();
        view.clock_ahead = self.clock_ahead.get().copied();
        view
    }

    /// Reads a whole list; one whose end is never seen is no list.
    async fn list(
        &self,
        capability: &'static Capability,
        room: Option<Id>,
    ) -> Result<Vec<Listed>, Trouble> {
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
        let mut waited = Waited::take(http, endpoint, self.paces.get(capability.lane)).await;
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
        tries: &mut Tries,
    ) -> Result<(Answer, Verdict), Trouble> {
        let answer = self.send(capability, &work.call).await;
        if let Some(ahead) = self.clock_ahead.get()
            && ahead.abs() > CLOCK_TOLERANCE.as_secs()
        {
            let error = format!("the provider's clock is {ahead} s ahead of this machine's");
            return Err(plain(&error));
        }
        let verdict = settle(capability, &work.call, &answer, tries);
        Ok((answer, verdict))
    }

    async fn pause(&self, capability: &'static Capability, pause: Pause) {
        let span = pause.span(self.world.random.bits());
        match pause {
            Pause::None => {}
            Pause::BackOff { .. } => tokio::time::sleep(span).await,
            Pause::Throttled { .. } => {
                if let Some(pace) = self.paces.get(capability.lane) {
                    pace.throttle(span);
                }
            }
        }
    }
}

fn plain(error: &str) -> Trouble {
    Trouble { error: error.to_owned(), code: None, request_id: None }
}
