//! `plan`: shows what would change; sends nothing, needs no credentials.

use std::path::{Component, Path, PathBuf};

use clap::ValueEnum;

use super::prepare::{Files, Knowledge};
use super::survey::{self, survey};
use super::{Context, github, store};
use crate::domain::Moment;
use crate::error::Error;
use crate::exit::Exit;
use crate::plan::document::{self, Origin};
use crate::plan::{self, Plan, Scope};
use crate::report::github::{outputs, plan_annotations};
use crate::report::markdown::LEAST_BYTES;
use crate::report::{Comment, Folding, Layout, Links, Shown, diff_text, plan_markdown, plan_text};
use crate::state::{Snapshot, State};

/// What `plan` takes.
#[derive(Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub struct Args {
    /// Save the plan, for `apply FILE`
    #[arg(long, value_name = "FILE", conflicts_with = "at")]
    pub out: Option<PathBuf>,

    /// How the plan is shown
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,

    /// With `--format markdown`: the longest comment, in bytes
    #[arg(long, value_name = "BYTES", default_value_t = 60_000,
          value_parser = clap::value_parser!(u64).range(LEAST_BYTES..))]
    pub max_bytes: u64,

    /// With `--format markdown`: where the repository's files can be read, as in
    /// `https://github.com/OWNER/REPO/blob/SHA`
    #[arg(long, value_name = "URL")]
    pub link_base: Option<String>,

    /// Exit 2 if there is an operation other than upkeep
    #[arg(long)]
    pub detailed_exitcode: bool,

    /// Plan for this target only; may be given several times
    #[arg(long, value_name = "NAME")]
    pub target: Vec<String>,

    /// Plan for another instant, as RFC 3339
    #[arg(long, value_name = "TIME", value_parser = store::instant)]
    pub at: Option<Moment>,

    /// Show what changes about each entry, as a diff: in text and in Markdown
    #[arg(long)]
    pub diff: bool,

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
    /// A comment on a pull request.
    Markdown,
    /// For a step of GitHub Actions: text, annotations, a job summary, outputs.
    Github,
}

/// Shows what would change.
pub fn run(context: &mut Context<'_>, args: &Args) -> Result<Exit, Error> {
    super::runtime()?.block_on(run_within(context, args))
}

/// Shows what would change, within the caller's runtime.
pub async fn run_within(context: &mut Context<'_>, args: &Args) -> Result<Exit, Error> {
    let files = Files::read(context)?;
    let scope = files.scope(&args.target)?;
    let (plan, origin) = if args.refresh {
        let mut snapshot = store::snapshot(context, &files)?;
        let through = (context.world, survey::credentials(context));
        let found = survey(&files, &mut snapshot, through, (&scope, &[])).await?;
        let found = survey::refresh(&found, &mut snapshot, context.world).0;
        let now = context.world.now();
        let (plan, origin, _) = files.plan(&mut snapshot, &scope, now, &found)?;
        (plan, origin)
    } else {
        let state = store::read(context, &files)?;
        let now = args.at.unwrap_or_else(|| context.world.now());
        stream(&files, state, &scope, now)?
    };
    if let Some(path) = &args.out {
        save(path, &plan, &origin)?;
    }
    let shown = Shown { plan: &plan, origin: &origin, targets: &files.config.targets };
    match args.format {
        Format::Json => document::write(&plan, &origin, &mut context.console.out)?,
        Format::Text => {
            if args.diff {
                let paint = context.console.paint();
                context.console.result(|out| diff_text(&plan, paint, out))?;
            }
            let folding = if args.all { Folding::All } else { Folding::Folded };
            show(context, &shown, folding)?;
        }
        Format::Markdown => {
            let max_bytes = usize::try_from(args.max_bytes).unwrap_or(usize::MAX);
            let links = links(context, args)?;
            let text = plan_markdown(&shown, Comment { max_bytes, links: &links, diff: args.diff });
            context.console.out.write_all(text.as_bytes())?;
        }
        Format::Github => {
            show(context, &shown, Folding::Folded)?;
            annotate(context, args, &shown)?;
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

/// Makes the plan while the rows of the state pass by.
fn stream(
    files: &Files,
    state: Option<State>,
    scope: &Scope,
    now: Moment,
) -> Result<(Plan, Origin), Error> {
    let Some(mut state) = state else {
        let (plan, origin, _) = files.plan(&mut Snapshot::empty(), scope, now, &[])?;
        return Ok((plan, origin));
    };
    let view = state.view()?;
    let outline = view.outline()?;
    let resolved = files.resolve(&outline, &view.rows_per_target()?)?;
    if !resolved.moves.is_empty() {
        // New names come in another order.
        let (plan, origin, _) = files.plan(&mut view.snapshot()?, scope, now, &[])?;
        return Ok((plan, origin));
    }
    let knowledge = Knowledge { outline: &outline, resolved: &resolved, found: &[] };
    let (plan, origin) = files.with_inputs(&knowledge, scope, now, |inputs| {
        view.each_row(|rows| plan::plan(inputs, rows))
    });
    Ok((plan?, origin))
}

/// Leaves annotations, a summary and outputs to a step of GitHub Actions.
fn annotate(context: &mut Context<'_>, args: &Args, shown: &Shown<'_>) -> Result<(), Error> {
    let directory = repository_path(&context.global.dir);
    let text = plan_annotations(shown, &directory);
    context.console.out.write_all(text.as_bytes())?;
    let links = links(context, args)?;
    let max_bytes = github::summary_room(context);
    if max_bytes as u64 >= LEAST_BYTES {
        let summary = plan_markdown(shown, Comment { max_bytes, links: &links, diff: args.diff });
        github::append(context, "GITHUB_STEP_SUMMARY", &summary)?;
    }
    github::append(context, "GITHUB_OUTPUT", &outputs(shown.plan))
}

/// Where the files can be read: in the repository, below the directory that was named.
fn links(context: &Context<'_>, args: &Args) -> Result<Links, Error> {
    let Some(base) = &args.link_base else { return Ok(Links::default()) };
    Links::below(base, &repository_path(&context.global.dir)).ok_or_else(|| {
        Error::new(Exit::Usage, "`--link-base` is not a web address")
            .hint("it is like `https://github.com/OWNER/REPO/blob/SHA`")
    })
}

/// The workspace as a path in the repository, if it was named by one: an absolute path or one
/// that leaves the working directory says nothing about that.
pub(super) fn repository_path(directory: &Path) -> String {
    let inside = |part: &Component<'_>| matches!(part, Component::Normal(_) | Component::CurDir);
    if directory.components().all(|part| inside(&part)) {
        directory.to_string_lossy().into_owned()
    } else {
        String::new()
    }
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
