//! `state init` and `state migrate`: the state of a server, made and brought up to date.

use super::super::prepare::server_url;
use super::super::{Context, leased_store};
use crate::error::Error;
use crate::exit::Exit;
use crate::store::{ServerUrl, State};

/// What `state init` takes.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Where.
    #[command(flatten)]
    pub place: Place,

    /// Also make the roles `ostracon_writer` and `ostracon_reader`, which others are granted
    #[arg(long)]
    pub roles: bool,
}

/// Which server.
#[derive(Debug, clap::Args)]
pub struct Place {
    /// The server, as `postgresql://USER@HOST/DATABASE`; `--state` or `OSTRACON_STATE` unless said
    #[arg(value_name = "URL")]
    pub url: Option<String>,
}

/// Makes the state on a server; says how others get their rights.
pub fn run(context: &mut Context<'_>, args: &Args) -> Result<Exit, Error> {
    let url = args.place.url(context)?;
    let lineage = leased_store::uuid(context.world);
    let is_new = State::init(&url, &lineage, args.roles)?;
    let roles = if args.roles {
        "The roles `ostracon_writer` (apply) and `ostracon_reader` (plan, status) have their \
         rights: grant them to those who log in."
    } else {
        "Say `--roles` to make the roles `ostracon_writer` (apply) and `ostracon_reader` (plan, \
         status), which you grant to those who log in."
    };
    context.console.result(|out| {
        if is_new {
            writeln!(out, "Made: a state of lineage {lineage} at {url}.")?;
        } else {
            writeln!(out, "There was a state at {url} already.")?;
        }
        writeln!(out, "{roles}")
    })?;
    Ok(Exit::Done)
}

/// Brings the state of a server up to date.
pub fn migrate(context: &mut Context<'_>, place: &Place) -> Result<Exit, Error> {
    let url = place.url(context)?;
    let (before, after) = State::migrate(&url)?;
    context.console.result(|out| {
        if before == after {
            writeln!(out, "Up to date: schema {after} at {url}.")
        } else {
            writeln!(out, "Migrated: schema {before} to {after} at {url}.")
        }
    })?;
    Ok(Exit::Done)
}

impl Place {
    /// A state in a file needs neither of the two.
    fn url(&self, context: &Context<'_>) -> Result<ServerUrl, Error> {
        let text = self.url.as_deref().or(context.global.state.as_deref()).unwrap_or_default();
        if !ServerUrl::is_meant_by(text) {
            return Err(Error::new(Exit::Usage, "only a state on a server needs that")
                .hint("name one, as in `postgresql://USER@HOST/DATABASE`"));
        }
        Ok(server_url(context, text)?)
    }
}
