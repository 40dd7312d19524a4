//! `status`: one screen about how things stand.

use std::convert::Infallible;

use super::format::PageFormat;
use super::prepare::{self, Files};
use super::{Context, store};
use crate::error::Error;
use crate::exit::Exit;
use crate::report::html::{Flow, status_page};
use crate::report::status::{status, status_text};
use crate::store::{HistoryFilter, RunRow, SortOrder};

/// What `status` takes.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// How it is shown
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: PageFormat,
}

/// Shows how things stand.
pub fn run(context: &mut Context<'_>, args: &Args) -> Result<Exit, Error> {
    let files = Files::read_config(context)?;
    let now = context.world.now();
    let mut flow = Flow::up_to(now);
    let ((mut rows, mut orders), mut last_run, holder) = match store::read(context, &files)? {
        Some(mut state) => {
            if args.format == PageFormat::Html {
                let recent =
                    HistoryFilter { since: Some(flow.since()), ..HistoryFilter::default() };
                state.history(
                    &recent,
                    SortOrder::OldestFirst,
                    |event| -> Result<(), Infallible> {
                        flow.add(event);
                        Ok(())
                    },
                )?;
            }
            let snapshot = state.snapshot()?;
            ((snapshot.rows, snapshot.orders), state.last_run()?, state.holder()?)
        }
        None => ((Vec::new(), Vec::new()), None, None),
    };
    if let Some(mut names) = context.pseudonyms()? {
        names.learn(rows.iter().map(|row| &row.restriction));
        prepare::tell_all_names(context, &mut names);
        rows = rows.iter().map(|row| names.row(row)).collect();
        rows.sort_by(|a, b| a.restriction.cmp(&b.restriction));
        orders = orders.iter().map(|order| names.order(order)).collect();
        last_run = last_run.map(|run| RunRow { note: run.note.map(|it| names.text(&it)), ..run });
    }
    let status = status((&rows, &orders), now, (last_run.as_ref(), holder.as_ref()));
    let console = &mut *context.console;
    match args.format {
        PageFormat::Json => {
            console.json(&status)?;
        }
        PageFormat::Text => {
            let colors = console.colors();
            console.report(|out| status_text(&status, colors, out))?;
        }
        PageFormat::Html => console.out.text(&status_page(&status, &rows, &flow)),
    }
    Ok(Exit::Done)
}
