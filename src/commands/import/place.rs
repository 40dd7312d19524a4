//! The policy files that an import makes: all of them, in a workspace that stays valid, or none.

use std::path::{Path, PathBuf};

use super::super::Context;
use super::super::prepare::Files;
use super::super::whole_file;
use crate::error::Error;
use crate::exit::Exit;
use crate::policy;

/// Files that were made, until they are kept.
#[derive(Debug, Default)]
pub(super) struct Made(Vec<PathBuf>);

impl Made {
    /// Makes a file for each text: the one that was asked for, or, where there are several, with a
    /// number behind its name. Afterwards the whole workspace must be valid.
    pub(super) fn new(context: &Context<'_>, out: &Path, texts: &[String]) -> Result<Self, Error> {
        let mut made = Self::default();
        for (path, text) in paths(context, out, texts.len())?.into_iter().zip(texts) {
            write(&path, text)?;
            made.0.push(path);
        }
        Files::read(context)?;
        Ok(made)
    }

    /// Keeps them.
    pub(super) fn keep(mut self) {
        self.0.clear();
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        for path in &self.0 {
            let _gone_already = std::fs::remove_file(path);
        }
    }
}

/// Where so many files will be: in the workspace, and not there yet.
pub(super) fn paths(
    context: &Context<'_>,
    out: &Path,
    count: usize,
) -> Result<Vec<PathBuf>, Error> {
    if count <= 1 {
        return Ok(vec![place(context, out)?]);
    }
    let digits = count.to_string().len();
    (1..=count).map(|number| place(context, &numbered(out, number, digits))).collect()
}

/// A file's name with a number behind it, of so many digits.
pub(super) fn numbered(out: &Path, number: usize, digits: usize) -> PathBuf {
    let mut name = out.file_stem().unwrap_or_default().to_owned();
    name.push(format!("-{number:0digits$}."));
    name.push(out.extension().unwrap_or_default());
    out.with_file_name(name)
}

/// Where the file will be: in the workspace, and not there yet.
fn place(context: &Context<'_>, out: &Path) -> Result<PathBuf, Error> {
    let refused = |why: &str| {
        Error::new(Exit::Usage, format!("cannot import into `{}`: {why}", out.display()))
            .hint("name a new file in the workspace, as in `--out bans/imported.yaml`")
    };
    let out = out.strip_prefix(".").unwrap_or(out);
    if !policy::is_policy_path(out) {
        return Err(refused("no file there is read as policy"));
    }
    // No link on the way may lead out of the workspace.
    if whole_file::link_below(&context.global.dir, out).is_some() {
        return Err(refused("a symbolic link leads there"));
    }
    let path = context.global.dir.join(out);
    if path.symlink_metadata().is_ok() {
        return Err(refused("it is there already"));
    }
    Ok(path)
}

/// Writes a policy file.
fn write(file: &Path, text: &str) -> Result<(), Error> {
    let placed = whole_file::make_directory_of(file).and_then(|()| whole_file::place(file, text));
    placed.map_err(|error| {
        let message = format!("cannot write the policy to `{}`", file.display());
        Error::new(Exit::Error, message).caused_by(&error)
    })
}
