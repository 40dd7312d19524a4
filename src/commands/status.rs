//! `status`: one screen about how things stand.

use super::format::Format;
use super::prepare::Files;
use super::{Context, store};
use crate::error::Error;
use crate::exit::Exit;
use crate::report::status::{status, status_text};

/// What `status` takes.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// How it is shown
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,
}

/// Shows how things stand.
pub fn run(context: &mut Context<'_>, args: &Args) -> Result<Exit, Error> {
    let files = Files::read_config(context)?;
    let (rows, last_run, holder) = match store::read(context, &files)? {
        Some(mut state) => (state.snapshot()?.rows, state.last_run()?, state.holder()?),
        None => (Vec::new(), None, None),
    };
    let status = status(&rows, context.world.now(), (last_run.as_ref(), holder.as_ref()));
    let console = &mut *context.console;
    match args.format {
        Format::Json => {
            console.json(&status)?;
        }
        Format::Text => {
            let paint = console.paint();
            console.result(|out| status_text(&status, paint, out))?;
        }
    }
    Ok(Exit::Done)
}
