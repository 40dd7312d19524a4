//! What can be wrong with a state.

use std::path::PathBuf;

use super::Location;

/// Why a state cannot be used: exit 7.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// There is none, though the config knows its lineage.
    #[error("there is no state at {location}, but the config expects one of lineage {lineage}")]
    Missing {
        /// Where it should be.
        location: Location,
        /// The lineage the config names.
        lineage: String,
    },
    /// It belongs to another workspace.
    #[error("the state at {location} is of lineage {found}, but the config expects {expected}")]
    OtherLineage {
        /// Where it is.
        location: Location,
        /// Its lineage.
        found: String,
        /// The lineage the config names.
        expected: String,
    },
    /// A newer program wrote it.
    #[error("the state at {location} has schema {found}, and this program reads up to {known}")]
    Newer {
        /// Where it is.
        location: Location,
        /// Its schema version.
        found: i64,
        /// The newest version this program reads.
        known: i64,
    },
    /// It is no state of this program, or was tampered with.
    #[error("the state at {location} is not usable: {what}")]
    Foreign {
        /// Where it is.
        location: Location,
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
    /// The engine refuses.
    #[error("cannot {doing}")]
    Engine {
        /// What was being done.
        doing: &'static str,
        /// Why not.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A server refuses, or cannot be had: what, and what a person can do about it.
    #[error("{what}")]
    Server {
        /// What is wrong, in one clause.
        what: String,
        /// What a person can do about it.
        hint: &'static str,
    },
    /// It says what no state says.
    #[error("the state is not sound: {}", _0.join("; "))]
    Unsound(Vec<String>),
    /// What was given as a URL is none, or one that is not allowed.
    #[error("the URL of the state cannot be used: {0}")]
    NotAUrl(String),
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
            Self::Engine { .. } => {
                "check that the disk has room and the file is writable; if it is damaged, restore \
                 it from a backup"
            }
            Self::Server { hint, .. } => hint,
            Self::Unsound(_) => "`ostracon state verify` says where; restore a backup",
            Self::NotAUrl(_) => {
                "say `postgresql://USER@HOST:PORT/DATABASE`; the password in `PGPASSWORD`"
            }
            Self::LeaseLost => "run again: what was done is recorded",
        }
    }
}
