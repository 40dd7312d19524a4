//! A call before it is written for the wire, and its answer after it was read.

use std::sync::Arc;

use super::fault::cut_id;
use super::{Capability, Mechanism};
use crate::domain::{Deny, Id, Kind, Lapse, Moment, RuleId, Until};

/// One HTTP request's worth of work at one target.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Call {
    /// What the call does.
    pub verb: Verb,
    /// The kind of its subjects.
    pub kind: Kind,
    /// The room of all its subjects, where they have one.
    pub room: Option<Id>,
    /// What is denied to all its subjects.
    pub deny: Deny,
    /// The reason told to the provider, where it takes one.
    pub reason: Option<Arc<str>>,
    /// Until when; turned into a duration when the call is written for the wire.
    pub until: Until,
    /// Its subjects: at most as many as the batch of its capability. Empty for a list.
    pub items: Vec<Item>,
    /// Where the page of a list starts, as the [`Page::next`] of an earlier one said.
    pub cursor: Cursor,
}

impl Call {
    /// What the provider is told by a call that is sent at `now`, in words; whom it is about stands
    /// beside them.
    pub fn words(&self, capability: &Capability, now: Moment) -> String {
        let denied = match self.deny {
            Deny::NOTHING => "forbid".to_owned(),
            Deny::JOIN => "ban".to_owned(),
            deny => format!("deny {}", deny.names().collect::<Vec<_>>().join(", ")),
        };
        let term = capability.expiry.term(self.until, now).seconds;
        let span = term.map(|seconds| format!(" for {seconds} s")).unwrap_or_default();
        let what = match (self.verb, capability.mechanism) {
            (Verb::Impose, Mechanism::Kicks) => "kick".to_owned(),
            (Verb::Impose, Mechanism::Holds) => format!("{denied}{span}"),
            (Verb::Renew, _) => format!("{denied}{span} more"),
            (Verb::Lift, _) => "lift".to_owned(),
            (Verb::List, _) => "list".to_owned(),
        };
        let is_told = capability.reason.is_some_and(|rule| rule.sent) && self.verb == Verb::Impose;
        match self.reason.as_deref().filter(|_| is_told) {
            Some(reason) => format!("{what}, because: {reason}"),
            None => what,
        }
    }
}

/// One subject of a call.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Item {
    /// The subject's id.
    pub id: Id,
    /// The provider's id of the rule, for a renewal or lift of a rule the provider numbers.
    pub rule: Option<RuleId>,
}

/// What a call does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verb {
    /// Starts restrictions, or starts them anew; a kick where the provider can only kick.
    Impose,
    /// Moves the end of a rule that the provider numbers.
    Renew,
    /// Ends restrictions.
    Lift,
    /// Reads one page of what is in force: in `room` where lists are per room, else in the app.
    List,
}

/// Where a page of a list starts: at the start, or at a token that only its provider understands.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Cursor(Option<Arc<str>>);

impl Cursor {
    /// The start of a list.
    pub const START: Self = Self(None);

    /// Where this token leads.
    pub fn new(token: impl Into<Arc<str>>) -> Self {
        Self(Some(token.into()))
    }

    /// The token, unless it is the start.
    pub fn token(&self) -> Option<&str> {
        self.0.as_deref()
    }

    /// What a provider that counts its rows or pages made a token of; 0 at the start.
    pub fn number(&self) -> u64 {
        self.token().and_then(|token| token.parse().ok()).unwrap_or(0)
    }
}

impl From<u64> for Cursor {
    fn from(number: u64) -> Self {
        Self::new(number.to_string())
    }
}

/// The answer to a call that succeeded.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reply {
    /// What came of it.
    pub effect: Effect,
    /// The provider's id of the request, for its support.
    pub request_id: Option<String>,
}

impl Reply {
    /// The same, with no id longer than one is.
    #[must_use]
    pub fn cut(self) -> Self {
        Self { request_id: self.request_id.map(cut_id), ..self }
    }
}

/// What came of a call that succeeded.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Effect {
    /// It was done.
    Done,
    /// A rule was made, with this id.
    Created(RuleId),
    /// The rule now ends at this instant, as the provider reckons.
    Ends(Moment),
    /// A page of a list.
    Page(Page),
}

/// One page of a list.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Page {
    /// What is in force, as far as this page goes; may include rows whose end has passed.
    pub rows: Vec<Listed>,
    /// Where the next page starts; `None` after the last one.
    pub next: Option<Cursor>,
}

/// One restriction as a provider lists it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Listed {
    /// The kind of its subject.
    pub kind: Kind,
    /// The subject's id.
    pub id: Id,
    /// The room, where it has one.
    pub room: Option<Id>,
    /// What is denied.
    pub deny: Deny,
    /// When it ends there by itself.
    pub lapse: Lapse,
    /// The provider's id of it, where it makes one.
    pub rule: Option<RuleId>,
    /// When it was made, where the list says so.
    pub created: Option<Moment>,
}
