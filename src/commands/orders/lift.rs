//! `lift`: somebody is let in again, now and not after a review.

use jiff::SignedDuration;

use super::carry_out::{Common, give};
use super::draft::{Draft, Whom, span};
use crate::commands::{Context, apply};
use crate::domain::{Deny, OrderKind};
use crate::error::Error;
use crate::exit::Exit;

/// What `lift` takes.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Whom it is about.
    #[command(flatten)]
    pub whom: Whom,

    /// Why
    #[arg(long, value_name = "TEXT")]
    pub why: String,

    /// For how long, if the files go on asking for it; the longest that is allowed if not said
    #[arg(long = "for", id = "span", value_name = "SPAN", value_parser = span)]
    pub span: Option<SignedDuration>,

    /// How it is given.
    #[command(flatten)]
    pub common: Common,
}

/// Orders a lift and carries it out.
pub fn run(context: &mut Context<'_>, args: &Args) -> Result<Exit, Error> {
    apply::in_runtime(run_within(context, args))
}

/// Orders a lift and carries it out, within the caller's runtime.
pub async fn run_within(context: &mut Context<'_>, args: &Args) -> Result<Exit, Error> {
    let draft = Draft {
        kind: OrderKind::Lift,
        whom: &args.whom,
        span: args.span,
        until: None,
        why: &args.why,
        deny: Deny::JOIN,
        wide: false,
        meta: &[],
    };
    let (files, order) = draft.check(context)?;
    give(context, &args.common, (files, order)).await
}
