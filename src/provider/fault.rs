//! Failures as data: what a provider refused, and what never came back.

use crate::domain::Id;

/// A provider's answer that is not a success.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fault {
    /// What to do about it.
    pub kind: FaultKind,
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
    /// The pause that the provider asks for, in seconds.
    pub after: u32,
}

/// The longest message that is kept of an answer, in characters: a page of text.
const LONGEST_MESSAGE: usize = 2000;

/// The longest code or id that is kept of an answer, in characters.
const LONGEST_ID: usize = 200;

impl Fault {
    /// The same, with no text longer than a person would read.
    #[must_use]
    pub fn cut(self) -> Self {
        Self {
            code: cut_id(self.code),
            message: cut(self.message, LONGEST_MESSAGE),
            request_id: self.request_id.map(cut_id),
            ..self
        }
    }
}

/// An id that an answer gives, unless it is too long for one.
pub(super) fn cut_id(id: String) -> String {
    cut(id, LONGEST_ID)
}

fn cut(mut text: String, most: usize) -> String {
    if let Some((end, _)) = text.char_indices().nth(most) {
        text.truncate(end);
        text.push('…');
    }
    text
}

/// What to do about a fault.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum FaultKind {
    /// What was asked for is so already: done.
    AlreadySo,
    /// It may have taken effect or not: repeat, where a repeat is safe.
    Retry,
    /// It did not take effect; come again after a pause.
    Throttled,
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

impl FaultKind {
    /// The kind in a word or two, for the journal.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::AlreadySo => "already so",
            Self::Retry => "retry",
            Self::Throttled => "throttled",
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_of_an_answer_is_longer_than_a_person_would_read() {
        let fault = |length: usize| Fault {
            kind: FaultKind::Refuse,
            code: "é".repeat(length),
            message: "é".repeat(length),
            request_id: Some("é".repeat(length)),
            culprit: None,
            after: 0,
            has_own_code: true,
        };
        assert_eq!(fault(200).cut(), fault(200));
        let lengths = |fault: Fault| {
            [fault.code, fault.message, fault.request_id.unwrap()].map(|text| text.chars().count())
        };
        assert_eq!(lengths(fault(2000).cut()), [201, 2000, 201]);
        assert_eq!(lengths(fault(3_000_000).cut()), [201, 2001, 201]);
    }
}
