//! Where a state is kept.

use std::fmt;
use std::path::PathBuf;

/// Where a state is kept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Location {
    /// In this file.
    File(PathBuf),
    /// In memory, for as long as the process lives.
    Memory,
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "`{}`", path.display()),
            Self::Memory => f.write_str("no place"),
        }
    }
}
