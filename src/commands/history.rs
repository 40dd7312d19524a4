//! `history`: what was done to whom, when, why and by whom.

use clap::ValueEnum;

use super::{Context, store};
use crate::domain::Moment;
use crate::error::Error;
use crate::exit::Exit;
use crate::report::event::{EventView, event_text, run_text};
use crate::store::{Narrowed, Order};

/// What `history` takes.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only what was done to this subject: its id, or a name as in `target/room:lobby/user:42`
    #[arg(value_name = "SUBJECT")]
    pub subject: Option<String>,

    /// Only what this run did
    #[arg(long, value_name = "ID")]
    pub run: Option<String>,

    /// Only what was done from this instant on, as RFC 3339
    #[arg(long, value_name = "TIME", value_parser = store::instant)]
    pub since: Option<Moment>,

    /// How it is shown
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,
}

/// How the audit log is shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Format {
    /// For people.
    Text,
    /// For programs: one JSON object a line.
    Jsonl,
}

/// Shows the audit log.
pub fn run(context: &mut Context<'_>, args: &Args) -> Result<Exit, Error> {
    let state = store::required(context)?;
    let restriction = args.subject.as_deref().and_then(|subject| subject.parse().ok());
    let narrowed = Narrowed {
        subject: args.subject.clone(),
        restriction,
        run: args.run.clone(),
        since: args.since,
    };
    let console = &mut *context.console;
    let paint = console.paint();
    let mut run = None;
    state.history(&narrowed, Order::OldestFirst, |event| -> std::io::Result<()> {
        match args.format {
            Format::Text => {
                let is_next = run.as_ref() != Some(&event.run);
                run = Some(event.run.clone());
                console.result(|out| {
                    if is_next {
                        run_text(event, paint, out)?;
                    }
                    event_text(event, paint, out)
                })
            }
            Format::Jsonl => console.json_line(&EventView::from(event)),
        }
    })??;
    if run.is_none() && args.format == Format::Text {
        console.err.say("Nothing of that is in the audit log.\n");
    }
    Ok(Exit::Done)
}
