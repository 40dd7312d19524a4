//! A person's word that what a guard counts is meant.

use std::collections::BTreeSet;

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

/// A change that was acknowledged, and that a run has begun. What an interruption leaves of it needs
/// no second word as long as the files say the same.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BegunChange {
    /// Its change digest, which somebody acknowledged.
    pub digest: String,
    /// The digests of the policy and of the config that ask for it.
    pub files: (String, String),
    /// Its operations, each by the first bytes of its own digest.
    pub operations: BTreeSet<u64>,
}
