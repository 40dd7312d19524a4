//! What the service is carrying out: of each pass a part at each account, so that one provider that
//! does not answer holds up nobody else.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use tokio::task::{JoinError, JoinSet};
use tokio::time::Instant;

use crate::apply::{Cause, Outcome, Shutdown, Tally};
use crate::domain::{Action, Moment, TargetName};
use crate::plan::{Operation, Plan};

/// Before this long nothing that is due interrupts work, so that all work gets somewhere.
const UNDISTURBED: SignedDuration = SignedDuration::from_millis(200);

/// A doubt about a rule takes two looks, so far apart and a little more (design §5): where work was
/// cut short a few times before the second one, it is left alone for this long.
const UNDISTURBED_IN_DOUBT: SignedDuration = SignedDuration::from_secs(8);

/// So many times the work at an account may be cut short while something is in doubt there.
const HURRIED_AT_MOST: u32 = 2;

/// An account, by who shares its rate ([`crate::provider::Target::rate_key`]).
pub(super) type Account = String;

/// Everything that is being carried out.
#[derive(Default)]
pub(super) struct Underway {
    accounts: BTreeMap<Account, Part>,
    /// The passes of which something is under way, by their runs.
    passes: BTreeMap<String, Pass>,
    working: JoinSet<(Account, Outcome)>,
    /// How often in a row work at an account was cut short while something was in doubt there.
    hurried: BTreeMap<Account, u32>,
}

/// What of a pass is carried out at one account.
pub(super) struct Part {
    /// What is carried out.
    pub(super) plan: Arc<Plan>,
    /// The targets of the account: what is not planned for them is not done meanwhile either.
    pub(super) targets: BTreeSet<TargetName>,
    shutdown: Shutdown,
    /// When something else is due there, and may interrupt it.
    due: Option<Moment>,
}

impl Part {
    /// A part of a plan that begins `now`.
    pub(super) fn new(plan: Arc<Plan>, targets: BTreeSet<TargetName>) -> Self {
        let due = targets.iter().filter_map(|target| plan.next_wakes.get(target)).min().copied();
        Self { plan, targets, shutdown: Shutdown::default(), due }
    }

    /// What stops it.
    pub(super) fn shutdown(&self) -> Shutdown {
        self.shutdown.clone()
    }

    /// Its operations that may be carried out.
    pub(super) fn operations(&self) -> impl Iterator<Item = &Operation> {
        let is_here = |it: &&Operation| self.targets.contains(&it.restriction.target);
        self.plan.operations.iter().filter(is_here).filter(|it| self.plan.permits(it))
    }
}

/// A pass of which something is under way.
struct Pass {
    parts: usize,
    begun: Instant,
    passed: Passed,
}

impl Pass {
    fn begin() -> Self {
        Self { parts: 0, begun: Instant::now(), passed: Passed::default() }
    }
}

/// What came of a pass.
#[derive(Default)]
pub(super) struct Passed {
    /// How many operations ended how.
    pub(super) tally: Tally,
    /// Whether something more urgent came up.
    pub(super) is_cut: bool,
    /// Whether it did more than keep up what is in force.
    pub(super) is_news: bool,
    /// How long it took.
    pub(super) took: Duration,
}

/// A part that has ended, what came of it, and of its pass if that was the last of it.
pub(super) struct Ended {
    /// The part.
    pub(super) part: Part,
    /// What came of it.
    pub(super) outcome: Outcome,
    /// What came of the pass.
    pub(super) pass: Option<Passed>,
}

impl Underway {
    /// Whether nothing is.
    pub(super) fn is_empty(&self) -> bool {
        self.accounts.is_empty()
    }

    /// The targets of accounts at which something is.
    pub(super) fn targets(&self) -> BTreeSet<TargetName> {
        self.accounts.values().flat_map(|part| &part.targets).cloned().collect()
    }

    /// A part of the pass `run` begins `now` at an account at which nothing is under way: `work`.
    pub(super) fn begin(
        &mut self,
        (run, account): (&str, Account),
        mut part: Part,
        now: Moment,
        work: impl Future<Output = Outcome> + Send + 'static,
    ) {
        let hurried = self.hurried.get(&account).copied().unwrap_or(0);
        let undisturbed =
            if hurried >= HURRIED_AT_MOST { UNDISTURBED_IN_DOUBT } else { UNDISTURBED };
        part.due = part.due.map(|due| due.max(now + undisturbed));
        self.passes.entry(run.to_owned()).or_insert_with(Pass::begin).parts += 1;
        self.accounts.insert(account.clone(), part);
        self.working.spawn(async move { (account, work.await) });
    }

    /// Stops everything that is not stopped already, or not for this.
    pub(super) fn shutdown(&self, cause: Cause) {
        self.accounts.values().for_each(|part| part.shutdown.request(cause));
    }

    /// Stops what something else that is due has waited for long enough.
    pub(super) fn stop_for_what_is_due(&self, now: Moment) {
        for part in self.accounts.values().filter(|part| part.due.is_some_and(|due| due <= now)) {
            part.shutdown.request(Cause::Preempted);
        }
    }

    /// When something that is due is the next to interrupt what is under way.
    pub(super) fn next(&self) -> Option<Moment> {
        let parts = self.accounts.values().filter(|part| part.shutdown.cause().is_none());
        parts.filter_map(|part| part.due).min()
    }

    /// Waits for a part to end; `None` if nothing is under way.
    pub(super) async fn ended(&mut self) -> Option<Ended> {
        let done = self.working.join_next().await?;
        self.note_end(done)
    }

    /// A part that has ended already, if any has.
    pub(super) fn try_ended(&mut self) -> Option<Ended> {
        let done = self.working.try_join_next()?;
        self.note_end(done)
    }

    fn note_end(&mut self, done: Result<(Account, Outcome), JoinError>) -> Option<Ended> {
        // A panic of a task is a bug; it must not pass for an end.
        let (account, outcome) =
            done.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()));
        let part = self.accounts.remove(&account)?;
        let is_cut = outcome.cause.is_some_and(Cause::is_for_a_moment);
        if outcome.tally.in_doubt > 0 || part.operations().any(|it| it.doubted.is_some()) {
            let hurried = self.hurried.remove(&account).unwrap_or(0);
            if outcome.cause == Some(Cause::Preempted) {
                self.hurried.insert(account, hurried + 1);
            }
        }
        let pass = self.passes.get_mut(&outcome.run)?;
        pass.parts -= 1;
        pass.passed.tally += outcome.tally;
        pass.passed.is_cut |= is_cut;
        pass.passed.is_news |= !part.operations().all(is_routine);
        pass.passed.took = pass.begun.elapsed();
        let is_over = pass.parts == 0;
        let over = if is_over { self.passes.remove(&outcome.run) } else { None };
        let pass = over.map(|over| over.passed);
        Some(Ended { part, outcome, pass })
    }
}

/// Whether an operation only keeps up what is in force: an hour of these is a quiet one.
fn is_routine(operation: &Operation) -> bool {
    operation.upkeep && matches!(operation.action, Action::Kick | Action::Renew | Action::Forget)
}
