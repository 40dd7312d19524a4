//! What a step of GitHub Actions leaves behind: its summary and its outputs.
#![expect(clippy::disallowed_methods, reason = "the one place that writes GitHub's files")]

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;

use super::Context;
use crate::error::Error;
use crate::exit::Exit;

/// A summary may have 1 MiB for all that a step writes (GitHub's documentation, 2026-11); this
/// leaves some of it to others.
pub(super) const SUMMARY_BYTES: usize = 900_000;

/// Appends to the file that a variable of the runner names, if it does.
pub(super) fn append(context: &Context<'_>, variable: &str, text: &str) -> Result<(), Error> {
    let Some(path) = context.world.variable(variable).map(Path::new) else { return Ok(()) };
    let failed = |error: std::io::Error| {
        let message = format!("cannot append to `{}`, which {variable} names", path.display());
        Error::new(Exit::Error, message).caused_by(&error)
    };
    let before = std::fs::read(path).unwrap_or_default();
    let mut file = OpenOptions::new().append(true).create(true).open(path).map_err(failed)?;
    // What somebody else left without a line end must not swallow our first line.
    if before.last().is_some_and(|byte| *byte != b'\n') {
        file.write_all(b"\n").map_err(failed)?;
    }
    file.write_all(text.as_bytes()).map_err(failed)
}

/// How many bytes a summary may still have.
pub(super) fn summary_room(context: &Context<'_>) -> usize {
    let path = context.world.variable("GITHUB_STEP_SUMMARY");
    let used = path.and_then(|path| std::fs::metadata(path).ok()).map_or(0, |data| data.len());
    SUMMARY_BYTES.saturating_sub(usize::try_from(used).unwrap_or(usize::MAX))
}
