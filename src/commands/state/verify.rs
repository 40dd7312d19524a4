//! `state verify`: whether the state is sound.

use super::super::{Context, store};
use crate::error::Error;
use crate::exit::Exit;
use crate::report::count::counted;
use crate::store::Link;

/// Checks the file, its rows and the chain of the audit log.
pub fn run(context: &mut Context<'_>) -> Result<Exit, Error> {
    let state = store::required(context)?;
    let (flaws, head) = state.verify()?;
    if !flaws.is_empty() {
        let mut error = Error::new(Exit::State, "the state is not sound")
            .hint("keep the file as it is for whoever looks into it, and restore a backup");
        error.causes = flaws.iter().map(ToString::to_string).collect();
        return Err(error);
    }
    let Link { seq, hash } = head.unwrap_or(Link { seq: 0, hash: String::new() });
    let rows = u64::try_from(seq).unwrap_or_default();
    context.console.result(|out| {
        let rows = counted(rows, "audit row");
        match hash.as_str() {
            "" => writeln!(out, "Sound: the file, its rows, no audit rows yet."),
            hash => writeln!(out, "Sound: the file, its rows, {rows} ending in sha256:{hash}."),
        }
    })?;
    Ok(Exit::Done)
}
