//! `state backup`: copies the state to a file.

use std::path::PathBuf;

use super::super::{Context, store};
use crate::error::Error;
use crate::exit::Exit;
use crate::store::StateError;

/// What `state backup` takes.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The file to make; it must not be there
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
}

/// Copies the state.
pub fn run(context: &mut Context<'_>, args: &Args) -> Result<Exit, Error> {
    let mut state = store::required(context)?;
    state.backup(&args.file).map_err(|error| match error {
        // Nothing is wrong with the state.
        StateError::Io { doing, path, source } => {
            let message = format!("cannot {doing} `{}`", path.display());
            Error::new(Exit::Error, message).caused_by(&source)
        }
        other => other.into(),
    })?;
    Ok(Exit::Done)
}
