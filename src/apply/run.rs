//! One run: every target side by side, one journal, one outcome. A service lets each account have a
//! part of its own, so that none waits for another's answers.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use jiff::SignedDuration;
use tokio::task::JoinSet;

use super::accounts::{KnownAccounts, KnownTarget, Paces};
use super::fates::Fates;
use super::in_flight::InFlight;
use super::journal::{Journal, Unwritten, journal};
use super::outcome::{Failure, Fate, Outcome, Stopped};
use super::queue::drain;
use super::records::{self, Metas, Sent};
use super::target_executor::{Shared, TargetExecutor};
use super::{Progress, Shutdown};
use crate::domain::{Action, Moment, TargetName};
use crate::plan::{Means, Operation, Plan};
use crate::provider::{Mechanism, Session, Target};
use crate::store::{Lease, RecentCalls, Record, State, StateError};
use crate::world::{Credentials, World};

/// What a run is to do, and with what.
#[derive(Clone)]
pub struct ApplyRequest {
    /// Clock, network and chance.
    pub world: World,
    /// Where secrets are read.
    pub credentials: Arc<dyn Credentials>,
    /// What to carry out.
    pub plan: Arc<Plan>,
    /// What entries say for people, for the audit log.
    pub metas: Metas,
    /// The targets at which it is to be carried out: what the plan has for others is left.
    pub targets: BTreeMap<TargetName, Arc<Target>>,
    /// How many targets are called at the same time: each has its share of the connections. `None`
    /// if those of this plan are all.
    pub side_by_side: Option<usize>,
    /// What to record of the targets before anything else.
    pub first: Vec<Record>,
    /// The right to change the state.
    pub lease: Lease,
    /// The number of the newest call in the state.
    pub newest_call: i64,
    /// The mark of the orders that the plan knows: another one means that one has come since.
    pub orders_mark: i64,
    /// When the newest run began that is [`LONG_AGO`].
    pub old_run: Option<Moment>,
    /// The calls that may still count for a rate.
    pub recent_calls: RecentCalls,
    /// What earlier passes of this run know.
    pub accounts: KnownAccounts,
    /// Whether targets on a loopback address are sent calls as fast as they answer.
    pub unpaced: bool,
    /// What makes it stop early.
    pub shutdown: Shutdown,
    /// Who is told how far the work is.
    pub progress: Arc<dyn Progress>,
}

/// What is left after a run.
#[derive(Debug)]
pub struct ApplyResult {
    /// What came of it.
    pub outcome: Outcome,
    /// The state.
    pub state: State,
    /// Whether everything could be written.
    pub written: Result<(), StateError>,
}

/// Carries out a plan, with a state that nobody else needs meanwhile.
pub async fn apply(request: ApplyRequest, state: State) -> ApplyResult {
    let (lease, shutdown) = (request.lease.clone(), request.shutdown.clone());
    let state = (state, Some(request.orders_mark));
    let (journal, writer) = journal(state, lease, shutdown, request.world.clone());
    let writer = tokio::spawn(writer.run());
    let outcome = carry_out(request, journal).await;
    let (state, written) =
        writer.await.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()));
    ApplyResult { outcome, state, written }
}

/// Carries out what a plan has for some targets, by a journal that others may write too.
pub async fn carry_out(request: ApplyRequest, journal: Journal) -> Outcome {
    let ApplyRequest { world, credentials, plan, targets, first, lease, shutdown, .. } = request;
    let newest_call = Arc::clone(&request.accounts.newest_call);
    newest_call.fetch_max(request.newest_call, Ordering::Relaxed);
    let is_here = |it: &Operation| targets.contains_key(&it.restriction.target);
    let shared = Arc::new(Shared {
        world: world.clone(),
        plan: Arc::clone(&plan),
        metas: request.metas,
        run: lease.run.clone(),
        shutdown: shutdown.clone(),
        fates: Fates::starting_at(plan.operations.iter().position(is_here).unwrap_or(0)),
        progress: request.progress,
        newest_call,
        clocks: Arc::clone(&request.accounts.clocks),
    });
    let (sure, unsure) = by_record(&shared, &targets);
    let recorded = record_first(&shared, &journal, (first, &sure)).await;
    let mut limiters = Paces::new(&shared.world, request.recent_calls, &request.accounts);
    let mut executors = JoinSet::new();
    let by_target = by_target(&plan, &targets);
    // So that one that is slow, or told to pause, takes nothing from the others.
    let side_by_side = request.side_by_side.unwrap_or(by_target.len());
    let share = (world.http.connections() / side_by_side.max(1)).max(LEAST_SHARE);
    for (name, steps) in by_target {
        let Some(target) = targets.get(&name) else { continue };
        let at_will = request.unpaced && target.endpoint.is_loopback();
        let limiters = if at_will { Vec::new() } else { limiters.of(target) };
        let (shared, journal) = (Arc::clone(&shared), journal.clone());
        let (target, credentials) = (Arc::clone(target), Arc::clone(&credentials));
        let accounts = request.accounts.clone();
        executors.spawn(async move {
            if recorded.is_err() {
                return;
            }
            let known = tokio::select! {
                known = accounts.target(&target, &*credentials) => known,
                () = shared.shutdown.requested() => return defer(&shared, &steps),
            };
            match known {
                Ok(KnownTarget { secrets, budget, latency, .. }) => {
                    let in_flight = in_flight(&target, at_will, share).answered_in(latency);
                    let session = Session::new(target, secrets);
                    let limits = (limiters, in_flight, budget);
                    let executor =
                        Arc::new(TargetExecutor::new((shared, journal), session, limits));
                    Arc::clone(&executor).run(steps).await;
                    accounts.keep(&executor);
                }
                Err(error) => refuse(&shared, &target, &steps, &error.to_string()),
            }
        });
    }
    drain(&mut executors).await;
    // By now a provider may have said what time it is.
    let _halted = forget_by_clock(&shared, &journal, (&unsure, request.old_run)).await;
    let (tally, problems, stopped) = shared.fates.close();
    Outcome { run: lease.run, tally, problems, stopped, cause: shutdown.cause() }
}

/// How many calls of a target may be on their way.
fn in_flight(target: &Target, at_will: bool, share: usize) -> InFlight {
    if at_will {
        InFlight::unpaced(share.min(AT_WILL))
    } else {
        InFlight::new(target.rate(), share)
    }
}

/// What each target may have of the process's connections, however few those are.
const LEAST_SHARE: usize = 8;

/// How many calls are on their way to a target that is sent them as fast as it answers: more of
/// them would only wait for each other.
const AT_WILL: usize = 384;

/// How many operations one transaction records that need no call.
const CHUNK: usize = 1000;

/// The operations that only have to be recorded, and apart from them those that rest on this
/// machine's clock alone: what was held there has ended by itself, if the clock is right.
fn by_record(
    shared: &Shared,
    targets: &BTreeMap<TargetName, Arc<Target>>,
) -> (Vec<usize>, Vec<usize>) {
    let operations = shared.plan.operations.iter().enumerate();
    let recorded = operations.filter(|(_, operation)| {
        operation.means == Means::Record
            && targets.contains_key(&operation.restriction.target)
            && shared.plan.permits(operation)
    });
    let rests_on_clock = |operation: &Operation| {
        let restriction = &operation.restriction;
        let target = targets.get(&restriction.target);
        let capability =
            target.and_then(|it| it.provider.facts().capability(restriction.subject.kind));
        operation.action == Action::Forget
            && capability.is_some_and(|capability| capability.mechanism == Mechanism::Holds)
            && operation.recorded.as_ref().is_some_and(|row| row.may_be_in_force())
    };
    let (mut sure, mut unsure) = (Vec::new(), Vec::new());
    for (index, operation) in recorded {
        if rests_on_clock(operation) { &mut unsure } else { &mut sure }.push(index);
    }
    (sure, unsure)
}

/// Records what needs no call: targets, forgotten rows, and promises that changed.
async fn record_first(
    shared: &Shared,
    journal: &Journal,
    (first, operations): (Vec<Record>, &[usize]),
) -> Result<(), Unwritten> {
    if !first.is_empty() {
        journal.write(first).await?;
    }
    record_all(shared, journal, operations).await
}

/// A row is forgotten whatever any provider says if a run this long ago saw its end already
/// (design §3).
pub const LONG_AGO: SignedDuration = SignedDuration::from_hours(24);

/// Forgets what has ended by this machine's clock alone, once a provider's clock has agreed with
/// it in this run and none has differed, or a day later. What is not forgotten yet stays for
/// another run.
///
/// The day is that between a run that saw the end too and this one: a clock that jumps ahead, by
/// however much, has no such witness.
async fn forget_by_clock(
    shared: &Shared,
    journal: &Journal,
    (operations, old_run): (&[usize], Option<Moment>),
) -> Result<(), Unwritten> {
    let agrees = shared.clocks.agree(shared.world.now());
    let was_seen_to_end = |index: &usize| {
        let row = shared.plan.operations.get(*index).and_then(|it| it.recorded.as_ref());
        let end = row.and_then(|row| row.latest_end());
        end.zip(old_run).is_some_and(|(end, old_run)| end.has_passed(old_run))
    };
    let (sure, kept): (Vec<usize>, Vec<usize>) =
        operations.iter().partition(|index| agrees || was_seen_to_end(index));
    if !kept.is_empty() {
        tracing::info!(target: "ostracon", rows = kept.len(), "ended by this machine's clock alone: kept");
    }
    record_all(shared, journal, &sure).await
}

async fn record_all(
    shared: &Shared,
    journal: &Journal,
    operations: &[usize],
) -> Result<(), Unwritten> {
    for chunk in operations.chunks(CHUNK) {
        let mut records = Vec::with_capacity(chunk.len() * 2);
        let now = shared.world.now();
        for operation in chunk.iter().filter_map(|index| shared.plan.operations.get(*index)) {
            records.push(match operation.action {
                Action::Forget | Action::Lift => Record::Drop(operation.restriction.clone()),
                Action::Impose | Action::Renew | Action::Amend | Action::Kick => {
                    Record::Put(records::promised(operation))
                }
            });
            let fate = (Fate::Done, None);
            records.push(shared.audit(operation, now, fate, Sent::NOTHING));
        }
        journal.write(records).await?;
        for index in chunk {
            shared.fates.note(*index, Fate::Done, None);
        }
    }
    Ok(())
}

/// The steps of each of these targets of which no guard holds everything back, by their index in
/// the plan.
fn by_target(
    plan: &Plan,
    among: &BTreeMap<TargetName, Arc<Target>>,
) -> BTreeMap<TargetName, Vec<usize>> {
    let mut targets: BTreeMap<TargetName, Vec<usize>> = BTreeMap::new();
    let steps = plan.steps.iter().enumerate();
    for (index, step) in steps.filter(|(_, step)| among.contains_key(&step.target)) {
        if !step.operations.iter().any(|index| plan.permits_at(*index)) {
            continue;
        }
        match targets.get_mut(&step.target) {
            Some(steps) => steps.push(index),
            None => drop(targets.insert(step.target.clone(), vec![index])),
        }
    }
    targets
}

/// Notes that the run was stopped before a target's secrets were had.
fn defer(shared: &Shared, steps: &[usize]) {
    let failure = shared.not_begun();
    for index in shared.permitted(steps) {
        shared.fates.note(index, Fate::Deferred, Some(failure.clone()));
    }
}

/// Notes that a target's secrets cannot be had: nothing is sent to it.
fn refuse(shared: &Shared, target: &Target, steps: &[usize], error: &str) {
    let failure = Failure { error: error.to_owned(), code: None, request_id: None };
    for index in shared.permitted(steps) {
        shared.fates.note(index, Fate::Failed, Some(failure.clone()));
    }
    shared.fates.stop(Stopped {
        target: target.name.clone(),
        failure,
        hint: "give the target its credentials; the other targets went on".to_owned(),
    });
}
