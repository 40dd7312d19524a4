//! Saved plans on disk: written for their owner's eyes, read with suspicion.
#![expect(clippy::disallowed_methods, reason = "the one place that reads plan files")]

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use super::whole_file::{self, Readers};
use crate::error::Error;
use crate::exit::Exit;
use crate::plan::Plan;
use crate::plan::document::{self, Provenance};

/// Saves a plan for its owner's eyes: it names people.
pub(super) fn save(path: &Path, plan: &Plan, provenance: &Provenance) -> Result<(), Error> {
    let failed = |error: io::Error| {
        let message = format!("cannot write the plan to `{}`", path.display());
        Error::new(Exit::Error, message).caused_by(&error)
    };
    whole_file::put(path, Readers::Owner, |file| document::write(plan, provenance, file))
        .map_err(failed)
}

/// Reads the text of a plan file. What has no end, or makes its reader wait, is none.
pub(super) fn text(path: &Path) -> Result<String, Error> {
    let failed = |error: io::Error| {
        let message = format!("cannot read the plan file `{}`", path.display());
        Error::new(Exit::PlanRefused, message).caused_by(&error)
    };
    // Whether it is a file is asked first: to open a pipe is to wait for its writer.
    if !std::fs::metadata(path).map_err(failed)?.is_file() {
        return Err(failed(io::Error::other("it is not a regular file")));
    }
    let mut text = String::new();
    File::open(path).and_then(|mut file| file.read_to_string(&mut text)).map_err(failed)?;
    Ok(text)
}
