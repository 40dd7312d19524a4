//! Files that people own, written whole or not at all, and through no symbolic link.
#![expect(clippy::disallowed_methods, reason = "the one place that writes files of people")]

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, RenameFlags, renameat_with};

use crate::error::Error;
use crate::exit::Exit;

/// Who may read a file that takes the place of another.
#[derive(Clone, Copy, Debug)]
pub(super) enum Readers {
    /// Its owner alone, whoever could read the other.
    Owner,
    /// Whoever could read the other; of a file that was not there, whoever may read any new one.
    Unchanged,
}

/// The mode of a new file, of which the process's mask takes its part.
const NEW: u32 = 0o666;

/// The mode of a file that nobody else may read.
const PRIVATE: u32 = 0o600;

/// How many names a file is tried to be written under, in case earlier runs left theirs behind.
const MOST_NAMES: u32 = 100;

/// Puts a file in its place, or in the place of the regular file that is there.
pub(super) fn put(
    path: &Path,
    readers: Readers,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let old = match path.symlink_metadata() {
        Ok(old) if old.is_symlink() => return Err(io::Error::other("it is a symbolic link")),
        Ok(old) if !old.is_file() => return Err(io::Error::other("it is not a regular file")),
        Ok(old) => Some(old.permissions()),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    let permissions = match readers {
        Readers::Owner => Some(Permissions::from_mode(PRIVATE)),
        Readers::Unchanged => old,
    };
    Fresh::new(path, permissions, write)?.replace(path)?;
    sync_directory_of(path);
    Ok(())
}

/// Places a new file. Nothing may be there, not even a symbolic link.
pub(super) fn place(path: &Path, text: &str) -> io::Result<()> {
    let fresh = Fresh::new(path, None, |file| file.write_all(text.as_bytes()))?;
    match link(&fresh.path, path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => {
            // Some file systems have no second names (FAT), others no such renaming (NFS).
            rename_to_free(&fresh.path, path).map_err(|_also| error)?;
        }
        linked => linked?,
    }
    sync_directory_of(path);
    Ok(())
}

/// Puts a text in the place of a file below a directory, by a way without symbolic links.
pub(super) fn put_below(top: &Path, name: &str, text: &str) -> Result<(), Error> {
    if let Some(link) = link_below(top, Path::new(name)) {
        let message = format!("`{}` is a symbolic link: nothing was written", link.display());
        return Err(Error::new(Exit::Error, message));
    }
    let path = top.join(name);
    let put = || {
        make_directory_of(&path)?;
        put(&path, Readers::Unchanged, |file| file.write_all(text.as_bytes()))
    };
    put().map_err(|error| {
        Error::new(Exit::Error, format!("cannot write `{}`", path.display())).caused_by(&error)
    })
}

/// Makes the directory of a file, if it is not there.
pub(super) fn make_directory_of(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), fs::create_dir_all)
}

/// The first symbolic link on the way down from a directory.
pub(super) fn link_below(top: &Path, below: &Path) -> Option<PathBuf> {
    let mut way = top.to_path_buf();
    below.components().find_map(|part| {
        way.push(part);
        way.is_symlink().then(|| way.clone())
    })
}

/// A file beside its place; gone when it is dropped.
struct Fresh {
    path: PathBuf,
}

impl Fresh {
    /// Writes it.
    fn new(
        place: &Path,
        permissions: Option<Permissions>,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> io::Result<Self> {
        // Until it has the mode that is asked for, it is for nobody else.
        let (path, file) = open(place, permissions.as_ref().map_or(NEW, |_later| PRIVATE))?;
        let fresh = Self { path };
        if let Some(permissions) = permissions {
            file.set_permissions(permissions)?;
        }
        let mut text = io::BufWriter::new(&file);
        write(&mut text)?;
        text.flush()?;
        drop(text);
        file.sync_all()?;
        Ok(fresh)
    }

    /// Moves it to its place, whatever is there.
    fn replace(self, path: &Path) -> io::Result<()> {
        fs::rename(&self.path, path)?;
        // Its name is free for others now: it is not ours to remove.
        std::mem::forget(self);
        Ok(())
    }
}

impl Drop for Fresh {
    fn drop(&mut self) {
        let _gone_already = fs::remove_file(&self.path);
    }
}

/// Opens a file beside its place under a name that is free. What stands under such a name, a
/// symbolic link too, is somebody else's, perhaps of a run that is under way: it is passed over.
fn open(place: &Path, mode: u32) -> io::Result<(PathBuf, File)> {
    for number in 1..=MOST_NAMES {
        let path = place.with_file_name(format!(".ostracon-{number}.new"));
        match OpenOptions::new().write(true).create_new(true).mode(mode).open(&path) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            opened => return opened.map(|file| (path, file)),
        }
    }
    Err(io::Error::other(format!(
        "{MOST_NAMES} unfinished files `.ostracon-*.new` are beside it: remove them"
    )))
}

/// Gives a file a second name, at which nothing may be.
fn link(fresh: &Path, path: &Path) -> io::Result<()> {
    fs::hard_link(fresh, path)
}

/// Renames a file to where nothing may be.
fn rename_to_free(fresh: &Path, path: &Path) -> io::Result<()> {
    Ok(renameat_with(CWD, fresh, CWD, path, RenameFlags::NOREPLACE)?)
}

/// Makes a new name outlast a loss of power. A file system that does not do this for directories
/// does without.
fn sync_directory_of(path: &Path) {
    let directory = path.parent().filter(|it| !it.as_os_str().is_empty());
    let _whole_anyway =
        File::open(directory.unwrap_or(Path::new("."))).and_then(|it| it.sync_all());
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use tempfile::TempDir;

    use super::*;

    /// A directory with a file that people have.
    fn with_theirs() -> (TempDir, PathBuf) {
        let directory = TempDir::new().unwrap();
        let theirs = directory.path().join("theirs");
        fs::write(&theirs, "theirs").unwrap();
        (directory, theirs)
    }

    fn put_text(path: &Path, readers: Readers, text: &str) -> io::Result<()> {
        put(path, readers, |file| file.write_all(text.as_bytes()))
    }

    fn names(directory: &TempDir) -> Vec<String> {
        let entries = fs::read_dir(directory.path()).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    fn mode(path: &Path) -> u32 {
        path.metadata().unwrap().permissions().mode() & 0o7777
    }

    #[test]
    fn what_was_there_stays_until_the_new_text_is_whole() {
        let (directory, theirs) = with_theirs();
        let cut_short = put(&theirs, Readers::Unchanged, |file| {
            file.write_all(b"half")?;
            assert_eq!(fs::read_to_string(&theirs).unwrap(), "theirs");
            Err(io::Error::other("no space is left"))
        });
        assert_eq!(cut_short.unwrap_err().to_string(), "no space is left");
        assert_eq!(fs::read_to_string(&theirs).unwrap(), "theirs");
        put_text(&theirs, Readers::Unchanged, "ours").unwrap();
        assert_eq!(fs::read_to_string(&theirs).unwrap(), "ours");
        assert_eq!(names(&directory), ["theirs"]);
    }

    #[test]
    fn a_new_file_takes_nobodys_place() {
        let (directory, theirs) = with_theirs();
        assert_eq!(place(&theirs, "ours").unwrap_err().kind(), ErrorKind::AlreadyExists);
        let dangling = directory.path().join("dangling");
        symlink(directory.path().join("nowhere"), &dangling).unwrap();
        assert_eq!(place(&dangling, "ours").unwrap_err().kind(), ErrorKind::AlreadyExists);
        assert_eq!(fs::read_to_string(&theirs).unwrap(), "theirs");
        place(&directory.path().join("ours"), "ours").unwrap();
        assert_eq!(names(&directory), ["dangling", "ours", "theirs"]);
    }

    #[test]
    fn both_ways_of_placing_a_file_leave_alone_what_is_there() {
        for way in [link, rename_to_free] {
            let (directory, theirs) = with_theirs();
            let [fresh, free] = ["fresh", "free"].map(|name| directory.path().join(name));
            fs::write(&fresh, "ours").unwrap();
            assert_eq!(way(&fresh, &theirs).unwrap_err().kind(), ErrorKind::AlreadyExists);
            assert_eq!(fs::read_to_string(&theirs).unwrap(), "theirs");
            way(&fresh, &free).unwrap();
            assert_eq!(fs::read_to_string(&free).unwrap(), "ours");
        }
    }

    #[test]
    fn no_link_is_followed_from_the_place_nor_from_a_name_beside_it() {
        let (directory, theirs) = with_theirs();
        let at = |name: &str| directory.path().join(name);
        for name in ["ours", ".ostracon-1.new", ".ostracon-2.new"] {
            symlink(&theirs, at(name)).unwrap();
        }
        for readers in [Readers::Owner, Readers::Unchanged] {
            let refused = put_text(&at("ours"), readers, "ours").unwrap_err();
            assert_eq!(refused.to_string(), "it is a symbolic link");
            put_text(&at("put"), readers, "ours").unwrap();
        }
        place(&at("placed"), "ours").unwrap();
        assert_eq!(fs::read_to_string(&theirs).unwrap(), "theirs");
        for name in ["put", "placed"] {
            assert!(!at(name).is_symlink());
            assert_eq!(fs::read_to_string(at(name)).unwrap(), "ours");
        }
        let before = [".ostracon-1.new", ".ostracon-2.new", "ours", "placed", "put", "theirs"];
        assert_eq!(names(&directory), before);
    }

    #[test]
    fn a_directory_full_of_unfinished_files_is_said_to_be_so() {
        let (directory, theirs) = with_theirs();
        for number in 1..=MOST_NAMES {
            fs::write(directory.path().join(format!(".ostracon-{number}.new")), "").unwrap();
        }
        let refused = put_text(&theirs, Readers::Owner, "ours").unwrap_err().to_string();
        assert!(refused.contains("remove them"), "{refused}");
        assert_eq!(fs::read_to_string(&theirs).unwrap(), "theirs");
    }

    #[test]
    fn a_file_is_read_by_whom_it_is_for() {
        let (directory, theirs) = with_theirs();
        let at = |name: &str| directory.path().join(name);
        // As the mask of this process has it.
        let usual = mode(&theirs);
        place(&at("placed"), "ours").unwrap();
        put_text(&at("put"), Readers::Unchanged, "ours").unwrap();
        assert_eq!((mode(&at("placed")), mode(&at("put"))), (usual, usual));
        for readable in [0o600, 0o640, 0o664, 0o444] {
            fs::set_permissions(&theirs, Permissions::from_mode(readable)).unwrap();
            put_text(&theirs, Readers::Unchanged, "ours").unwrap();
            assert_eq!(mode(&theirs), readable);
        }
        put_text(&theirs, Readers::Owner, "ours").unwrap();
        assert_eq!(mode(&theirs), 0o600);
    }

    #[test]
    fn what_is_no_regular_file_is_not_replaced() {
        let (directory, _) = with_theirs();
        let refused = put_text(directory.path(), Readers::Owner, "ours").unwrap_err();
        assert_eq!(refused.to_string(), "it is not a regular file");
        assert_eq!(names(&directory), ["theirs"]);
    }

    #[test]
    fn a_link_anywhere_on_the_way_down_is_seen() {
        let (directory, theirs) = with_theirs();
        let top = directory.path();
        fs::create_dir(top.join("bans")).unwrap();
        symlink(&theirs, top.join("bans/link")).unwrap();
        symlink(top, top.join("round")).unwrap();
        let seen = |below: &str| link_below(top, Path::new(below));
        assert_eq!(seen("bans/new.yaml"), None);
        assert_eq!(seen("bans/link"), Some(top.join("bans/link")));
        assert_eq!(seen("round/bans/new.yaml"), Some(top.join("round")));
    }
}
