//! One pass of the service: plans, and carries out until all is done or something more urgent
//! comes up.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::agenda::Left;
use super::board::Board;
use super::metrics::Result as Came;
use super::{Nudge, Service};
use crate::apply::{Cause, Fate, Halt, Outcome, Tally};
use crate::commands::decide::Ready;
use crate::commands::execute::{Execution, credentials};
use crate::commands::pass::{check_clock, finish};
use crate::commands::prepare::first_records;
use crate::commands::tenancy::{Tenancy, uuid};
use crate::domain::{Action, Moment, Restriction, TargetName};
use crate::error::Error;
use crate::exit::Exit;
use crate::plan::{Bound, Operation, Plan, Scope};
use crate::report::count::counted;
use crate::report::escape::Terminal;
use crate::store::{Accounts, Lease, Record, State};

/// Before this long nothing that is due interrupts a pass, so that every pass gets somewhere.
const UNDISTURBED: Duration = Duration::from_millis(200);

/// A doubt about a rule takes two looks, so far apart and a little more (design §5): after a few
/// passes that were cut short before the second one, a pass is left alone for this long.
const UNDISTURBED_IN_DOUBT: Duration = Duration::from_secs(8);

/// So many passes may be cut short while something is in doubt.
const HURRIED_AT_MOST: u32 = 2;

/// What came of a pass.
struct Passed {
    plan: Arc<Plan>,
    /// What came of its operations; `None` if there were none to carry out.
    outcome: Option<Outcome>,
    /// How long that took.
    took: Duration,
    scope: BTreeSet<TargetName>,
}

impl Service<'_> {
    /// Plans and carries out; whether there is more to do at once.
    pub(super) async fn pass(&mut self) -> bool {
        let Some(Tenancy { state, lease }) = self.tenure.take() else { return false };
        let scope = self.scope(&lease);
        if scope.is_empty() {
            self.tenure = Some(Tenancy { state, lease });
            self.agenda.rests(self.now());
            return false;
        }
        let (state, passed) = self.pass_with((state, &lease), scope).await;
        let now = self.now();
        match passed {
            Ok(passed) => {
                self.tenure = Some(Tenancy { state, lease });
                self.after(now, &passed)
            }
            Err(error) => {
                self.agenda.failed(now);
                self.board.metrics.passed(now, Came::Failed);
                self.board.not_ready(&error.message);
                // Whoever lost the state takes it again; whatever else is wrong, it stays ours.
                if matches!(error.exit, Exit::State | Exit::Locked) {
                    drop(state);
                } else {
                    self.tenure = Some(Tenancy { state, lease });
                }
                match self.checkout.trouble {
                    Some(_) => self.tell_of_files(),
                    None => self.say(&error.message),
                }
                false
            }
        }
    }

    /// The targets whose accounts are ours, without those that are left alone for now.
    fn scope(&self, lease: &Lease) -> BTreeSet<TargetName> {
        let now = self.now();
        let targets = self.checkout.files.config.targets.iter();
        let is_ours = |key: String| match &lease.accounts {
            Accounts::All => true,
            Accounts::Only(held) => held.contains(&key),
        };
        let ours = targets
            .filter(|(name, target)| is_ours(target.rate_key()) && !self.agenda.spares(name, now));
        ours.map(|(name, _)| name.clone()).collect()
    }

    async fn pass_with(
        &mut self,
        (mut state, lease): (State, &Lease),
        scope: BTreeSet<TargetName>,
    ) -> (State, Result<Passed, Error>) {
        let (ready, has_work) = match self.plan(&mut state, lease, &scope) {
            Ok(planned) => planned,
            Err(error) => return (state, Err(error)),
        };
        let plan = Arc::clone(&ready.plan);
        if !has_work {
            let took = Duration::ZERO;
            return (state, Ok(Passed { plan, outcome: None, took, scope }));
        }
        let begun = Instant::now();
        let (state, outcome) = self.carry_out((state, lease), ready).await;
        let took = begun.elapsed();
        let passed = outcome.map(|outcome| Passed { plan, outcome: Some(outcome), took, scope });
        (state, passed)
    }

    /// Plans; whether there is anything to carry out.
    fn plan(
        &mut self,
        state: &mut State,
        lease: &Lease,
        scope: &BTreeSet<TargetName>,
    ) -> Result<(Ready, bool), Error> {
        let begun = Instant::now();
        let now = self.context.world.now();
        // First: an order that comes in between is read, and looked at once more for nothing.
        self.orders_mark = state.orders_mark()?;
        let mut snapshot = state.snapshot()?;
        check_clock(&snapshot, false, now)?;
        let files = &self.checkout.files;
        let all = scope.len() == files.config.targets.len();
        let scope = if all { Scope::Everything } else { Scope::Only(scope.clone()) };
        let planned = files.plan(&mut snapshot, &scope, now, &[]);
        let (mut plan, _, resolved) = match planned {
            Ok(planned) => planned,
            Err(error) => {
                let told = Error::new(error.exit, error.message.clone());
                self.checkout.reject(self.context, error);
                return Err(told);
            }
        };
        self.checkout.confirm();
        self.tell_of_guards(&plan);
        let files = &self.checkout.files;
        self.board.metrics.planned(&plan, begun.elapsed(), snapshot.orders.len());
        plan.spared = self.agenda.spared(now);
        let to_do = plan.operations.iter().any(|operation| plan.permits(operation));
        let records: Vec<Record> = first_records(files, &plan, &resolved, &snapshot)
            .filter(|it| is_news(it, &snapshot.bound))
            .collect();
        let has_work = to_do || !plan.ended_orders.is_empty();
        if !has_work && !records.is_empty() {
            state.commit(lease.fence, &records)?;
        }
        // They may be many, and the plan has all of them that is needed from now on.
        snapshot.rows = Vec::new();
        let orders_mark = self.orders_mark;
        let plan = Arc::new(plan);
        let ready = Ready { plan, resolved, snapshot, observed: Vec::new(), orders_mark };
        Ok((ready, has_work))
    }

    /// Says what a guard holds back, if any does.
    fn tell_of_guards(&mut self, plan: &Plan) {
        let number = plan.operations.iter().filter(|operation| !plan.permits(operation)).count();
        let held_back = (number > 0).then(|| {
            format!(
                "a guard holds back {}: the plan says which, and what allows it",
                counted(number as u64, "operation")
            )
        });
        self.board.held_back(held_back.clone());
        if let Some(held_back) = held_back {
            self.say(&held_back);
        }
    }

    /// Carries a plan out, as a run of its own.
    async fn carry_out(
        &mut self,
        (mut state, lease): (State, &Lease),
        ready: Ready,
    ) -> (State, Result<Outcome, Error>) {
        let world = self.context.world;
        let lease = Lease { run: uuid(world), ..lease.clone() };
        let who = match self.who.take() {
            Some(who) => who,
            None => world.who(&self.context.global.dir).await,
        };
        let begun = state.begin_run(&lease.run, (&who, world.process.pid), world.now(), None);
        self.who = Some(who);
        if let Err(error) = begun {
            return (state, Err(error.into()));
        }
        let brake = Halt::default();
        let files = &self.checkout.files;
        let due = ready.plan.next_wake.and_then(|at| Duration::try_from(at - world.now()).ok());
        let execution = Execution {
            world,
            credentials: credentials(self.context, world, false),
            lease: &lease,
            halt: &brake,
            first: first_records(files, &ready.plan, &ready.resolved, &ready.snapshot).collect(),
            accounts: self.accounts.clone(),
            unpaced: false,
            progress: Arc::<Board>::clone(&self.board),
        };
        let mut carrying = std::pin::pin!(execution.carry_out(files, ready, state));
        let undisturbed =
            if self.hurried >= HURRIED_AT_MOST { UNDISTURBED_IN_DOUBT } else { UNDISTURBED };
        let mut due = std::pin::pin!(sleep(due.unwrap_or(Duration::MAX).max(undisturbed)));
        let (mut state, outcome) = loop {
            tokio::select! {
                done = &mut carrying => break done,
                () = &mut due, if brake.cause().is_none() => brake.pull(Cause::Preempted),
                () = self.halt.pulled(), if !is_final(&brake) => {
                    brake.pull(self.halt.cause().unwrap_or(Cause::Terminated));
                }
                Some(nudge) = self.inbox.recv() => {
                    let directory = &self.context.global.dir;
                    if nudge == Nudge::Reload || self.checkout.looks_other(directory) {
                        self.pending = self.pending.filter(|it| *it == Nudge::Reload).or(Some(nudge));
                        brake.pull(Cause::Preempted);
                    }
                }
                () = sleep(super::service::LOOK_EVERY) => self.board.alive(),
            }
        };
        let outcome = outcome.and_then(|outcome| {
            finish(&mut state, &outcome, world)?;
            Ok(outcome)
        });
        (state, outcome)
    }

    /// Notes what came of a pass; whether there is more to do at once.
    fn after(&mut self, now: Moment, passed: &Passed) -> bool {
        let Passed { plan, outcome, took, scope } = passed;
        let cause = outcome.as_ref().and_then(|outcome| outcome.cause);
        let again = cause.is_some_and(Cause::is_for_a_moment);
        if cause == Some(Cause::Ordered) {
            self.agenda.forgive();
        }
        let tally = outcome.as_ref().map(|outcome| outcome.tally).unwrap_or_default();
        let Tally { waiting, failed, in_doubt, .. } = tally;
        let is_doubtful = |it: &Operation| it.doubted.is_some() && plan.permits(it);
        if in_doubt > 0 || plan.operations.iter().any(is_doubtful) {
            let is_cut = cause == Some(Cause::Preempted);
            self.hurried = if is_cut { self.hurried + 1 } else { 0 };
        }
        let came = match outcome {
            None => Came::Idle,
            Some(_) if waiting + failed + in_doubt > 0 => Came::Unfinished,
            Some(_) if again => Came::Preempted,
            Some(_) => Came::Done,
        };
        let stopped = outcome.iter().flat_map(|outcome| &outcome.stopped);
        let stopped: BTreeSet<TargetName> = stopped.map(|it| it.target.clone()).collect();
        if outcome.is_some() {
            self.agenda.stopped(now, scope, &stopped);
        }
        let left = match outcome {
            None => Left::Idle,
            Some(outcome) => Left::Undone(undone(plan, outcome, &stopped)),
        };
        self.agenda.passed(now, plan.next_wake, left);
        let metrics = &self.board.metrics;
        metrics.passed(now, came);
        metrics.due(self.agenda.next());
        metrics.stopped(scope, &self.agenda.all_stopped());
        if let Some(Tenancy { state, .. }) = &mut self.tenure
            && let Ok(rows) = state.view().and_then(|view| view.rows_per_target())
        {
            metrics.in_force(scope, &rows);
        }
        self.board.ready();
        if let Some(outcome) = outcome {
            tell(outcome, plan.operations.iter().all(is_routine), *took);
            // With pseudonyms nothing is quoted: a provider may name whom it refuses.
            if !self.context.global.pseudonyms {
                tell_why(plan, outcome);
            }
        }
        again
    }
}

/// What is not done and is to be left alone for a while. Targets that have stopped are left alone
/// as a whole, and what was not begun is done by the next pass.
fn undone(plan: &Plan, outcome: &Outcome, stopped: &BTreeSet<TargetName>) -> BTreeSet<Restriction> {
    let problems = outcome.problems.iter().filter(|problem| problem.fate != Fate::Deferred);
    let operations = problems.filter_map(|problem| plan.operations.get(problem.operation));
    let restrictions = operations.map(|operation| &operation.restriction);
    restrictions.filter(|it| !stopped.contains(&it.target)).cloned().collect()
}

/// Whether a pass was told to end for good.
fn is_final(brake: &Halt) -> bool {
    brake.cause().is_some_and(|cause| !cause.is_for_a_moment())
}

/// Whether something is to be recorded that the state does not say.
fn is_news(record: &Record, bound: &BTreeMap<TargetName, Bound>) -> bool {
    match record {
        Record::Bind(name, as_now) => bound.get(name) != Some(as_now),
        _ => true,
    }
}

/// Whether an operation only keeps up what is in force: an hour of these is a quiet one.
fn is_routine(operation: &Operation) -> bool {
    operation.upkeep && matches!(operation.action, Action::Kick | Action::Renew | Action::Forget)
}

/// Says of each target why something failed there, for the first that did.
fn tell_why(plan: &Plan, outcome: &Outcome) {
    let mut told = BTreeSet::new();
    for problem in outcome.problems.iter().filter(|problem| problem.fate == Fate::Failed) {
        let Some(operation) = plan.operations.get(problem.operation) else { continue };
        let target = &operation.restriction.target;
        let is_told = outcome.stopped.iter().any(|stopped| stopped.target == *target);
        if is_told || !told.insert(target) {
            continue;
        }
        let (action, error) = (operation.action.name(), Terminal(&problem.trouble.error));
        tracing::warn!(target: "ostracon", run = outcome.run, target_name = %target, action, %error, "failed");
    }
}

/// Says what came of a run that did something.
fn tell(outcome: &Outcome, is_routine: bool, took: Duration) {
    let Tally { done, waiting, failed, deferred, in_doubt, dropped } = outcome.tally;
    let millis = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    if is_routine && waiting + failed + in_doubt == 0 {
        tracing::debug!(target: "ostracon", run = outcome.run, done, millis, "kept up");
        return;
    }
    tracing::info!(target: "ostracon", run = outcome.run, done, waiting, failed, deferred, in_doubt, dropped, millis, "applied");
    for stopped in &outcome.stopped {
        let error = &*stopped.trouble.error;
        tracing::warn!(target: "ostracon", run = outcome.run, target_name = %stopped.target, error, "nothing more is sent there for a while");
    }
}
