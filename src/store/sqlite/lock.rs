//! The lock beside the state: proves on this machine that a holder is alive.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use crate::store::{Location, StateError};

/// The lock, held until it is dropped or the process ends, however it ends.
#[derive(Debug)]
pub(crate) struct FileLock {
    _file: File,
}

impl FileLock {
    /// Tries to take the lock beside the state at `path`; `None` if a living process holds it.
    pub(super) fn try_take(path: &Path) -> Result<Option<Self>, StateError> {
        let lock = path.with_added_extension("lock");
        let io = |doing, source| StateError::Io { doing, path: lock.clone(), source };
        let file = match private_file(&lock) {
            Ok(file) => file,
            Err(StateError::Io { source, .. }) if source.kind() == ErrorKind::AlreadyExists => {
                open_no_follow(&lock).map_err(|source| io("open", source))?
            }
            Err(error) => return Err(error),
        };
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(source)) => Err(io("lock", source)),
        }
    }
}

/// Makes the directory of the state, for its owner alone, with a `.gitignore` that keeps it out
/// of the repository.
pub(super) fn make_directory(state: &Path) -> Result<(), StateError> {
    let Some(directory) = state.parent().filter(|parent| !parent.as_os_str().is_empty()) else {
        return Ok(());
    };
    let io = |doing, path: PathBuf| move |source| StateError::Io { doing, path, source };
    match directory.symlink_metadata() {
        Ok(metadata) if metadata.is_symlink() => {
            return Err(StateError::Foreign {
                location: Location::File(directory.to_owned()),
                what: "its directory is a symbolic link".to_owned(),
            });
        }
        Ok(_) => return Ok(()),
        Err(_not_there) => {}
    }
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(directory)
        .map_err(io("make the directory", directory.to_owned()))?;
    let ignore = directory.join(".gitignore");
    let mut file = private_file(&ignore)?;
    std::io::Write::write_all(&mut file, b"# The state names people: keep it out of git.\n*\n")
        .map_err(io("write", ignore))
}

#[expect(clippy::disallowed_methods, reason = "the state's own files are made here")]
/// Makes a file for its owner alone. It must not be there, not even as a symbolic link.
pub(super) fn private_file(path: &Path) -> Result<File, StateError> {
    let file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(path);
    file.map_err(|source| StateError::Io { doing: "create", path: path.to_owned(), source })
}

#[expect(clippy::disallowed_methods, reason = "the state's own files are opened here")]
fn open_no_follow(path: &Path) -> std::io::Result<File> {
    let metadata = path.symlink_metadata()?;
    if metadata.is_symlink() {
        return Err(std::io::Error::other("it is a symbolic link"));
    }
    if !metadata.is_file() {
        return Err(std::io::Error::other("it is not a regular file"));
    }
    OpenOptions::new().read(true).write(true).open(path)
}
