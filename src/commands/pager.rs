//! Results that are long, on a terminal, through the pager of whoever reads them.

use std::io;
use std::process::{Child, Command as Program, Stdio};

use tokio::runtime::Builder;
use tokio::signal::unix::{SignalKind, signal};

use super::orders;
use super::state;
use crate::cli::{Cli, Command};
use crate::console::{Console, Results};
use crate::world::World;

/// What pages where the environment names nothing; where that is not installed, the terminal scrolls.
const PAGER: &str = "command -v less > /dev/null && exec less || exec cat";

/// What `less` is told where the environment does not say: end where all fits on one screen, show
/// colours, and leave the text on the screen.
const LESS: &str = "FRX";

/// A pager that shows results.
#[derive(Debug)]
pub struct Pager(Child);

impl Pager {
    /// Sends results through a pager, if that is asked for, there is a terminal, and the command
    /// does nothing but show.
    pub fn start(cli: &Cli, world: &World, console: &mut Console) -> Option<Self> {
        if !cli.global.pager || console.terminal.fold_at.is_none() || !shows(&cli.command) {
            return None;
        }
        let pager = world.variable("PAGER").unwrap_or(PAGER);
        if pager == "cat" {
            return None;
        }
        // A line of a shell, as it is for every program that has one.
        let mut program = Program::new("sh");
        program.args(["-c", pager]).stdin(Stdio::piped());
        if world.variable("LESS").is_none() {
            program.env("LESS", LESS);
        }
        // Without one the terminal scrolls.
        let mut child = program.spawn().ok()?;
        console.out = Results::new(io::BufWriter::new(child.stdin.take()?));
        Some(Self(child))
    }

    /// Waits until whoever reads has read enough.
    pub fn finish(mut self, console: &mut Console) {
        // The pager sees the end when nobody writes any more.
        console.out.end();
        ignore_interrupts();
        let _whatever_it_says = self.0.wait();
    }
}

/// From now on an interrupt is for the pager, which goes on: it would lose the terminal to the shell
/// if this process ended first.
fn ignore_interrupts() {
    if let Ok(runtime) = Builder::new_current_thread().enable_io().build() {
        // Once it is listened to, it never again ends the process.
        let _kept = runtime.block_on(async { signal(SignalKind::interrupt()) });
    }
}

/// Whether a command does nothing but show.
const fn shows(command: &Command) -> bool {
    match command {
        Command::Validate(_)
        | Command::Plan(_)
        | Command::Show(_)
        | Command::Explain(_)
        | Command::Drift(_)
        | Command::Doctor(_)
        | Command::Status(_)
        | Command::History(_)
        | Command::Schema(_) => true,
        Command::Orders(args) => {
            matches!(args.command, None | Some(orders::Command::List(_) | orders::Command::Show(_)))
        }
        Command::State(command) => {
            matches!(command, state::Command::List(_) | state::Command::Show(_))
        }
        Command::Fmt(args) => args.check,
        Command::Backport(args) => args.check,
        Command::Apply(_)
        | Command::Run(_)
        | Command::Ban(_)
        | Command::Lift(_)
        | Command::Import(_)
        | Command::Unlock(_)
        | Command::Sandbox(_)
        | Command::Completions(_)
        | Command::Man => false,
    }
}
