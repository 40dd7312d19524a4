//! One pass of a run: reads, decides, carries out; and again where an order comes meanwhile.

use std::sync::Arc;

use tokio::task::JoinHandle;

use super::apply::{Args, read_files};
use super::approval::approve;
use super::format::Format;
use super::prepare::{Files, clock_lag, first_records};
use super::progress::progress;
use super::rehearsal::SandboxCredentials;
use super::signals::{unless_halted, watch_deadline};
use super::survey::{self, survey};
use super::view::show_text;
use super::{Context, tenancy};
use crate::apply::{self, ApplyRequest, ApplyResult, Cause, Halt, KnownAccounts, Outcome, Tally};
use crate::domain::{Desired, Moment, Order};
use crate::error::Error;
use crate::exit::Exit;
use crate::plan::file::{self, SavedPlan};
use crate::plan::{Plan, Resolved, Scope};
use crate::report::{Folding, Review};
use crate::store::{Lease, Location, Record, Snapshot, State, StateError, orders};
use crate::world::{Credentials, World};

/// One run, once the state is its own.
pub(super) struct Run<'a> {
    pub(super) args: &'a Args,
    pub(super) world: &'a World,
    pub(super) location: &'a Location,
    pub(super) lease: &'a Lease,
    pub(super) halt: &'a Halt,
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
struct Begun {
    digests: Option<(String, String)>,
    done: u64,
    /// What is known of the accounts by now.
    accounts: KnownAccounts,
    deadline: Option<JoinHandle<()>>,
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
                    if self.halt.go_on() {
                        begun.done = ended.outcome.tally.done;
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
        let (state, kept, decided) = tenancy::keep(state, self.lease, self.world, decision).await;
        match decided.and_then(|decision| kept.map(|()| decision).map_err(Error::from)) {
            Err(error) => (state, Err(error)),
            Ok(Decision::Go(mut ready)) => {
                // They may be large, and the plan has all of them that is needed from now on.
                files.wanted = files.wanted.map(|_| Desired::default());
                ready.snapshot.rows = Vec::new();
                let is_first = begun.digests.is_none();
                begun.digests = Some(files.digests());
                if is_first {
                    let deadline = watch_deadline(self.halt.clone(), self.args.deadline);
                    begun.deadline = Some(tokio::spawn(deadline));
                }
                self.carry_out(context, state, (&files, *ready, (is_first, begun))).await
            }
            Ok(Decision::Stop(plan)) => {
                let exit = if plan.is_held_back() { Exit::Guarded } else { Exit::Done };
                let mut outcome = nothing_done(self.lease);
                outcome.tally.done = begun.done;
                (state, Ok(Ended { outcome, plan, exit }))
            }
        }
    }

    /// Reads what decides: files, state and clock.
    fn read(&self, context: &Context<'_>, state: &mut State) -> Result<(Files, Snapshot), Error> {
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
        let snapshot = state.snapshot()?;
        check_clock(&snapshot, self.args, self.world)?;
        Ok((files, snapshot))
    }

    async fn carry_out(
        &self,
        context: &Context<'_>,
        mut state: State,
        (files, ready, (is_first, before)): (&Files, Ready, (bool, &Begun)),
    ) -> (State, Result<Ended, Error>) {
        let Self { args, world, lease, .. } = *self;
        let Ready { plan, resolved, snapshot, observed } = ready;
        let who = (&world.who(&context.global.dir).await, world.process.pid);
        let note = args.accept_clock.as_deref();
        let accepted =
            note.filter(|_| is_first).map_or(Ok(()), |_why| state.accept_clock(world.now()));
        let begun = accepted.and_then(|()| {
            if is_first { state.begin_run(&lease.run, who, world.now(), note) } else { Ok(()) }
        });
        let old_run = begun.and_then(|()| state.newest_run_by(world.now() - apply::LONG_AGO));
        let old_run = match old_run {
            Ok(old_run) => old_run,
            Err(error) => return (state, Err(error.into())),
        };
        let credentials: Arc<dyn Credentials> = if args.sandbox {
            Arc::new(SandboxCredentials)
        } else {
            let directory = world.directory.join(&context.global.dir);
            Arc::new(World { directory, ..world.clone() })
        };
        let first = first_records(files, &plan, &resolved, &snapshot);
        let first = first.filter(|record| self.is_for_now(record)).chain(observed);
        let ends = ended_orders(&plan, &lease.run, world.now());
        let request = ApplyRequest {
            world: world.clone(),
            credentials,
            plan: Arc::clone(&plan),
            metas: Arc::clone(&files.metas),
            targets: files.config.targets.clone(),
            first: first.chain(ends).collect(),
            lease: lease.clone(),
            newest_call: snapshot.newest_call,
            old_run,
            recent_calls: snapshot.recent_calls.clone(),
            accounts: before.accounts.clone(),
            unpaced: args.unpaced,
            halt: self.halt.clone(),
            progress: progress(context.console),
        };
        let ApplyResult { mut outcome, mut state, written } = apply::apply(request, state).await;
        // What earlier passes did is done.
        outcome.tally.done += before.done;
        let written = written.and_then(|()| finish(&mut state, &outcome, world));
        let exit = exit(&outcome, &plan);
        let ended = written.map(|()| Ended { outcome, plan, exit });
        (state, ended.map_err(Error::from))
    }
}

impl Run<'_> {
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

/// What to record of the orders that have ended.
fn ended_orders(plan: &Plan, run: &str, now: Moment) -> Vec<Record> {
    let ended = plan.ended_orders.iter();
    let records = ended.flat_map(|order| {
        let audit = orders::audit(order, run, now).into_iter().map(Record::Audit);
        std::iter::once(Record::Order(order.clone())).chain(audit)
    });
    records.collect()
}

/// What to do with a state that was taken.
enum Decision {
    /// Carry this out.
    Go(Box<Ready>),
    /// There is nothing to carry out.
    Stop(Arc<Plan>),
}

/// A plan that may be carried out.
struct Ready {
    plan: Arc<Plan>,
    resolved: Resolved,
    snapshot: Snapshot,
    /// What the providers showed otherwise than recorded.
    observed: Vec<Record>,
}

impl Run<'_> {
    /// Plans, shows, compares, asks.
    async fn decide(
        &self,
        context: &mut Context<'_>,
        files: &Files,
        mut snapshot: Snapshot,
        (saved, begun): (Option<SavedPlan>, &Begun),
    ) -> Result<Decision, Error> {
        let Self { args, world, halt, .. } = *self;
        let goes_on = begun.digests.is_some();
        // What nobody has seen is not done because of an order that came: that is done alone.
        let is_as_seen = begun.digests.as_ref().is_none_or(|seen| *seen == files.digests());
        let scope = match self.only {
            Some(order) => Scope::Orders(vec![order.clone()]),
            None if is_as_seen => files.scope(&args.target)?,
            None => Scope::Orders(snapshot.orders.clone()),
        };
        let mut left_over = if args.after_restore && !goes_on {
            files.doubt(&mut snapshot, world.now())
        } else {
            Vec::new()
        };
        let (mut found, observed) = if (args.refresh || args.after_restore) && !goes_on {
            let through = (world, survey::credentials(context));
            let reading = survey(files, &mut snapshot, through, (&scope, &[]));
            let found = unless_halted(halt, reading).await?;
            survey::refresh(&found, &mut snapshot, world)
        } else {
            (Vec::new(), Vec::new())
        };
        found.append(&mut left_over);
        let (plan, origin, resolved) = files.plan(&mut snapshot, &scope, world.now(), &found)?;
        if let Some(saved) = saved {
            file::compare(&saved, &plan, &origin)?;
        }
        if args.format == Format::Text && !goes_on && self.only.is_none() {
            let names = context.pseudonyms()?;
            let veiled = names.map(|mut names| {
                files.tell_names(&mut names);
                names.plan(&plan, &origin)
            });
            let review = Review::of(veiled.as_ref().unwrap_or(&plan), &origin);
            show_text(context, &review, Folding::Folded)?;
        }
        let plan = Arc::new(plan);
        let to_do = plan.operations.iter().any(|operation| plan.permits(operation));
        let protects = !plan.is_held_back() && files.newly_protected(&snapshot).is_some();
        // Why the clock was accepted is recorded with a run.
        let guards = files.newly_guarded(&snapshot).is_some();
        let nothing_to_record =
            plan.ended_orders.is_empty() && !protects && !guards && args.accept_clock.is_none();
        if !to_do && nothing_to_record && resolved.changes.is_empty() && observed.is_empty() {
            return Ok(Decision::Stop(plan));
        }
        if !args.auto_approve && to_do && !goes_on {
            unless_halted(halt, approve(context, &plan)).await?;
        }
        let observed = observed.into_iter().map(Record::Put).collect();
        Ok(Decision::Go(Box::new(Ready { plan, resolved, snapshot, observed })))
    }
}

fn check_clock(snapshot: &Snapshot, args: &Args, world: &World) -> Result<(), Error> {
    let now = world.now();
    match clock_lag(snapshot, now) {
        Some((newest, seconds)) if args.accept_clock.is_none() => {
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

fn finish(state: &mut State, outcome: &Outcome, world: &World) -> Result<(), StateError> {
    let tally = serde_json::to_string(&outcome.tally).unwrap_or_default();
    state.finish_run(&outcome.run, world.now(), &tally)
}

fn exit(outcome: &Outcome, plan: &Plan) -> Exit {
    match outcome.cause {
        Some(Cause::Interrupted) => Exit::Interrupted,
        Some(Cause::Terminated) => Exit::Terminated,
        Some(Cause::StateLost) => Exit::State,
        Some(Cause::Deadline | Cause::Ordered) | None => {
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
