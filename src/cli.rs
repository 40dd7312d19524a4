//! The command line.

use std::path::PathBuf;

use clap::builder::FalseyValueParser;
use clap::{ArgAction, Parser, Subcommand, ValueEnum};

use crate::commands::{
    apply, backport, completions, doctor, drift, explain, fmt, history, import, orders, plan, run,
    sandbox, schema, show, state, status, unlock, validate,
};

/// Keeps bans and forbidden streams at real-time-communication providers equal to what YAML files
/// in a git repository say.
#[derive(Debug, Parser)]
#[command(name = "ostracon", version, propagate_version = true, max_term_width = 100)]
pub struct Cli {
    /// What all commands share.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What all commands share.
#[derive(Clone, Debug, clap::Args)]
pub struct Global {
    /// The workspace: the directory of `ostracon.yaml`
    #[arg(
        short = 'C',
        long,
        value_name = "DIR",
        env = "OSTRACON_DIR",
        default_value = "policies",
        global = true
    )]
    pub dir: PathBuf,

    /// Where the state is, as `sqlite:PATH` or `postgresql://…`; may lie outside the workspace
    #[arg(long, value_name = "URL", env = "OSTRACON_STATE", global = true, hide_env_values = true)]
    pub state: Option<String>,

    /// How log lines look
    #[arg(
        long,
        value_name = "FORMAT",
        env = "OSTRACON_LOG",
        default_value = "text",
        global = true,
        hide_possible_values = false
    )]
    pub log_format: LogFormat,

    /// Show keyed hashes in place of rooms and subjects; the key is in `OSTRACON_PSEUDONYM_KEY`
    #[arg(long, global = true)]
    pub pseudonyms: bool,

    /// Page what does not fit on the screen, by the program in `PAGER` (`less`)
    #[arg(
        long,
        env = "OSTRACON_PAGER",
        value_parser = FalseyValueParser::new(),
        global = true,
        hide_env_values = true
    )]
    pub pager: bool,

    /// Say more; twice for every call
    #[arg(short, long, action = ArgAction::Count, global = true)]
    pub verbose: u8,
}

/// How log lines look.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Check every file; needs no state, no network, no credentials
    Validate(validate::Args),
    /// Lay out config and policies: order of keys, quotes around ids, indentation
    Fmt(fmt::Args),
    /// Show what would change; sends nothing, needs no credentials
    Plan(plan::Args),
    /// Show a saved plan
    Show(show::Args),
    /// Say everything that is known of one subject
    Explain(explain::Args),
    /// Make the providers agree with the files
    Apply(apply::Args),
    /// Reconcile until told to end, to the second; serves metrics and pages
    Run(run::Args),
    /// Ban somebody now, ahead of a review
    Ban(orders::ban::Args),
    /// Let somebody in now, whatever the files say
    Lift(orders::lift::Args),
    /// List, show and take back orders
    Orders(orders::Args),
    /// Bring what was ordered into the files
    Backport(backport::Args),
    /// Show what the providers hold that differs from the state; changes nothing
    Drift(drift::Args),
    /// Check that everything is in place for the next run; changes nothing
    Doctor(doctor::Args),
    /// Show on one screen how things stand
    Status(status::Args),
    /// Show what was done to whom, when, why and by whom
    History(history::Args),
    /// Make policy of what the providers hold, or of a list; changes nothing there
    Import(import::Args),
    /// Ask, check, copy or repair the state
    #[command(subcommand)]
    State(state::Command),
    /// Take the lock from a run that is known to be dead
    Unlock(unlock::Args),
    /// Serve an emulation of the four providers on a loopback port, for trying out
    Sandbox(sandbox::Args),
    /// Print a JSON Schema
    Schema(schema::Args),
    /// Print a completion script for a shell
    Completions(completions::Args),
    /// Print the manual page
    Man,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::Cli;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }
}
