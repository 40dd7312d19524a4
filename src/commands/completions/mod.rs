//! `completions`: prints a script that lets a shell ask this program what may come next.

mod candidates;

use std::ffi::OsString;
use std::io;

use clap::CommandFactory as _;
use clap_complete::Shell;
use clap_complete::env::Shells;

use super::Context;
use crate::cli::Cli;
use crate::console::Console;
use crate::error::Error;
use crate::exit::Exit;
use crate::world::World;

/// The variable by which a shell asks; it names the shell.
const VARIABLE: &str = "OSTRACON_COMPLETE";

/// What `completions` takes.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The shell
    pub shell: Shell,
}

/// Prints the script.
pub fn run(context: &mut Context<'_>, args: &Args) -> Result<Exit, Error> {
    let shell = args.shell.to_string();
    let script = |out: &mut dyn io::Write| match Shells::builtins().completer(&shell) {
        Some(completer) => {
            completer.write_registration(VARIABLE, "ostracon", "ostracon", "ostracon", out)
        }
        None => Ok(()),
    };
    script(&mut context.console.out)?;
    Ok(Exit::Done)
}

/// Answers a shell that asks what may come next; `None` if none does. What cannot be found out is not
/// offered: nothing is said between the lines of somebody who types.
pub fn answer(arguments: &[OsString], world: &World, console: &mut Console) -> Option<Exit> {
    let shell = world.variable(VARIABLE).filter(|shell| !shell.is_empty())?;
    let words: Vec<_> =
        arguments.iter().skip_while(|word| *word != "--").skip(1).cloned().collect();
    let mut command = candidates::offer(Cli::command(), &words, world);
    let directory = Some(world.directory.as_path());
    let answered = Shells::builtins().completer(shell).map(|completer| {
        completer.write_complete(&mut command, words, directory, &mut console.out)
    });
    Some(if matches!(answered, Some(Ok(()))) { Exit::Done } else { Exit::Usage })
}
