//! Noticing that files change; whoever looks at them now and then notices it later.

use std::path::{Path, PathBuf};

use notify::{RecommendedWatcher, RecursiveMode, Watcher as _};

use super::{Nudge, Nudges};

/// Tells the service when something in the workspace changes. Where the file system cannot say so,
/// as over a network, nothing is told.
pub(super) struct Watch {
    directory: PathBuf,
    nudges: Nudges,
    /// The watcher, and what it watches: whoever replaces the whole directory, as a link to
    /// another, makes a new one necessary.
    watcher: Option<(RecommendedWatcher, PathBuf)>,
}

impl Watch {
    /// Watches a directory.
    pub(super) fn new(directory: &Path, nudges: Nudges) -> Self {
        let mut watch = Self { directory: directory.to_owned(), nudges, watcher: None };
        watch.follow();
        watch
    }

    /// Watches what the directory is now.
    pub(super) fn follow(&mut self) {
        let Ok(place) = self.directory.canonicalize() else { return };
        if self.watcher.as_ref().is_some_and(|(_, watched)| *watched == place) {
            return;
        }
        let (nudges, top) = (self.nudges.clone(), place.clone());
        let told = move |event: notify::Result<notify::Event>| {
            let is_ours = |path: &PathBuf| is_hidden(path, &top);
            if event.is_ok_and(|it| !it.kind.is_access() && !it.paths.iter().all(is_ours)) {
                // Once the service has ended nobody listens.
                let _ended = nudges.send(Nudge::Files);
            }
        };
        let watcher = notify::recommended_watcher(told)
            .and_then(|mut it| it.watch(&place, RecursiveMode::Recursive).map(|()| it));
        self.watcher = match watcher {
            Ok(watcher) => Some((watcher, place)),
            Err(error) => {
                tracing::warn!(target: "ostracon", %error, "changes of the files are noticed by looking now and then");
                None
            }
        };
    }
}

/// Whether a path lies in a dot-directory below the top: what is in there is no policy.
fn is_hidden(path: &Path, top: &Path) -> bool {
    let below = path.strip_prefix(top).unwrap_or(path);
    below.components().any(|part| part.as_os_str().as_encoded_bytes().starts_with(b"."))
}
