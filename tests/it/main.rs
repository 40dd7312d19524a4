//! The one test binary: stories, policies good and bad, laws.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "helpers of tests may panic, and tests write files"
)]

mod bad_policies;
mod conform;
mod good_policies;
mod hostile_policies;
mod policy_laws;
mod schemas;
mod stories;
mod workspace;
