//! `state copy`: moves a state to another place, of whatever engine.

use std::path::PathBuf;
use std::time::Duration;

use super::super::apply::span;
use super::super::leased_store::{self, LeasedStore};
use super::super::prepare::server_url;
use super::super::{Context, block_on};
use crate::error::Error;
use crate::exit::Exit;
use crate::report::count::counted;
use crate::store::{Accounts, Copied, Location, ServerUrl, State};

/// What `state copy` takes.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The state, as `sqlite:PATH` or `postgresql://…`
    #[arg(value_name = "FROM")]
    pub from: String,

    /// Where it is to be, likewise; nothing may be there yet
    #[arg(value_name = "TO")]
    pub to: String,

    /// Wait this long for a run to finish
    #[arg(long, value_name = "SPAN", default_value = "0s", value_parser = span)]
    pub lock_timeout: Duration,
}

/// Copies it while no run is under way, and looks whether all of it has arrived.
pub fn run(context: &mut Context<'_>, args: &Args) -> Result<Exit, Error> {
    let (from, to) = (place(context, &args.from)?, place(context, &args.to)?);
    if State::read(&from)?.is_none() {
        return Err(Error::new(Exit::State, format!("there is no state at {from}")));
    }
    let Copied { rows, head } = block_on(copy(context, args, (&from, &to)))??;
    let rows = counted(u64::try_from(rows).unwrap_or(u64::MAX), "restriction");
    let log = counted(u64::try_from(head.seq).unwrap_or_default(), "audit row");
    context.console.result(|out| {
        writeln!(out, "Copied: {rows}, {log}, verified at {to}.")?;
        writeln!(out, "Runs use it once `OSTRACON_STATE` says so; put the one at {from} away.")
    })?;
    Ok(Exit::Done)
}

async fn copy(
    context: &Context<'_>,
    args: &Args,
    (from, to): (&Location, &Location),
) -> Result<Copied, Error> {
    let world = context.world;
    let taken = leased_store::take(from, world, &Accounts::All, args.lock_timeout).await?;
    let LeasedStore { mut state, lease } = taken;
    let copied = state.copy_to(to);
    state.release(&lease, world.uptime().as_ref())?;
    state.close()?;
    Ok(copied?)
}

fn place(context: &Context<'_>, text: &str) -> Result<Location, Error> {
    if ServerUrl::is_meant_by(text) {
        return Ok(Location::Server(server_url(context, text)?));
    }
    match text.strip_prefix("sqlite:") {
        Some(path) if !path.is_empty() => Ok(Location::File(PathBuf::from(path))),
        Some(_) | None => {
            Err(Error::new(Exit::Usage, "a state is `sqlite:PATH` or `postgresql://…`"))
        }
    }
}
