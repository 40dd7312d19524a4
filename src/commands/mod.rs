//! Layer 6: one file a command, its arguments beside what it does.

pub mod apply;
mod approval;
pub mod completions;
pub mod doctor;
pub mod drift;
pub mod explain;
pub mod format;
mod github;
pub mod history;
pub mod import;
pub mod man;
pub mod orders;
mod pass;
pub mod plan;
mod plan_file;
pub mod prepare;
mod progress;
mod rehearsal;
pub mod sandbox;
pub mod schema;
pub mod show;
mod signals;
pub mod state;
pub mod status;
mod store;
mod survey;
mod tenancy;
pub mod unlock;
pub mod validate;
pub mod view;

use std::future::Future;

use crate::cli::{Cli, Command, Global};
use crate::console::Console;
use crate::error::Error;
use crate::exit::Exit;
use crate::policy::Leave;
use crate::world::World;

/// What a command is given.
pub struct Context<'a> {
    /// What all commands share on the command line.
    pub global: &'a Global,
    /// Everything from outside.
    pub world: &'a World,
    /// Where it speaks and listens.
    pub console: &'a mut Console,
}

impl Context<'_> {
    /// What the environment and the command line allow the repository to do.
    pub fn leave(&self) -> Leave {
        let hosts = self.world.variable("OSTRACON_ALLOW_HOSTS").unwrap_or_default();
        let hosts = hosts.split([',', ' ']).map(str::trim).filter(|host| !host.is_empty());
        Leave {
            hosts: hosts.map(str::to_owned).collect(),
            commands: self.world.variable("OSTRACON_ALLOW_COMMANDS") == Some("1"),
            state: self.global.state.clone(),
        }
    }
}

/// Does what the command line says.
pub fn dispatch(cli: &Cli, world: &World, console: &mut Console) -> Result<Exit, Error> {
    let mut context = Context { global: &cli.global, world, console };
    match &cli.command {
        Command::Validate(args) => validate::run(&mut context, args),
        Command::Plan(args) => plan::run(&mut context, args),
        Command::Show(args) => show::run(&mut context, args),
        Command::Explain(args) => explain::run(&mut context, args),
        Command::Apply(args) => apply::run(&mut context, args),
        Command::Ban(args) => orders::ban::run(&mut context, args),
        Command::Lift(args) => orders::lift::run(&mut context, args),
        Command::Orders(args) => orders::run(&mut context, args),
        Command::Doctor(args) => doctor::run(&mut context, args),
        Command::Drift(args) => drift::run(&mut context, args),
        Command::History(args) => history::run(&mut context, args),
        Command::Status(args) => status::run(&mut context, args),
        Command::State(command) => state::run(&mut context, command),
        Command::Import(args) => import::run(&mut context, args),
        Command::Sandbox(args) => sandbox::run(&mut context, args),
        Command::Schema(args) => Ok(schema::run(&mut context, args)),
        Command::Completions(args) => Ok(completions::run(&mut context, args)),
        Command::Man => man::run(&mut context),
        Command::Unlock(args) => unlock::run(&mut context, args),
    }
}

/// What the work of a command that reads comes to: one thread is enough.
fn block_on<T>(work: impl Future<Output = T>) -> Result<T, Error> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::new(Exit::Error, "cannot start").caused_by(&error))?;
    let done = runtime.block_on(work);
    // A file of secrets that never opens must not keep the process.
    runtime.shutdown_background();
    Ok(done)
}
