//! When the service has something to do next: pure, in instants.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;

use crate::domain::{Moment, Restriction, TargetName};

/// After how long what failed is tried again; each time twice as long.
const FIRST_RETRY: SignedDuration = SignedDuration::from_secs(5);

/// The longest time between two attempts.
const LAST_RETRY: SignedDuration = SignedDuration::from_mins(10);

/// What was due and is not done, although nothing stood in its way, is looked at again after this
/// long.
const STUCK: SignedDuration = SignedDuration::from_secs(1);

/// When there is something to do next.
#[derive(Debug, Default)]
pub(super) struct Agenda {
    /// When time asks for something.
    due: Option<Moment>,
    /// When the files are looked at again, which were being changed.
    files: Option<Moment>,
    /// When what was not done is tried again.
    retry: Option<Retry>,
    /// The targets at which nothing was sent any more, and when they are tried again.
    stopped: BTreeMap<TargetName, Retry>,
    /// What was not done, and is left alone until it is tried again.
    spared: BTreeSet<Restriction>,
}

/// When something is tried again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Retry {
    at: Moment,
    after: SignedDuration,
}

impl Retry {
    /// The next attempt after this one, if it is one.
    fn next(earlier: Option<Self>, now: Moment) -> Self {
        let after = earlier.map_or(FIRST_RETRY, |earlier| (earlier.after * 2).min(LAST_RETRY));
        Self { at: now + after, after }
    }
}

/// What became of a pass.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Left {
    /// There was nothing to do.
    Idle,
    /// All was done but this: it was refused, is not possible yet, or is in doubt.
    Undone(BTreeSet<Restriction>),
}

impl Agenda {
    /// A pass is over, after which time asks for something at `due`.
    pub(super) fn passed(&mut self, now: Moment, due: Option<Moment>, left: Left) {
        let was_due = self.due.is_some_and(|due| due <= now);
        let is_stuck = left == Left::Idle && was_due && due.is_some_and(|due| due <= now);
        self.due = if is_stuck { Some(now + STUCK) } else { due };
        let undone = match left {
            Left::Idle => BTreeSet::new(),
            Left::Undone(undone) => undone,
        };
        // A pass that left alone what was refused before says nothing of it.
        let pending = self.retry.filter(|retry| retry.at > now);
        self.retry = match (pending, undone.is_empty()) {
            (pending, true) => pending,
            (None, false) => Some(Retry::next(self.retry, now)),
            (Some(pending), false) => {
                Some(Retry { at: pending.at.min(now + FIRST_RETRY), ..pending })
            }
        };
        if pending.is_none() {
            self.spared.clear();
        }
        self.spared.extend(undone);
    }

    /// Everything that is ours is left alone for now.
    pub(super) fn rests(&mut self, now: Moment) {
        self.due = None;
        self.retry = self.retry.filter(|retry| retry.at > now);
    }

    /// Nothing could be planned: it is tried again later.
    pub(super) fn failed(&mut self, now: Moment) {
        self.due = None;
        self.retry = Some(Retry::next(self.retry, now));
    }

    /// Of the targets that a pass was about, these have stopped.
    pub(super) fn stopped(
        &mut self,
        now: Moment,
        of: &BTreeSet<TargetName>,
        stopped: &BTreeSet<TargetName>,
    ) {
        self.stopped.retain(|target, _| !of.contains(target) || stopped.contains(target));
        for target in stopped {
            let retry = Retry::next(self.stopped.get(target).copied(), now);
            self.stopped.insert(target.clone(), retry);
        }
    }

    /// The files are looked at again soon.
    pub(super) fn look_at_files(&mut self, at: Moment) {
        self.files = Some(at);
    }

    /// Whether the files are to be looked at again; they will not be for the same reason.
    pub(super) fn takes_files(&mut self, now: Moment) -> bool {
        let is_due = self.files.is_some_and(|at| at <= now);
        self.files = self.files.filter(|_| !is_due);
        is_due
    }

    /// The policy is another: what was refused may be gone or mended. A target that has stopped is
    /// not mended by that.
    pub(super) fn edited(&mut self) {
        self.retry = None;
        self.spared.clear();
    }

    /// Nothing is held against anybody any more: the config has changed, or somebody asks or orders.
    pub(super) fn forgive(&mut self) {
        self.retry = None;
        self.stopped.clear();
        self.spared.clear();
    }

    /// What is left alone for now.
    pub(super) fn spared(&self, now: Moment) -> BTreeSet<Restriction> {
        let is_pending = self.retry.is_some_and(|retry| retry.at > now);
        if is_pending { self.spared.clone() } else { BTreeSet::new() }
    }

    /// Whether a target is left alone for now.
    pub(super) fn spares(&self, target: &TargetName, now: Moment) -> bool {
        self.stopped.get(target).is_some_and(|retry| retry.at > now)
    }

    /// The targets that have stopped.
    pub(super) fn all_stopped(&self) -> BTreeSet<TargetName> {
        self.stopped.keys().cloned().collect()
    }

    /// When there is something to do next.
    pub(super) fn next(&self) -> Option<Moment> {
        let retries = self.retry.iter().chain(self.stopped.values()).map(|retry| retry.at);
        retries.chain(self.due).chain(self.files).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Moment {
        Moment::from_seconds(1_800_000_000 + seconds)
    }

    fn done() -> Left {
        Left::Undone(BTreeSet::new())
    }

    fn undone(names: &[&str]) -> Left {
        Left::Undone(names.iter().map(|name| name.parse().unwrap()).collect())
    }

    fn name(text: &str) -> TargetName {
        TargetName::parse(text).unwrap()
    }

    #[test]
    fn what_is_due_first_comes_first() {
        let mut agenda = Agenda::default();
        assert_eq!(agenda.next(), None);
        agenda.passed(at(0), Some(at(90)), done());
        assert_eq!(agenda.next(), Some(at(90)));
        agenda.look_at_files(at(1));
        assert_eq!(agenda.next(), Some(at(1)));
        assert!(!agenda.takes_files(at(0)));
        assert!(agenda.takes_files(at(1)));
        assert_eq!(agenda.next(), Some(at(90)));
    }

    #[test]
    fn what_is_not_done_is_tried_again_ever_more_seldom_until_it_is() {
        let mut agenda = Agenda::default();
        let mut now = at(0);
        let mut waits = Vec::new();
        for _ in 0..9 {
            agenda.passed(now, None, undone(&["a/user:1"]));
            let next = agenda.next().unwrap();
            waits.push(now.seconds_to(next));
            now = next;
        }
        assert_eq!(waits, [5, 10, 20, 40, 80, 160, 320, 600, 600]);
        agenda.passed(now, None, done());
        assert_eq!(agenda.next(), None);
        agenda.passed(now, None, undone(&["a/user:1"]));
        assert_eq!(agenda.next(), Some(now + FIRST_RETRY));
    }

    #[test]
    fn a_pass_for_another_reason_does_not_forget_what_is_to_be_tried_again() {
        let mut agenda = Agenda::default();
        agenda.passed(at(0), None, undone(&["a/user:1"]));
        agenda.passed(at(1), None, Left::Idle);
        assert_eq!(agenda.next(), Some(at(5)));
        agenda.passed(at(5), None, Left::Idle);
        assert_eq!(agenda.next(), None);
    }

    #[test]
    fn what_was_refused_is_left_alone_by_passes_that_others_need() {
        let mut agenda = Agenda::default();
        let names = |agenda: &Agenda, now| {
            agenda.spared(now).iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        agenda.passed(at(0), None, undone(&["a/user:1"]));
        assert_eq!(names(&agenda, at(1)), ["a/user:1"]);
        agenda.passed(at(1), None, done());
        agenda.passed(at(2), None, undone(&["a/user:2"]));
        assert_eq!(agenda.next(), Some(at(5)));
        assert_eq!(names(&agenda, at(4)), ["a/user:1", "a/user:2"]);
        // It is their turn, and one of them goes well.
        assert!(names(&agenda, at(5)).is_empty());
        agenda.passed(at(5), None, undone(&["a/user:2"]));
        assert_eq!((agenda.next(), names(&agenda, at(6))), (Some(at(15)), vec!["a/user:2".into()]));
        agenda.forgive();
        assert!(names(&agenda, at(6)).is_empty());
    }

    #[test]
    fn what_stays_due_without_anything_to_do_does_not_keep_the_machine_busy() {
        let mut agenda = Agenda::default();
        agenda.passed(at(0), Some(at(10)), done());
        agenda.passed(at(10), Some(at(10)), Left::Idle);
        assert_eq!(agenda.next(), Some(at(11)));
        // It was only a little early.
        let soon = at(11) + SignedDuration::from_millis(10);
        agenda.passed(at(11), Some(soon), Left::Idle);
        assert_eq!(agenda.next(), Some(soon));
    }

    #[test]
    fn a_target_that_stopped_is_left_alone_for_a_while_and_the_others_are_not() {
        let (one, two) = (name("one"), name("two"));
        let both = BTreeSet::from([one.clone(), two.clone()]);
        let stopped = BTreeSet::from([one.clone()]);
        let mut agenda = Agenda::default();
        agenda.stopped(at(0), &both, &stopped);
        assert!(agenda.spares(&one, at(4)) && !agenda.spares(&two, at(4)));
        // What others do meanwhile says nothing of it.
        agenda.stopped(at(4), &BTreeSet::from([two]), &BTreeSet::new());
        assert_eq!(agenda.next(), Some(at(5)));
        agenda.stopped(at(5), &both, &stopped);
        assert_eq!(agenda.next(), Some(at(15)));
        agenda.stopped(at(15), &both, &BTreeSet::new());
        assert_eq!(agenda.next(), None);
        agenda.stopped(at(20), &both, &stopped);
        agenda.edited();
        assert!(agenda.spares(&one, at(20)));
        agenda.forgive();
        assert!(!agenda.spares(&one, at(20)));
    }
}
