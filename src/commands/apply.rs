//! `apply`: makes the providers agree with the files.

use std::future::Future;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::format::Format;
use super::leased_store::{self, LeasedStore};
use super::pass::Run;
use super::prepare::{Files, check_lineage};
use super::rehearsal::{self};
use super::signals::{unless_shut_down, watch_signals};
use super::{Context, plan_file};
use crate::apply::{Outcome, Shutdown};
use crate::domain::span;
use crate::error::Error;
use crate::exit::Exit;
use crate::plan::Plan;
use crate::plan::file::{self, SavedPlan};
use crate::report::{outcome_text, outcome_view};
use crate::store::{Accounts, Lease, Location, State, StateError};
use crate::world::World;

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

impl Args {
    /// Of a run that somebody has approved already.
    pub(super) fn quiet(format: Format) -> Self {
        Self {
            plan: None,
            auto_approve: true,
            upkeep: false,
            refresh: false,
            after_restore: false,
            target: Vec::new(),
            deadline: None,
            lock_timeout: Duration::ZERO,
            accept_clock: None,
            unpaced: false,
            sandbox: false,
            format,
        }
    }
}

/// Makes the providers agree with the files.
pub fn run(context: &mut Context<'_>, args: &Args) -> Result<Exit, Error> {
    in_runtime(run_within(context, args))
}

/// Does the work of a command that makes calls.
pub(super) fn in_runtime<T>(work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| Error::new(Exit::Error, "cannot start").caused_by(&error))?;
    let done = runtime.block_on(work);
    // Somebody who never answers, or a file that never opens, must not keep the process.
    runtime.shutdown_background();
    done
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
    let (location, accounts) = find_state(context, args)?;
    let shutdown = Shutdown::default();
    let signals = tokio::spawn(watch_signals(shutdown.clone()));
    let taking = leased_store::take(&location, &world, &accounts, args.lock_timeout);
    let taken = unless_shut_down(&shutdown, taking).await;
    let LeasedStore { state, lease } = taken?;
    let run = Run {
        args,
        world: &world,
        location: &location,
        lease: &lease,
        shutdown: &shutdown,
        only: None,
    };
    let (state, ended) = run.converge(context, state, saved).await;
    // The state is at rest before anything is shown: who reads changes nothing.
    let closed = give_back(state, &lease, &world);
    signals.abort();
    let ended = ended.and_then(|ended| closed.map(|()| ended).map_err(Error::from))?;
    report(context, args.format, &ended.outcome, &ended.plan)?;
    Ok(ended.exit)
}

/// Where the state is, and which accounts it is needed for. The files are read for that, also so that nobody waits for a lock to be told
/// of a typing error; what decides is read anew once the state is ours.
fn find_state(context: &Context<'_>, args: &Args) -> Result<(Location, Accounts), Error> {
    let glance = read_files(context, args)?;
    let location = if args.sandbox { Location::Memory } else { glance.state_location(context)? };
    check_lineage_at(&location, &glance)?;
    let accounts = glance.accounts(&glance.scope(&args.target)?);
    Ok((location, accounts))
}

pub(super) fn check_lineage_at(location: &Location, files: &Files) -> Result<(), StateError> {
    // Nothing is known yet of a state that is thrown away.
    let Some(lineage) = files.config.lineage.as_deref().filter(|_| *location != Location::Memory)
    else {
        return Ok(());
    };
    let found = State::read(location)?.map(|state| state.lineage()).transpose()?;
    check_lineage(Some(lineage), found.as_deref(), location)
}

pub(super) fn report(
    context: &mut Context<'_>,
    format: Format,
    outcome: &Outcome,
    plan: &Plan,
) -> Result<(), Error> {
    let veiled = context.pseudonyms()?.map(|mut names| names.outcome(outcome, plan));
    let (outcome, plan) = veiled.as_ref().map_or((outcome, plan), |(it, plan)| (it, plan));
    match format {
        Format::Json => {
            let view = outcome_view(outcome, plan);
            context.console.json(&view)?;
        }
        Format::Text => {
            let colors = context.console.colors();
            context.console.report(|out| outcome_text(outcome, plan, colors, out))?;
        }
    }
    Ok(())
}

pub(super) fn give_back(mut state: State, lease: &Lease, world: &World) -> Result<(), StateError> {
    state.release(lease, world.uptime().as_ref())?;
    state.close()
}

pub(super) fn read_files(context: &Context<'_>, args: &Args) -> Result<Files, Error> {
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
    let span = span::any(text).ok_or("not a span of time, as in `90s`, `8m` or `1h30m`")?;
    Duration::try_from(span).map_err(|_negative| "must not be negative".to_owned())
}
