//! ostracon keeps bans and forbidden streams at real-time-communication providers equal to what
//! YAML files in a git repository say.
//!
//! # The map of the house
//!
//! ```text
//! policies/*.yaml ──policy──→ wanted ──┐
//! state.db ─────────store──→ recorded ─┼──plan──→ Plan ──report──→ text, json
//! provider facts, now ─────────────────┘           │
//!                                                apply
//! Plan → call → encode → request → http → response → decode → settle → state.db
//!          ↑ the intent is durable first               │
//!          └────── retry, look, narrow, stop ←─────────┘
//! ```
//!
//! Layers, each using only those above it in this list:
//!
//! - [`domain`]: the words of the contract as types;
//! - [`provider`]: what each provider can do, and its calls on the wire; pure;
//! - [`policy`]: YAML into what should be held; [`plan`]: what must be done, and why; pure but for
//!   reading the files;
//! - [`store`]: what was done, and what is known;
//! - [`apply`]: carries a plan out;
//! - [`report`]: values into text; pure;
//! - [`sandbox`]: the emulation of the four providers;
//! - [`commands`]: one file a command.
//!
//! Everything that varies comes in through [`world::World`] and [`console::Console`], so that
//! [`run`] is the whole program and a test can call it.
//!
//! What always holds: a plan decides and [`apply`] only carries out; no call is sent before its
//! intent is durable; nothing is lifted before its `until`; what is not ours is not touched.

pub mod apply;
pub mod cli;
pub mod commands;
pub mod console;
pub mod domain;
pub mod error;
pub mod exit;
pub mod logging;
pub mod plan;
pub mod policy;
pub mod provider;
pub mod report;
pub mod sandbox;
pub mod store;
pub mod world;

use std::ffi::OsString;
use std::io::Write as _;

use clap::Parser as _;

use crate::cli::{Cli, Command};
use crate::commands::pager::Pager;
use crate::console::Console;
use crate::exit::Exit;
use crate::report::Problem;
use crate::world::World;

/// Runs the program.
pub fn run(
    arguments: impl IntoIterator<Item = OsString>,
    world: &World,
    console: &mut Console,
) -> Exit {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    if let Some(exit) = commands::completions::answer(&arguments, world, console) {
        let _kept = console.out.flush();
        return exit;
    }
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => return refuse(&error, console),
    };
    console.link_to(&world.directory.join(&cli.global.dir), &world.process.host);
    logging::start(&cli.global, matches!(cli.command, Command::Run(_)));
    let pager = Pager::start(&cli, world, console);
    let done = commands::dispatch(&cli, world, console);
    // Flushing never fails: what could not be written is asked for.
    let _kept = console.out.flush();
    if let Some(pager) = pager {
        pager.finish(console);
    }
    let exit = done.unwrap_or_else(|error| fail(error, console));
    let Some(error) = console.out.take_failure() else { return exit };
    let unshown = fail(error.into(), console);
    // The exit code says what was done, whether it could be shown or not.
    let changes_nothing = !matches!(cli.command, Command::Apply(_) | Command::Import(_));
    if exit == Exit::Done && changes_nothing { unshown } else { exit }
}

/// Help and version are results; everything else that the parser says is wrong usage.
fn refuse(error: &clap::Error, console: &mut Console) -> Exit {
    let text = error.render();
    if error.use_stderr() {
        console.err.say(&text.to_string());
        return Exit::Usage;
    }
    let shown = if console.terminal.colors { text.ansi().to_string() } else { text.to_string() };
    console.out.text(&shown);
    let _kept = console.out.flush();
    Exit::Done
}

fn fail(error: error::Error, console: &mut Console) -> Exit {
    let error::Error { exit, message, causes, hint, preface } = error;
    let _unread = console.out.flush();
    let mut text = preface;
    let hints = hint.into_iter().collect();
    let problem = Problem { message, causes, hints };
    // Composing into a string cannot fail.
    let _composed = problem.write(report::ColorChoice::Off, &mut text);
    console.err.say(&text);
    exit
}
