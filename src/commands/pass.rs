//! One pass of a run: reads, decides, carries out; and again where an order comes meanwhile.

use std::sync::Arc;

use tokio::task::JoinHandle;

use super::apply::{Args, read_files};
use super::decide::{Decision, Ready};
use super::execute::{Execution, credentials};
use super::first_records::first_records;
use super::prepare::{Files, clock_lag};
use super::progress::progress;
use super::signals::watch_deadline;
use super::{Context, leased_store};
use crate::apply::{Cause, KnownAccounts, Outcome, Shutdown, Tally};
use crate::domain::{Desired, Moment, Order};
use crate::error::Error;
use crate::exit::Exit;
use crate::plan::file::SavedPlan;
use crate::plan::{Plan, Scope};
use crate::store::{Lease, Location, Record, Snapshot, State, StateError};
use crate::world::World;

/// One run, once the state is its own.
pub(super) struct Run<'a> {
    pub(super) args: &'a Args,
    pub(super) world: &'a World,
    pub(super) location: &'a Location,
    pub(super) lease: &'a Lease,
    pub(super) shutdown: &'a Shutdown,
    /// The order that is to be carried out, and nothing else.
    pub(super) only: Option<&'a Order>,
}

/// How a run ended.
pub(super) struct Ended {
    pub(super) outcome: Outcome,
    pub(super) plan: Arc<Plan>,
    pub(super) exit: Exit,
}

/// Whether a run has begun to carry out what was decided, and by which files.
#[derive(Default)]
pub(super) struct Begun {
    /// Of the files by which it began: what they say has been seen.
    digests: Option<(String, String)>,
    /// How many operations earlier passes have done.
    done: u64,
    /// How many the last pass left for which an order came.
    left: u64,
    /// What is known of the accounts by now.
    accounts: KnownAccounts,
    deadline: Option<JoinHandle<()>>,
}

impl Begun {
    /// Whether a pass has begun already.
    pub(super) fn goes_on(&self) -> bool {
        self.digests.is_some()
    }

    /// Whether these files say what the run began by.
    pub(super) fn is_as_seen(&self, files: &Files) -> bool {
        self.digests.as_ref().is_none_or(|seen| *seen == files.digests())
    }

    /// Counts what earlier passes did; where the files are others now, what they left is left for
    /// another run.
    fn count(&self, files: &Files, tally: &mut Tally) {
        tally.done += self.done;
        if !self.is_as_seen(files) {
            tally.deferred += self.left;
        }
    }
}

impl Drop for Begun {
    fn drop(&mut self) {
        if let Some(deadline) = &self.deadline {
            deadline.abort();
        }
    }
}

impl Run<'_> {
    /// Decides what to do, by what is read now that the state is ours, and does it. Where an order
    /// comes meanwhile, it is decided anew, and what was ordered goes first.
    pub(super) async fn converge(
        &self,
        context: &mut Context<'_>,
        mut state: State,
        mut saved: Option<SavedPlan>,
    ) -> (State, Result<Ended, Error>) {
        let mut begun = Begun::default();
        loop {
            let pass = self.pass(context, state, saved.take(), &mut begun).await;
            let (returned, ended) = pass;
            state = returned;
            match ended {
                Ok(ended) => {
                    if self.shutdown.go_on() {
                        let Tally { done, deferred, .. } = ended.outcome.tally;
                        (begun.done, begun.left) = (done, deferred);
                        tracing::info!(target: "ostracon", "an order came: it goes first");
                        continue;
                    }
                    return (state, Ok(ended));
                }
                Err(error) => return (state, Err(error)),
            }
        }
    }

    /// One pass: reads, decides, carries out.
    async fn pass(
        &self,
        context: &mut Context<'_>,
        mut state: State,
        saved: Option<SavedPlan>,
        begun: &mut Begun,
    ) -> (State, Result<Ended, Error>) {
        let read = self.read(context, &mut state);
        let (mut files, snapshot) = match read {
            Ok(read) => read,
            Err(error) => return (state, Err(error)),
        };
        let decision = self.decide(context, &files, snapshot, (saved, begun));
        let (state, kept, decided) =
            leased_store::keep(state, self.lease, self.world, decision).await;
        match decided.and_then(|decision| kept.map(|()| decision).map_err(Error::from)) {
            Err(error) => (state, Err(error)),
            Ok(Decision::Go(mut ready)) => {
                // They may be large, and the plan has all of them that is needed from now on.
                files.wanted = files.wanted.map(|_| Desired::default());
                ready.snapshot.rows = Vec::new();
                let is_first = !begun.goes_on();
                if is_first {
                    begun.digests = Some(files.digests());
                    let deadline = watch_deadline(self.shutdown.clone(), self.args.deadline);
                    begun.deadline = Some(tokio::spawn(deadline));
                } else if !begun.is_as_seen(&files) && begun.left > 0 {
                    let left = begun.left;
                    tracing::warn!(target: "ostracon", left, "the files have changed under this run: what it left is for another");
                }
                self.carry_out(context, state, (&files, *ready, (is_first, begun))).await
            }
            Ok(Decision::Stop(plan)) => {
                let mut outcome = nothing_done(self.lease);
                begun.count(&files, &mut outcome.tally);
                let exit = exit(&outcome, &plan);
                (state, Ok(Ended { outcome, plan, exit }))
            }
        }
    }

    /// Reads what decides: files, state and clock; and by which mark of orders it can be told
    /// whether another has come since.
    fn read(
        &self,
        context: &Context<'_>,
        state: &mut State,
    ) -> Result<(Files, (Snapshot, i64)), Error> {
        let files = read_files(context, self.args)?;
        let scope = match self.only {
            Some(order) => Scope::Orders(vec![order.clone()]),
            None => files.scope(&self.args.target)?,
        };
        let elsewhere = !self.args.sandbox && files.state_location(context)? != *self.location;
        if elsewhere || !self.lease.accounts.cover(&files.accounts(&scope)) {
            let message =
                "the config names another state, or other accounts, than when this run began";
            return Err(Error::new(Exit::Error, message).hint("run again"));
        }
        // First: an order that comes in between is read, and looked at once more for nothing.
        let orders_mark = state.orders_mark()?;
        let snapshot = state.snapshot()?;
        check_clock(&snapshot, self.args.accept_clock.is_some(), self.world.now())?;
        Ok((files, (snapshot, orders_mark)))
    }

    async fn carry_out(
        &self,
        context: &Context<'_>,
        mut state: State,
        (files, ready, (is_first, before)): (&Files, Ready, (bool, &Begun)),
    ) -> (State, Result<Ended, Error>) {
        let Self { args, world, lease, .. } = *self;
        let who = (&world.who(&context.global.dir).await, world.process.pid);
        let note = args.accept_clock.as_deref();
        let accepted =
            note.filter(|_| is_first).map_or(Ok(()), |_why| state.accept_clock(world.now()));
        let begun = accepted.and_then(|()| {
            if is_first { state.begin_run(&lease.run, who, world.now(), note) } else { Ok(()) }
        });
        if let Err(error) = begun {
            return (state, Err(error.into()));
        }
        let first = first_records(files, &ready.plan, &ready.resolved, &ready.snapshot);
        let execution = Execution {
            world,
            credentials: credentials(context, world, args.sandbox),
            lease,
            shutdown: self.shutdown,
            first: first.filter(|record| self.is_for_now(record)).collect(),
            accounts: before.accounts.clone(),
            unpaced: args.unpaced,
            progress: progress(context.console),
        };
        let plan = Arc::clone(&ready.plan);
        let (mut state, outcome) = execution.carry_out(files, ready, state).await;
        let ended = outcome.and_then(|mut outcome| {
            before.count(files, &mut outcome.tally);
            finish(&mut state, &outcome.run, outcome.tally, world.now())?;
            let exit = exit(&outcome, &plan);
            Ok(Ended { outcome, plan, exit })
        });
        (state, ended)
    }

    /// Whether something is to be recorded of the targets before what this run does. An order is no
    /// review: it makes no protection and no guard count as seen.
    fn is_for_now(&self, record: &Record) -> bool {
        match (self.only, record) {
            (None, _) | (Some(_), Record::Rename { .. }) => true,
            (Some(order), Record::Bind(name, _)) => order.target == *name,
            (Some(_), _) => false,
        }
    }
}

/// Refuses a clock that is behind the newest run, unless somebody has accepted that.
pub(super) fn check_clock(
    snapshot: &Snapshot,
    is_accepted: bool,
    now: Moment,
) -> Result<(), Error> {
    match clock_lag(snapshot, now) {
        Some((newest, seconds)) if !is_accepted => {
            let message = format!(
                "this machine's clock says {now}, {seconds} s before the newest recorded run began \
                 ({newest})"
            );
            Err(Error::new(Exit::Error, message).hint(
                "set the clock; if it is right and the earlier run's was wrong, say \
                 `--accept-clock WHY`",
            ))
        }
        Some(_) | None => Ok(()),
    }
}

fn nothing_done(lease: &Lease) -> Outcome {
    Outcome {
        run: lease.run.clone(),
        tally: Tally::default(),
        problems: Vec::new(),
        stopped: Vec::new(),
        cause: None,
    }
}

/// Records how a run ended.
pub(super) fn finish(
    state: &mut State,
    run: &str,
    tally: Tally,
    now: Moment,
) -> Result<(), StateError> {
    let tally = serde_json::to_string(&tally).unwrap_or_default();
    state.finish_run(run, now, &tally)
}

fn exit(outcome: &Outcome, plan: &Plan) -> Exit {
    match outcome.cause {
        Some(Cause::Interrupted) => Exit::Interrupted,
        Some(Cause::Terminated) => Exit::Terminated,
        Some(Cause::StateLost) => Exit::State,
        Some(Cause::Deadline | Cause::Ordered | Cause::Preempted) | None => {
            if outcome.tally.needs_another_run() {
                Exit::Unfinished
            } else if plan.is_held_back() {
                Exit::Guarded
            } else {
                Exit::Done
            }
        }
    }
}
