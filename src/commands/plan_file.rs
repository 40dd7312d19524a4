//! Saved plans on disk: written for their owner's eyes, read with suspicion.
#![expect(clippy::disallowed_methods, reason = "the one place that writes and reads plan files")]

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use crate::error::Error;
use crate::exit::Exit;
use crate::plan::Plan;
use crate::plan::document::{self, Origin};

/// Saves a plan for its owner's eyes: it names people.
pub(super) fn save(path: &Path, plan: &Plan, origin: &Origin) -> Result<(), Error> {
    let failed = |error: io::Error| {
        let message = format!("cannot write the plan to `{}`", path.display());
        Error::new(Exit::Error, message).caused_by(&error)
    };
    let fresh = path.with_added_extension("new");
    match std::fs::remove_file(&fresh) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(failed(error)),
    }
    if path.symlink_metadata().is_ok_and(|metadata| metadata.is_symlink()) {
        return Err(failed(io::Error::other("it is a symbolic link")));
    }
    let options = OpenOptions::new().write(true).create_new(true).mode(0o600).clone();
    let file = options.open(&fresh).map_err(failed)?;
    let mut file = io::BufWriter::new(file);
    document::write(plan, origin, &mut file).map_err(failed)?;
    file.flush().map_err(failed)?;
    std::fs::rename(&fresh, path).map_err(failed)
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
