//! Restrictions about which there was nothing to do.

use serde::{Deserialize, Serialize};

use crate::domain::{Because, Moment};
use crate::plan::{NextDue, Quiet};
use crate::policy::fingerprint;

/// A restriction about which there was nothing to do, by its fingerprint.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Calm {
    /// Its fingerprint; others may have the same.
    pub(super) print: u64,
    /// Whether it is recorded, and as it should be.
    pub(super) is_kept: bool,
    /// The first instant at which time changes something.
    pub(super) wake: Option<Moment>,
    /// When the next run is due because of it.
    pub(super) due: NextDue,
}

/// What is true of all of them together.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Totals {
    /// How many there are.
    pub count: usize,
    /// How many of them are kept.
    pub kept: u64,
    /// The first instant at which time changes something.
    pub wake: Option<Moment>,
    /// When the next run is due because of them.
    pub due: NextDue,
}

/// All of them, in columns of numbers.
#[derive(Debug)]
pub struct Calms {
    pub(super) columns: [Vec<u64>; WIDTH],
    /// What is true of all.
    pub totals: Totals,
}

/// How many numbers one takes.
pub(super) const WIDTH: usize = 5;

impl Default for Calms {
    fn default() -> Self {
        let totals = Totals { count: 0, kept: 0, wake: None, due: NextDue::NEVER };
        Self { columns: Default::default(), totals }
    }
}

impl Calms {
    /// Adds one.
    pub fn push(&mut self, quiet: Quiet<'_>) {
        let Quiet { restriction, is_kept, wake, due } = quiet;
        let calm = Calm { print: fingerprint(restriction), is_kept, wake, due };
        for (column, number) in self.columns.iter_mut().zip(calm.numbers()) {
            column.push(number);
        }
        self.totals.add(&calm);
    }
}

impl Totals {
    fn add(&mut self, calm: &Calm) {
        self.count += 1;
        self.kept += u64::from(calm.is_kept);
        self.wake = [self.wake, calm.wake].into_iter().flatten().min();
        self.due = self.due.min(calm.due);
    }
}

/// No instant that a policy can name.
const NONE: u64 = u64::MAX;

impl Calm {
    fn numbers(&self) -> [u64; WIDTH] {
        let number =
            |moment: Option<Moment>| moment.map_or(NONE, |moment| moment.millis().cast_unsigned());
        let because = Because::ALL.iter().position(|it| Some(*it) == self.due.because);
        let because = because.map_or(0, |index| index as u64 + 1);
        let flags = because << 1 | u64::from(self.is_kept);
        [self.print, flags, number(self.wake), number(self.due.at), number(self.due.latest)]
    }

    /// The one that these numbers tell of; `None` if they tell of none.
    pub(super) fn of_numbers([print, flags, wake, at, latest]: [u64; WIDTH]) -> Option<Self> {
        let moment =
            |number: u64| (number != NONE).then(|| Moment::from_millis(number.cast_signed()));
        let because = match usize::try_from(flags >> 1).ok()?.checked_sub(1) {
            Some(index) => Some(*Because::ALL.get(index)?),
            None => None,
        };
        let due = NextDue { at: moment(at), latest: moment(latest), because };
        Some(Self { print, is_kept: flags & 1 == 1, wake: moment(wake), due })
    }
}
