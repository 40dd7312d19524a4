//! `state show`: one restriction in full.

use super::super::format::Format;
use super::super::{Context, store};
use crate::domain::{Enforcement, Restriction};
use crate::error::Error;
use crate::exit::Exit;
use crate::report::enforcement::{EnforcementView, enforcement_text};
use crate::store::State;

/// What `state show` takes.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The restriction, as `state list` names it: `target/room:lobby/user:42`
    #[arg(value_name = "KEY", value_parser = store::key)]
    pub key: Restriction,

    /// How it is shown
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,
}

/// Shows the row.
pub fn run(context: &mut Context<'_>, args: &Args) -> Result<Exit, Error> {
    let row = find(&mut store::required(context)?, &args.key)?;
    let now = context.world.now();
    let console = &mut *context.console;
    match args.format {
        Format::Json => {
            console.json(&EnforcementView::of(&row, now))?;
        }
        Format::Text => {
            let colors = console.colors();
            console.report(|out| enforcement_text(&row, now, colors, out))?;
        }
    }
    Ok(Exit::Done)
}

/// The row of a restriction; an error if there is none.
pub(super) fn find(state: &mut State, key: &Restriction) -> Result<Enforcement, Error> {
    let rows = state.snapshot()?.rows;
    rows.into_iter().find(|row| row.restriction == *key).ok_or_else(|| {
        Error::new(Exit::Error, format!("the state knows nothing of `{key}`"))
            .hint("`ostracon state list` names all that it knows")
    })
}
