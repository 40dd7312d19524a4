//! How a workspace looks from outside, so that it need not be read to see that it has changed.

use std::path::{Path, PathBuf};

/// What files look like from outside, whoever changes one changes this: length, inode, and when it
/// was changed, in seconds and nanoseconds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fingerprint(Vec<(PathBuf, [u64; 2], [i64; 2])>);

impl Fingerprint {
    /// Of everything in a workspace that may be policy; dot-directories are not.
    pub fn of(directory: &Path) -> Self {
        use std::os::unix::fs::MetadataExt as _;
        let walk = walkdir::WalkDir::new(directory).sort_by_file_name().into_iter();
        let is_seen = |entry: &walkdir::DirEntry| {
            entry.depth() == 0 || !entry.file_name().as_encoded_bytes().starts_with(b".")
        };
        let files = walk.filter_entry(is_seen).filter_map(Result::ok).filter_map(|entry| {
            // What is made beside a file changes the directory, and says nothing of it.
            let data = entry.metadata().ok().filter(|data| !data.is_dir())?;
            let place = entry.path().to_owned();
            Some((place, [data.len(), data.ino()], [data.ctime(), data.ctime_nsec()]))
        });
        Self(files.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(clippy::disallowed_methods, reason = "tests make files")]
    fn write(path: PathBuf, text: &str) {
        std::fs::write(path, text).unwrap();
    }

    #[test]
    fn whatever_is_done_to_a_file_of_the_policy_shows_and_the_state_does_not() {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        std::fs::create_dir_all(path("bans")).unwrap();
        write(path("bans/a.yaml"), "bans: []\n");
        let mut seen = Fingerprint::of(directory.path());
        let mut is_other = || {
            let now = Fingerprint::of(directory.path());
            let is_other = now != seen;
            seen = now;
            is_other
        };
        assert!(!is_other());
        std::fs::create_dir_all(path(".ostracon")).unwrap();
        write(path(".ostracon/state.db"), "x");
        assert!(!is_other());
        write(path("bans/b.yaml"), "bans: []\n");
        assert!(is_other());
        // Another file of the same length in its place.
        write(path("new"), "bans: [] \n");
        assert!(is_other());
        std::fs::rename(path("new"), path("bans/a.yaml")).unwrap();
        assert!(is_other());
        std::fs::remove_file(path("bans/b.yaml")).unwrap();
        assert!(is_other());
        assert!(!is_other());
    }
}
