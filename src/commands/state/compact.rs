//! `state compact`: makes the file of the state as small as what it holds.

use std::time::Duration;

use super::super::apply::span;
use super::super::prepare::Files;
use super::super::tenancy::{self, Tenancy};
use super::super::{Context, store};
use crate::domain::Who;
use crate::error::Error;
use crate::exit::Exit;
use crate::report::count::{counted, grouped};
use crate::state::{Lease, State, StateError};

/// What `state compact` takes.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Wait this long for a run to finish
    #[arg(long, value_name = "SPAN", default_value = "0s", value_parser = span)]
    pub lock_timeout: Duration,
}

/// What came of it.
struct Compacted {
    before: u64,
    after: u64,
    /// How many calls were dropped from the record.
    calls: usize,
}

/// Rewrites the file; needs room for the state once beside it and once where temporary files go.
pub fn run(context: &mut Context<'_>, args: &Args) -> Result<Exit, Error> {
    let Compacted { before, after, calls } =
        super::super::runtime()?.block_on(compact(context, args))?;
    let (before, after) = (grouped(before), counted(after, "byte"));
    let calls = counted(u64::try_from(calls).unwrap_or(u64::MAX), "old call");
    context
        .console
        .result(|out| writeln!(out, "Compacted: {before} to {after}, {calls} dropped."))?;
    Ok(Exit::Done)
}

async fn compact(context: &mut Context<'_>, args: &Args) -> Result<Compacted, Error> {
    let files = Files::read_config(context)?;
    // Also so that none is made where there was none.
    drop(store::required(context)?);
    let location = files.state_location(context);
    let Tenancy { mut state, lease, lock } =
        tenancy::take(&location, context.world, args.lock_timeout).await?;
    let who = context.world.who(&context.global.dir).await;
    let compacted = rewrite(context, &who, (&mut state, &lease));
    state.release(&lease, context.world.uptime().as_ref())?;
    let after = state.size()?;
    state.close()?;
    drop(lock);
    let (before, calls) = compacted?;
    Ok(Compacted { before, after, calls })
}

fn rewrite(
    context: &Context<'_>,
    who: &Who,
    (state, lease): (&mut State, &Lease),
) -> Result<(u64, usize), StateError> {
    let before = state.size()?;
    let world = context.world;
    let who = (who, world.process.pid);
    state.begin_run(&lease.run, who, world.now(), Some("state compact"))?;
    let calls = state.compact(lease.fence, world.now())?;
    state.finish_run(&lease.run, world.now(), "")?;
    Ok((before, calls))
}
