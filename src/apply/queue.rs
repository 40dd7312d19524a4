//! The queue of one target: its steps in the order of the plan, many in flight.

use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::attempt::Attempt;
use super::line::Line;
use super::outcome::{Fate, Trouble};
use super::work::Work;
use crate::plan::term::CLOCK_TOLERANCE;
use crate::plan::{Phase, Step};

/// For this many seconds of its rate a target may have calls in flight, so that the rate is
/// reached however slowly the provider answers.
const SECONDS_IN_FLIGHT: usize = 5;

impl Line {
    /// Carries out the steps of the target.
    pub async fn run(self: Arc<Self>, steps: Vec<Step>) {
        let operations: u64 = steps.iter().map(|step| step.operations.len() as u64).sum();
        self.shared.progress.begin(&self.session.target.name, operations);
        let rate = self.session.target.provider.facts().highest_rate() as usize;
        let in_flight = Arc::new(Semaphore::new(rate * SECONDS_IN_FLIGHT));
        let mut tasks = JoinSet::new();
        let mut sent = None;
        for step in steps {
            if sent.is_some_and(|sent| is_barrier(&self, sent, &step)) {
                drain(&mut tasks).await;
            }
            let alone = sent.is_none();
            sent = Some(step.phase);
            let mut work = Work::new(step.call, step.operations);
            if step.phase == Phase::ReplacedLift {
                self.hold_back(&mut work);
            }
            let Ok(permit) = Arc::clone(&in_flight).acquire_owned().await else { break };
            let line = Arc::clone(&self);
            tasks.spawn(async move {
                line.carry_out(work).await;
                drop(permit);
            });
            // The first call of a target goes alone: its answer tells whether the clocks agree.
            if alone {
                drain(&mut tasks).await;
            }
        }
        drain(&mut tasks).await;
        self.confirm_all().await;
        self.shared.progress.end(&self.session.target.name);
    }

    /// Stops the target if its first answer shows a clock too far from ours.
    pub(super) fn check_clock(&self, attempt: &Attempt) {
        let Some(ahead) = attempt.clock_ahead else { return };
        if ahead.abs() > CLOCK_TOLERANCE.as_secs() {
            let direction = if ahead > 0 { "ahead of" } else { "behind" };
            let seconds = ahead.abs();
            let error = format!("the provider's clock is {seconds} s {direction} this machine's");
            let trouble = Trouble { error, code: None, request_id: None };
            self.stop(trouble, "set this machine's clock: ends are computed from it");
        }
    }

    /// Takes out the lifts whose replacement is not in force: make before break.
    fn hold_back(&self, work: &mut Work) {
        let operations = self.operations(work);
        let waits: Vec<usize> = operations
            .into_iter()
            .filter(|(_, operation)| {
                let replacement = operation.after.and_then(|index| self.shared.book.fate(index));
                operation.after.is_some() && replacement != Some(Fate::Done)
            })
            .map(|(index, _)| index)
            .collect();
        for index in &waits {
            let error = "it waits for its replacement, which is not in force yet".to_owned();
            let trouble = Trouble { error, code: None, request_id: None };
            self.note(*index, Fate::Deferred, Some(trouble));
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
fn is_barrier(line: &Line, sent: Phase, step: &Step) -> bool {
    let has_quota = line.form(&step.call).is_some_and(|form| form.quota.is_some());
    let quota_frees_up = has_quota && sent <= Phase::Lift && step.phase > Phase::Lift;
    let knows_rooms = sent != step.phase && step.phase == Phase::StillWaiting;
    quota_frees_up || knows_rooms || step.phase == Phase::ReplacedLift
}

/// Waits for the end of all tasks.
pub(super) async fn drain(tasks: &mut JoinSet<()>) {
    // A panic of a task is a bug; it must not pass for success.
    while let Some(result) = tasks.join_next().await {
        if let Err(error) = result
            && error.is_panic()
        {
            std::panic::resume_unwind(error.into_panic());
        }
    }
}
