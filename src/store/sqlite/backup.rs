//! A copy of the state, also while a run is changing it.

use std::path::Path;
use std::time::Duration;

use rusqlite::backup::Backup;

use super::error::doing;
use super::lock::private_file;
use super::open::State;
use crate::store::StateError;

/// Pages copied at a time: few enough that a run never waits long for the reader.
const PAGES: std::ffi::c_int = 1000;

/// How long to leave the file to a run between two steps.
const BETWEEN: Duration = Duration::from_millis(1);

impl State {
    /// Copies the state to a file for its owner alone, which must not be there, not even as a
    /// symbolic link. The copy is of one instant.
    pub(super) fn backup(&self, path: &Path) -> Result<(), StateError> {
        private_file(path)?;
        let result = self.copy(path);
        if result.is_err() {
            // Half a copy must not pass for one.
            let _gone_already = std::fs::remove_file(path);
        }
        result
    }

    fn copy(&self, path: &Path) -> Result<(), StateError> {
        let failed = doing("copy the state");
        let mut copy = Self::open_copy(path)?;
        {
            let backup = Backup::new(&self.connection, &mut copy).map_err(&failed)?;
            backup.run_to_completion(PAGES, BETWEEN, None).map_err(&failed)?;
        }
        // One file at rest, whatever mode the original was in.
        copy.pragma_update(None, "journal_mode", "DELETE").map_err(&failed)?;
        copy.close().map_err(|(_, source)| failed(source))
    }
}
