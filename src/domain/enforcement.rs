//! What the state knows of one restriction at its provider.

use std::collections::BTreeSet;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Action, Moment, Restriction, RuleId, Until};

/// One row of the state: what was promised last, and what is known to be held.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Enforcement {
    /// What is restricted.
    pub restriction: Restriction,
    /// The `until` last applied.
    pub until: Until,
    /// The reason last applied.
    pub reason: Option<Arc<str>>,
    /// The `id` of the entry that governed last, if it had one.
    pub entry: Option<Arc<str>>,
    /// What the provider holds; `None` when nothing is known to be held.
    pub held: Option<Held>,
    /// A call about it whose effect is unknown.
    pub doubt: Option<Doubt>,
    /// When the provider last said "not yet".
    pub waiting: Option<Moment>,
}

impl Enforcement {
    /// Whether somebody is restricted by this row, or may be.
    pub fn may_be_in_force(&self) -> bool {
        self.held.is_some() || self.doubt.is_some()
    }

    /// The latest end of what is held or may be; `None` if that is nothing.
    pub fn latest_end(&self) -> Option<Lapse> {
        let held = self.held.as_ref().map(|held| held.lapse);
        held.max(self.doubt.as_ref().map(|doubt| doubt.lapse))
    }

    /// Every `until` for which calls were made of which nobody knows what they made.
    pub fn asked(&self) -> impl Iterator<Item = Until> {
        let doubt = self.doubt.as_ref().map(|doubt| &doubt.asked);
        let twin = self.held.as_ref().and_then(|held| held.twin.as_ref()).map(|twin| &twin.asked);
        [doubt, twin].into_iter().flatten().flat_map(Untils::iter)
    }
}

/// What a provider is known to hold.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Held {
    /// When it was first imposed.
    pub since: Moment,
    /// When a call last wrote it: imposed, renewed, amended or kicked.
    pub written: Moment,
    /// When a list of the provider last showed it as it is recorded here; null if none did.
    pub seen: Option<Moment>,
    /// When it ends there by itself; null if it does not.
    #[schemars(with = "Option<Moment>")]
    pub lapse: Lapse,
    /// The provider's id of it; null where it makes none.
    pub rule: Option<RuleId>,
    /// How this is known.
    pub evidence: Evidence,
    /// A second rule that may stand beside this one; null if none may.
    pub twin: Option<Twin>,
}

/// A rule beside the known one, which an unanswered call may have made before that was made.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Twin {
    /// Since when it may stand.
    pub since: Moment,
    /// Every `until` for which a call was made that may have made it.
    pub asked: Untils,
}

/// Every `until` for which unanswered calls were made, each once, in order. None may be left out:
/// a rule that ends at one that was forgotten would be taken for somebody else's.
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Untils(Box<[Until]>);

impl Untils {
    /// The instants.
    pub fn iter(&self) -> impl Iterator<Item = Until> {
        self.0.iter().copied()
    }

    /// These, and one more.
    #[must_use]
    pub fn and(&self, until: Until) -> Self {
        self.iter().chain([until]).collect()
    }
}

impl FromIterator<Until> for Untils {
    fn from_iter<I: IntoIterator<Item = Until>>(asked: I) -> Self {
        Self(asked.into_iter().collect::<BTreeSet<_>>().into_iter().collect())
    }
}

/// When a restriction ends at the provider by itself.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Lapse {
    /// At this instant.
    At(Moment),
    /// It does not.
    Open,
}

impl Lapse {
    /// Whether it has ended at `now`.
    pub fn has_passed(self, now: Moment) -> bool {
        match self {
            Self::At(at) => at <= now,
            Self::Open => false,
        }
    }

    /// The instant, if it ends by itself.
    pub fn at(self) -> Option<Moment> {
        match self {
            Self::At(at) => Some(at),
            Self::Open => None,
        }
    }
}

impl From<Until> for Lapse {
    fn from(until: Until) -> Self {
        until.at().map_or(Self::Open, Self::At)
    }
}

impl From<Lapse> for Until {
    fn from(lapse: Lapse) -> Self {
        lapse.at().map_or(Self::Never, Self::At)
    }
}

impl Serialize for Lapse {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.at().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Lapse {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::deserialize(deserializer)?.map_or(Self::Open, Self::At))
    }
}

/// How we know what a provider holds.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Evidence {
    /// A call returned success.
    Acknowledged,
    /// A list showed it.
    Observed,
    /// A list showed a rule that matches what an unanswered call had asked for.
    Adopted,
}

impl Evidence {
    /// Every kind of evidence.
    pub const ALL: [Self; 3] = [Self::Acknowledged, Self::Observed, Self::Adopted];

    /// The name, as the state stores it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Acknowledged => "acknowledged",
            Self::Observed => "observed",
            Self::Adopted => "adopted",
        }
    }

    /// The evidence of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|evidence| evidence.name() == name)
    }
}

/// A call that was sent, or may have been, and whose effect nobody knows.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Doubt {
    /// What the call was to do.
    pub action: Action,
    /// When its intent was written.
    pub since: Moment,
    /// When what it may have made ends there by itself, the latest if there were several calls;
    /// null if it does not.
    #[schemars(with = "Option<Moment>")]
    pub lapse: Lapse,
    /// Every `until` for which a call was made.
    pub asked: Untils,
}

impl Doubt {
    /// The doubt about calls of any time ago, which asked for ends up to this one: what a state
    /// that was restored does not know.
    pub fn of_any_time(lapse: Lapse) -> Self {
        Self::new(Action::Impose, Moment::from_seconds(0), lapse.into(), lapse)
    }

    /// Whether it is about calls of any time ago.
    pub fn is_of_any_time(&self) -> bool {
        self.since == Moment::from_seconds(0)
    }

    /// The doubt about one call, made for this `until`.
    pub fn new(action: Action, since: Moment, until: Until, lapse: Lapse) -> Self {
        Self { action, since, lapse, asked: [until].into_iter().collect() }
    }

    /// The doubt about this call too, made for another `until`: what the earlier ones left open
    /// began then, and may still come to light.
    #[must_use]
    pub fn and(&self, action: Action, until: Until, lapse: Lapse) -> Self {
        let lapse = self.lapse.max(lapse);
        Self { action, since: self.since, lapse, asked: self.asked.and(until) }
    }
}
