//! `state list`: what is known, and how it is known.

use super::super::format::Format;
use super::super::{Context, prepare::Files, store};
use crate::error::Error;
use crate::exit::Exit;
use crate::plan::document::FORMAT_VERSION;
use crate::report::count::counted;
use crate::report::enforcement::{EnforcementView, ListView, enforcement_lines};

/// What `state list` takes.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// List this target only; may be given several times
    #[arg(long, value_name = "NAME")]
    pub target: Vec<String>,

    /// How it is shown
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,
}

/// Lists the rows.
pub fn run(context: &mut Context<'_>, args: &Args) -> Result<Exit, Error> {
    let files = Files::read_config(context)?;
    let mut rows = store::snapshot(context, &files)?.rows;
    // A target may be gone from the config while the state still has rows of it.
    let asked = |name: &str| args.target.is_empty() || args.target.iter().any(|it| it == name);
    rows.retain(|row| asked(row.restriction.target.as_str()));
    let now = context.world.now();
    let console = &mut *context.console;
    match args.format {
        Format::Json => {
            let rows: Vec<_> = rows.iter().map(|row| EnforcementView::of(row, now)).collect();
            console.json(&ListView { format_version: FORMAT_VERSION, restrictions: rows })?;
        }
        Format::Text => {
            let colors = console.colors();
            console.report(|out| {
                enforcement_lines(&rows, now, colors, out)?;
                writeln!(out, "State: {}.", counted(rows.len() as u64, "restriction"))
            })?;
        }
    }
    Ok(Exit::Done)
}
