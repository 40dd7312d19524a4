//! What files said, for whoever reads them again and again: those that have not changed are not
//! parsed anew. In memory only; nothing outlives the process.

use std::collections::BTreeMap;

use super::part::Part;

/// What the files of a workspace said when they were read last.
#[derive(Default)]
pub struct Memo {
    /// The digest of the config: what a file means depends on it.
    config: String,
    parts: BTreeMap<String, Part>,
}

impl Memo {
    /// The same, unless the config is another.
    pub(super) fn under(self, config: &str) -> Self {
        if self.config == config {
            return self;
        }
        Self { config: config.to_owned(), parts: BTreeMap::new() }
    }

    /// What a file of this digest says, if that is known.
    pub(super) fn part(&self, name: &str, digest: &str) -> Option<Part> {
        self.parts.get(name).filter(|part| part.digest == digest)?.again()
    }

    /// Remembers these files, and no others.
    pub(super) fn keep(&mut self, parts: &[Part]) {
        let parts = parts.iter().filter_map(Part::again);
        self.parts = parts.map(|part| (part.file.to_string(), part)).collect();
    }
}
