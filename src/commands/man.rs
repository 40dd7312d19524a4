//! `man`: prints the manual page.

use clap::CommandFactory as _;

use super::Context;
use crate::cli::Cli;
use crate::error::Error;
use crate::exit::Exit;

/// Prints the manual page, for `man -l -`.
pub fn run(context: &mut Context<'_>) -> Result<Exit, Error> {
    let codes = Exit::ALL.map(|exit| format!("{:>3}  {}", exit.code(), exit.meaning()));
    let codes = format!("Exit codes:\n\n{}", codes.join("\n\n"));
    let command = Cli::command().after_long_help(codes);
    clap_mangen::Man::new(command).render(&mut context.console.out)?;
    Ok(Exit::Done)
}
