//! `apply`: makes the providers agree with the files.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use tokio::signal::unix::{SignalKind, signal};

use super::format::Format;
use super::prepare::{Files, check_lineage, clock_lag};
use super::progress::progress;
use super::rehearsal::{self, SandboxCredentials};
use super::survey::{self, survey};
use super::tenancy::{self, Tenancy};
use super::view::show_text;
use super::{Context, plan_file};
use crate::apply::{self, Carried, Cause, Halt, Order, Outcome, Tally};
use crate::domain::TargetName;
use crate::error::Error;
use crate::exit::Exit;
use crate::plan::file::{self, SavedPlan};
use crate::plan::{Plan, Resolved};
use crate::report::{Folding, Shown, outcome_text, outcome_view};
use crate::state::{Lease, Location, Record, Snapshot, State, StateError};
use crate::world::{Credentials, World};

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
    runtime.block_on(run_within(context, args))
}

/// Makes the providers agree with the files, within the caller's runtime: a test's may have a
/// time of its own.
pub async fn run_within(context: &mut Context<'_>, args: &Args) -> Result<Exit, Error> {
    if !args.auto_approve && !context.console.terminal.answers {
        return Err(Error::new(Exit::Usage, "there is no terminal to ask on")
            .hint("say `--auto-approve` to apply without being asked"));
    }
    let saved = args.plan.as_deref().map(read_plan).transpose()?;
    let files = read_files(context, args)?;
    in_tenancy(context, args, &files, saved).await
}

async fn in_tenancy(
    context: &mut Context<'_>,
    args: &Args,
    files: &Files,
    saved: Option<SavedPlan>,
) -> Result<Exit, Error> {
    let world = if args.sandbox { rehearsal::world(context.world) } else { context.world.clone() };
    let location = if args.sandbox { Location::Memory } else { files.state_location(context) };
    if let (Location::File(path), Some(lineage)) = (&location, &files.config.lineage) {
        let found = State::read(&location)?.map(|state| state.lineage()).transpose()?;
        check_lineage(Some(lineage), found.as_deref(), path.clone())?;
    }
    let Tenancy { mut state, lease, lock } =
        tenancy::take(&location, &world, args.lock_timeout).await?;
    let decided = decide(context, args, files, (&world, &mut state, &lease), saved).await;
    let ready = match decided {
        Ok(Decision::Go(ready)) => ready,
        Ok(Decision::Stop(exit)) => {
            give_back(state, &lease)?;
            return Ok(exit);
        }
        Err(error) => {
            give_back(state, &lease)?;
            return Err(error);
        }
    };
    let who = (&world.who(&context.global.dir).await, world.process.pid);
    state.begin_run(&lease.run, who, world.now(), args.accept_clock.as_deref())?;
    let Ready { plan, resolved, snapshot, observed } = *ready;
    let credentials: Arc<dyn Credentials> = if args.sandbox {
        Arc::new(SandboxCredentials)
    } else {
        let directory = world.directory.join(&context.global.dir);
        Arc::new(World { directory, ..world.clone() })
    };
    let halt = Halt::default();
    let watch = tokio::spawn(watch(halt.clone(), args.deadline));
    let order = Order {
        world: world.clone(),
        credentials,
        plan: Arc::clone(&plan),
        metas: Arc::clone(&files.metas),
        targets: files.config.targets.clone(),
        first: first_records(files, &plan, &resolved, &snapshot).chain(observed).collect(),
        lease: lease.clone(),
        newest_call: snapshot.newest_call,
        last_calls: snapshot.last_calls.clone(),
        halt,
        progress: progress(context.console),
    };
    let Carried { outcome, mut state, written } = apply::apply(order, state).await;
    watch.abort();
    let ended = written.and_then(|()| finish(&mut state, &outcome, &world));
    report(context, args, &outcome, &plan)?;
    ended.and_then(|()| give_back(state, &lease))?;
    drop(lock);
    Ok(exit(&outcome, &plan))
}

/// What to do with a state that was taken.
enum Decision {
    /// Carry this out.
    Go(Box<Ready>),
    /// There is nothing to carry out.
    Stop(Exit),
}

/// A plan that may be carried out.
struct Ready {
    plan: Arc<Plan>,
    resolved: Resolved,
    snapshot: Snapshot,
    /// What the providers showed otherwise than recorded.
    observed: Vec<Record>,
}

/// Plans, shows, compares, asks.
async fn decide(
    context: &mut Context<'_>,
    args: &Args,
    files: &Files,
    (world, state, lease): (&World, &mut State, &Lease),
    saved: Option<SavedPlan>,
) -> Result<Decision, Error> {
    let mut snapshot = state.snapshot()?;
    check_clock(&snapshot, args, world)?;
    let scope = files.scope(&args.target)?;
    let (found, observed) = if args.refresh {
        let through = (world, survey::credentials(context));
        let found = survey(files, &mut snapshot, through, (&scope, &[])).await?;
        survey::refresh(&found, &mut snapshot, world)
    } else {
        (Vec::new(), Vec::new())
    };
    let (plan, origin, resolved) = files.plan(&mut snapshot, &scope, world.now(), &found)?;
    if let Some(saved) = saved {
        file::compare(&saved, &plan, &origin)?;
    }
    if args.format == Format::Text {
        show_text(context, &Shown { plan: &plan, origin: &origin }, Folding::Folded)?;
    }
    let to_do = plan.operations.iter().any(|operation| plan.permits(operation));
    let protects = !plan.is_held_back() && files.newly_protected(&snapshot).is_some();
    if !to_do && !protects && resolved.changes.is_empty() && observed.is_empty() {
        let exit = if plan.is_held_back() { Exit::Guarded } else { Exit::Done };
        report(context, args, &nothing_done(lease), &plan)?;
        return Ok(Decision::Stop(exit));
    }
    if !args.auto_approve && to_do && !is_approved(context, &plan)? {
        return Err(Error::new(Exit::Error, "not approved: nothing was done"));
    }
    let observed = observed.into_iter().map(Record::Put).collect();
    Ok(Decision::Go(Box::new(Ready { plan: Arc::new(plan), resolved, snapshot, observed })))
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

fn is_approved(context: &mut Context<'_>, plan: &Plan) -> Result<bool, Error> {
    let what = if plan.is_held_back() { "Do the upkeep alone" } else { "Apply this plan" };
    context.console.err.say(&format!("{what}? Only `yes` is taken for it: "));
    let mut answer = String::new();
    context.console.answers.read_line(&mut answer)?;
    Ok(answer.trim_end_matches(['\r', '\n']) == "yes")
}

/// What to record of the targets before anything else.
fn first_records(
    files: &Files,
    plan: &Plan,
    resolved: &Resolved,
    snapshot: &Snapshot,
) -> impl Iterator<Item = Record> {
    let moves = resolved.moves.iter();
    let renames = moves.map(|(from, to)| Record::Rename { from: from.clone(), to: to.clone() });
    let is_gone = |name: &&TargetName| {
        !files.config.targets.contains_key(*name) && !resolved.moves.contains_key(*name)
    };
    let unbinds = snapshot.bound.keys().filter(is_gone).cloned().map(Record::Unbind);
    let binds = files.bounds().into_iter().map(|(name, bound)| Record::Bind(name, bound));
    // What a guard holds back must be guarded next time too.
    let protected = files.newly_protected(snapshot).filter(|_| !plan.is_held_back());
    let protected = protected.map(Record::Protect);
    let records: Vec<Record> = renames.chain(unbinds).chain(binds).chain(protected).collect();
    records.into_iter()
}

/// Pulls the brake when a signal or the deadline comes.
async fn watch(halt: Halt, deadline: Option<Duration>) {
    let (Ok(mut interrupt), Ok(mut terminate)) =
        (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        return;
    };
    let deadline = async {
        match deadline {
            Some(deadline) => tokio::time::sleep(deadline).await,
            None => std::future::pending().await,
        }
    };
    let cause = tokio::select! {
        _ = interrupt.recv() => Cause::Interrupted,
        _ = terminate.recv() => Cause::Terminated,
        () = deadline => Cause::Deadline,
    };
    halt.pull(cause);
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

fn give_back(mut state: State, lease: &Lease) -> Result<(), StateError> {
    state.release(lease)?;
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
