//! Where a state is kept.

use std::fmt;
use std::path::PathBuf;

use super::ServerUrl;

/// Where a state is kept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Location {
    /// In this file.
    File(PathBuf),
    /// On this server.
    Server(ServerUrl),
    /// In memory, for as long as the process lives.
    Memory,
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "`{}`", path.display()),
            Self::Server(url) => write!(f, "`{url}`"),
            Self::Memory => f.write_str("no place"),
        }
    }
}
