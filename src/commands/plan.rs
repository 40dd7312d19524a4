//! `plan`: shows what would change; sends nothing, needs no credentials.

use std::path::{Path, PathBuf};

use clap::ValueEnum;

use super::prepare::Files;
use super::survey::{self, survey};
use super::{Context, store};
use crate::domain::Moment;
use crate::error::Error;
use crate::exit::Exit;
use crate::plan::Plan;
use crate::plan::document::{self, Origin};
use crate::report::{Folding, Layout, Shown, plan_text};

/// What `plan` takes.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Save the plan, for `apply FILE`
    #[arg(long, value_name = "FILE", conflicts_with = "at")]
    pub out: Option<PathBuf>,

    /// How the plan is shown
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,

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

    /// Show every operation: fold nothing
    #[arg(long)]
    pub all: bool,
}

/// How a plan is shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Format {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// Shows what would change.
pub fn run(context: &mut Context<'_>, args: &Args) -> Result<Exit, Error> {
    super::runtime()?.block_on(run_within(context, args))
}

/// Shows what would change, within the caller's runtime.
pub async fn run_within(context: &mut Context<'_>, args: &Args) -> Result<Exit, Error> {
    let files = Files::read(context)?;
    let scope = files.scope(&args.target)?;
    let mut snapshot = store::snapshot(context, &files)?;
    let found = if args.refresh {
        let through = (context.world, survey::credentials(context));
        let found = survey(&files, &mut snapshot, through, (&scope, &[])).await?;
        survey::refresh(&found, &mut snapshot, context.world).0
    } else {
        Vec::new()
    };
    let now = args.at.unwrap_or_else(|| context.world.now());
    let (plan, origin, _) = files.plan(&mut snapshot, &scope, now, &found)?;
    if let Some(path) = &args.out {
        save(path, &plan, &origin)?;
    }
    let shown = Shown { plan: &plan, origin: &origin, targets: &files.config.targets };
    match args.format {
        Format::Json => document::write(&plan, &origin, &mut context.console.out)?,
        Format::Text => {
            let folding = if args.all { Folding::All } else { Folding::Folded };
            show(context, &shown, folding)?;
        }
    }
    let changes = plan.operations.iter().any(|operation| !operation.upkeep);
    Ok(if plan.is_held_back() {
        Exit::Guarded
    } else if changes && args.detailed_exitcode {
        Exit::Changes
    } else {
        Exit::Done
    })
}

/// Shows a plan as text.
pub(super) fn show(
    context: &mut Context<'_>,
    shown: &Shown<'_>,
    folding: Folding,
) -> Result<(), Error> {
    let console = &mut *context.console;
    let layout = Layout { folding, paint: console.paint(), width: console.terminal.width };
    Ok(console.result(|out| plan_text(shown, layout, out))?)
}

/// Saves a plan for its owner's eyes: it names people.
#[expect(clippy::disallowed_methods, reason = "the one place that writes a plan file")]
fn save(path: &Path, plan: &Plan, origin: &Origin) -> Result<(), Error> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let failed = |error: std::io::Error| {
        let message = format!("cannot write the plan to `{}`", path.display());
        Error::new(Exit::Error, message).caused_by(&error)
    };
    let fresh = path.with_added_extension("new");
    match std::fs::remove_file(&fresh) {
        Ok(()) => {}
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(failed(error)),
    }
    if path.symlink_metadata().is_ok_and(|metadata| metadata.is_symlink()) {
        return Err(failed(std::io::Error::other("it is a symbolic link")));
    }
    let options = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).clone();
    let file = options.open(&fresh).map_err(failed)?;
    let mut file = std::io::BufWriter::new(file);
    document::write(plan, origin, &mut file).map_err(failed)?;
    file.flush().map_err(failed)?;
    std::fs::rename(&fresh, path).map_err(failed)
}
