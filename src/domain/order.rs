//! What a person ordered, ahead of a review.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Deny, Id, Kind, Moment, Restriction, Subject, TargetName, Until, Wanted, Who};

/// An order: a ban that no file asks for yet, or a lift of what the files still ask for (design
/// §8). It stands until its time has come, somebody withdraws it, or the files say the same.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(description = "A ban or a lift that a person ordered, ahead of a review.")]
pub struct Order {
    /// Its id.
    pub id: Arc<str>,
    /// What is ordered.
    pub kind: OrderKind,
    /// The target.
    #[schemars(with = "String")]
    pub target: TargetName,
    /// The room; null for the whole app.
    #[schemars(with = "Option<String>")]
    pub room: Option<Id>,
    /// Whom it is about.
    pub subjects: Vec<Subject>,
    /// What a ban denies; null of a lift, which is about all of it, and of a stream.
    #[schemars(with = "Option<Vec<String>>")]
    pub deny: Deny,
    /// Until when it stands.
    pub until: Moment,
    /// Why: of a ban the reason, as the provider may be told.
    pub why: Arc<str>,
    /// What it says for people.
    pub meta: BTreeMap<String, String>,
    /// When it was given.
    pub given: Moment,
    /// By whom.
    pub by: Who,
    /// How it ended; null while it stands.
    pub ended: Option<OrderEnd>,
}

/// What is ordered.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OrderKind {
    /// That the subjects be banned.
    Ban,
    /// That they be let in, whatever the files say.
    Lift,
}

impl OrderKind {
    /// The name, as on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ban => "ban",
            Self::Lift => "lift",
        }
    }
}

impl fmt::Display for OrderKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How an order ended.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct OrderEnd {
    /// When.
    pub at: Moment,
    /// How.
    pub how: OrderFate,
    /// Why it was withdrawn; null otherwise.
    pub why: Option<String>,
}

/// How an order ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OrderFate {
    /// Its time has come.
    Expired,
    /// Somebody took it back.
    Withdrawn,
    /// The files say the same.
    Absorbed,
}

impl OrderFate {
    /// The name, as in the audit log.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Expired => "expired",
            Self::Withdrawn => "withdrawn",
            Self::Absorbed => "absorbed",
        }
    }
}

impl fmt::Display for OrderFate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Order {
    /// Whether it stands at `now`.
    pub fn stands(&self, now: Moment) -> bool {
        self.ended.is_none() && now < self.until
    }

    /// Whether a restriction is of one of its subjects in its place, whatever it denies.
    pub fn is_about(&self, restriction: &Restriction) -> bool {
        let Restriction { target, room, subject, deny: _ } = restriction;
        *target == self.target && *room == self.room && self.subjects.contains(subject)
    }

    /// The restrictions that it is about; a lift is about what they deny as well as about any
    /// other.
    pub fn restrictions(&self) -> impl Iterator<Item = Restriction> {
        self.subjects.iter().map(|subject| Restriction {
            target: self.target.clone(),
            room: self.room.clone(),
            subject: subject.clone(),
            deny: self.deny,
        })
    }

    /// What a ban wants, as an entry would.
    pub fn wanted(&self) -> Vec<Wanted> {
        let mut by_kind: BTreeMap<Kind, Vec<Id>> = BTreeMap::new();
        for Subject { kind, id } in &self.subjects {
            by_kind.entry(*kind).or_default().push(id.clone());
        }
        let wanted = |(kind, mut ids): (Kind, Vec<Id>)| {
            ids.sort();
            ids.dedup();
            Wanted {
                target: self.target.clone(),
                room: self.room.clone(),
                kind,
                ids,
                deny: self.deny,
                from: None,
                until: Until::At(self.until),
                reason: Some(Arc::clone(&self.why)),
                entry: None,
                source: None,
                order: Some(Arc::clone(&self.id)),
            }
        };
        by_kind.into_iter().map(wanted).collect()
    }
}
