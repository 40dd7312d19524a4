//! Everything that the policy wants.

use super::Wanted;

/// Everything that the policy wants, entry by entry.
///
/// What each file wants stays by itself: there may be a million of them, and to bring them into
/// one list would take a copy of all.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Desired(Vec<Vec<Wanted>>);

impl Desired {
    /// What each of the entries wants, file by file.
    pub fn iter(&self) -> impl Iterator<Item = &Wanted> {
        self.0.iter().flatten()
    }

    /// How many restrictions the entries name; one that two of them name counts twice.
    pub fn count(&self) -> usize {
        self.iter().map(|wanted| wanted.ids.len()).sum()
    }
}

impl FromIterator<Vec<Wanted>> for Desired {
    /// From what each file wants.
    fn from_iter<I: IntoIterator<Item = Vec<Wanted>>>(files: I) -> Self {
        Self(files.into_iter().collect())
    }
}

impl From<Vec<Wanted>> for Desired {
    fn from(wanted: Vec<Wanted>) -> Self {
        Self(vec![wanted])
    }
}
