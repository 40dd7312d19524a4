//! The plan of the whole policy, as far as it helps to make the next one.

use std::collections::{BTreeMap, BTreeSet};
use std::iter::zip;

use serde::{Deserialize, Serialize};

use super::column::{pack, unpack};
use super::folder::Folder;
use crate::domain::{
    Because, Id, Kind, Moment, Protected, Protection, Restriction, Source, TargetName, Warning,
};
use crate::plan::{Census, NextDue, Quiet, Room};
use crate::policy::{FileMark, Index, fingerprint, of_print};

/// The name of the file.
const NAME: &str = "plan";

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

    /// Reads the memo of the last plan.
    pub fn read(folder: &Folder) -> Option<Self> {
        let bytes = folder.read(NAME)?;
        let (head, mut rest) = postcard::take_from_bytes::<Head>(&bytes).ok()?;
        let mut column = |length: usize| {
            let (column, others) = rest.split_at_checked(length.checked_mul(8)?)?;
            rest = others;
            Some(unpack(column))
        };
        let mut pairs = |length| -> Option<Vec<(u64, u32)>> {
            let (prints, files) = (column(length)?, column(length)?);
            zip(prints, files)
                .map(|(print, file)| Some((print, u32::try_from(file).ok()?)))
                .collect()
        };
        let index = Index { claims: pairs(head.claims)?, ids: pairs(head.ids)? };
        let length = head.quiet;
        let (prints, flags) = (column(length)?, column(length)?);
        let (wakes, ats, latests) = (column(length)?, column(length)?, column(length)?);
        let rows = zip(zip(prints, flags), zip(wakes, zip(ats, latests)));
        let quiet: Option<Vec<Calm>> = rows
            .map(|((print, flags), (wake, (at, latest)))| {
                let because = usize::try_from(flags >> 1).ok()?;
                let because = because.checked_sub(1).map(|index| Because::ALL.get(index));
                let because = because.map_or(Some(None), |found| found.copied().map(Some))?;
                let due = NextDue { at: moment(at), latest: moment(latest), because };
                Some(Calm { print, is_kept: flags & 1 == 1, wake: moment(wake), due })
            })
            .collect();
        let mut protected = Protected::default();
        for (kind, id, targets, source) in head.protected {
            protected.insert(kind, id, Protection { targets, source });
        }
        let held = head.held.into_iter();
        let census = Census {
            in_force: head.in_force,
            held: held
                .map(|(target, kind, room, count)| (Room { target, kind, room }, count))
                .collect(),
        };
        let restless = head.restless.iter().map(|text| text.parse().ok()).collect::<Option<_>>()?;
        Some(Self {
            basis: head.basis,
            now: head.now,
            index,
            protected,
            warnings: head.warnings,
            census,
            restless,
            quiet: quiet?,
        })
    }

    /// Writes the memo.
    pub fn write(&self, folder: &Folder) {
        let protections = self.protected.iter_all();
        let held = self.census.held.iter();
        let head = Head {
            basis: self.basis.clone(),
            now: self.now,
            protected: protections
                .map(|(kind, id, it)| (kind, id.clone(), it.targets.clone(), it.source.clone()))
                .collect(),
            warnings: self.warnings.clone(),
            in_force: self.census.in_force.clone(),
            held: held
                .map(|(it, count)| (it.target.clone(), it.kind, it.room.clone(), *count))
                .collect(),
            restless: self.restless.iter().map(Restriction::to_string).collect(),
            claims: self.index.claims.len(),
            ids: self.index.ids.len(),
            quiet: self.quiet.len(),
        };
        let Ok(mut bytes) = postcard::to_stdvec(&head) else { return };
        for pairs in [&self.index.claims, &self.index.ids] {
            bytes.extend(pack(pairs.iter().map(|(print, _)| *print)));
            bytes.extend(pack(pairs.iter().map(|(_, file)| u64::from(*file))));
        }
        let quiet = || self.quiet.iter();
        bytes.extend(pack(quiet().map(|calm| calm.print)));
        bytes.extend(pack(quiet().map(|calm| {
            let because = Because::ALL.iter().position(|it| Some(*it) == calm.due.because);
            let because = because.map_or(0, |index| index as u64 + 1);
            because << 1 | u64::from(calm.is_kept)
        })));
        bytes.extend(pack(quiet().map(|calm| number(calm.wake))));
        bytes.extend(pack(quiet().map(|calm| number(calm.due.at))));
        bytes.extend(pack(quiet().map(|calm| number(calm.due.latest))));
        folder.write(NAME, &bytes);
    }

    /// The files of the cache that it needs, its own among them.
    pub fn files(&self) -> BTreeSet<String> {
        let Basis { config_digest, marks, .. } = &self.basis;
        let keys = marks.iter().map(|mark| mark.key(config_digest));
        keys.chain([NAME.to_owned()]).collect()
    }
}

/// What stands before the columns.
#[derive(Serialize, Deserialize)]
struct Head {
    basis: Basis,
    now: Moment,
    protected: Vec<(Kind, Id, Option<BTreeSet<TargetName>>, Source)>,
    warnings: Vec<Warning>,
    in_force: BTreeMap<TargetName, u64>,
    held: Vec<(TargetName, Kind, Option<Id>, u64)>,
    restless: Vec<String>,
    /// How long the columns are.
    claims: usize,
    ids: usize,
    quiet: usize,
}

/// No instant that a policy can name.
const NONE: u64 = u64::MAX;

fn number(moment: Option<Moment>) -> u64 {
    moment.map_or(NONE, |moment| moment.millis().cast_unsigned())
}

fn moment(number: u64) -> Option<Moment> {
    (number != NONE).then(|| Moment::from_millis(number.cast_signed()))
}
