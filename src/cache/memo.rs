//! The plan of the whole policy, as far as it helps to make the next one.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::domain::{Moment, Protected, Restriction, TargetName, Warning};
use crate::plan::{Census, NextDue, Quiet};
use crate::policy::{FileMark, Index, fingerprint, of_print};

/// The name of the file.
pub(super) const NAME: &str = "plan";

/// Everything but time that the plan was made from.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Basis {
    /// The digest of the config.
    pub config_digest: String,
    /// What the state was ([`crate::state::View::stamp`]).
    pub state: String,
    /// The policy files, in order of their names.
    pub marks: Vec<FileMark>,
    /// How many rows each target has in the state.
    pub rows: BTreeMap<TargetName, usize>,
}

/// What is remembered of a plan of the whole policy.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Memo {
    /// What the plan was made from.
    pub basis: Basis,
    /// The instant it was made for.
    pub now: Moment,
    /// What the files name.
    pub index: Index,
    /// Whoever was protected.
    pub protected: Protected,
    /// What the policy warned of.
    pub warnings: Vec<Warning>,
    /// How much was recorded.
    pub census: Census,
    /// Everything about which there was something to do.
    pub restless: Vec<Restriction>,
    /// Everything else.
    pub quiet: Vec<Calm>,
}

/// A restriction about which there was nothing to do, by its fingerprint.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Calm {
    /// Its fingerprint; others may have the same.
    pub print: u64,
    /// Whether it is recorded, and as it should be.
    pub is_kept: bool,
    /// The first instant at which time changes something.
    pub wake: Option<Moment>,
    /// When the next run is due because of it.
    pub due: NextDue,
}

impl From<Quiet<'_>> for Calm {
    fn from(quiet: Quiet<'_>) -> Self {
        let Quiet { restriction, is_kept, wake, due } = quiet;
        Self { print: fingerprint(restriction), is_kept, wake, due }
    }
}

impl Memo {
    /// The fingerprints of all about which there was something to do, or is at `now`.
    pub fn stirred(&self, now: Moment) -> BTreeSet<u64> {
        let is_awake = |calm: &&Calm| calm.wake.is_some_and(|wake| wake <= now);
        let awake = self.quiet.iter().filter(is_awake).map(|calm| calm.print);
        self.restless.iter().map(fingerprint).chain(awake).collect()
    }

    /// How many restrictions are as they should be, and when the next run is due because of them,
    /// leaving out those of these fingerprints.
    pub fn undisturbed(&self, stirred: &BTreeSet<u64>) -> (u64, NextDue) {
        let mut kept = 0;
        let mut due = NextDue::NEVER;
        for calm in self.quiet.iter().filter(|calm| !stirred.contains(&calm.print)) {
            kept += u64::from(calm.is_kept);
            due = due.min(calm.due);
        }
        (kept, due)
    }

    /// The numbers of the files that speak of these fingerprints.
    pub fn speakers(&self, prints: &BTreeSet<u64>) -> BTreeSet<u32> {
        let claims = prints.iter().flat_map(|print| of_print(&self.index.claims, *print));
        claims.map(|(_, file)| *file).collect()
    }

    /// The files of the cache that it needs, its own among them.
    pub fn files(&self) -> BTreeSet<String> {
        let Basis { config_digest, marks, .. } = &self.basis;
        let keys = marks.iter().map(|mark| mark.key(config_digest));
        keys.chain([NAME.to_owned()]).collect()
    }
}
