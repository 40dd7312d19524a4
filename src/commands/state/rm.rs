//! `state rm`: forgets a restriction without lifting it.

use std::time::Duration;

use super::super::apply::span;
use super::super::{Context, store};
use super::by_hand::by_hand;
use super::show::find;
use crate::domain::{Enforcement, Moment, Restriction};
use crate::error::Error;
use crate::exit::Exit;
use crate::store::{AuditRow, Lease, Record, State, StateError};

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
    let world = context.world;
    let forgotten = by_hand(context, args.lock_timeout, |state, lease, who| {
        let row = find(state, &args.key)?;
        let who = (who, world.process.pid);
        state.begin_run(&lease.run, who, world.now(), Some("state rm"))?;
        record(&row, args, world.now(), (&mut *state, lease))?;
        state.finish_run(&lease.run, world.now(), "")?;
        Ok(row)
    });
    let row = super::super::block_on(forgotten)??;
    let held = if row.may_be_in_force() { ": the provider may still hold it" } else { "" };
    context.console.err.say(&format!("Forgot `{}`{held}.\n", row.restriction));
    Ok(Exit::Done)
}

fn record(
    row: &Enforcement,
    args: &Args,
    now: Moment,
    (state, lease): (&mut State, &Lease),
) -> Result<(), StateError> {
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
    state.commit(lease.fence, &records)
}
