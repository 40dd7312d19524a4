//! The one test binary: stories, policies good and bad, laws.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    clippy::indexing_slicing,
    clippy::print_stderr,
    clippy::use_debug,
    reason = "helpers of tests may panic, and tests write files and say how to replay them"
)]

mod bad_policies;
mod binary;
mod good_policies;
mod hostile_policies;
mod stories;
mod workspace;
