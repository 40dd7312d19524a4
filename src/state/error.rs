//! What can be wrong with a state.

use std::path::PathBuf;

/// Why a state cannot be used: exit 7.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// There is none, though the config knows its lineage.
    #[error("there is no state at `{}`, but the config expects one of lineage {lineage}", path.display())]
    Missing {
        /// Where it should be.
        path: PathBuf,
        /// The lineage the config names.
        lineage: String,
    },
    /// It belongs to another workspace.
    #[error("the state at `{}` is of lineage {found}, but the config expects {expected}", path.display())]
    OtherLineage {
        /// Where it is.
        path: PathBuf,
        /// Its lineage.
        found: String,
        /// The lineage the config names.
        expected: String,
    },
    /// A newer program wrote it.
    #[error("the state at `{}` has schema {found}, and this program reads up to {known}", path.display())]
    Newer {
        /// Where it is.
        path: PathBuf,
        /// Its schema version.
        found: i64,
        /// The newest version this program reads.
        known: i64,
    },
    /// It is no state of this program, or was tampered with.
    #[error("the state at `{}` is not usable: {what}", path.display())]
    Foreign {
        /// Where it is.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// The file system refuses.
    #[error("cannot {doing} `{}`", path.display())]
    Io {
        /// What was being done.
        doing: &'static str,
        /// To which file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// SQLite refuses.
    #[error("cannot {doing}")]
    Sqlite {
        /// What was being done.
        doing: &'static str,
        /// Why not.
        source: rusqlite::Error,
    },
    /// Another run took the lease over: this one must send nothing more.
    #[error("another run has taken over the state since this one began")]
    LeaseLost,
}

impl StateError {
    /// What a person can do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Missing { .. } => {
                "restore the state from a backup; without it nobody knows what is in force. To \
                 start over on purpose, take `lineage` out of the config"
            }
            Self::OtherLineage { .. } => {
                "point `state` (or `--state`) at the right file, or correct `lineage` in the config"
            }
            Self::Newer { .. } => "use the newer program that wrote it",
            Self::Foreign { .. } => {
                "restore the state from a backup; do not delete it while anything is in force"
            }
            Self::Io { .. } => "check that the directory exists, is writable, and has room left",
            Self::Sqlite { .. } => {
                "check that the disk has room and the file is writable; if it is damaged, restore \
                 it from a backup"
            }
            Self::LeaseLost => "run again: what was done is recorded",
        }
    }
}

/// Says what was being done when SQLite refused.
pub(super) fn doing(doing: &'static str) -> impl Fn(rusqlite::Error) -> StateError {
    move |source| StateError::Sqlite { doing, source }
}
