//! `unlock`: takes the lease from a run that is known to be dead.

use super::Context;
use super::prepare::Files;
use crate::error::Error;
use crate::exit::Exit;
use crate::report::escape::Terminal;
use crate::store::{Holder, State};

/// What `unlock` takes.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The run that holds the state, as the refusal names it
    #[arg(value_name = "LOCK_ID")]
    pub lock: String,
}

/// Takes the lease from a run. If it lives after all, it can record nothing any more and so
/// sends nothing more.
pub fn run(context: &mut Context<'_>, args: &Args) -> Result<Exit, Error> {
    let files = Files::read_config(context)?;
    let Some(mut state) = State::beside(&files.state_location(context)?)? else {
        return Err(Error::new(Exit::Error, "there is no state, so no run holds it"));
    };
    let holders = state.holders()?;
    let asked = holders.iter().find(|holder| holder.run == args.lock);
    let Some(holder) = asked.or(holders.first()) else {
        return Err(Error::new(Exit::Error, "no run holds the state"));
    };
    let Holder { run, user, host, pid, .. } = holder;
    let who = format!("{} on {}, process {pid}", Terminal(user), Terminal(host));
    if *run != args.lock {
        let message = format!("run {run} holds the state, not `{}`", Terminal(&args.lock));
        return Err(Error::new(Exit::Error, message).hint(format!("it is {who}")));
    }
    state.break_lease(run)?;
    context
        .console
        .result(|out| writeln!(out, "Unlocked: run {run} ({who}) holds nothing now."))?;
    Ok(Exit::Done)
}
