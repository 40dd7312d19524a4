//! ostracon keeps bans and forbidden streams at real-time-communication providers equal to what
//! YAML files in a git repository say.

pub mod apply;
pub mod domain;
pub mod plan;
pub mod policy;
pub mod provider;
pub mod sandbox;
pub mod state;
pub mod world;
