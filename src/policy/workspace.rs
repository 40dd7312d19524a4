//! A workspace: everything that its files say, checked.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::config::{Config, Reading as ConfigReading};
use super::diagnostic::Diagnostic;
use super::files::Folder;
use super::memo::Memo;
use super::merged::Merged;
use super::policy_file::PolicyFile;
use super::target_index::TargetIndex;
use super::texts::Texts;
use super::workspace_files::WorkspaceFiles;
use super::{Permissions, digest, parallel};
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
pub fn load(directory: &Path, permissions: &Permissions) -> Result<Workspace, Vec<Diagnostic>> {
    load_with(directory, permissions, &mut Memo::default())
}

/// The same, without parsing what `memo` knows of an earlier reading.
pub fn load_with(
    directory: &Path,
    permissions: &Permissions,
    memo: &mut Memo,
) -> Result<Workspace, Vec<Diagnostic>> {
    load_folder(Folder::new(directory), permissions, memo)
}

/// The file that an order stands in while it is checked.
pub const ORDER: &str = "(the order)";

/// Reads a workspace as if this stood in these files, whether they are there or not.
pub fn load_edited(
    directory: &Path,
    permissions: &Permissions,
    edited: BTreeMap<String, String>,
) -> Result<Workspace, Vec<Diagnostic>> {
    load_folder(Folder::new(directory).with(edited), permissions, &mut Memo::default())
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
    permissions: &Permissions,
    memo: &mut Memo,
) -> Result<Workspace, Vec<Diagnostic>> {
    let mut workspace_files = WorkspaceFiles::of(folder, permissions);
    let names = workspace_files.policies();
    let unknown = TargetIndex::default();
    let index = workspace_files.config.as_ref().map_or(&unknown, |(reading, _)| &reading.index);
    let folder = &workspace_files.folder;
    let digest = workspace_files.config.as_ref().map_or("", |(_, digest)| digest);
    *memo = std::mem::take(memo).under(digest);
    let policies = parallel::map(&names, |name| PolicyFile::read(folder, index, memo, name));
    memo.keep(&policies);
    let merged = Merged::of(policies, index, &Texts::new(folder), &mut workspace_files.findings);
    let acks = workspace_files.acks();

    let WorkspaceFiles { config, findings, folder: _ } = workspace_files;
    let warnings = findings.finish()?.into_iter().map(Diagnostic::into_warning).collect();
    let Some((ConfigReading { config, index: _ }, config_digest)) = config else {
        // Whatever keeps a config from being read is an error, so `finish` has returned.
        return Err(vec![Diagnostic::bare("config-missing", "the config cannot be read")]);
    };
    Ok(Workspace {
        config,
        wanted: merged.wanted,
        metas: merged.metas,
        acks,
        protected: merged.protected,
        warnings,
        entries: merged.entries,
        policy_digest: digest::of_files(&merged.digests),
        config_digest,
    })
}

/// Reads the config alone, and its digest.
pub fn load_config(
    directory: &Path,
    permissions: &Permissions,
) -> Result<(Config, String), Vec<Diagnostic>> {
    let WorkspaceFiles { config, findings, folder: _ } =
        WorkspaceFiles::of(Folder::new(directory), permissions);
    findings.finish()?;
    match config {
        Some((reading, digest)) => Ok((reading.config, digest)),
        None => Err(vec![Diagnostic::bare("config-missing", "the config cannot be read")]),
    }
}
