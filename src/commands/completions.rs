//! `completions`: prints a completion script for a shell.

use clap::CommandFactory as _;
use clap_complete::Shell;

use super::Context;
use crate::cli::Cli;
use crate::error::Error;
use crate::exit::Exit;

/// What `completions` takes.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The shell
    pub shell: Shell,
}

/// Prints the script.
pub fn run(context: &mut Context<'_>, args: &Args) -> Result<Exit, Error> {
    // Composed in memory first, since the generator cannot be told that nobody reads any more.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "ostracon", &mut script);
    context.console.out.write_all(&script)?;
    Ok(Exit::Done)
}
