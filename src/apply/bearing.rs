//! What an answer says about whether its call took effect.

use super::retry_policy::{Answer, Refused};
use crate::provider::{Call, FaultKind, NoAnswer, Verb};

/// What an answer, or the want of one, says about whether the call took effect.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Bearing {
    /// It did, or what was asked for was so already.
    Proof,
    /// It may have.
    MayHaveTakenEffect,
    /// It did not.
    Refused,
    /// As a whole it did not.
    RefusedTogether,
    /// Nothing: it was not looked at.
    Silent,
}

impl Bearing {
    /// What an answer says about its call.
    pub fn of(call: &Call, answer: &Answer) -> Self {
        let fault = match answer {
            _ if matches!(call.verb, Verb::List) => return Self::Silent,
            Ok(_) => return Self::Proof,
            Err(Refused::NoAnswer(NoAnswer::NotSent(_) | NoAnswer::Starved(_))) => {
                return Self::Silent;
            }
            Err(Refused::NoAnswer(NoAnswer::Unknown(_))) => return Self::MayHaveTakenEffect,
            Err(Refused::Fault(fault)) => fault,
        };
        match &fault.kind {
            FaultKind::AlreadySo => Self::Proof,
            FaultKind::RuleGone if call.verb == Verb::Lift => Self::Proof,
            FaultKind::Retry => Self::MayHaveTakenEffect,
            FaultKind::Throttled | FaultKind::SignAgain | FaultKind::Stop { hint: _ } => {
                Self::Silent
            }
            FaultKind::Wait | FaultKind::Refuse if call.items.len() > 1 => Self::RefusedTogether,
            // What is said of the room or the rule is said of the whole call.
            FaultKind::WaitForRoom
            | FaultKind::RefuseRoom
            | FaultKind::Quota
            | FaultKind::RuleGone
            | FaultKind::Wait
            | FaultKind::Refuse => Self::Refused,
        }
    }
}

/// Calls and answers of every kind.
#[cfg(test)]
pub(super) mod samples {
    use super::*;
    use crate::domain::{Deny, Id, Kind, Until};
    use crate::provider::{Cursor, Effect, Fault, Item, Reply};

    pub(in crate::apply) fn call(verb: Verb, items: usize) -> Call {
        let item = |number: usize| Item { id: Id::new(format!("u{number}")), rule: None };
        let (kind, deny, until) = (Kind::User, Deny::JOIN, Until::Never);
        let items = (0..items).map(item).collect();
        Call { verb, kind, room: None, deny, reason: None, until, items, cursor: Cursor::START }
    }

    pub(in crate::apply) fn fault(kind: FaultKind, culprit: Option<&str>) -> Answer {
        Answer::Err(Refused::Fault(Fault {
            kind,
            code: "1".into(),
            has_own_code: true,
            message: String::new(),
            request_id: None,
            culprit: culprit.map(Id::new),
            after: 0,
        }))
    }

    pub(in crate::apply) fn silence() -> Answer {
        Answer::Err(Refused::NoAnswer(NoAnswer::Unknown("reset".into())))
    }

    pub(in crate::apply) fn not_sent() -> Answer {
        Answer::Err(Refused::NoAnswer(NoAnswer::NotSent("refused".into())))
    }

    pub(in crate::apply) const DONE: Answer = Ok(Reply { effect: Effect::Done, request_id: None });

    pub(in crate::apply) const LIST: Verb = Verb::List;
    pub(in crate::apply) const THROTTLED: FaultKind = FaultKind::Throttled;
    pub(in crate::apply) const STOP: FaultKind = FaultKind::Stop { hint: "" };
}

#[cfg(test)]
mod tests {
    use super::samples::{DONE, LIST, STOP, THROTTLED, call, fault, not_sent, silence};
    use super::*;

    #[test]
    fn only_an_answer_about_the_call_itself_says_whether_it_took_effect() {
        use Bearing::{MayHaveTakenEffect, Proof, Refused, RefusedTogether, Silent};
        for (answer, of_one, of_many) in [
            (DONE, Proof, Proof),
            (silence(), MayHaveTakenEffect, MayHaveTakenEffect),
            (not_sent(), Silent, Silent),
            (fault(FaultKind::AlreadySo, None), Proof, Proof),
            (fault(FaultKind::Retry, None), MayHaveTakenEffect, MayHaveTakenEffect),
            (fault(THROTTLED, None), Silent, Silent),
            (fault(FaultKind::SignAgain, None), Silent, Silent),
            (fault(STOP, None), Silent, Silent),
            (fault(FaultKind::Wait, None), Refused, RefusedTogether),
            (fault(FaultKind::Refuse, Some("u1")), Refused, RefusedTogether),
            (fault(FaultKind::WaitForRoom, None), Refused, Refused),
            (fault(FaultKind::RefuseRoom, None), Refused, Refused),
            (fault(FaultKind::Quota, None), Refused, Refused),
        ] {
            for verb in [Verb::Impose, Verb::Renew, Verb::Lift] {
                assert_eq!(Bearing::of(&call(verb, 1), &answer), of_one, "{verb:?} {answer:?}");
                assert_eq!(Bearing::of(&call(verb, 3), &answer), of_many, "{verb:?} {answer:?}");
            }
            // A list changes nothing, whatever becomes of it.
            assert_eq!(Bearing::of(&call(LIST, 0), &answer), Silent, "{answer:?}");
        }
        // That a rule is gone is what a lift wants.
        for (verb, expected) in
            [(Verb::Impose, Refused), (Verb::Renew, Refused), (Verb::Lift, Proof), (LIST, Silent)]
        {
            let answer = fault(FaultKind::RuleGone, None);
            assert_eq!(Bearing::of(&call(verb, 1), &answer), expected, "{verb:?}");
        }
    }
}
