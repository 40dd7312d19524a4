//! Failures as data: what a provider refused, and what never came back.

use std::time::Duration;

use crate::domain::Id;

/// A provider's answer that is not a success.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fault {
    /// What to do about it.
    pub class: Class,
    /// The provider's code, as it writes it; `HTTP 502` where there is no other.
    pub code: String,
    /// Whether that is the provider's own code, not that of HTTP.
    pub has_own_code: bool,
    /// The provider's message. Written by strangers: escape it for the place it is printed.
    pub message: String,
    /// The provider's id of the request, for its support.
    pub request_id: Option<String>,
    /// The subject that the answer blames, where it names one.
    pub culprit: Option<Id>,
}

/// What to do about a fault.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Class {
    /// What was asked for is so already: done.
    AlreadySo,
    /// It may have taken effect or not: repeat, where a repeat is safe.
    Retry,
    /// It did not take effect; come again after a pause.
    Throttled {
        /// The pause the provider asks for, if it says.
        after: Option<Duration>,
    },
    /// It did not take effect, and is worth one more try, signed afresh.
    SignAgain,
    /// Not yet for some subject of the call: it never entered the room.
    Wait,
    /// Not yet for the whole call: the room does not exist.
    WaitForRoom,
    /// The rule to renew is gone: make it again.
    RuleGone,
    /// Something in the call is refused: find out which subject, and drop that one.
    Refuse,
    /// The call is refused whoever is in it, because of its room.
    RefuseRoom,
    /// The room can hold no more.
    Quota,
    /// Nothing at this target can succeed.
    Stop {
        /// What a person can do about it.
        hint: &'static str,
    },
}

impl Class {
    /// The class in a word or two, for the journal.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::AlreadySo => "already so",
            Self::Retry => "retry",
            Self::Throttled { after: _ } => "throttled",
            Self::SignAgain => "sign again",
            Self::Wait => "wait",
            Self::WaitForRoom => "wait for room",
            Self::RuleGone => "rule gone",
            Self::Refuse => "refuse",
            Self::RefuseRoom => "refuse room",
            Self::Quota => "quota",
            Self::Stop { hint: _ } => "stop",
        }
    }
}

/// Why a request brought no answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum NoAnswer {
    /// It never left: repeating is safe.
    NotSent(String),
    /// It never left, since this machine lacks handles: no word about the provider.
    Starved(String),
    /// It was sent, or may have been: its effect is in doubt.
    Unknown(String),
}

impl NoAnswer {
    /// Why, in words.
    pub fn why(&self) -> &str {
        let (Self::NotSent(why) | Self::Starved(why) | Self::Unknown(why)) = self;
        why
    }
}
