//! The state as commands see it that only ask: opened to be read, and checked to be the right one.

use super::Context;
use super::prepare::{Files, check_lineage};
use crate::domain::{Moment, Restriction, suggested};
use crate::error::Error;
use crate::exit::Exit;
use crate::store::{Snapshot, State};

/// Opens the state to read it, if there is one, and refuses that of another workspace.
pub(super) fn read(context: &Context<'_>, files: &Files) -> Result<Option<State>, Error> {
    let location = files.state_location(context)?;
    let state = State::read(&location)?;
    let found = state.as_ref().map(|state| state.lineage()).transpose()?;
    check_lineage(files.config.lineage.as_deref(), found.as_deref(), &location)?;
    Ok(state)
}

/// Opens the state to read it; an error if there is none.
pub(super) fn required(context: &Context<'_>) -> Result<State, Error> {
    let files = Files::read_config(context)?;
    read(context, &files)?.ok_or_else(|| {
        Error::new(Exit::State, "there is no state yet").hint("the first `apply` makes one")
    })
}

/// What the state knows; nothing if there is none.
pub(super) fn snapshot(context: &Context<'_>, files: &Files) -> Result<Snapshot, Error> {
    let state = read(context, files)?;
    Ok(state.map(|mut state| state.snapshot()).transpose()?.unwrap_or_else(Snapshot::empty))
}

/// Reads the name of a restriction, for the command line.
pub(super) fn key(text: &str) -> Result<Restriction, String> {
    text.parse().map_err(|error: crate::domain::NotARestriction| error.to_string())
}

/// Reads an instant, for the command line.
pub(super) fn instant(text: &str) -> Result<Moment, String> {
    Moment::parse(text).ok_or_else(|| {
        suggested(text)
            .unwrap_or_else(|| "not an RFC 3339 instant, as in `2026-12-20T00:00:00Z`".to_owned())
    })
}
