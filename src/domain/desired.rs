//! Everything that the policy wants.

use std::sync::Arc;

use super::Wanted;

/// Everything that the policy wants, entry by entry.
///
/// What each file wants stays by itself: there may be a million of them, and to bring them into
/// one list would take a copy of all. Who reads them again shares those of files that have not
/// changed.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Desired(Vec<Arc<Vec<Wanted>>>);

impl Desired {
    /// What each of the entries wants, file by file.
    pub fn iter(&self) -> impl Iterator<Item = &Wanted> {
        self.0.iter().flat_map(|wanted| wanted.iter())
    }

    /// Takes out what one file wants.
    pub fn take(&mut self, file: &str) -> Vec<Wanted> {
        let is_of = |wanted: &Wanted| wanted.source.as_ref().is_some_and(|it| &*it.file == file);
        let all = std::mem::take(&mut self.0).into_iter();
        let (taken, kept): (Vec<_>, Vec<_>) =
            all.partition(|wanted| wanted.first().is_some_and(is_of));
        self.0 = kept;
        taken.into_iter().flat_map(Arc::unwrap_or_clone).collect()
    }

    /// How many restrictions the entries name; one that two of them name counts twice.
    pub fn count(&self) -> usize {
        self.iter().map(|wanted| wanted.ids.len()).sum()
    }
}

impl FromIterator<Arc<Vec<Wanted>>> for Desired {
    /// From what each file wants.
    fn from_iter<I: IntoIterator<Item = Arc<Vec<Wanted>>>>(files: I) -> Self {
        Self(files.into_iter().collect())
    }
}

impl From<Vec<Wanted>> for Desired {
    fn from(wanted: Vec<Wanted>) -> Self {
        Self(vec![Arc::new(wanted)])
    }
}
