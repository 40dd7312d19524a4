//! The work at one target: its session, its rate limiters, and what is known so far.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, OnceLock};

use super::accounts::Clocks;
use super::budget::RetryBudget;
use super::fates::Fates;
use super::in_flight::InFlight;
use super::journal::Journal;
use super::outcome::{Failure, Fate, Stopped};
use super::rate_limiter::RateLimiter;
use super::records::{self, Metas, Sent};
use super::rooms::Rooms;
use super::shared_list::SharedList;
use super::work::{End, Work};
use super::{Progress, Shutdown};
use crate::domain::Moment;
use crate::plan::{Operation, Plan};
use crate::provider::{Call, Capability, Session};
use crate::store::Record;
use crate::world::World;

/// What the executors of all targets share.
pub struct Shared {
    /// Clock, network and chance.
    pub world: World,
    /// What is being carried out.
    pub plan: Arc<Plan>,
    /// What entries say for people, for the audit log.
    pub metas: Metas,
    /// The run.
    pub run: String,
    /// What makes it stop early.
    pub shutdown: Shutdown,
    /// What came of the operations so far.
    pub fates: Fates,
    /// Who is told how far the work is.
    pub progress: Arc<dyn Progress>,
    /// The number of the newest call.
    pub newest_call: Arc<AtomicI64>,
    /// What the providers' clocks said of ours in this run.
    pub(super) clocks: Arc<Clocks>,
}

impl Shared {
    /// What is to be done of a step of the plan: without what a guard holds back.
    pub(super) fn work(&self, step: usize) -> Option<Work> {
        let step = self.plan.steps.get(step)?;
        let mut work = Work::new(step.call(&self.plan.operations)?, step.operations.clone());
        work.retain(|index| self.plan.permits_at(index));
        Some(work)
    }

    /// The operations that are to be done of steps of the plan.
    pub(super) fn permitted(&self, steps: &[usize]) -> impl Iterator<Item = usize> {
        let steps = steps.iter().filter_map(|step| self.plan.steps.get(*step));
        let operations = steps.flat_map(|step| &step.operations).copied();
        operations.filter(|index| self.plan.permits_at(*index))
    }

    /// The audit row of an operation.
    pub(super) fn audit(
        &self,
        operation: &Operation,
        at: Moment,
        end: (Fate, Option<&Failure>),
        sent: Sent<'_>,
    ) -> Record {
        self.progress.settled(operation, end.0, at);
        let meta = operation.source.as_ref().and_then(|source| self.metas.get(source)).cloned();
        records::audit(operation, (&self.run, at), end, (sent, meta))
    }

    /// Why something was not begun.
    pub(super) fn not_begun(&self) -> Failure {
        let error = match self.shutdown.cause() {
            Some(super::Cause::Deadline) | None => "not begun before the deadline",
            Some(super::Cause::Ordered) => "not begun before an order came",
            Some(super::Cause::Preempted) => "not begun before something more urgent",
            Some(super::Cause::Interrupted | super::Cause::Terminated) => {
                "not begun before the interrupt"
            }
            Some(super::Cause::StateLost) => "not begun, since the state cannot be written",
        };
        Failure { error: error.to_owned(), code: None, request_id: None }
    }

    /// A number for the next attempt: higher than every earlier one, and close to the clock in
    /// milliseconds, as ZEGO advises for its `Sequence`.
    pub fn next_call(&self) -> i64 {
        next_call(&self.newest_call, self.world.now())
    }
}

/// A number higher than the newest, and not below the clock in milliseconds.
pub(super) fn next_call(newest: &AtomicI64, now: Moment) -> i64 {
    let now = now.millis();
    let next = |newest: i64| Some(now.max(newest.saturating_add(1)));
    let newest = newest.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next);
    now.max(newest.unwrap_or_default().saturating_add(1))
}

/// The work at one target.
pub struct TargetExecutor {
    /// What all lines share.
    pub shared: Arc<Shared>,
    /// Where intents and outcomes are written.
    pub journal: Journal,
    /// The target, with its secrets.
    pub session: Session,
    /// How many of its calls may be on their way.
    pub in_flight: InFlight,
    /// Its rate limiters, lane by lane.
    pub limiters: Vec<Arc<RateLimiter>>,
    /// Why nothing more is sent, once something stopped it.
    pub stopped: OnceLock<(Fate, Failure)>,
    /// What was learned about its rooms.
    pub rooms: Rooms,
    /// The retries that are left.
    pub budget: Arc<RetryBudget>,
    /// The list of the whole app, where there is one.
    pub(super) of_app: SharedList,
    /// How many seconds the provider's clock was ahead of ours, the last time it said.
    pub(super) clock_ahead: AtomicI64,
}

impl TargetExecutor {
    /// The work at a target, within these limits.
    pub fn new(
        (shared, journal): (Arc<Shared>, Journal),
        session: Session,
        (limiters, in_flight, budget): (Vec<Arc<RateLimiter>>, InFlight, Arc<RetryBudget>),
    ) -> Self {
        Self {
            shared,
            journal,
            session,
            in_flight,
            limiters,
            stopped: OnceLock::new(),
            rooms: Rooms::default(),
            budget,
            of_app: SharedList::default(),
            clock_ahead: AtomicI64::new(0),
        }
    }

    /// What time it is.
    pub fn now(&self) -> Moment {
        self.shared.world.now()
    }

    /// How the target restricts such things as a call is about.
    pub fn capability(&self, call: &Call) -> Option<&'static Capability> {
        self.session.target.provider.facts().capability(call.kind)
    }

    /// The operations of a piece of work, with their indices.
    pub fn operations(&self, work: &Work) -> Vec<(usize, &Operation)> {
        let operations = &self.shared.plan.operations;
        let find = |index: &usize| Some((*index, operations.get(*index)?));
        work.operations.iter().filter_map(find).collect()
    }

    /// Whether nothing more may be sent.
    pub fn is_over(&self) -> bool {
        self.stopped.get().is_some() || self.shared.shutdown.cause().is_some()
    }

    /// Sends nothing more to this target, since nothing at it can succeed, and says why.
    pub fn stop(&self, failure: Failure, hint: impl Into<String>) {
        self.end_with(Fate::Failed, failure, hint);
    }

    /// Sends nothing more to this target in this run, and says why.
    pub fn defer(&self, failure: Failure, hint: impl Into<String>) {
        self.end_with(Fate::Deferred, failure, hint);
    }

    fn end_with(&self, fate: Fate, failure: Failure, hint: impl Into<String>) {
        if self.stopped.set((fate, failure.clone())).is_ok() {
            let target = self.session.target.name.clone();
            self.shared.fates.stop(Stopped { target, failure, hint: hint.into() });
        }
    }

    /// Notes the end of work of which nothing more is sent and nothing can be recorded.
    pub fn leave(&self, work: &Work) {
        let (fate, failure) = match self.stopped.get() {
            Some(stopped) => stopped.clone(),
            None => (Fate::Deferred, self.shared.not_begun()),
        };
        for index in &work.operations {
            self.note_end(*index, work.leave(fate, &failure));
        }
    }

    /// Notes the end of an operation that is not done.
    pub fn note_end(&self, operation: usize, end: End) {
        let (fate, failure) = end.into_parts();
        self.note(operation, fate, failure);
    }

    /// Notes the end of an operation.
    pub fn note(&self, operation: usize, fate: Fate, failure: Option<Failure>) {
        self.shared.fates.note(operation, fate, failure);
        self.shared.progress.advance(&self.session.target.name, 1);
    }
}
