//! The files of the cache.
#![expect(clippy::disallowed_methods, reason = "this is where cache files are read and written")]

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use crate::policy::Shelf;

/// The folder of the cache. Every failure to read is a thing that is not there, and every failure
/// to write is nobody's loss.
#[derive(Debug)]
pub struct Folder(PathBuf);

/// The first bytes of a cache file: what it is, and in which version.
const HEAD: &[u8] = concat!("ostracon cache 1 ", env!("CARGO_PKG_VERSION"), "\n").as_bytes();

/// The length of the checksum that follows.
const SUM: usize = size_of::<u32>();

impl Folder {
    /// The cache of a workspace.
    pub fn of(workspace: &Path) -> Self {
        Self(workspace.join(".ostracon").join("cache"))
    }

    /// What a file holds, unless it was harmed or written by another version.
    pub fn read(&self, name: &str) -> Option<Vec<u8>> {
        let mut bytes = fs::read(self.0.join(name)).ok()?;
        let rest = bytes.strip_prefix(HEAD)?;
        let (sum, content) = rest.split_at_checked(SUM)?;
        let is_whole = crc32fast::hash(content).to_le_bytes() == sum;
        let start = bytes.len() - content.len();
        is_whole.then(|| {
            bytes.drain(..start);
            bytes
        })
    }

    /// Writes a file; it appears whole or not at all.
    pub fn write(&self, name: &str, content: &[u8]) {
        // Without its cache the next plan is slower, and that is all.
        let _unwritten = self.try_write(name, content);
    }

    fn try_write(&self, name: &str, content: &[u8]) -> io::Result<()> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.0)?;
        let fresh = self.0.join(format!("{name}.{}.new", std::process::id()));
        let mut options = fs::OpenOptions::new();
        let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&fresh)?;
        file.write_all(HEAD)?;
        file.write_all(&crc32fast::hash(content).to_le_bytes())?;
        file.write_all(content)?;
        fs::rename(&fresh, self.0.join(name))
    }

    /// Removes every file but these.
    pub fn sweep(&self, keep: &BTreeSet<String>) {
        let Ok(entries) = fs::read_dir(&self.0) else { return };
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
        self.write(key, bytes);
    }
}
