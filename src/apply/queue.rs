//! The queue of one target: its steps in the order of the plan, many in flight.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::task::{JoinError, JoinSet};

use super::attempt::Attempt;
use super::outcome::{Failure, Fate};
use super::target_executor::TargetExecutor;
use super::work::Work;
use crate::plan::Phase;
use crate::plan::term::CLOCK_TOLERANCE;

impl TargetExecutor {
    /// Carries out steps of the plan, all of this target.
    pub async fn run(self: Arc<Self>, steps: Vec<usize>) {
        let plan = Arc::clone(&self.shared.plan);
        let operations = self.shared.permitted(&steps).count() as u64;
        self.shared.progress.begin(&self.session.target.name, operations);
        let mut tasks = JoinSet::new();
        let mut sent = None;
        // An earlier pass may have found out.
        let target = &self.session.target.name;
        let is_known = self.shared.clocks.agrees_with(target, self.now());
        for step in &steps {
            let Some(mut work) = self.shared.work(*step) else { continue };
            let Some(phase) = plan.steps.get(*step).map(|step| step.phase) else { continue };
            if sent.is_some_and(|sent| is_barrier(&self, sent, (phase, &work))) {
                drain(&mut tasks).await;
            }
            let alone = sent.is_none() && !is_known;
            sent = Some(phase);
            if phase == Phase::ReplacedLift {
                self.hold_back(&mut work);
            }
            self.make_room(&mut tasks).await;
            let executor = Arc::clone(&self);
            tasks.spawn(async move { executor.carry_out(work).await });
            // The first call of a target goes alone: its answer tells whether the clocks agree.
            if alone {
                drain(&mut tasks).await;
            }
        }
        drain(&mut tasks).await;
        self.confirm_all().await;
        self.shared.progress.end(&self.session.target.name);
    }

    /// Waits until one more call may be on its way. What has ended is let go of: of a million
    /// calls only those under way are remembered.
    async fn make_room(&self, tasks: &mut JoinSet<()>) {
        while let Some(ended) = tasks.try_join_next() {
            pass_on(ended);
        }
        while tasks.len() >= self.in_flight.limit() {
            let latency = self.in_flight.latency();
            match tokio::time::timeout(latency, tasks.join_next()).await {
                Ok(Some(ended)) => pass_on(ended),
                Ok(None) => return,
                // The provider has become slower than it was, or some wait to try again.
                Err(_elapsed) if self.limiters.iter().all(|limiter| !limiter.is_paused()) => {
                    self.in_flight.observe(latency * 2);
                }
                // More calls would wait for the end of the pause as these do.
                Err(_elapsed) => {}
            }
        }
    }

    /// Remembers the clock that an answer shows, and stops the target if it is too far from ours.
    pub(super) fn check_clock(&self, attempt: &Attempt) {
        let Some(ahead) = attempt.clock_ahead else { return };
        self.clock_ahead.store(ahead, Ordering::Relaxed);
        let agrees = ahead.abs() <= CLOCK_TOLERANCE.as_secs();
        self.shared.clocks.note(&self.session.target.name, agrees, self.now());
        if agrees {
            return;
        }
        let direction = if ahead > 0 { "ahead of" } else { "behind" };
        let seconds = ahead.abs();
        let error = format!("the provider's clock is {seconds} s {direction} this machine's");
        let failure = Failure { error, code: None, request_id: None };
        self.stop(failure, "set this machine's clock: ends are computed from it");
    }

    /// Takes out the lifts whose replacement is not in force: make before break.
    fn hold_back(&self, work: &mut Work) {
        let operations = self.operations(work);
        let waits: Vec<usize> = operations
            .into_iter()
            .filter(|(_, operation)| {
                let replacement = operation.after.and_then(|index| self.shared.fates.fate(index));
                operation.after.is_some() && replacement != Some(Fate::Done)
            })
            .map(|(index, _)| index)
            .collect();
        for index in &waits {
            let error = "it waits for its replacement, which is not in force yet".to_owned();
            let failure = Failure { error, code: None, request_id: None };
            self.note(*index, Fate::Deferred, Some(failure));
        }
        work.retain(|index| !waits.contains(&index));
    }

    async fn confirm_all(&self) {
        for (room, operations) in self.rooms.take_unconfirmed() {
            self.confirm(room, &operations).await;
        }
    }
}

/// Whether everything sent so far must be answered before this step: lifts free the quota that
/// imposes need, a replaced lift must know that its replacement stands, and a first call tells
/// whether more about a room that had to wait make sense.
fn is_barrier(executor: &TargetExecutor, sent: Phase, (phase, work): (Phase, &Work)) -> bool {
    let has_quota =
        executor.capability(&work.call).is_some_and(|capability| capability.quota.is_some());
    let quota_frees_up = has_quota && sent <= Phase::Lift && phase > Phase::Lift;
    let knows_rooms = sent != phase && phase == Phase::StillWaiting;
    quota_frees_up || knows_rooms || phase == Phase::ReplacedLift
}

/// Waits for the end of all tasks.
pub(super) async fn drain(tasks: &mut JoinSet<()>) {
    while let Some(ended) = tasks.join_next().await {
        pass_on(ended);
    }
}

/// A panic of a task is a bug; it must not pass for success.
fn pass_on(ended: Result<(), JoinError>) {
    if let Err(error) = ended
        && error.is_panic()
    {
        std::panic::resume_unwind(error.into_panic());
    }
}
