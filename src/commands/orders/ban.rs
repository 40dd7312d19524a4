//! `ban`: somebody is out, now and not after a review.

use jiff::SignedDuration;

use super::carry_out::{Common, give};
use super::draft::{Draft, Whom, deny, pair, span};
use crate::commands::{Context, apply, store};
use crate::domain::{Deny, Moment, OrderKind};
use crate::error::Error;
use crate::exit::Exit;

/// What `ban` takes.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("end").required(true).args(["span", "until"]))]
pub struct Args {
    /// Whom it is about.
    #[command(flatten)]
    pub whom: Whom,

    /// For how long, as in `24h`
    #[arg(long = "for", id = "span", value_name = "SPAN", value_parser = span)]
    pub span: Option<SignedDuration>,

    /// Until when, in place of that
    #[arg(long, value_name = "INSTANT", value_parser = store::instant)]
    pub until: Option<Moment>,

    /// Why, as the provider may be told
    #[arg(long, value_name = "TEXT")]
    pub reason: String,

    /// What is denied, where not entering; may be given several times
    #[arg(long, value_name = "WHAT", value_parser = deny)]
    pub deny: Vec<Deny>,

    /// It may reach everybody in the room, or behind the address
    #[arg(long)]
    pub wide: bool,

    /// What it says for people; may be given several times
    #[arg(long, value_name = "KEY=VALUE", value_parser = pair)]
    pub meta: Vec<(String, String)>,

    /// How it is given.
    #[command(flatten)]
    pub common: Common,
}

/// Orders a ban and carries it out.
pub fn run(context: &mut Context<'_>, args: &Args) -> Result<Exit, Error> {
    apply::in_runtime(run_within(context, args))
}

/// Orders a ban and carries it out, within the caller's runtime.
pub async fn run_within(context: &mut Context<'_>, args: &Args) -> Result<Exit, Error> {
    let denied = args.deny.iter().copied().reduce(Deny::union);
    let draft = Draft {
        kind: OrderKind::Ban,
        whom: &args.whom,
        span: args.span,
        until: args.until,
        why: &args.reason,
        deny: denied.unwrap_or(Deny::JOIN),
        wide: args.wide,
        meta: &args.meta,
    };
    let (files, order) = draft.check(context)?;
    give(context, &args.common, (files, order)).await
}
