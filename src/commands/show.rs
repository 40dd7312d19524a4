//! `show`: shows a saved plan as `plan` did when it saved it.

use std::path::PathBuf;

use super::view::{Format, View};
use super::{Context, plan_file};
use crate::error::Error;
use crate::exit::Exit;
use crate::plan::file;
use crate::report::Review;

/// What `show` takes.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The saved plan
    #[arg(value_name = "FILE")]
    pub file: PathBuf,

    /// How it is shown.
    #[command(flatten)]
    pub view: View,
}

/// Shows a saved plan. It reads nothing but the file: neither policy nor state.
pub fn run(context: &mut Context<'_>, args: &Args) -> Result<Exit, Error> {
    let text = plan_file::text(&args.file)?;
    let saved = file::read(&text)?;
    let (plan, provenance) = saved.shown();
    let veiled = context.pseudonyms()?.map(|mut names| names.plan(plan, provenance));
    match args.view.format {
        // What another version of the program has written there is passed on too.
        Format::Json if veiled.is_none() => context.console.out.text(&text),
        Format::Json
        | Format::Text
        | Format::Markdown
        | Format::Github
        | Format::Html
        | Format::Sarif => {
            args.view.show(context, &Review::of(veiled.as_ref().unwrap_or(plan), provenance))?;
        }
    }
    let not_after = saved.not_after();
    if not_after <= context.world.now() {
        let note = format!("Warning: this plan was good until {not_after}: `apply` refuses it\n");
        context.console.err.say(&note);
    }
    Ok(Exit::Done)
}
