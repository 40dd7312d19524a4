//! `plan`: shows what would change; sends nothing, needs no credentials.

use std::path::PathBuf;

use super::prepare::Files;
use super::stream::{Streamed, stream};
use super::survey::{self, survey};
use super::view::View;
use super::{Context, plan_file, store, warm};
use crate::domain::Moment;
use crate::error::Error;
use crate::exit::Exit;
use crate::plan::Plan;
use crate::plan::document::Origin;
use crate::report::Shown;

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

    /// Work everything out anew: neither read nor write `.ostracon/cache`
    #[arg(long)]
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
    let (plan, origin) = make(context, args).await?;
    if let Some(path) = &args.out {
        plan_file::save(path, &plan, &origin)?;
    }
    args.view.show(context, &Shown { plan: &plan, origin: &origin })?;
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
async fn make(context: &Context<'_>, args: &Args) -> Result<(Plan, Origin), Error> {
    let now = || args.at.unwrap_or_else(|| context.world.now());
    if !args.refresh && !args.no_cache && args.target.is_empty() {
        return warm::plan(context, now());
    }
    let files = Files::read(context)?;
    let scope = files.scope(&args.target)?;
    if !args.refresh {
        let state = store::read(context, &files)?;
        let Streamed { plan, origin, passed: _ } =
            stream(&files, state, &scope, now(), |_quiet| ())?;
        return Ok((plan, origin));
    }
    let mut snapshot = store::snapshot(context, &files)?;
    let through = (context.world, survey::credentials(context));
    let found = survey(&files, &mut snapshot, through, (&scope, &[])).await?;
    let found = survey::refresh(&found, &mut snapshot, context.world).0;
    let (plan, origin, _) = files.plan(&mut snapshot, &scope, now(), &found)?;
    Ok((plan, origin))
}
