//! ostracon keeps bans and forbidden streams at real-time-communication providers equal to what
//! YAML files in a git repository say.
pub mod domain;
pub mod plan;
pub mod provider;
pub mod report;
pub mod state;
pub mod world;
