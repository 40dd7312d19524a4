//! A workspace: everything that its files say, checked.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::config::{Config, Reading as ConfigReading};
use super::diagnostic::Diagnostic;
use super::files::Folder;
use super::known::Known;
use super::memo::Memo;
use super::opening::Opening;
use super::part::Part;
use super::texts::Texts;
use super::whole::Whole;
use super::{Leave, digest, parallel};
use crate::domain::{Ack, Desired, Protected, Source, Warning};

/// What the files of a workspace say.
#[derive(Clone, Debug)]
pub struct Workspace {
    /// The config.
    pub config: Config,
    /// What the entries ask for; entries may overlap.
    pub wanted: Desired,
    /// What each entry says for people, as a JSON object, by where the entry stands.
    pub metas: BTreeMap<Source, Arc<str>>,
    /// What people have acknowledged.
    pub acks: Vec<Ack>,
    /// Whoever is protected.
    pub protected: Protected,
    /// What is worth knowing.
    pub warnings: Vec<Warning>,
    /// How many entries there are.
    pub entries: usize,
    /// The digest of the policy files and bulk lists.
    pub policy_digest: String,
    /// The digest of the config.
    pub config_digest: String,
}

/// Reads a workspace, or says everything that is wrong with it.
pub fn load(directory: &Path, leave: &Leave) -> Result<Workspace, Vec<Diagnostic>> {
    load_with(directory, leave, &mut Memo::default())
}

/// The same, without parsing what `memo` knows of an earlier reading.
pub fn load_with(
    directory: &Path,
    leave: &Leave,
    memo: &mut Memo,
) -> Result<Workspace, Vec<Diagnostic>> {
    load_folder(Folder::new(directory), leave, memo)
}

/// The file that an order stands in while it is checked.
pub const ORDER: &str = "(the order)";

/// Reads a workspace as if this stood in these files, whether they are there or not.
pub fn load_edited(
    directory: &Path,
    leave: &Leave,
    edited: BTreeMap<String, String>,
) -> Result<Workspace, Vec<Diagnostic>> {
    load_folder(Folder::new(directory).with(edited), leave, &mut Memo::default())
}

/// The text of a file of the workspace, by its path from the top; `None` if it is not there.
pub fn text_of(directory: &Path, name: &str) -> Result<Option<String>, Box<Diagnostic>> {
    let folder = Folder::new(directory);
    if !folder.has(name) {
        return Ok(None);
    }
    let unreadable =
        |_error| Diagnostic::of_file("not-utf-8", name, "the file is not UTF-8").into();
    folder.read(name).and_then(|bytes| String::from_utf8(bytes).map_err(unreadable)).map(Some)
}

fn load_folder(
    folder: Folder,
    leave: &Leave,
    memo: &mut Memo,
) -> Result<Workspace, Vec<Diagnostic>> {
    let mut opening = Opening::of(folder, leave);
    let names = opening.policies();
    let unknown = Known::default();
    let known = opening.config.as_ref().map_or(&unknown, |(reading, _)| &reading.known);
    let folder = &opening.folder;
    let digest = opening.config.as_ref().map_or("", |(_, digest)| digest);
    *memo = std::mem::take(memo).under(digest);
    let parts = parallel::map(&names, |name| Part::read(folder, known, memo, name));
    memo.keep(&parts);
    let whole = Whole::of(parts, known, &Texts::new(folder), &mut opening.findings);
    let acks = opening.acks();

    let Opening { config, findings, folder: _ } = opening;
    let warnings = findings.finish()?.into_iter().map(Diagnostic::into_warning).collect();
    let Some((ConfigReading { config, known: _ }, config_digest)) = config else {
        // Whatever keeps a config from being read is an error, so `finish` has returned.
        return Err(vec![Diagnostic::bare("config-missing", "the config cannot be read")]);
    };
    Ok(Workspace {
        config,
        wanted: whole.wanted,
        metas: whole.metas,
        acks,
        protected: whole.protected,
        warnings,
        entries: whole.entries,
        policy_digest: digest::of_files(&whole.digests),
        config_digest,
    })
}

/// Reads the config alone, and its digest.
pub fn load_config(directory: &Path, leave: &Leave) -> Result<(Config, String), Vec<Diagnostic>> {
    let Opening { config, findings, folder: _ } = Opening::of(Folder::new(directory), leave);
    findings.finish()?;
    match config {
        Some((reading, digest)) => Ok((reading.config, digest)),
        None => Err(vec![Diagnostic::bare("config-missing", "the config cannot be read")]),
    }
}
