//! ostracon keeps bans and forbidden streams at real-time-communication providers equal to what
//! YAML files in a git repository say.
pub mod domain;
pub mod policy;
pub mod provider;
pub mod world;
