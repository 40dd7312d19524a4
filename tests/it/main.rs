//! The one test binary: stories, policies good and bad, laws, and the repository itself.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::string_slice,
    clippy::disallowed_macros,
    clippy::indexing_slicing,
    clippy::print_stderr,
    clippy::use_debug,
    reason = "helpers of tests may panic, and tests write files and say how to replay them"
)]

mod bad_policies;
mod binary;
mod ci_script;
mod compat;
mod completions;
mod conform;
mod dsa;
mod editor;
#[cfg(feature = "postgres")]
mod engines;
mod explained;
mod fmt;
mod full_disk;
mod good_policies;
mod handles;
mod hang_up;
mod hostile_policies;
mod killed;
mod long_list;
mod many_files;
mod one_run;
mod packaging;
mod parsers;
mod policy_laws;
mod pseudonyms;
mod readme;
mod reference;
mod rereading;
mod sarif;
mod scene;
mod schemas;
mod secrets;
#[cfg(feature = "postgres")]
mod server;
#[cfg(feature = "postgres")]
mod server_errors;
#[cfg(feature = "postgres")]
mod server_faults;
#[cfg(feature = "postgres")]
mod server_orders;
#[cfg(feature = "postgres")]
mod server_pooler;
#[cfg(feature = "postgres")]
mod server_service;
#[cfg(feature = "postgres")]
mod server_standby;
#[cfg(feature = "postgres")]
mod server_tls;
mod service;
mod sources;
mod stories;
mod streams;
mod terminal;
mod tidy;
mod tutorial;
mod workspace;
