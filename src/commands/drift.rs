//! `drift`: what the providers hold against what the state knows; changes nothing.
//!
//! It takes no lock and records nothing, so a run that goes on at the same time does not know of
//! its calls: the two together may be quicker than the account's rate allows.

use clap::ValueEnum;

use super::prepare::Files;
use super::refresh::{self, Found, survey};
use super::{Context, store};
use crate::domain::Id;
use crate::error::Error;
use crate::exit::Exit;
use crate::plan::drift::Difference;
use crate::report::drift::{Compared, drift_markdown, drift_text, drift_view};
use crate::report::html::drift_page;

/// What `drift` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = "Lists count for the rate of an account: do not run it beside an `apply`.")]
pub struct Args {
    /// Look at this target only; may be given several times
    #[arg(long, value_name = "NAME")]
    pub target: Vec<String>,

    /// Look in this room too, where lists are per room; may be given several times
    #[arg(long, value_name = "ROOM")]
    pub room: Vec<String>,

    /// How it is shown
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,
}

/// How differences are shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Format {
    /// For people.
    Text,
    /// For programs.
    Json,
    /// For an issue, a comment or a job summary.
    Markdown,
    /// A page: one file, for a browser.
    Html,
}

/// Shows what differs.
pub fn run(context: &mut Context<'_>, args: &Args) -> Result<Exit, Error> {
    super::block_on(run_within(context, args))?
}

/// Shows what differs, within the caller's runtime.
pub async fn run_within(context: &mut Context<'_>, args: &Args) -> Result<Exit, Error> {
    let files = Files::read(context)?;
    let scope = files.scope(&args.target)?;
    let mut snapshot = store::snapshot(context, &files)?;
    let rooms: Vec<Id> = args.room.iter().map(|room| Id::new(room.as_str())).collect();
    let credentials = refresh::credentials(context);
    let found =
        survey(&files, &mut snapshot, (context.world, credentials), (&scope, &rooms)).await?;
    let mut names = context.pseudonyms()?;
    if let Some(names) = &mut names {
        files.tell_names(names);
        names.learn(snapshot.rows.iter().map(|row| &row.restriction));
        names.learn(found.iter().flat_map(|it| &it.drift.differences).map(|it| &it.restriction));
        for room in &rooms {
            names.learn_room(room);
        }
        names.ready();
    }
    let compared = found.into_iter().filter_map(|Found { target, drift, failures }| {
        let (drift, failures) = match &names {
            Some(names) => {
                (names.drift(&drift), failures.iter().map(|it| names.unread(it)).collect())
            }
            None => (drift, failures),
        };
        let target = files.config.targets.get(&target)?;
        Some(Compared { target, drift, failures })
    });
    let compared: Vec<_> = compared.collect();
    let console = &mut *context.console;
    match args.format {
        Format::Json => console.json(&drift_view(&compared))?,
        Format::Markdown => console.result(|out| drift_markdown(&compared, out))?,
        Format::Html => console.out.text(&drift_page(&compared, context.world.now())),
        Format::Text => {
            let colors = console.colors();
            console.report(|out| drift_text(&compared, colors, out))?;
        }
    }
    let differs = compared.iter().flat_map(|it| &it.drift.differences).any(Difference::is_proof);
    let unread = compared.iter().any(|it| !it.failures.is_empty());
    // What is known to differ says more than what could not be read.
    Ok(match (differs, unread) {
        (true, _) => Exit::Changes,
        (false, true) => Exit::Error,
        (false, false) => Exit::Done,
    })
}
