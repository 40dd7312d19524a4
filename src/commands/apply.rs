//! `apply`: makes the providers agree with the files.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::approval::approve;
use super::format::Format;
use super::prepare::{Files, check_lineage, clock_lag, first_records};
use super::progress::progress;
use super::rehearsal::{self, SandboxCredentials};
use super::signals::{unless_halted, watch_deadline, watch_signals};
use super::survey::{self, survey};
use super::tenancy::{self, Tenancy};
use super::view::show_text;
use super::{Context, plan_file};
use crate::apply::{self, Carried, Cause, Halt, Order, Outcome, Tally};
use crate::domain::Desired;
use crate::error::Error;
use crate::exit::Exit;
use crate::plan::file::{self, SavedPlan};
use crate::plan::{Plan, Resolved};
use crate::report::{Folding, Review, outcome_text, outcome_view};
use crate::store::{Lease, Location, Record, Snapshot, State, StateError};
use crate::world::{Credentials, World};
use jiff::SignedDuration;

/// What `apply` takes.
#[derive(Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub struct Args {
    /// Apply this saved plan, if what it would do is still the same
    #[arg(value_name = "PLANFILE", conflicts_with_all = ["target", "sandbox", "upkeep"])]
    pub plan: Option<PathBuf>,

    /// Do not ask
    #[arg(long)]
    pub auto_approve: bool,

    /// Read no policy, and do only what time asks for
    #[arg(long)]
    pub upkeep: bool,

    /// Read what the providers hold first, and plan from that
    #[arg(long, conflicts_with_all = ["sandbox", "upkeep"])]
    pub refresh: bool,

    /// The state was restored from a backup: take nothing of it for certain, read what the
    /// providers hold, repeat what is idempotent, and adopt our own rules
    #[arg(long, conflicts_with_all = ["sandbox", "upkeep", "target", "plan"])]
    pub after_restore: bool,

    /// Apply to this target only; may be given several times
    #[arg(long, value_name = "NAME")]
    pub target: Vec<String>,

    /// Begin no call after this long, as in `8m`
    #[arg(long, value_name = "SPAN", value_parser = span)]
    pub deadline: Option<Duration>,

    /// Wait this long for another run to finish
    #[arg(long, value_name = "SPAN", default_value = "0s", value_parser = span)]
    pub lock_timeout: Duration,

    /// Go on although the clock is behind the newest run; says why, for the record
    #[arg(long, value_name = "WHY")]
    pub accept_clock: Option<String>,

    /// Send to targets on a loopback address as fast as they answer, as for measuring
    #[arg(long)]
    pub unpaced: bool,

    /// Run against an emulation inside this process, with a throw-away state
    #[arg(long)]
    pub sandbox: bool,

    /// How the outcome is shown
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,
}

/// Makes the providers agree with the files.
pub fn run(context: &mut Context<'_>, args: &Args) -> Result<Exit, Error> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| Error::new(Exit::Error, "cannot start").caused_by(&error))?;
    let exit = runtime.block_on(run_within(context, args));
    // Somebody who never answers, or a file that never opens, must not keep the process.
    runtime.shutdown_background();
    exit
}

/// Makes the providers agree with the files, within the caller's runtime: a test's may have a
/// time of its own.
pub async fn run_within(context: &mut Context<'_>, args: &Args) -> Result<Exit, Error> {
    if !args.auto_approve && !context.console.terminal.answers {
        return Err(Error::new(Exit::Usage, "there is no terminal to ask on")
            .hint("say `--auto-approve` to apply without being asked"));
    }
    let saved = args.plan.as_deref().map(read_plan).transpose()?;
    let world = if args.sandbox { rehearsal::world(context.world) } else { context.world.clone() };
    let location = find_state(context, args)?;
    let halt = Halt::default();
    let signals = tokio::spawn(watch_signals(halt.clone()));
    let taken = unless_halted(&halt, tenancy::take(&location, &world, args.lock_timeout)).await;
    let Tenancy { state, lease } = taken?;
    let run = Run { args, world: &world, location: &location, lease: &lease, halt: &halt };
    let (state, ended) = run.converge(context, state, saved).await;
    // The state is at rest before anything is shown: who reads changes nothing.
    let closed = give_back(state, &lease, &world);
    signals.abort();
    let ended = ended.and_then(|ended| closed.map(|()| ended).map_err(Error::from))?;
    report(context, args, &ended.outcome, &ended.plan)?;
    Ok(ended.exit)
}

/// One run, once the state is its own.
struct Run<'a> {
    args: &'a Args,
    world: &'a World,
    location: &'a Location,
    lease: &'a Lease,
    halt: &'a Halt,
}

/// How a run ended.
struct Ended {
    outcome: Outcome,
    plan: Arc<Plan>,
    exit: Exit,
}

impl Run<'_> {
    /// Decides what to do, by what is read now that the state is ours, and does it.
    async fn converge(
        &self,
        context: &mut Context<'_>,
        mut state: State,
        saved: Option<SavedPlan>,
    ) -> (State, Result<Ended, Error>) {
        let read = self.read(context, &mut state);
        let (mut files, snapshot) = match read {
            Ok(read) => read,
            Err(error) => return (state, Err(error)),
        };
        let decision = self.decide(context, &files, snapshot, saved);
        let (state, kept, decided) = tenancy::keep(state, self.lease, self.world, decision).await;
        match decided.and_then(|decision| kept.map(|()| decision).map_err(Error::from)) {
            Err(error) => (state, Err(error)),
            Ok(Decision::Go(mut ready)) => {
                // They may be large, and the plan has all of them that is needed from now on.
                files.wanted = files.wanted.map(|_| Desired::default());
                ready.snapshot.rows = Vec::new();
                self.carry_out(context, state, (&files, *ready)).await
            }
            Ok(Decision::Stop(plan)) => {
                let exit = if plan.is_held_back() { Exit::Guarded } else { Exit::Done };
                (state, Ok(Ended { outcome: nothing_done(self.lease), plan, exit }))
            }
        }
    }

    /// Reads what decides: files, state and clock.
    fn read(&self, context: &Context<'_>, state: &mut State) -> Result<(Files, Snapshot), Error> {
        let files = read_files(context, self.args)?;
        if !self.args.sandbox && files.state_location(context) != *self.location {
            let message = "the config names another state than when this run began";
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
        (files, ready): (&Files, Ready),
    ) -> (State, Result<Ended, Error>) {
        let Self { args, world, lease, .. } = *self;
        let Ready { plan, resolved, snapshot, observed } = ready;
        let who = (&world.who(&context.global.dir).await, world.process.pid);
        let note = args.accept_clock.as_deref();
        let accepted = note.map_or(Ok(()), |_why| state.accept_clock(world.now()));
        let begun = accepted.and_then(|()| state.begin_run(&lease.run, who, world.now(), note));
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
        let deadline = tokio::spawn(watch_deadline(self.halt.clone(), args.deadline));
        let order = Order {
            world: world.clone(),
            credentials,
            plan: Arc::clone(&plan),
            metas: Arc::clone(&files.metas),
            targets: files.config.targets.clone(),
            first: first_records(files, &plan, &resolved, &snapshot).chain(observed).collect(),
            lease: lease.clone(),
            newest_call: snapshot.newest_call,
            old_run,
            recent_calls: snapshot.recent_calls.clone(),
            unpaced: args.unpaced,
            halt: self.halt.clone(),
            progress: progress(context.console),
        };
        let Carried { outcome, mut state, written } = apply::apply(order, state).await;
        deadline.abort();
        let written = written.and_then(|()| finish(&mut state, &outcome, world));
        let exit = exit(&outcome, &plan);
        let ended = written.map(|()| Ended { outcome, plan, exit });
        (state, ended.map_err(Error::from))
    }
}

/// Where the state is. The files are read for that, also so that nobody waits for a lock to be told
/// of a typing error; what decides is read anew once the state is ours.
fn find_state(context: &Context<'_>, args: &Args) -> Result<Location, Error> {
    let glance = read_files(context, args)?;
    let location = if args.sandbox { Location::Memory } else { glance.state_location(context) };
    check_lineage_at(&location, &glance)?;
    Ok(location)
}

fn check_lineage_at(location: &Location, files: &Files) -> Result<(), StateError> {
    // Nothing is known yet of a state that is thrown away.
    let Some(lineage) = files.config.lineage.as_deref().filter(|_| *location != Location::Memory)
    else {
        return Ok(());
    };
    let found = State::read(location)?.map(|state| state.lineage()).transpose()?;
    check_lineage(Some(lineage), found.as_deref(), location)
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
        saved: Option<SavedPlan>,
    ) -> Result<Decision, Error> {
        let Self { args, world, halt, .. } = *self;
        let scope = files.scope(&args.target)?;
        let mut left_over =
            if args.after_restore { files.doubt(&mut snapshot, world.now()) } else { Vec::new() };
        let (mut found, observed) = if args.refresh || args.after_restore {
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
        if args.format == Format::Text {
            show_text(context, &Review::of(&plan, &origin), Folding::Folded)?;
        }
        let plan = Arc::new(plan);
        let to_do = plan.operations.iter().any(|operation| plan.permits(operation));
        let protects = !plan.is_held_back() && files.newly_protected(&snapshot).is_some();
        // Why the clock was accepted is recorded with a run.
        let guards = files.newly_guarded(&snapshot).is_some();
        let nothing_to_record = !protects && !guards && args.accept_clock.is_none();
        if !to_do && nothing_to_record && resolved.changes.is_empty() && observed.is_empty() {
            return Ok(Decision::Stop(plan));
        }
        if !args.auto_approve && to_do {
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

fn report(
    context: &mut Context<'_>,
    args: &Args,
    outcome: &Outcome,
    plan: &Plan,
) -> Result<(), Error> {
    match args.format {
        Format::Json => {
            let view = outcome_view(outcome, plan);
            context.console.json(&view)?;
        }
        Format::Text => {
            let paint = context.console.paint();
            context.console.result(|out| outcome_text(outcome, plan, paint, out))?;
        }
    }
    Ok(())
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

fn give_back(mut state: State, lease: &Lease, world: &World) -> Result<(), StateError> {
    state.release(lease, world.uptime().as_ref())?;
    state.close()
}

fn exit(outcome: &Outcome, plan: &Plan) -> Exit {
    match outcome.cause {
        Some(Cause::Interrupted) => Exit::Interrupted,
        Some(Cause::Terminated) => Exit::Terminated,
        Some(Cause::StateLost) => Exit::State,
        Some(Cause::Deadline) | None => {
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

fn read_files(context: &Context<'_>, args: &Args) -> Result<Files, Error> {
    let files = if args.upkeep { Files::read_config(context) } else { Files::read(context) };
    let absent = !context.global.dir.join("ostracon.yaml").is_file();
    match files {
        // Whoever applies a plan where there is no policy has brought it to the wrong place.
        Err(error) if args.plan.is_some() && absent => {
            Err(Error { exit: Exit::PlanRefused, ..error })
        }
        other => other,
    }
}

fn read_plan(path: &Path) -> Result<SavedPlan, Error> {
    Ok(file::read(&plan_file::text(path)?)?)
}

/// Reads a span of time: `90s`, `8m`, `1h 30m`.
pub(super) fn span(text: &str) -> Result<Duration, String> {
    let span: SignedDuration = text.parse().map_err(|error: jiff::Error| error.to_string())?;
    Duration::try_from(span).map_err(|_negative| "must not be negative".to_owned())
}
