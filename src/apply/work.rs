//! A call, the operations it carries, and what its attempts have left open so far.
//!
//! What is open belongs to the operations, not to the loop around a call: it goes along into every
//! part of a split, and only an answer that proves something, or a list, ends it. So no refusal, no
//! stopped target and no deadline can make a ban that may stand look like one that does not.

use super::bearing::Bearing;
use super::outcome::{Failure, Fate};
use super::records;
use crate::domain::{Doubt, Moment, RuleId};
use crate::plan::Operation;
use crate::provider::{Call, Capability, Cursor, Verb};

/// A call and the operations it carries, in the order of its items.
#[derive(Clone, Debug)]
pub struct Work {
    /// The call.
    pub call: Call,
    /// The operations, by their index in the plan.
    pub operations: Vec<usize>,
    open: Option<Open>,
    /// Rules that the provider said are gone: lists may go on showing them.
    gone: Vec<RuleId>,
}

/// What the attempts of this run have left open about a piece of work.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Open {
    /// When the intent of the first attempt that left it open was written.
    since: Moment,
    how: How,
    /// What that attempt brought.
    failure: Failure,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum How {
    /// No answer came: all of it may have taken effect.
    Unanswered,
    /// It was refused together with others. Whether some of them took effect all the same is not
    /// documented (tencent.md, read August 2026); the next answer to one alone tells.
    RefusedTogether,
}

impl Work {
    /// Work that was not tried yet in this run.
    pub fn new(call: Call, operations: Vec<usize>) -> Self {
        Self { call, operations, open: None, gone: Vec::new() }
    }

    /// Keeps only the items whose operations `keep` says yes to.
    pub fn retain(&mut self, keep: impl Fn(usize) -> bool) {
        let kept: Vec<bool> = self.operations.iter().map(|index| keep(*index)).collect();
        let mut keeps = kept.iter().copied();
        self.operations.retain(|_| keeps.next().unwrap_or(true));
        let mut keeps = kept.iter().copied();
        self.call.items.retain(|_| keeps.next().unwrap_or(true));
    }

    /// The part of the work from `start` to before `end`.
    #[must_use]
    pub fn part(&self, start: usize, end: usize) -> Self {
        let call = Call {
            items: self.call.items.get(start..end).unwrap_or_default().to_vec(),
            cursor: Cursor::START,
            ..self.call.clone()
        };
        let operations = self.operations.get(start..end).unwrap_or_default().to_vec();
        Self { call, operations, open: self.open.clone(), gone: self.gone.clone() }
    }

    /// Notes what an attempt, whose intent was written at `since`, says about the work.
    pub fn learn(&mut self, bearing: Bearing, since: Moment, failure: impl FnOnce() -> Failure) {
        let how = match bearing {
            Bearing::MayHaveTakenEffect => How::Unanswered,
            Bearing::RefusedTogether => How::RefusedTogether,
            Bearing::Refused => return self.refused(),
            Bearing::Silent | Bearing::Proof => return,
        };
        let earlier = self.open.as_ref();
        if earlier.is_none_or(|open| how == How::Unanswered && open.how != how) {
            let since = earlier.map_or(since, |open| open.since);
            self.open = Some(Open { since, how, failure: failure() });
        }
    }

    /// Makes anew what the provider said is gone.
    pub fn recreate(&mut self) {
        self.call.verb = Verb::Impose;
        self.gone.extend(self.call.items.iter_mut().filter_map(|item| item.rule.take()));
    }

    /// Whether the provider said that a rule is gone.
    pub fn is_gone(&self, rule: &RuleId) -> bool {
        self.gone.contains(rule)
    }

    /// The provider refused just this: what it refused together with others it did not do.
    pub fn refused(&mut self) {
        self.open = self.open.take().filter(|open| open.how == How::Unanswered);
    }

    /// Whether some of it may have taken effect without anybody knowing.
    pub fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// Since when it may have taken effect without an answer, if it may.
    pub fn unanswered_since(&self) -> Option<Moment> {
        self.open.as_ref().filter(|open| open.how == How::Unanswered).map(|open| open.since)
    }

    /// How one of its operations ends that did not take effect as far as the last answer goes, or
    /// without one: what is open stays in doubt, and so does what an earlier run left so.
    pub fn end(&self, operation: &Operation, fate: Fate, failure: Option<&Failure>) -> End {
        match (&self.open, &operation.doubted, fate) {
            (Some(open), _, _) => End::in_doubt(open.told_with(failure)),
            (None, Some(_), Fate::Waiting | Fate::Failed | Fate::Dropped | Fate::InDoubt) => {
                End::in_doubt(told_with_earlier(failure))
            }
            (None, _, _) => End { fate, failure: failure.cloned() },
        }
    }

    /// How its operations end if nothing more is sent: what was not begun says so.
    pub fn leave(&self, fate: Fate, failure: &Failure) -> End {
        match &self.open {
            Some(open) => End::in_doubt(open.told_with(Some(failure))),
            None => End { fate, failure: Some(failure.clone()) },
        }
    }

    /// The doubt about one of its operations when an attempt is made at `now`: what earlier
    /// attempts of this and of other runs left open, and that attempt itself.
    pub fn doubt(&self, operation: &Operation, capability: &Capability, now: Moment) -> Doubt {
        let (action, until) = (operation.action, operation.until);
        let lapse = |at| records::asked_end(operation, capability, at);
        let first = |at| Doubt::new(action, at, until, lapse(at));
        let open = self.open.as_ref().map(|open| first(open.since));
        match operation.doubted.as_ref().or(open.as_ref()) {
            Some(earlier) => earlier.and(action, until, lapse(now)),
            None => first(now),
        }
    }
}

/// How an operation ends that is not done: what is written down about it. Only [`Work`] makes
/// one, which knows what is open.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct End {
    fate: Fate,
    failure: Option<Failure>,
}

impl End {
    fn in_doubt(failure: Failure) -> Self {
        Self { fate: Fate::InDoubt, failure: Some(failure) }
    }

    /// The fate, and why.
    pub fn parts(&self) -> (Fate, Option<&Failure>) {
        (self.fate, self.failure.as_ref())
    }

    /// The same, by value.
    pub fn into_parts(self) -> (Fate, Option<Failure>) {
        (self.fate, self.failure)
    }
}

impl Open {
    /// What is wrong, in the words of the last answer and of the one that never came.
    fn told_with(&self, last: Option<&Failure>) -> Failure {
        let earlier = match self.how {
            How::Unanswered => "an earlier attempt was not answered",
            How::RefusedTogether => "a batch that held it was refused",
        };
        let Some(last) = last.filter(|last| **last != self.failure) else {
            return self.failure.clone();
        };
        let error = format!("{}; {earlier} ({})", last.error, self.failure.error);
        Failure { error, ..last.clone() }
    }
}

/// What is wrong with an operation that was in doubt before, in the words of the last answer too.
fn told_with_earlier(last: Option<&Failure>) -> Failure {
    let earlier = "it was in doubt before this run";
    match last {
        Some(last) => Failure { error: format!("{}; {earlier}", last.error), ..last.clone() },
        None => Failure { error: earlier.to_owned(), code: None, request_id: None },
    }
}

#[cfg(test)]
mod tests {
    use super::super::bearing::samples::{DONE, STOP, THROTTLED, call, fault, not_sent, silence};
    use super::super::retry_policy::Answer;
    use super::*;
    use crate::domain::{
        Action, Because, Deny, Id, Kind, Lapse, Restriction, Subject, TargetName, Until,
    };
    use crate::plan::Means;
    use crate::provider::FaultKind;

    const THEN: Moment = Moment::from_seconds(1);

    /// A lift of something about which this was in doubt before.
    fn operation(doubted: Option<Doubt>) -> Operation {
        Operation {
            action: Action::Lift,
            because: Because::EntryRemoved,
            upkeep: false,
            restriction: Restriction {
                target: TargetName::parse("t").unwrap(),
                room: None,
                subject: Subject { kind: Kind::User, id: Id::new("u0") },
                deny: Deny::JOIN,
            },
            until: Until::Never,
            reason: None,
            entry: None,
            source: None,
            order: None,
            means: Means::Call { verb: Verb::Lift, rule: None },
            waited: false,
            doubted,
            recorded: None,
            after: None,
        }
    }

    fn failure(answer: &Answer) -> Failure {
        let error = format!("{answer:?}");
        Failure { error, code: None, request_id: None }
    }

    /// One of three, after answers to all of them and then answers to it alone.
    fn after(of_all: &[Answer], of_one: &[Answer]) -> Work {
        let mut work = Work::new(call(Verb::Impose, 3), vec![0, 1, 2]);
        let learn = |work: &mut Work, answer: &Answer| {
            work.learn(Bearing::of(&work.call, answer), THEN, || failure(answer));
        };
        for answer in of_all {
            learn(&mut work, answer);
        }
        let mut part = work.part(0, 1);
        for answer in of_one {
            learn(&mut part, answer);
        }
        part
    }

    #[test]
    fn what_may_have_taken_effect_stays_in_doubt_whatever_follows() {
        let [refused, waits] = [FaultKind::Refuse, FaultKind::Wait].map(|kind| fault(kind, None));
        let follows = [
            vec![],
            vec![refused.clone()],
            vec![waits.clone()],
            vec![fault(THROTTLED, None)],
            vec![fault(STOP, None)],
            vec![fault(FaultKind::SignAgain, None)],
            vec![fault(FaultKind::Quota, None)],
            vec![fault(FaultKind::WaitForRoom, None)],
            vec![fault(FaultKind::RefuseRoom, None)],
            vec![fault(FaultKind::RuleGone, None)],
            vec![not_sent()],
            vec![not_sent(), refused.clone(), waits],
        ];
        let doubt = Doubt::new(Action::Impose, THEN, Until::Never, Lapse::Open);
        for lost in [silence(), fault(FaultKind::Retry, None)] {
            for follows in &follows {
                for (of_all, of_one) in [
                    (vec![lost.clone()], follows.clone()),
                    ([vec![lost.clone()], follows.clone()].concat(), vec![]),
                    (vec![], [vec![lost.clone()], follows.clone()].concat()),
                    (vec![refused.clone(), lost.clone()], follows.clone()),
                ] {
                    let work = after(&of_all, &of_one);
                    assert!(work.is_open() && work.unanswered_since() == Some(THEN), "{follows:?}");
                    for fate in [Fate::Failed, Fate::Waiting, Fate::Deferred, Fate::Dropped] {
                        for doubted in [None, Some(doubt.clone())] {
                            let last = failure(&refused);
                            let end = work.end(&operation(doubted), fate, Some(&last));
                            let (fate, told) = end.parts();
                            assert_eq!(fate, Fate::InDoubt, "{of_all:?} {of_one:?}");
                            let told = &told.unwrap().error;
                            assert!(told.starts_with(&last.error) && told.ends_with(')'), "{told}");
                        }
                        let (fate, _) = work.leave(fate, &failure(&refused)).into_parts();
                        assert_eq!(fate, Fate::InDoubt, "{of_all:?} {of_one:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn what_was_refused_together_is_in_doubt_until_it_is_refused_alone() {
        let refused = fault(FaultKind::Refuse, None);
        let end = |of_one: &[Answer]| {
            let work = after(std::slice::from_ref(&refused), of_one);
            work.end(&operation(None), Fate::Failed, Some(&failure(&DONE))).into_parts().0
        };
        assert_eq!(end(&[]), Fate::InDoubt);
        assert_eq!(end(&[not_sent()]), Fate::InDoubt);
        assert_eq!(end(&[fault(THROTTLED, None)]), Fate::InDoubt);
        assert_eq!(end(std::slice::from_ref(&refused)), Fate::Failed);
        assert_eq!(end(&[refused.clone(), silence()]), Fate::InDoubt);
    }

    #[test]
    fn what_was_in_doubt_before_stays_so_unless_it_was_not_begun() {
        let doubt = Doubt::new(Action::Impose, THEN, Until::Never, Lapse::Open);
        for (fate, expected) in [
            (Fate::Failed, Fate::InDoubt),
            (Fate::Waiting, Fate::InDoubt),
            (Fate::Dropped, Fate::InDoubt),
            (Fate::InDoubt, Fate::InDoubt),
            (Fate::Deferred, Fate::Deferred),
        ] {
            for answers in [vec![], vec![fault(FaultKind::Refuse, None)], vec![not_sent()]] {
                let work = after(&[], &answers);
                let last = failure(&DONE);
                let (told, failure) =
                    work.end(&operation(Some(doubt.clone())), fate, Some(&last)).into_parts();
                assert_eq!(told, expected, "{fate:?} {answers:?}");
                let says_both = failure.unwrap().error
                    == format!("{}; it was in doubt before this run", last.error);
                assert_eq!(says_both, expected == Fate::InDoubt);
                let end = work.end(&operation(None), fate, Some(&last));
                assert_eq!(end.into_parts(), (fate, Some(last)));
            }
        }
    }
}
