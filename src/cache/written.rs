//! A memo as bytes: a head, then columns of numbers.

use std::collections::{BTreeMap, BTreeSet};
use std::iter::zip;

use serde::{Deserialize, Serialize};

use super::column::{pack, unpack};
use super::folder::Folder;
use super::memo::{Basis, Calm, Memo, NAME};
use crate::domain::{
    Because, Id, Kind, Moment, Protected, Protection, Restriction, Source, TargetName, Warning,
};
use crate::plan::{Census, NextDue, Room};
use crate::policy::Index;

impl Memo {
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
        let rooms = head.held.into_iter();
        let census = Census {
            in_force: head.in_force,
            held: rooms
                .map(|(target, kind, id, count)| (Room { target, kind, id }, count))
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
        let protections = self.protected.iter();
        let rooms = self.census.held.iter();
        let first = Head {
            basis: self.basis.clone(),
            now: self.now,
            protected: protections
                .map(|(kind, id, it)| (kind, id.clone(), it.targets.clone(), it.source.clone()))
                .collect(),
            warnings: self.warnings.clone(),
            in_force: self.census.in_force.clone(),
            held: rooms
                .map(|(it, count)| (it.target.clone(), it.kind, it.id.clone(), *count))
                .collect(),
            restless: self.restless.iter().map(Restriction::to_string).collect(),
            claims: self.index.claims.len(),
            ids: self.index.ids.len(),
            quiet: self.quiet.len(),
        };
        let Ok(mut bytes) = postcard::to_stdvec(&first) else { return };
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
