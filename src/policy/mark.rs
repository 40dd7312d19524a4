//! What a policy file was at an instant: enough to tell whether it is still that.

use serde::{Deserialize, Serialize};

use super::digest;
use super::files::Folder;
use super::list::Lists;
use super::part::Part;

/// What a policy file was.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct FileMark {
    /// Its path.
    pub name: String,
    /// The digest of its bytes.
    pub digest: String,
    /// The lists that it names.
    pub lists: Vec<ListMark>,
    /// How many entries it has.
    pub entries: usize,
}

/// What a list was.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct ListMark {
    /// Its path as the policy file says it.
    pub written: String,
    /// Its path from the top.
    pub name: String,
    /// The digest of its bytes.
    pub digest: String,
}

impl FileMark {
    pub(super) fn of(part: &Part) -> Self {
        Self {
            name: part.file.to_string(),
            digest: part.digest.clone(),
            lists: part.lists.clone(),
            entries: part.entries,
        }
    }

    /// Under what the file is kept on the shelf of a config.
    pub fn key(&self, config_digest: &str) -> String {
        key(&self.digest, config_digest, &self.name)
    }

    /// The digests of the file and of the lists that it names, by their names.
    pub(super) fn digests(&self) -> impl Iterator<Item = (String, String)> {
        let file = (!self.digest.is_empty()).then(|| (self.name.clone(), self.digest.clone()));
        let lists = self.lists.iter().map(|list| (list.name.clone(), list.digest.clone()));
        file.into_iter().chain(lists)
    }
}

/// Under what a file is kept on a shelf: all that its meaning depends on besides its lists.
pub(super) fn key(digest: &str, config_digest: &str, name: &str) -> String {
    digest::of_bytes(format!("{digest} {config_digest} {name}").as_bytes())
}

impl ListMark {
    /// Whether the path still leads to the same list with the same ids.
    pub(super) fn is_current(&self, folder: &Folder, policy: &str) -> bool {
        let found = Lists::new(folder).find(&self.written, policy);
        found.is_some_and(|name| name == self.name)
            && folder.digest(&self.name).is_ok_and(|digest| digest == self.digest)
    }
}
