//! A person's word that what a guard counts is meant.

use super::Source;

/// One acknowledgement: good for one set of guarded operations.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ack {
    /// The change digest of that set.
    pub digest: String,
    /// Who answers for it.
    pub who: String,
    /// Why it is right.
    pub why: String,
    /// Where it stands.
    pub source: Source,
}
