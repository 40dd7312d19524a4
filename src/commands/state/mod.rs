//! `state`: asks, checks, copies or repairs the state.

pub mod backup;
mod by_hand;
pub mod compact;
pub mod copy;
pub mod export;
pub mod init;
pub mod list;
pub mod rm;
pub mod show;
pub mod verify;

use clap::Subcommand;

use super::Context;
use crate::error::Error;
use crate::exit::Exit;

/// What to do with the state.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List what is known, and how it is known
    List(list::Args),
    /// Show one restriction in full
    Show(show::Args),
    /// Forget a restriction without lifting it
    Rm(rm::Args),
    /// Check the file, its rows and the chain of the audit log
    Verify,
    /// Copy the state to a file; works while a run is on
    Backup(backup::Args),
    /// Move the state to another place: a file, or a server
    Copy(copy::Args),
    /// Make the file as small as what it holds
    Compact(compact::Args),
    /// Print all that is known, for other programs
    Export(export::Args),
    /// Make the state on a server
    Init(init::Args),
    /// Bring the state on a server up to date; for its owner
    Migrate(init::Place),
}

/// Does it.
pub fn run(context: &mut Context<'_>, command: &Command) -> Result<Exit, Error> {
    match command {
        Command::List(args) => list::run(context, args),
        Command::Show(args) => show::run(context, args),
        Command::Rm(args) => rm::run(context, args),
        Command::Verify => verify::run(context),
        Command::Backup(args) => backup::run(context, args),
        Command::Copy(args) => copy::run(context, args),
        Command::Compact(args) => compact::run(context, args),
        Command::Export(args) => export::run(context, args),
        Command::Init(args) => init::run(context, args),
        Command::Migrate(place) => init::migrate(context, place),
    }
}
