//! `state compact`: makes the file of the state as small as what it holds.

use std::time::Duration;

use super::super::Context;
use super::super::apply::span;
use super::by_hand::by_hand;
use crate::error::Error;
use crate::exit::Exit;
use crate::report::count::{counted, grouped};

/// What `state compact` takes.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Wait this long for a run to finish
    #[arg(long, value_name = "SPAN", default_value = "0s", value_parser = span)]
    pub lock_timeout: Duration,
}

/// Rewrites the file; needs room for the state once beside it and once where temporary files go.
pub fn run(context: &mut Context<'_>, args: &Args) -> Result<Exit, Error> {
    let world = context.world;
    let compacted = by_hand(context, args.lock_timeout, |state, lease, who| {
        let before = state.size()?;
        let who = (who, world.process.pid);
        state.begin_run(&lease.run, who, world.now(), Some("state compact"))?;
        let calls = state.compact(lease.fence, world.now())?;
        state.finish_run(&lease.run, world.now(), "")?;
        Ok((before, state.size()?, calls))
    });
    let (before, after, calls) = super::super::block_on(compacted)??;
    let (before, after) = (grouped(before), counted(after, "byte"));
    let calls = counted(u64::try_from(calls).unwrap_or(u64::MAX), "old call");
    context
        .console
        .result(|out| writeln!(out, "Compacted: {before} to {after}, {calls} dropped."))?;
    Ok(Exit::Done)
}
