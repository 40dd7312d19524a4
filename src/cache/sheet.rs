//! What is remembered of each restriction and of each entry.

use std::collections::BTreeSet;
use std::iter::zip;

use bytes::Bytes;

use super::calm::{Calm, Calms, WIDTH};
use super::column::{Column, pieces};
use super::folder::Folder;
use crate::domain::Moment;
use crate::plan::NextDue;
use crate::policy::Index;

/// What is remembered of each restriction and of each entry: only read when one of them stirs.
#[derive(Debug)]
pub struct Sheet {
    claims: Pairs,
    ids: Pairs,
    calm: [Column; WIDTH],
}

/// Sorted fingerprints, each with the number of a file.
#[derive(Debug)]
struct Pairs {
    prints: Column,
    files: Column,
}

impl Sheet {
    pub(super) fn write(folder: &Folder, name: &str, index: &Index, calms: &Calms) {
        let Index { claims, ids } = index;
        let lengths = [claims.len(), ids.len(), calms.totals.count];
        let head = pieces(lengths.into_iter().map(|length| length as u64));
        let pairs = [claims, ids].into_iter().flat_map(|pairs| {
            let prints = pieces(pairs.iter().map(|(print, _)| *print));
            prints.chain(pieces(pairs.iter().map(|(_, file)| u64::from(*file))))
        });
        let calm = calms.columns.iter().flat_map(|column| pieces(column.iter().copied()));
        folder.write(name, head.chain(pairs).chain(calm));
    }

    pub(super) fn read(folder: &Folder, name: &str) -> Option<Self> {
        let mut rest = Bytes::from(folder.read(name)?);
        let mut lengths = [0; 3];
        let head = Column::take(lengths.len(), &mut rest)?;
        for (length, number) in zip(&mut lengths, head.iter()) {
            *length = usize::try_from(number).ok()?;
        }
        let [claims, ids, calm] = lengths;
        let mut column = |length| Column::take(length, &mut rest);
        let sheet = Self {
            claims: Pairs { prints: column(claims)?, files: column(claims)? },
            ids: Pairs { prints: column(ids)?, files: column(ids)? },
            calm: [column(calm)?, column(calm)?, column(calm)?, column(calm)?, column(calm)?],
        };
        rest.is_empty().then_some(sheet)
    }

    /// The numbers of the files that speak of these fingerprints.
    pub fn speakers(&self, prints: &BTreeSet<u64>) -> BTreeSet<u32> {
        prints.iter().flat_map(|print| self.claims.files(*print)).collect()
    }

    /// The numbers of the files in which an `id` of this fingerprint stands.
    pub fn files_of_id(&self, print: u64) -> Vec<u32> {
        self.ids.files(print).collect()
    }

    /// The fingerprints of all calm ones about which time has changed something by `now`; `None`
    /// if the numbers mean nothing, as below.
    pub fn awake(&self, now: Moment) -> Option<Vec<u64>> {
        let mut prints = Vec::new();
        for calm in self.calm() {
            let Calm { print, wake, .. } = calm?;
            prints.extend(wake.filter(|wake| *wake <= now).map(|_| print));
        }
        Some(prints)
    }

    /// How many restrictions are as they should be, and when the next run is due because of them,
    /// leaving out those of these fingerprints.
    pub fn undisturbed(&self, stirred: &BTreeSet<u64>) -> Option<(u64, NextDue)> {
        let mut kept = 0;
        let mut due = NextDue::NEVER;
        for calm in self.calm() {
            let calm = calm?;
            if !stirred.contains(&calm.print) {
                kept += u64::from(calm.is_kept);
                due = due.min(calm.due);
            }
        }
        Some((kept, due))
    }

    fn calm(&self) -> impl Iterator<Item = Option<Calm>> {
        let [prints, flags, wakes, ats, latests] = &self.calm;
        let rows = zip(zip(prints.iter(), flags.iter()), wakes.iter());
        let rows = zip(rows, zip(ats.iter(), latests.iter()));
        rows.map(|(((print, flags), wake), (at, latest))| {
            Calm::of_numbers([print, flags, wake, at, latest])
        })
    }
}

impl Pairs {
    fn files(&self, print: u64) -> impl Iterator<Item = u32> {
        let start = self.prints.place_of(print);
        let pairs = zip(self.prints.iter(), self.files.iter()).skip(start);
        let same = pairs.take_while(move |(other, _)| *other == print);
        same.filter_map(|(_, file)| u32::try_from(file).ok())
    }
}
