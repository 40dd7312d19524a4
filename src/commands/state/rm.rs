//! `state rm`: forgets a restriction without lifting it.

use std::time::Duration;

use super::super::apply::span;
use super::super::prepare::Files;
use super::super::tenancy::{self, Tenancy};
use super::super::{Context, store};
use super::show::find;
use crate::domain::{Enforcement, Restriction, Who};
use crate::error::Error;
use crate::exit::Exit;
use crate::state::{AuditRow, Lease, Record, State};

/// What `state rm` takes.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The restriction, as `state list` names it: `target/room:lobby/user:42`
    #[arg(value_name = "KEY", value_parser = store::key)]
    pub key: Restriction,

    /// Why, for the audit log
    #[arg(long, value_name = "WHY")]
    pub reason: String,

    /// Wait this long for a run to finish
    #[arg(long, value_name = "SPAN", default_value = "0s", value_parser = span)]
    pub lock_timeout: Duration,
}

/// Forgets the row. What the provider holds stays in force there, and is foreign from now on.
pub fn run(context: &mut Context<'_>, args: &Args) -> Result<Exit, Error> {
    super::super::runtime()?.block_on(forget(context, args))
}

async fn forget(context: &mut Context<'_>, args: &Args) -> Result<Exit, Error> {
    let files = Files::read_config(context)?;
    // Also so that none is made where there was none.
    drop(store::required(context)?);
    let location = files.state_location(context);
    let Tenancy { mut state, lease, lock } =
        tenancy::take(&location, context.world, args.lock_timeout).await?;
    let who = context.world.who(&context.global.dir).await;
    let forgotten = remove(context, args, &who, (&mut state, &lease));
    state.release(&lease)?;
    state.close()?;
    drop(lock);
    let row = forgotten?;
    let held = if row.may_be_in_force() { ": the provider may still hold it" } else { "" };
    context.console.err.say(&format!("Forgot `{}`{held}.\n", row.restriction));
    Ok(Exit::Done)
}

fn remove(
    context: &Context<'_>,
    args: &Args,
    who: &Who,
    (state, lease): (&mut State, &Lease),
) -> Result<Enforcement, Error> {
    let row = find(state, &args.key)?;
    let now = context.world.now();
    let who = (who, context.world.process.pid);
    state.begin_run(&lease.run, who, now, Some("state rm"))?;
    let audit = AuditRow {
        at: now,
        run: lease.run.clone(),
        call: None,
        restriction: row.restriction.clone(),
        action: "forget",
        because: "by_hand",
        until: row.until,
        entry: row.entry.as_deref().map(str::to_owned),
        source: None,
        meta: None,
        reason: Some(args.reason.as_str().into()),
        told: None,
        outcome: "done",
        code: None,
        message: None,
        request_id: None,
    };
    let records = [Record::Drop(row.restriction.clone()), Record::Audit(audit)];
    state.commit(lease.fence, &records)?;
    state.finish_run(&lease.run, context.world.now(), "")?;
    Ok(row)
}
