//! `plan`: shows what would change; sends nothing, needs no credentials.

use std::path::PathBuf;

use super::prepare::{Files, Knowledge};
use super::refresh::{self, survey};
use super::view::View;
use super::{Context, plan_file, store};
use crate::domain::Moment;
use crate::error::Error;
use crate::exit::Exit;
use crate::plan::document::Provenance;
use crate::plan::{self, Plan, Scope};
use crate::report::{Pseudonyms, Review};
use crate::store::{Snapshot, State};

/// What `plan` takes.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Save the plan, for `apply FILE`
    #[arg(long, value_name = "FILE", conflicts_with = "at")]
    pub out: Option<PathBuf>,

    /// Exit 2 if there is an operation other than upkeep
    #[arg(long)]
    pub detailed_exitcode: bool,

    /// Plan for this target only; may be given several times
    #[arg(long, value_name = "NAME")]
    pub target: Vec<String>,

    /// Plan for another instant, as RFC 3339
    #[arg(long, value_name = "TIME", value_parser = store::instant)]
    pub at: Option<Moment>,

    /// Read what the providers hold first, and plan from that; needs credentials
    #[arg(long, conflicts_with = "at")]
    pub refresh: bool,

    /// Does nothing any more: there is no cache
    #[arg(long, hide = true)]
    pub no_cache: bool,

    /// How it is shown.
    #[command(flatten)]
    pub view: View,
}

/// Shows what would change.
pub fn run(context: &mut Context<'_>, args: &Args) -> Result<Exit, Error> {
    super::block_on(run_within(context, args))?
}

/// Shows what would change, within the caller's runtime.
pub async fn run_within(context: &mut Context<'_>, args: &Args) -> Result<Exit, Error> {
    if args.no_cache {
        context
            .console
            .err
            .say("note: `--no-cache` does nothing, and will go: there is no cache\n");
    }
    let mut names = context.pseudonyms()?;
    let (plan, provenance) = make(context, args, names.as_mut()).await?;
    if let Some(path) = &args.out {
        plan_file::save(path, &plan, &provenance)?;
    }
    let veiled = names.map(|mut names| names.plan(&plan, &provenance));
    args.view.show(context, &Review::of(veiled.as_ref().unwrap_or(&plan), &provenance))?;
    let changes = plan.operations.iter().any(|operation| !operation.upkeep);
    Ok(if plan.is_held_back() {
        Exit::Guarded
    } else if changes && args.detailed_exitcode {
        Exit::Changes
    } else {
        Exit::Done
    })
}

/// Makes the plan.
async fn make(
    context: &Context<'_>,
    args: &Args,
    names: Option<&mut Pseudonyms>,
) -> Result<(Plan, Provenance), Error> {
    let now = || args.at.unwrap_or_else(|| context.world.now());
    let files = Files::read(context)?;
    if let Some(names) = names {
        files.tell_names(names);
    }
    let scope = files.scope(&args.target)?;
    if !args.refresh {
        let state = store::read(context, &files)?;
        return of_rows(&files, state, &scope, now());
    }
    let mut snapshot = store::snapshot(context, &files)?;
    let through = (context.world, refresh::credentials(context));
    let found = survey(&files, &mut snapshot, through, (&scope, &[])).await?;
    let found = refresh::refresh(&found, &mut snapshot, context.world).0;
    let (plan, provenance, _) = files.plan(&mut snapshot, &scope, now(), &found)?;
    Ok((plan, provenance))
}

/// Makes the plan while the rows of the state pass by: a million of them are never in memory at
/// once.
fn of_rows(
    files: &Files,
    state: Option<State>,
    scope: &Scope,
    now: Moment,
) -> Result<(Plan, Provenance), Error> {
    let of_snapshot = |mut snapshot: Snapshot| -> Result<_, Error> {
        let (plan, provenance, _) = files.plan(&mut snapshot, scope, now, &[])?;
        Ok((plan, provenance))
    };
    let Some(mut state) = state else { return of_snapshot(Snapshot::empty()) };
    let view = state.view()?;
    let outline = view.outline()?;
    let resolved = files.resolve(&outline, &view.rows_per_target()?)?;
    if !resolved.moves.is_empty() {
        // New names come in another order.
        return of_snapshot(view.snapshot()?);
    }
    let knowledge = Knowledge { outline: &outline, resolved: &resolved, found: &[] };
    let (plan, provenance) = files.with_inputs(&knowledge, scope, now, |inputs| {
        view.each_row(|rows| plan::plan(inputs, rows))
    });
    Ok((plan?, provenance))
}
