//! What a plan can do to a restriction, and why.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One change of one restriction.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Starts a restriction.
    Impose,
    /// Pushes out a lapse that the provider caps.
    Renew,
    /// Changes one in place: another `until`, another reason where the provider keeps one.
    Amend,
    /// Ends it at the provider.
    Lift,
    /// Repeats a kick, where a provider can only kick.
    Kick,
    /// Drops a row for which nothing is held at the provider any more, without a call.
    Forget,
}

impl Action {
    /// Every action, in the order of the plan's last line.
    pub const ALL: [Self; 6] =
        [Self::Impose, Self::Renew, Self::Amend, Self::Lift, Self::Kick, Self::Forget];

    /// The name, as in plans and in the audit log.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Impose => "impose",
            Self::Renew => "renew",
            Self::Amend => "amend",
            Self::Lift => "lift",
            Self::Kick => "kick",
            Self::Forget => "forget",
        }
    }

    /// The action of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.name() == name)
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Why an operation is planned.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Because {
    /// An entry asks for it and nothing was in force.
    NewEntry,
    /// No entry asks for it any more.
    EntryRemoved,
    /// Its `until` or `from` was changed.
    UntilChanged,
    /// Its reason was changed, and the provider keeps one.
    ReasonChanged,
    /// Its `until` has passed.
    Expired,
    /// The provider caps how long it can hold, and the end of that comes near.
    RenewalDue,
    /// The provider can only kick, and the last kick is long enough ago.
    RekickDue,
    /// The target asks for its restrictions to be repeated from time to time.
    ReassertDue,
    /// Its subject is protected.
    Protected,
    /// A call about it was sent and nobody knows whether it took effect.
    InDoubt,
    /// It was gone at the provider.
    Recovered,
    /// Somebody ordered it, ahead of a review.
    Ordered,
}

impl Because {
    /// The reason in a few words, for the column "why" of a plan.
    pub const fn words(self) -> &'static str {
        match self {
            Self::NewEntry => "new entry",
            Self::EntryRemoved => "entry removed",
            Self::UntilChanged => "until changed",
            Self::ReasonChanged => "reason changed",
            Self::Expired => "expired",
            Self::RenewalDue => "renewal due",
            Self::RekickDue => "kick due again",
            Self::ReassertDue => "due to be reasserted",
            Self::Protected => "protected",
            Self::InDoubt => "in doubt",
            Self::Recovered => "gone at the provider",
            Self::Ordered => "ordered",
        }
    }

    /// Every reason.
    pub const ALL: [Self; 12] = [
        Self::NewEntry,
        Self::EntryRemoved,
        Self::UntilChanged,
        Self::ReasonChanged,
        Self::Expired,
        Self::RenewalDue,
        Self::RekickDue,
        Self::ReassertDue,
        Self::Protected,
        Self::InDoubt,
        Self::Recovered,
        Self::Ordered,
    ];

    /// The name, as in JSON plans and in the audit log.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NewEntry => "new_entry",
            Self::EntryRemoved => "entry_removed",
            Self::UntilChanged => "until_changed",
            Self::ReasonChanged => "reason_changed",
            Self::Expired => "expired",
            Self::RenewalDue => "renewal_due",
            Self::RekickDue => "rekick_due",
            Self::ReassertDue => "reassert_due",
            Self::Protected => "protected",
            Self::InDoubt => "in_doubt",
            Self::Recovered => "recovered",
            Self::Ordered => "ordered",
        }
    }
}

impl fmt::Display for Because {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
