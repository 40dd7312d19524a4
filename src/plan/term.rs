//! The rules of time: what is due for a restriction that is held and still wanted.

use jiff::SignedDuration;

use crate::domain::{Because, Held, Lapse, Moment, Until};
use crate::provider::{Capability, Expiry, Target};

/// How far a provider's clock may be from ours: a target further off stops (design §3). An end
/// the provider reports within this of what was asked is the end that was asked.
pub const CLOCK_TOLERANCE: SignedDuration = SignedDuration::from_secs(60);

/// A restriction that is held at a target, and until when it is wanted.
#[derive(Clone, Copy, Debug)]
pub struct Timing<'a> {
    /// The target.
    pub target: &'a Target,
    /// How its provider restricts such a thing.
    pub capability: &'static Capability,
    /// What is held.
    pub held: &'a Held,
    /// Until when it is wanted.
    pub until: Until,
}

impl Timing<'_> {
    /// What time alone asks for at `now`, if anything.
    pub fn due(&self, now: Moment) -> Option<Because> {
        // What was written by a clock that was ahead is not waited for.
        let ahead = self.held.written - now > CLOCK_TOLERANCE;
        let reached = |at: Option<Moment>| at.is_some_and(|at| at <= now || ahead);
        if self.renewal_at().is_some_and(|at| at <= now) {
            Some(Because::RenewalDue)
        } else if reached(self.rekick_at()) {
            Some(Because::RekickDue)
        } else if reached(self.reassert_at()) {
            Some(Because::ReassertDue)
        } else {
            None
        }
    }

    /// When it must be renewed: `None` when the provider holds it to the end.
    pub fn renewal_at(&self) -> Option<Moment> {
        match self.held.lapse {
            Lapse::Open => None,
            Lapse::At(_) if self.holds_to_the_end() => None,
            Lapse::At(lapse) => Some(lapse - self.target.renew_before(self.capability)),
        }
    }

    /// When it must be kicked again; `None` where the provider holds.
    pub fn rekick_at(&self) -> Option<Moment> {
        Some(self.held.written + self.target.rekick_every(self.capability)?)
    }

    /// When it is to be repeated; `None` where the target does not ask for it.
    pub fn reassert_at(&self) -> Option<Moment> {
        Some(self.held.written + self.target.options.reassert_every?)
    }

    /// Whether another `until` needs no call: nothing at the provider ends too late, and what
    /// ends too early will be renewed in its time.
    pub fn needs_no_call(&self, now: Moment) -> bool {
        match self.held.lapse {
            Lapse::Open => true,
            Lapse::At(lapse) => match self.until.at() {
                Some(until) if lapse >= until => lapse == until,
                // An end that is early only within the tolerance is never renewed: the edit itself
                // must reach the provider.
                Some(_) | None => self.renewal_at().is_some_and(|at| at > now),
            },
        }
    }

    /// Whether the last call asked for the whole of what is wanted, and got it.
    ///
    /// Both must be true: a provider whose clock is a little off reports an end a little off, and
    /// a capped call may by chance end just before `until`.
    fn holds_to_the_end(&self) -> bool {
        let (Expiry::Seconds { most, .. }, Until::At(until)) = (self.capability.expiry, self.until)
        else {
            return false;
        };
        let asked = self.held.written + SignedDuration::from_secs(most) >= until;
        asked && self.held.lapse.at().is_none_or(|lapse| lapse + CLOCK_TOLERANCE >= until)
    }
}
