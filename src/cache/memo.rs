//! The plan of the whole policy, as far as it helps to make the next one.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::calm::{Calms, Totals};
use super::folder::Folder;
use super::sheet::Sheet;
use crate::domain::{Moment, Protected, Restriction, TargetName, Warning};
use crate::plan::{Census, NextDue};
use crate::policy::{FileMark, Index, fingerprint};

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

/// What is remembered of a plan of the whole policy. What is remembered of each restriction stands
/// by itself, in a [`Sheet`]: where nothing stirs nobody asks for it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Memo {
    /// What the plan was made from.
    pub basis: Basis,
    /// The instant it was made for.
    pub now: Moment,
    /// Whoever was protected.
    pub protected: Protected,
    /// What the policy warned of.
    pub warnings: Vec<Warning>,
    /// How much was recorded.
    pub census: Census,
    /// Everything about which there was something to do.
    pub restless: Vec<Restriction>,
    /// Everything else.
    pub calm: Totals,
}

impl Memo {
    /// Reads the memo of the last plan.
    pub fn read(folder: &Folder) -> Option<Self> {
        Self::of_bytes(&folder.read(NAME)?)
    }

    /// Writes the memo, and what is remembered of each restriction.
    pub fn write(&self, folder: &Folder, index: &Index, calms: &Calms) {
        let Some(bytes) = self.to_bytes() else { return };
        Sheet::write(folder, &self.name_of_sheet(), index, calms);
        folder.write(NAME, [bytes]);
    }

    /// What is remembered of each restriction.
    pub fn sheet(&self, folder: &Folder) -> Option<Sheet> {
        Sheet::read(folder, &self.name_of_sheet())
    }

    /// The fingerprints of all about which there was something to do.
    pub fn restless(&self) -> BTreeSet<u64> {
        self.restless.iter().map(fingerprint).collect()
    }

    /// Whether time has changed something by `now` about what was calm.
    pub fn wakes_by(&self, now: Moment) -> bool {
        self.calm.wake.is_some_and(|wake| wake <= now)
    }

    /// How many restrictions the plan was about.
    pub fn count(&self) -> usize {
        self.calm.count + self.restless.len()
    }

    /// How many calm restrictions are as they should be, and when the next run is due because of
    /// them.
    pub fn undisturbed(&self) -> (u64, NextDue) {
        (self.calm.kept, self.calm.due)
    }

    /// The files of the cache that it needs, its own among them.
    pub fn files(&self) -> BTreeSet<String> {
        let Basis { config_digest, marks, .. } = &self.basis;
        let keys = marks.iter().map(|mark| mark.key(config_digest));
        keys.chain([NAME.to_owned(), self.name_of_sheet()]).collect()
    }
}
