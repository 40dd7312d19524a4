//! What files said, for whoever reads them again and again: those that have not changed are not
//! parsed anew. In memory only; nothing outlives the process.

use std::collections::BTreeMap;

use super::policy_file::PolicyFile;

/// What the files of a workspace said when they were read last.
#[derive(Default)]
pub struct Memo {
    /// The digest of the config: what a file means depends on it.
    config: String,
    policies: BTreeMap<String, PolicyFile>,
}

impl Memo {
    /// The same, unless the config is another.
    pub(super) fn under(self, config: &str) -> Self {
        if self.config == config {
            return self;
        }
        Self { config: config.to_owned(), policies: BTreeMap::new() }
    }

    /// What a file of this digest says, if that is known.
    pub(super) fn policy(&self, name: &str, digest: &str) -> Option<PolicyFile> {
        self.policies.get(name).filter(|policy| policy.digest == digest)?.again()
    }

    /// Remembers these files, and no others.
    pub(super) fn keep(&mut self, policies: &[PolicyFile]) {
        let policies = policies.iter().filter_map(PolicyFile::again);
        self.policies = policies.map(|policy| (policy.file.to_string(), policy)).collect();
    }
}
