//! A call, the operations it carries, and what its attempts have left open so far.
//!
//! What is open belongs to the operations, not to the loop around a call: it goes along into every
//! part of a split, and only an answer that proves something, or a list, ends it. So no refusal, no
//! stopped target and no deadline can make a ban that may stand look like one that does not.

use super::bearing::Bearing;
use super::ledger;
use super::outcome::{Fate, Trouble};
use crate::domain::{Doubt, Moment};
use crate::plan::Operation;
use crate::provider::{Call, Form};

/// A call and the operations it carries, in the order of its items.
#[derive(Clone, Debug)]
pub struct Work {
    /// The call.
    pub call: Call,
    /// The operations, by their index in the plan.
    pub operations: Vec<usize>,
    open: Option<Open>,
}

/// What the attempts of this run have left open about a piece of work.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Open {
    /// When the intent of the first attempt that left it open was written.
    since: Moment,
    how: How,
    /// What that attempt brought.
    trouble: Trouble,
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
        Self { call, operations, open: None }
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
            ..self.call.clone()
        };
        let operations = self.operations.get(start..end).unwrap_or_default().to_vec();
        Self { call, operations, open: self.open.clone() }
    }

    /// Notes what an attempt, whose intent was written at `since`, says about the work.
    pub fn learn(&mut self, bearing: Bearing, since: Moment, trouble: impl FnOnce() -> Trouble) {
        let how = match bearing {
            Bearing::MayHaveTakenEffect => How::Unanswered,
            Bearing::RefusedTogether => How::RefusedTogether,
            Bearing::Refused => return self.refused(),
            Bearing::Silent | Bearing::Proof => return,
        };
        let earlier = self.open.as_ref();
        if earlier.is_none_or(|open| how == How::Unanswered && open.how != how) {
            let since = earlier.map_or(since, |open| open.since);
            self.open = Some(Open { since, how, trouble: trouble() });
        }
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

    /// How an operation ends that did not take effect as far as the last answer goes, or without
    /// one: what is open stays in doubt.
    pub fn end(&self, fate: Fate, trouble: Option<&Trouble>) -> (Fate, Option<Trouble>) {
        match (&self.open, fate) {
            (None, _) | (_, Fate::Done) => (fate, trouble.cloned()),
            (Some(open), _) => (Fate::InDoubt, Some(open.told_with(trouble))),
        }
    }

    /// The doubt about one of its operations when an attempt is made at `now`: what earlier
    /// attempts of this and of other runs left open, and that attempt itself.
    pub fn doubt(&self, operation: &Operation, form: &Form, now: Moment) -> Doubt {
        let action = operation.action;
        let asked = |at| ledger::asked_end(operation, form, at);
        let open = self.open.as_ref().map(|open| Doubt::new(action, open.since, asked(open.since)));
        match operation.doubted.or(open) {
            Some(earlier) => earlier.and(action, asked(now)),
            None => Doubt::new(action, now, asked(now)),
        }
    }
}

impl Open {
    /// What is wrong, in the words of the last answer and of the one that never came.
    fn told_with(&self, last: Option<&Trouble>) -> Trouble {
        let earlier = match self.how {
            How::Unanswered => "an earlier attempt was not answered",
            How::RefusedTogether => "a batch that held it was refused",
        };
        let Some(last) = last.filter(|last| **last != self.trouble) else {
            return self.trouble.clone();
        };
        let error = format!("{}; {earlier} ({})", last.error, self.trouble.error);
        Trouble { error, ..last.clone() }
    }
}
