//! The files, as they were when they last made sense.

use std::path::Path;
use std::time::Duration;

use tokio::time::Instant;

use crate::commands::Context;
use crate::commands::prepare::Files;
use crate::error::Error;
use crate::policy::{Fingerprint, Memo};
use crate::report::escape::Terminal;

/// What the service goes by: the last files that could be read.
pub(super) struct Checkout {
    /// What they say.
    pub(super) files: Files,
    /// What is wrong with those that are there now, and cannot be gone by.
    pub(super) failure: Option<String>,
    seen: Fingerprint,
    /// The files of before, until it has been seen that those of now can be gone by.
    before: Option<Files>,
    /// What the files said that have not changed since.
    memo: Memo,
    /// Since when git has been changing them.
    busy_since: Option<Instant>,
}

/// Whoever locks git's index for longer has died.
const PATIENCE: Duration = Duration::from_mins(1);

/// What came of looking at the files.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Look {
    /// They are as they were.
    Same,
    /// They are others, or can be read again; the config may be another too.
    Changed {
        /// Whether it is, or everything was to be read anew.
        config: bool,
    },
    /// They are others, and something is wrong with them: those of before stay in force.
    Broken,
    /// Somebody is changing them at this moment.
    Busy,
}

impl Checkout {
    /// Reads the files for the first time. Where the policy cannot be read, the config may do: then
    /// there is upkeep only.
    pub(super) fn open(context: &Context<'_>) -> Result<Self, Error> {
        let seen = Fingerprint::of(&context.global.dir);
        let mut memo = Memo::default();
        match Files::read_with(context, &mut memo) {
            Ok(files) => {
                Ok(Self { files, failure: None, seen, before: None, memo, busy_since: None })
            }
            Err(error) => {
                let files = Files::read_config(context)?;
                Ok(Self {
                    files,
                    failure: Some(words(context, error)),
                    seen,
                    before: None,
                    memo,
                    busy_since: None,
                })
            }
        }
    }

    /// Whether nothing but time is gone by: no policy could be read yet.
    pub(super) fn keeps_up_only(&self) -> bool {
        self.files.wanted.is_none()
    }

    /// Looks whether the files have changed, and reads them if so, or if they are to be read anew
    /// whatever they look like.
    pub(super) fn look(&mut self, context: &Context<'_>, anew: bool) -> Look {
        let directory = &context.global.dir;
        let before = Fingerprint::of(directory);
        if before == self.seen && !anew {
            return Look::Same;
        }
        if git_is_busy(directory) && !self.is_out_of_patience() {
            return Look::Busy;
        }
        self.busy_since = None;
        let read = Files::read_with(context, &mut self.memo);
        if Fingerprint::of(directory) != before {
            return Look::Busy;
        }
        self.seen = before;
        match read.and_then(|files| self.is_at_home(context, &files).map(|()| files)) {
            Ok(files) => {
                self.failure = None;
                let config = anew || files.digests().1 != self.files.digests().1;
                self.before = Some(std::mem::replace(&mut self.files, files));
                Look::Changed { config }
            }
            Err(error) => {
                self.failure = Some(words(context, error));
                Look::Broken
            }
        }
    }

    /// Whether git has been at it for so long that it must have died: the files are read all the
    /// same.
    fn is_out_of_patience(&mut self) -> bool {
        let since = *self.busy_since.get_or_insert_with(Instant::now);
        let is_over = since.elapsed() >= PATIENCE;
        if is_over {
            tracing::warn!(target: "ostracon", "git has locked its index for a minute: the files are read all the same");
        }
        is_over
    }

    /// A plan could be made of the files.
    pub(super) fn confirm(&mut self) {
        self.before = None;
    }

    /// No plan can be made of the files: something that is not in them stands against it. Those of
    /// before are in force again, if there are any.
    pub(super) fn reject(&mut self, context: &Context<'_>, error: Error) -> bool {
        self.failure = Some(words(context, error));
        let before = self.before.take();
        before.map(|before| self.files = before).is_some()
    }

    /// The state stays where it is as long as the service runs.
    fn is_at_home(&self, context: &Context<'_>, files: &Files) -> Result<(), Error> {
        if files.state_location(context)? == self.files.state_location(context)? {
            return Ok(());
        }
        let message = "the config names another state than when this service began";
        Err(Error::new(crate::exit::Exit::Error, message).hint("start it again"))
    }
}

/// An error in one line; of what is wrong with the files, the first and where it stands.
fn words(context: &Context<'_>, error: Error) -> String {
    let error = if context.global.pseudonyms { error.without_names() } else { error };
    let mut lines = error.preface.lines().map(str::trim).filter(|line| !line.is_empty());
    let mut text = error.message.clone();
    if let Some(first) = lines.next() {
        text = format!("{text}: {first}");
    }
    if let Some(place) = lines.find_map(|line| line.strip_prefix("-->")) {
        text = format!("{text} ({})", place.trim());
    }
    for cause in &error.causes {
        text = format!("{text}: {cause}");
    }
    Terminal(&text).to_string()
}

/// Whether git is changing the files of the repository that a directory belongs to.
fn git_is_busy(directory: &Path) -> bool {
    let Ok(directory) = directory.canonicalize() else { return false };
    directory.ancestors().any(|above| above.join(".git/index.lock").exists())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(clippy::disallowed_methods, reason = "tests make files")]
    fn write(path: std::path::PathBuf, text: &str) {
        std::fs::write(path, text).unwrap();
    }

    #[test]
    fn git_is_busy_while_its_index_is_locked() {
        let directory = tempfile::tempdir().unwrap();
        let policies = directory.path().join("policies");
        std::fs::create_dir_all(directory.path().join(".git")).unwrap();
        std::fs::create_dir_all(&policies).unwrap();
        assert!(!git_is_busy(&policies));
        write(directory.path().join(".git/index.lock"), "");
        assert!(git_is_busy(&policies));
    }
}
