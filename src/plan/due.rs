//! When there will be something to do again.

use jiff::SignedDuration;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::term::{CLOCK_TOLERANCE, Timing};
use crate::domain::{Because, Moment};

/// When the next run is due.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct NextDue {
    /// When a plan will next hold something other than a re-kick.
    pub at: Option<Moment>,
    /// When something wanted lapses, or an end is overdue, unless a run comes first.
    pub latest: Option<Moment>,
    /// Why there is something to do at `at`.
    pub because: Option<Because>,
}

impl NextDue {
    /// Nothing is due, ever.
    pub const NEVER: Self = Self { at: None, latest: None, because: None };

    /// The earlier of two.
    #[must_use]
    pub fn min(self, other: Self) -> Self {
        let dates = [self, other];
        let at = dates.iter().filter_map(|due| due.at.zip(due.because)).min();
        Self {
            at: at.map(|(at, _)| at),
            latest: dates.iter().filter_map(|due| due.latest).min(),
            because: at.map(|(_, because)| because),
        }
    }
}

/// By so much a provider that takes seconds may end something late.
const WHOLE_SECOND: SignedDuration = SignedDuration::from_secs(1);

/// The dates seen so far; keeps the earliest.
#[derive(Debug)]
pub(super) struct DueDates {
    now: Moment,
    at: Option<(Moment, Because)>,
    latest: Option<Moment>,
    wake: Option<Moment>,
}

impl DueDates {
    pub(super) fn new(now: Moment) -> Self {
        Self { now, at: None, latest: None, wake: None }
    }

    /// An entry starts to want something, or to want it otherwise.
    pub(super) fn starts(&mut self, at: Moment, because: Because) {
        self.at(at, because);
    }

    /// Something is held and wanted.
    pub(super) fn timing(&mut self, timing: &Timing<'_>) {
        if let Some(until) = timing.until.at() {
            self.earliest(until, Because::Expired);
            // What is asked for in whole seconds ends by itself within the second after.
            let lapse = timing.held.lapse.at();
            let ends_itself = |end: &Moment| *end >= until && *end - until <= CLOCK_TOLERANCE;
            let ended = lapse.filter(ends_itself).map(|end| end.max(until + WHOLE_SECOND));
            self.wake = earlier(self.wake, ended.or(Some(until)));
        }
        if let Some(at) = timing.reassert_at() {
            self.at(at, Because::ReassertDue);
        }
        self.wake = earlier(self.wake, timing.rekick_at());
        match (timing.renewal_at(), timing.held.lapse.at()) {
            (Some(at), lapse) => {
                self.at(at, Because::RenewalDue);
                self.latest(lapse);
            }
            // Nothing ends it but a lift at `until`; a kick leaves nothing to lift.
            (None, None) if timing.rekick_at().is_none() => self.latest(timing.until.at()),
            // The provider holds it for longer than wanted: that too must be lifted at `until`.
            (None, Some(lapse)) => {
                let until = timing.until.at();
                self.latest(until.filter(|until| *until + CLOCK_TOLERANCE < lapse));
            }
            (None, None) => {}
        }
    }

    /// When whoever keeps time has something to do.
    pub(super) fn next_wake(&self) -> Option<Moment> {
        self.wake
    }

    pub(super) fn next_due(&self) -> NextDue {
        NextDue {
            at: self.at.map(|(at, _)| at),
            latest: self.latest,
            because: self.at.map(|(_, because)| because),
        }
    }

    fn at(&mut self, at: Moment, because: Because) {
        self.earliest(at, because);
        self.wake = earlier(self.wake, Some(at));
    }

    fn earliest(&mut self, at: Moment, because: Because) {
        let candidate = (at.max(self.now), because);
        self.at = Some(self.at.map_or(candidate, |earliest| earliest.min(candidate)));
    }

    fn latest(&mut self, latest: Option<Moment>) {
        self.latest = earlier(self.latest, latest);
    }
}

/// The earlier of two instants, if there is any.
fn earlier(one: Option<Moment>, other: Option<Moment>) -> Option<Moment> {
    one.into_iter().chain(other).min()
}
