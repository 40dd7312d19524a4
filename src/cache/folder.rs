//! The files of the cache.
#![expect(clippy::disallowed_methods, reason = "this is where cache files are read and written")]

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use crate::policy::Shelf;
use crate::state::lock::make_directory;

/// The folder of the cache. Every failure to read is a thing that is not there, and every failure
/// to write is nobody's loss.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    /// What a file begins with: which build wrote it.
    head: String,
}

/// Who may read and write a file of the cache: its owner. A checkout makes files that others may
/// read too, so what stands in a repository is not taken for a cache.
const OWN: u32 = 0o600;

/// The same of the folder.
const OWN_FOLDER: u32 = 0o700;

/// The length of the checksum at the end.
const SUM: usize = size_of::<u32>();

impl Folder {
    /// The cache of a workspace, for this build of the program: another may mean other things by
    /// the same bytes.
    pub fn of(workspace: &Path, build: &str) -> Self {
        let path = workspace.join(".ostracon").join("cache");
        Self { path, head: format!("ostracon cache {build}\n") }
    }

    /// What a file holds, unless it was harmed or written by another version.
    pub fn read(&self, name: &str) -> Option<Vec<u8>> {
        let mut file = fs::File::open(self.path.join(name)).ok().filter(|_| self.is_ours())?;
        let mode = file.metadata().ok()?.mode();
        if mode & 0o777 != OWN {
            return None;
        }
        let mut head = vec![0; self.head.len()];
        file.read_exact(&mut head).ok().filter(|()| head == self.head.as_bytes())?;
        let mut content = Vec::new();
        file.read_to_end(&mut content).ok()?;
        let sum = content.split_off(content.len().checked_sub(SUM)?);
        (crc32fast::hash(&content).to_le_bytes() == *sum).then_some(content)
    }

    /// Writes a file, piece by piece; it appears whole or not at all.
    pub fn write<P: AsRef<[u8]>>(&self, name: &str, pieces: impl IntoIterator<Item = P>) {
        // Without its cache the next plan is slower, and that is all.
        let _unwritten = self.try_write(name, pieces);
    }

    fn try_write<P: AsRef<[u8]>>(
        &self,
        name: &str,
        pieces: impl IntoIterator<Item = P>,
    ) -> io::Result<()> {
        if fs::symlink_metadata(&self.path).is_err() {
            make_directory(&self.path).map_err(io::Error::other)?;
            // Several parts of one plan write at once: the first makes it.
            let made = fs::DirBuilder::new().mode(OWN_FOLDER).create(&self.path);
            made.or_else(|error| match error.kind() {
                io::ErrorKind::AlreadyExists => Ok(()),
                _ => Err(error),
            })?;
        }
        if !self.is_ours() {
            return Err(io::Error::other("the folder of the cache is not ours"));
        }
        let fresh = self.path.join(format!("{name}.{}.new", std::process::id()));
        let mut options = fs::OpenOptions::new();
        let mut file = options.write(true).create_new(true).mode(OWN).open(&fresh)?;
        file.write_all(self.head.as_bytes())?;
        let mut sum = crc32fast::Hasher::new();
        for piece in pieces {
            sum.update(piece.as_ref());
            file.write_all(piece.as_ref())?;
        }
        file.write_all(&sum.finalize().to_le_bytes())?;
        fs::rename(&fresh, self.path.join(name))
    }

    /// Whether the folder is one that [`Self::write`] made: no link, and nobody else's.
    fn is_ours(&self) -> bool {
        let is_folder = |path: &Path, mode: Option<u32>| {
            fs::symlink_metadata(path).is_ok_and(|data| {
                data.is_dir() && mode.is_none_or(|mode| data.mode() & 0o777 == mode)
            })
        };
        let above = self.path.parent().is_some_and(|path| is_folder(path, None));
        above && is_folder(&self.path, Some(OWN_FOLDER))
    }

    /// Removes every file but these.
    pub fn sweep(&self, keep: &BTreeSet<String>) {
        let Ok(entries) = fs::read_dir(&self.path) else { return };
        if !self.is_ours() {
            return;
        }
        for entry in entries.flatten() {
            if !entry.file_name().to_str().is_some_and(|name| keep.contains(name)) {
                // It is only swept earlier or later.
                let _left = fs::remove_file(entry.path());
            }
        }
    }
}

impl Shelf for Folder {
    fn get(&self, key: &str) -> Option<Vec<u8>> {
        self.read(key)
    }

    fn put(&self, key: &str, bytes: &[u8]) {
        self.write(key, [bytes]);
    }
}
