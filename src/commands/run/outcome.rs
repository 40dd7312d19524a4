//! What came of what the service carried out: for its agenda, its metrics, the state and the log.

use std::collections::{BTreeMap, BTreeSet};

use super::Service;
use super::agenda::Left;
use super::metrics::Result as Came;
use super::underway::{Ended, Passed};
use crate::apply::{Cause, Fate, Outcome, Tally};
use crate::commands::pass::finish;
use crate::domain::{Restriction, TargetName};
use crate::error::Error;
use crate::plan::{Operation, Plan};
use crate::report::escape::Terminal;

impl Service<'_> {
    /// Notes what came of a pass.
    pub(super) async fn finish_run(&mut self, run: String, passed: Passed) -> Result<(), Error> {
        let now = self.now();
        let Passed { tally, is_cut, .. } = passed;
        let Tally { waiting, failed, in_doubt, .. } = tally;
        let came = match is_cut {
            _ if waiting + failed + in_doubt > 0 => Came::Unfinished,
            true => Came::Preempted,
            false => Came::Done,
        };
        self.board.metrics.passed(now, came);
        let Some(held) = &self.held else { return Ok(()) };
        let of = run.clone();
        held.ask(move |state| finish(state, &of, tally, now)).await?;
        self.count_rows().await;
        tell(&run, &passed);
        Ok(())
    }

    /// Notes what came of a part of a pass; whether there is more to do there at once.
    pub(super) async fn ended(&mut self, ended: Ended) -> Result<bool, Error> {
        let Ended { part, outcome, pass } = ended;
        let now = self.now();
        let stopped: BTreeSet<_> = outcome.stopped.iter().map(|it| it.target.clone()).collect();
        let mut undone = undone(&part.plan, &outcome);
        let at: BTreeSet<_> = part.operations().map(|it| &it.restriction.target).collect();
        for target in at {
            let undone = undone.remove(target).unwrap_or_default();
            let left = if stopped.contains(target) { Left::Stopped } else { Left::Undone(undone) };
            self.agenda.passed(target, now, part.plan.next_wakes.get(target).copied(), left);
        }
        self.board.metrics.stopped(&self.ours(), &self.agenda.stopped());
        tell_of_stopped(&outcome);
        // With pseudonyms nothing is quoted: a provider may name whom it refuses.
        if !self.context.global.pseudonyms {
            tell_why(&part.plan, &outcome);
        }
        let again = outcome.cause.is_some_and(Cause::is_for_a_moment);
        if let Some(pass) = pass {
            self.finish_run(outcome.run, pass).await?;
        }
        Ok(again)
    }

    /// Counts what is recorded.
    pub(super) async fn count_rows(&mut self) {
        let Some(held) = &self.held else { return };
        let counted = held.ask(|state| state.view()?.rows_per_target()).await;
        if let Ok(rows) = counted {
            self.board.metrics.in_force(&self.ours(), &rows);
        }
    }
}

/// What is not done at each target and is to be left alone for a while. What was not begun is done
/// by the next pass.
fn undone(plan: &Plan, outcome: &Outcome) -> BTreeMap<TargetName, BTreeSet<Restriction>> {
    let problems = outcome.problems.iter().filter(|problem| problem.fate != Fate::Deferred);
    let operations = problems.filter_map(|problem| plan.operations.get(problem.operation));
    let mut undone: BTreeMap<TargetName, BTreeSet<Restriction>> = BTreeMap::new();
    for Operation { restriction, .. } in operations {
        undone.entry(restriction.target.clone()).or_default().insert(restriction.clone());
    }
    undone
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
        let (action, error) = (operation.action.name(), Terminal(&problem.failure.error));
        tracing::warn!(target: "ostracon", run = outcome.run, target_name = %target, action, %error, "failed");
    }
}

/// Says which targets have stopped, and why.
fn tell_of_stopped(outcome: &Outcome) {
    for stopped in &outcome.stopped {
        let error = &*stopped.failure.error;
        tracing::warn!(target: "ostracon", run = outcome.run, target_name = %stopped.target, error, "nothing more is sent there for a while");
    }
}

/// Says what came of a run that did something.
fn tell(run: &str, passed: &Passed) {
    let Tally { done, waiting, failed, deferred, in_doubt, dropped } = passed.tally;
    let millis = u64::try_from(passed.took.as_millis()).unwrap_or(u64::MAX);
    if !passed.is_news && waiting + failed + in_doubt == 0 {
        tracing::debug!(target: "ostracon", run, done, millis, "kept up");
        return;
    }
    tracing::info!(target: "ostracon", run, done, waiting, failed, deferred, in_doubt, dropped, millis, "applied");
}
