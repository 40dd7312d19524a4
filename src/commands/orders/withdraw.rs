//! `orders withdraw`: an order is taken back before its time.

use super::carry_out::{Common, take_back};
use super::list::find;
use crate::commands::Context;
use crate::commands::prepare::Files;
use crate::domain::{OrderEnd, OrderFate};
use crate::error::Error;
use crate::exit::Exit;

/// What `orders withdraw` takes.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The order, by its id or the beginning of it
    #[arg(id = "order", value_name = "ID")]
    pub id: String,

    /// Why
    #[arg(long, value_name = "TEXT")]
    pub why: String,

    /// How it is done.
    #[command(flatten)]
    pub common: Common,
}

/// Takes an order back, and does what the files say instead.
pub(super) async fn run(context: &mut Context<'_>, args: &Args) -> Result<Exit, Error> {
    let mut order = find(context, &args.id)?;
    if let Some(end) = &order.ended {
        let message = format!("order {} has ended already: {} at {}", order.id, end.how, end.at);
        return Err(Error::new(Exit::Error, message));
    }
    let why = Some(args.why.clone());
    let at = context.world.now();
    order.ended = Some(OrderEnd { at, how: OrderFate::Withdrawn, why });
    let files = Files::read(context)?;
    take_back(context, &args.common, (files, order)).await
}
