//! Layer 2: a workspace of YAML files becomes a checked config and the restrictions it asks for.
//!
//! `files` finds and reads, `yaml` parses piece by piece, `config`, `entry` and `protect` turn
//! pieces into values of the domain. Nothing stops at the first problem: everything that is wrong
//! ends up as a [`Diagnostic`] with a stable code, a place and a help line. What a provider can
//! express is asked of its [`crate::provider::Facts`] only.

mod acks;
mod checks;
mod config;
mod credentials;
mod diagnostic;
mod digest;
mod entry;
mod fields;
mod files;
mod fingerprint;
mod guards;
mod layout;
mod list;
mod memo;
mod options;
mod parallel;
mod target_index;
mod workspace_files;

mod merged;
mod plain;
mod policy_file;
mod problem;
mod protect;
mod read_policy;
mod render;
mod scalar;
pub mod schema;
mod section;
mod shielded;
mod subjects;
mod suggest;
mod target;
mod terms;
mod text;
mod texts;
mod visible;
mod workspace;
mod yaml;

pub use config::{Config, StateLocation};
pub use diagnostic::{Diagnostic, Excerpt, Label, Place, Severity};
pub use files::{is_policy_path, is_workspace_path};
pub use fingerprint::Fingerprint;
pub use layout::{Formatted, lay_out, lay_out_text};
pub use memo::Memo;
pub use render::render;
pub use terms::LONGEST_ID as LONGEST_ENTRY_ID;
pub use workspace::{ORDER, Workspace, load, load_config, load_edited, load_with, text_of};

/// What a repository may not grant itself, and somebody outside may.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Permissions {
    /// Hosts that an `endpoint:` may name although they are not documented.
    pub hosts: Vec<String>,
    /// Whether a credential may be the output of a program.
    pub commands: bool,
    /// Where the state lives, as `sqlite:PATH`; goes before what the config says.
    pub state: Option<String>,
}
