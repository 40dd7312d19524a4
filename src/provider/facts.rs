//! Provider differences as data: what validation, planner, applier, schema and reference read.

use std::time::Duration;

use jiff::SignedDuration;

use super::IdRule;
use crate::domain::{Deny, Kind, Lapse, Moment, Until};

/// Everything about a provider that is not wire format.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "a table of facts: each is a real yes or no")]
pub struct Facts {
    /// The name, as in `provider:`.
    pub name: &'static str,
    /// The name as the provider writes it.
    pub title: &'static str,
    /// What a target must or may say about its app.
    pub settings: &'static [Setting],
    /// The credentials a target must name a source for.
    pub credentials: &'static [&'static str],
    /// The documented regions.
    pub regions: &'static [Region],
    /// The region of a target that names none; `None` where it must name one.
    pub default_region: Option<&'static str>,
    /// Further documented host names, which an `endpoint:` may name without leave.
    pub other_hosts: &'static [&'static str],
    /// What it can restrict, one capability a kind.
    pub capabilities: &'static [Capability],
    /// Whether one entry names subjects of one kind only.
    pub one_kind_per_entry: bool,
    /// Its documented rates.
    pub lanes: &'static [Lane],
    /// Whether a rate belongs to the account, shared by the apps in it, rather than to each app.
    pub rate_is_per_account: bool,
    /// Whether a target has a test environment to switch to.
    pub has_test_environment: bool,
    /// Whether a target may ask for its restrictions to be repeated from time to time, since
    /// they may vanish with their room.
    pub can_reassert: bool,
    /// How long a call that writes may take before its effect is in doubt.
    pub write_timeout: Duration,
    /// How long a call that reads may take.
    pub read_timeout: Duration,
}

impl Facts {
    /// The capability of this kind, if the provider can restrict such a thing.
    pub fn capability(&self, kind: Kind) -> Option<&'static Capability> {
        self.capabilities.iter().find(|capability| capability.kind == kind)
    }

    /// Whether this host is documented for the provider.
    pub fn documents_host(&self, host: &str) -> bool {
        self.regions.iter().any(|region| region.host == host) || self.other_hosts.contains(&host)
    }

    /// The highest documented rate, in calls per second.
    pub fn highest_rate(&self) -> u32 {
        self.lanes.iter().map(|lane| lane.per_second).max().unwrap_or(1)
    }
}

/// One line of a target about its app.
#[derive(Debug)]
pub struct Setting {
    /// The key in the config.
    pub name: &'static str,
    /// What it may hold.
    pub kind: SettingKind,
    /// Whether it is part of the app's identity, and so of the target's binding.
    pub identity: bool,
    /// What it is, for the schema.
    pub about: &'static str,
}

/// What a setting may hold.
#[derive(Clone, Copy, Debug)]
pub enum SettingKind {
    /// A whole number from 1 to this.
    Number(u64),
    /// Text of 1 to this many bytes of printable ASCII without blanks.
    Word(usize),
}

/// A documented region and the host that serves it.
#[derive(Debug)]
pub struct Region {
    /// The name, as in `region:`.
    pub name: &'static str,
    /// The host, always reached by HTTPS.
    pub host: &'static str,
}

/// A documented rate, for the calls that share it.
#[derive(Debug)]
pub struct Lane {
    /// What the calls of this lane are, for the reference's table.
    pub name: &'static str,
    /// Calls per second.
    pub per_second: u32,
    /// Calls per second in the test environment.
    pub per_second_in_test: u32,
}

/// How a provider restricts one kind of subject.
#[derive(PartialEq, Eq, Debug)]
pub struct Capability {
    /// The kind of subject.
    pub kind: Kind,
    /// Whether such a restriction names a room.
    pub room: Presence,
    /// The rule for ids of rooms.
    pub room_id: IdRule,
    /// The rule for ids of subjects.
    pub id: IdRule,
    /// Whether it reaches everybody there, so that an entry must say `wide: true`.
    pub wide: bool,
    /// What can be denied; nothing for a stream, which is stopped as a whole.
    pub deny: Deny,
    /// Whether the provider keeps the subject out or can only throw it out.
    pub mechanism: Mechanism,
    /// Whether it ends at the provider by itself.
    pub expiry: Expiry,
    /// What is done with a reason.
    pub reason: Option<ReasonRule>,
    /// How many subjects one call carries.
    pub batch: usize,
    /// The index of its rate in [`Facts::lanes`].
    pub lane: usize,
    /// What a list can prove.
    pub listing: Listing,
    /// What a repeated impose does.
    pub repeat: Repeat,
    /// How many a room can hold.
    pub quota: Option<Quota>,
}

impl Capability {
    /// Whether a call about this capability says in which room.
    pub fn names_room(&self) -> bool {
        self.room != Presence::Never
    }
}

/// Whether something must, may or cannot be there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Presence {
    /// It must be there.
    Required,
    /// It may be there.
    Optional,
    /// It cannot be there.
    Never,
}

/// Whether a restriction holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mechanism {
    /// The provider enforces it until it ends.
    Holds,
    /// The subject is thrown out once and may come back: repeated by kicks.
    Kicks,
}

/// Whether a restriction ends at the provider by itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Expiry {
    /// It stays until lifted.
    Open,
    /// It takes a duration in seconds, from `least` to `most`.
    Seconds {
        /// The shortest duration taken.
        least: i64,
        /// The longest duration asked for.
        most: i64,
    },
}

/// A duration for the wire, and the end it leads to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Term {
    /// The seconds to ask for; `None` where the provider takes no duration.
    pub seconds: Option<i64>,
    /// When the restriction then ends at the provider.
    pub lapse: Lapse,
}

impl Expiry {
    /// The duration to ask for at `now` so as to hold until `until`: rounded up, never less than
    /// the provider's least, never more than its most.
    pub fn term(self, until: Until, now: Moment) -> Term {
        match self {
            Self::Open => Term { seconds: None, lapse: Lapse::Open },
            Self::Seconds { least, most } => {
                let wanted = until.at().map_or(most, |at| now.seconds_to(at));
                let seconds = wanted.clamp(least, most);
                let lapse = Lapse::At(now + SignedDuration::from_secs(seconds));
                Term { seconds: Some(seconds), lapse }
            }
        }
    }

    /// The longest span one call can hold, if there is one.
    pub fn cap(self) -> Option<SignedDuration> {
        match self {
            Self::Open => None,
            Self::Seconds { most, .. } => Some(SignedDuration::from_secs(most)),
        }
    }
}

/// What a provider does with a reason.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ReasonRule {
    /// The longest reason, in bytes of UTF-8.
    pub max_bytes: usize,
    /// Whether it is sent along, so that a batch must have one.
    pub sent: bool,
    /// Whether it is kept with the restriction there, so that a changed reason is an amend.
    pub kept: bool,
}

/// What listing can prove.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Listing {
    /// There is no list.
    Never,
    /// One list per room; a row that is missing is not there.
    CompletePerRoom,
    /// One list per app; rows may be missing although they are in force.
    MayOmitPerApp,
}

/// What a repeated impose does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Repeat {
    /// Nothing new: safe at any time.
    Idempotent,
    /// Perhaps it moves the end, perhaps not: list afterwards and see.
    MayKeepOldEnd,
    /// It makes a second rule: look before repeating.
    Duplicates,
}

/// How many restrictions of one capability a room can hold.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Quota {
    /// The documented number; a target's `quota:` overrides it.
    pub per_room: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Expiry = Expiry::Seconds { least: 10, most: 86_400 };

    #[test]
    fn a_duration_is_rounded_up_and_kept_within_the_providers_limits() {
        let now = Moment::from_millis(1_000_500);
        let term = |seconds: i64| DAY.term(Until::At(Moment::from_seconds(1_000 + seconds)), now);
        assert_eq!(term(60).seconds, Some(60));
        assert_eq!(term(60).lapse, Lapse::At(Moment::from_millis(1_060_500)));
        assert_eq!(term(3).seconds, Some(10));
        assert_eq!(term(1_000_000).seconds, Some(86_400));
        assert_eq!(DAY.term(Until::Never, now).seconds, Some(86_400));
    }

    #[test]
    fn a_provider_without_expiry_is_asked_for_no_duration() {
        let term = Expiry::Open.term(Until::Never, Moment::from_seconds(0));
        assert_eq!(term, Term { seconds: None, lapse: Lapse::Open });
    }
}
