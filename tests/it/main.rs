//! The one test binary: stories, policies good and bad, laws, and the repository itself.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::string_slice,
    reason = "helpers of tests may panic, and tests write files"
)]

mod bad_policies;
mod conform;
mod good_policies;
mod hostile_policies;
mod policy_laws;
mod readme;
mod schemas;
mod sources;
mod stories;
mod tidy;
mod workspace;
