//! Layer 6: one file a command, its arguments beside what it does.

pub mod apply;
mod approval;
pub mod backport;
pub mod completions;
mod decide;
pub mod doctor;
pub mod drift;
mod execute;
pub mod explain;
mod first_records;
pub mod fmt;
pub mod format;
mod github;
pub mod history;
pub mod import;
mod leased_store;
pub mod man;
pub mod orders;
pub mod pager;
mod pass;
pub mod plan;
mod plan_file;
pub mod prepare;
mod progress;
mod refresh;
mod rehearsal;
pub mod run;
pub mod sandbox;
pub mod schema;
pub mod show;
mod signals;
pub mod state;
mod statements;
pub mod status;
mod store;
pub mod unlock;
pub mod validate;
pub mod view;
mod whole_file;

use std::future::Future;

use crate::cli::{Cli, Command, Global};
use crate::console::Console;
use crate::error::Error;
use crate::exit::Exit;
use crate::policy::Permissions;
use crate::report::Pseudonyms;
use crate::report::pseudonyms::LEAST_KEY;
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
    /// What names are veiled by, if they are to be.
    pub fn pseudonyms(&self) -> Result<Option<Pseudonyms>, Error> {
        if !self.global.pseudonyms {
            return Ok(None);
        }
        let names = self.key().ok_or_else(|| {
            let message = "`--pseudonyms` needs a key in `OSTRACON_PSEUDONYM_KEY`";
            let hint =
                format!("it has {LEAST_KEY} bytes or more, and whoever has it can find names");
            Error::new(Exit::Usage, message).hint(hint)
        })?;
        Ok(Some(names))
    }

    /// The key of pseudonyms, if it is at hand.
    fn key(&self) -> Option<Pseudonyms> {
        Pseudonyms::new(self.world.variable("OSTRACON_PSEUDONYM_KEY")?)
    }

    /// What the environment and the command line allow the repository to do.
    pub fn permissions(&self) -> Permissions {
        let hosts = self.world.variable("OSTRACON_ALLOW_HOSTS").unwrap_or_default();
        let hosts = hosts.split([',', ' ']).map(str::trim).filter(|host| !host.is_empty());
        Permissions {
            hosts: hosts.map(str::to_owned).collect(),
            commands: self.world.variable("OSTRACON_ALLOW_COMMANDS") == Some("1"),
            state: self.global.state.clone(),
        }
    }
}

/// Does what the command line says.
pub fn dispatch(cli: &Cli, world: &World, console: &mut Console) -> Result<Exit, Error> {
    let mut context = Context { global: &cli.global, world, console };
    if !cli.global.pseudonyms {
        return carry_out(cli, &mut context);
    }
    if !takes_pseudonyms(&cli.command) {
        return Err(Error::new(
            Exit::Usage,
            "this command shows names: it takes no `--pseudonyms`",
        ));
    }
    context.pseudonyms()?;
    carry_out(cli, &mut context).map_err(Error::without_names)
}

/// Whether everything that a command shows can be veiled.
const fn takes_pseudonyms(command: &Command) -> bool {
    match command {
        Command::Plan(_)
        | Command::Show(_)
        | Command::Explain(_)
        | Command::Apply(_)
        | Command::Run(_)
        | Command::Drift(_)
        | Command::History(_)
        | Command::Status(_)
        | Command::Schema(_)
        | Command::Completions(_)
        | Command::Man => true,
        Command::Validate(_)
        | Command::Fmt(_)
        | Command::Ban(_)
        | Command::Lift(_)
        | Command::Orders(_)
        | Command::Backport(_)
        | Command::Doctor(_)
        | Command::State(_)
        | Command::Import(_)
        | Command::Sandbox(_)
        | Command::Unlock(_) => false,
    }
}

fn carry_out(cli: &Cli, context: &mut Context<'_>) -> Result<Exit, Error> {
    match &cli.command {
        Command::Validate(args) => validate::run(context, args),
        Command::Fmt(args) => fmt::run(context, args),
        Command::Plan(args) => plan::run(context, args),
        Command::Show(args) => show::run(context, args),
        Command::Explain(args) => explain::run(context, args),
        Command::Apply(args) => apply::run(context, args),
        Command::Run(args) => run::run(context, args),
        Command::Ban(args) => orders::ban::run(context, args),
        Command::Lift(args) => orders::lift::run(context, args),
        Command::Orders(args) => orders::run(context, args),
        Command::Backport(args) => backport::run(context, args),
        Command::Doctor(args) => doctor::run(context, args),
        Command::Drift(args) => drift::run(context, args),
        Command::History(args) => history::run(context, args),
        Command::Status(args) => status::run(context, args),
        Command::State(command) => state::run(context, command),
        Command::Import(args) => import::run(context, args),
        Command::Sandbox(args) => sandbox::run(context, args),
        Command::Schema(args) => schema::run(context, args),
        Command::Completions(args) => completions::run(context, args),
        Command::Man => man::run(context),
        Command::Unlock(args) => unlock::run(context, args),
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
