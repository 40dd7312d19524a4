//! Orders: `ban`, `lift`, and what becomes of them (design §8).

pub mod ban;
mod carry_out;
mod draft;
pub mod lift;
mod list;
mod withdraw;

pub use carry_out::Common;
pub use draft::Whom;
pub(super) use draft::pair;
pub use list::{ListArgs, Orders, ShowArgs};
pub use withdraw::Args as WithdrawArgs;

use super::Context;
use super::format::Format;
use crate::error::Error;
use crate::exit::Exit;

/// What `orders` takes.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// What to do; without it the orders that stand are listed
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What to do with orders.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// List the orders that stand
    List(ListArgs),
    /// Show all that is known of one order
    Show(ShowArgs),
    /// Take an order back before its time
    Withdraw(WithdrawArgs),
}

/// Does what was asked.
pub fn run(context: &mut Context<'_>, args: &Args) -> Result<Exit, Error> {
    super::apply::in_runtime(run_within(context, args))
}

/// Does what was asked, within the caller's runtime.
pub async fn run_within(context: &mut Context<'_>, args: &Args) -> Result<Exit, Error> {
    match &args.command {
        None => list::list(context, &ListArgs { all: false, format: Format::Text }),
        Some(Command::List(args)) => list::list(context, args),
        Some(Command::Show(args)) => list::show(context, args),
        Some(Command::Withdraw(args)) => withdraw::run(context, args).await,
    }
}
