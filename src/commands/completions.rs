//! `completions`: prints a completion script for a shell.

use clap::CommandFactory as _;
use clap_complete::Shell;

use super::Context;
use crate::cli::Cli;
use crate::exit::Exit;

/// What `completions` takes.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The shell
    pub shell: Shell,
}

/// Prints the script.
pub fn run(context: &mut Context<'_>, args: &Args) -> Exit {
    clap_complete::generate(args.shell, &mut Cli::command(), "ostracon", &mut context.console.out);
    Exit::Done
}
