//! `history`: what was done to whom, when, why and by whom.

use std::convert::Infallible;

use clap::ValueEnum;

use super::orders::pair;
use super::view::links;
use super::{Context, prepare, statements, store};
use crate::domain::Moment;
use crate::error::Error;
use crate::exit::Exit;
use crate::report::Pseudonyms;
use crate::report::event::{EventView, event_text, run_text};
use crate::report::html::{History, history_page};
use crate::store::{HistoryFilter, SortOrder, State};

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

    /// In HTML: where the repository's files can be read, as in
    /// `https://github.com/OWNER/REPO/blob/SHA`
    #[arg(long, value_name = "URL")]
    pub link_base: Option<String>,

    /// With `--format dsa`: what is the same for all whose entry does not say it; may be given
    /// several times
    #[arg(long, value_name = "KEY=VALUE", value_parser = pair)]
    pub set: Vec<(String, String)>,
}

/// How many events a page takes, the newest.
const MOST_OF_A_PAGE: usize = 200_000;

/// How the audit log is shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Format {
    /// For people.
    Text,
    /// For programs: one JSON object a line.
    Jsonl,
    /// A page: one file, for a browser.
    Html,
    /// Statements of reasons, for the DSA Transparency Database: the body of a call a line.
    Dsa,
}

/// Shows the audit log.
pub fn run(context: &mut Context<'_>, args: &Args) -> Result<Exit, Error> {
    if args.format != Format::Dsa && !args.set.is_empty() {
        let message = "`--set` is for `--format dsa` only";
        return Err(Error::new(Exit::Usage, message));
    }
    let state = store::required(context)?;
    let restriction = args.subject.as_deref().and_then(|subject| subject.parse().ok());
    let filter = HistoryFilter {
        subject: args.subject.clone(),
        restriction,
        run: args.run.clone(),
        since: args.since,
    };
    let mut names = context.pseudonyms()?;
    if let Some(names) = &mut names {
        state.history(
            &HistoryFilter::default(),
            SortOrder::OldestFirst,
            |event| -> Result<(), Infallible> {
                names.learn(std::iter::once(&event.restriction));
                Ok(())
            },
        )?;
        prepare::tell_all_names(context, names);
    }
    match args.format {
        Format::Html => return page(context, args, &state, (&filter, names.as_ref())),
        Format::Dsa => {
            return statements::write(context, &state, (&filter, names.as_ref()), &args.set);
        }
        Format::Text | Format::Jsonl => {}
    }
    let console = &mut *context.console;
    let colors = console.colors();
    let mut run = None;
    state.history(&filter, SortOrder::OldestFirst, |event| -> std::io::Result<()> {
        let veiled = names.as_ref().map(|names| names.event(event));
        let event = veiled.as_ref().unwrap_or(event);
        match args.format {
            Format::Text => {
                let is_next = run.as_ref() != Some(&event.run);
                run = Some(event.run.clone());
                console.report(|out| {
                    if is_next {
                        run_text(event, colors, out)?;
                    }
                    event_text(event, colors, out)
                })
            }
            Format::Jsonl | Format::Html | Format::Dsa => {
                console.json_line(&EventView::from(event))
            }
        }
    })??;
    if run.is_none() && args.format == Format::Text {
        console.err.say("Nothing of that is in the audit log.\n");
    }
    Ok(Exit::Done)
}

fn page(
    context: &mut Context<'_>,
    args: &Args,
    state: &State,
    (filter, names): (&HistoryFilter, Option<&Pseudonyms>),
) -> Result<Exit, Error> {
    let mut events = Vec::new();
    let more = state.history(filter, SortOrder::NewestFirst, |event| {
        if events.len() == MOST_OF_A_PAGE {
            return Err(());
        }
        events.push(names.map_or_else(|| event.clone(), |names| names.event(event)));
        Ok(())
    })?;
    let subject = args.subject.as_deref().map(|subject| match names {
        Some(_) => "one subject",
        None => subject,
    });
    let mut about = vec![subject.unwrap_or("everybody").to_owned()];
    about.extend(args.run.as_ref().map(|run| format!("run {run}")));
    about.extend(args.since.map(|since| format!("since {since}")));
    let (now, about) = (context.world.now(), about.join(", "));
    let history = History { now, about: &about, events: &events, more: more.is_err() };
    let links = links(context, args.link_base.as_deref())?;
    context.console.out.text(&history_page(&history, &links));
    Ok(Exit::Done)
}
