//! How results are shown, where a command has no way of its own.

use clap::ValueEnum;

/// How a result is shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Format {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// How a result is shown that can be a page too.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum PageFormat {
    /// For people.
    Text,
    /// For programs.
    Json,
    /// A page: one file, for a browser.
    Html,
}
