//! `validate`: checks every file; needs no state, no network, no credentials.

use clap::ValueEnum;

use super::orders::pair;
use super::view::repository_path;
use super::{Context, github, statements};
use crate::error::Error;
use crate::exit::Exit;
use crate::plan::overlap::claims;
use crate::policy::{self, Diagnostic, Workspace};
use crate::report::count::{counted, grouped};
use crate::report::escape::Terminal;
use crate::report::github::{problem_annotations, warning_annotations};
use crate::report::markdown::LEAST_BYTES;
use crate::report::sarif::{problems_sarif, warnings_sarif};
use crate::report::{Comment, Links, problems_markdown};

/// What `validate` takes.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// How problems are shown
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,

    /// Check, too, that each entry says what its statement of reasons needs (docs/dsa.md)
    #[arg(long)]
    pub dsa: bool,

    /// With `--dsa`: what is the same for all whose entry does not say it; may be given several
    /// times
    #[arg(long, value_name = "KEY=VALUE", requires = "dsa", value_parser = pair)]
    pub set: Vec<(String, String)>,
}

/// How problems are shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Format {
    /// For people.
    Text,
    /// For a step of GitHub Actions: annotations and a job summary too.
    Github,
    /// For code scanning.
    Sarif,
}

/// Checks the workspace.
pub fn run(context: &mut Context<'_>, args: &Args) -> Result<Exit, Error> {
    statements::check_keys(&args.set)?;
    let mut loaded = policy::load(&context.global.dir, &context.permissions());
    if args.dsa {
        loaded = loaded.and_then(|workspace| {
            let lacking = statements::lacking(&workspace, &args.set);
            if lacking.is_empty() { Ok(workspace) } else { Err(lacking) }
        });
    }
    match args.format {
        Format::Text => {}
        Format::Github => annotate(context, &loaded)?,
        Format::Sarif => log(context, &loaded)?,
    }
    let workspace = loaded.map_err(|diagnostics| Error::of_policy(&diagnostics))?;
    for warning in &workspace.warnings {
        let place = warning.source.as_ref().map(|source| format!("{source}: ")).unwrap_or_default();
        let text = format!("{place}{}", warning.message);
        context.console.err.say(&format!("warning[{}]: {}\n", warning.code, Terminal(&text)));
    }
    if args.format == Format::Sarif {
        return Ok(Exit::Done);
    }
    let restrictions = claims(workspace.wanted.iter()).count() as u64;
    context.console.result(|out| {
        writeln!(
            out,
            "Valid: {}, {}, {}.",
            counted(workspace.config.targets.len() as u64, "target"),
            grouped_entries(workspace.entries),
            counted(restrictions, "restriction"),
        )
    })?;
    Ok(Exit::Done)
}

/// Writes a log for code scanning, whatever was found: what it no longer finds is closed there.
fn log(
    context: &mut Context<'_>,
    loaded: &Result<Workspace, Vec<Diagnostic>>,
) -> Result<(), Error> {
    let directory = repository_path(&context.global.dir);
    let log = match loaded {
        Ok(workspace) => warnings_sarif(&workspace.warnings, &directory),
        Err(diagnostics) => problems_sarif(diagnostics, &directory),
    };
    Ok(context.console.json(&log)?)
}

fn annotate(
    context: &mut Context<'_>,
    loaded: &Result<Workspace, Vec<Diagnostic>>,
) -> Result<(), Error> {
    let directory = repository_path(&context.global.dir);
    let text = match loaded {
        Ok(workspace) => warning_annotations(&workspace.warnings, &directory),
        Err(diagnostics) => problem_annotations(diagnostics, &directory),
    };
    context.console.out.text(&text);
    let max_bytes = github::summary_room(context);
    if let (Err(diagnostics), true) = (loaded, max_bytes as u64 >= LEAST_BYTES) {
        let comment = Comment { max_bytes, links: &Links::default(), diff: false };
        let summary = problems_markdown(diagnostics, comment);
        github::append(context, "GITHUB_STEP_SUMMARY", &summary)?;
    }
    Ok(())
}

fn grouped_entries(entries: usize) -> String {
    let word = if entries == 1 { "entry" } else { "entries" };
    format!("{} {word}", grouped(entries as u64))
}
