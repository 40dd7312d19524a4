//! `state export`: all that is known, for other programs.

use clap::ValueEnum;

use super::super::{Context, prepare::Files, store};
use crate::error::Error;
use crate::exit::Exit;
use crate::report::csv;
use crate::report::enforcement::EnforcementView;

/// What `state export` takes.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// How it is written
    #[arg(long, value_name = "FORMAT", default_value = "jsonl")]
    pub format: Format,
}

/// How rows are written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Format {
    /// One JSON object a line.
    Jsonl,
    /// A table; cells that a spreadsheet would run are shielded by an apostrophe.
    Csv,
}

/// Prints every row.
pub fn run(context: &mut Context<'_>, args: &Args) -> Result<Exit, Error> {
    let files = Files::read_config(context)?;
    let rows = store::snapshot(context, &files)?.rows;
    let now = context.world.now();
    let views = rows.iter().map(|row| EnforcementView::of(row, now));
    let console = &mut *context.console;
    match args.format {
        Format::Jsonl => {
            for view in views {
                console.json_line(&view)?;
            }
        }
        Format::Csv => console.result(|out| {
            csv::line(&EnforcementView::COLUMNS, out)?;
            for view in views {
                csv::line(&view.cells(), out)?;
            }
            Ok(())
        })?,
    }
    Ok(Exit::Done)
}
