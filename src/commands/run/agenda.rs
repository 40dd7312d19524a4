//! When the service has something to do next, target by target: pure, in instants.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;

use crate::domain::{Moment, Restriction, TargetName};
use crate::plan::Spared;

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
    targets: BTreeMap<TargetName, Times>,
    /// When the files are looked at again, which were being changed.
    files: Option<Moment>,
    /// When planning is tried again, if nothing could be planned.
    planning: Option<Retry>,
}

/// When there is something to do next at one target.
#[derive(Debug, Default)]
struct Times {
    /// When time asks for something.
    due: Option<Moment>,
    /// When what was not done is tried again.
    retry: Option<Retry>,
    /// What was not done, and is left alone until it is tried again.
    spared: BTreeSet<Restriction>,
    /// When something is sent there again, if it has stopped.
    stopped: Option<Retry>,
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

/// What became of a target.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Left {
    /// There was nothing to do.
    Idle,
    /// All was done but this: it was refused, is not possible yet, or is in doubt.
    Undone(BTreeSet<Restriction>),
    /// Nothing more is sent there for a while.
    Stopped,
}

impl Times {
    fn next(&self) -> Option<Moment> {
        match self.stopped {
            Some(stopped) => Some(stopped.at),
            None => self.retry.map(|retry| retry.at).into_iter().chain(self.due).min(),
        }
    }

    /// The target was seen to, and after that time asks for something at `due`.
    fn passed(&mut self, now: Moment, due: Option<Moment>, left: Left) {
        let was_due = self.due.is_some_and(|due| due <= now);
        let is_stuck = left == Left::Idle && was_due && due.is_some_and(|due| due <= now);
        self.due = if is_stuck { Some(now + STUCK) } else { due };
        self.stopped = (left == Left::Stopped).then(|| Retry::next(self.stopped, now));
        let undone = match left {
            Left::Idle | Left::Stopped => BTreeSet::new(),
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
}

impl Agenda {
    /// A plan was made for these targets: there are no others any more.
    pub(super) fn planned(&mut self, targets: &BTreeSet<TargetName>) {
        self.planning = None;
        self.targets.retain(|target, _| targets.contains(target));
    }

    /// A target was seen to, and after that time asks for something there at `due`.
    pub(super) fn passed(
        &mut self,
        target: &TargetName,
        now: Moment,
        due: Option<Moment>,
        left: Left,
    ) {
        self.targets.entry(target.clone()).or_default().passed(now, due, left);
    }

    /// Nothing could be planned: it is tried again later.
    pub(super) fn failed(&mut self, now: Moment) {
        self.planning = Some(Retry::next(self.planning, now));
    }

    /// The files are looked at again soon.
    pub(super) fn look_at_files(&mut self, at: Moment) {
        self.files = Some(at);
    }

    /// When they are.
    pub(super) fn files(&self) -> Option<Moment> {
        self.files
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
        self.planning = None;
        for times in self.targets.values_mut() {
            times.retry = None;
            times.spared.clear();
        }
    }

    /// Nothing is held against anybody any more: the config has changed, or somebody asks or orders.
    pub(super) fn forgive(&mut self) {
        self.edited();
        self.targets.values_mut().for_each(|times| times.stopped = None);
    }

    /// What is left alone for now.
    pub(super) fn spared(&self, now: Moment) -> Spared {
        let is_pending = |retry: Option<Retry>| retry.is_some_and(|retry| retry.at > now);
        let stopped = self.targets.iter().filter(|(_, times)| is_pending(times.stopped));
        let refused = self.targets.values().filter(|times| is_pending(times.retry));
        Spared {
            targets: stopped.map(|(target, _)| target.clone()).collect(),
            restrictions: refused.flat_map(|times| &times.spared).cloned().collect(),
        }
    }

    /// The targets that have stopped.
    pub(super) fn stopped(&self) -> BTreeSet<TargetName> {
        let stopped = self.targets.iter().filter(|(_, times)| times.stopped.is_some());
        stopped.map(|(target, _)| target.clone()).collect()
    }

    /// When there is something to do next at the targets that are free to do it.
    pub(super) fn next(&self, is_free: impl Fn(&TargetName) -> bool) -> Option<Moment> {
        let planning = self.planning.map(|retry| retry.at);
        let free = self.targets.iter().filter(|(target, _)| planning.is_none() && is_free(target));
        free.filter_map(|(_, times)| times.next()).chain(planning).min()
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

    fn next(agenda: &Agenda) -> Option<Moment> {
        agenda.next(|_| true)
    }

    /// A target was seen to, and nothing is due there.
    fn pass(agenda: &mut Agenda, now: Moment, left: Left) {
        agenda.passed(&name("a"), now, None, left);
    }

    fn spared(agenda: &Agenda, now: Moment) -> Vec<String> {
        agenda.spared(now).restrictions.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_is_due_first_comes_first_at_the_targets_that_are_free() {
        let mut agenda = Agenda::default();
        assert_eq!(next(&agenda), None);
        agenda.passed(&name("a"), at(0), Some(at(90)), done());
        agenda.passed(&name("b"), at(0), Some(at(60)), Left::Idle);
        assert_eq!(next(&agenda), Some(at(60)));
        assert_eq!(agenda.next(|target| *target == name("a")), Some(at(90)));
        agenda.look_at_files(at(1));
        assert_eq!(agenda.files(), Some(at(1)));
        assert!(!agenda.takes_files(at(0)));
        assert!(agenda.takes_files(at(1)));
        assert_eq!(agenda.files(), None);
        agenda.planned(&BTreeSet::from([name("a")]));
        assert_eq!(next(&agenda), Some(at(90)));
    }

    #[test]
    fn what_is_not_done_is_tried_again_ever_more_seldom_until_it_is() {
        let mut agenda = Agenda::default();
        let mut now = at(0);
        let mut waits = Vec::new();
        for _ in 0..9 {
            pass(&mut agenda, now, undone(&["a/user:1"]));
            let next = next(&agenda).unwrap();
            waits.push(now.seconds_to(next));
            now = next;
        }
        assert_eq!(waits, [5, 10, 20, 40, 80, 160, 320, 600, 600]);
        pass(&mut agenda, now, done());
        assert_eq!(next(&agenda), None);
        pass(&mut agenda, now, undone(&["a/user:1"]));
        assert_eq!(next(&agenda), Some(now + FIRST_RETRY));
    }

    #[test]
    fn a_pass_for_another_reason_does_not_forget_what_is_to_be_tried_again() {
        let mut agenda = Agenda::default();
        pass(&mut agenda, at(0), undone(&["a/user:1"]));
        pass(&mut agenda, at(1), Left::Idle);
        assert_eq!(next(&agenda), Some(at(5)));
        pass(&mut agenda, at(5), Left::Idle);
        assert_eq!(next(&agenda), None);
    }

    #[test]
    fn what_was_refused_is_left_alone_by_passes_that_others_need() {
        let mut agenda = Agenda::default();
        pass(&mut agenda, at(0), undone(&["a/user:1"]));
        assert_eq!(spared(&agenda, at(1)), ["a/user:1"]);
        pass(&mut agenda, at(1), done());
        pass(&mut agenda, at(2), undone(&["a/user:2"]));
        assert_eq!(next(&agenda), Some(at(5)));
        assert_eq!(spared(&agenda, at(4)), ["a/user:1", "a/user:2"]);
        // It is their turn, and one of them goes well.
        assert!(spared(&agenda, at(5)).is_empty());
        pass(&mut agenda, at(5), undone(&["a/user:2"]));
        assert_eq!(
            (next(&agenda), spared(&agenda, at(6))),
            (Some(at(15)), vec!["a/user:2".into()])
        );
        agenda.forgive();
        assert!(spared(&agenda, at(6)).is_empty());
    }

    #[test]
    fn what_stays_due_without_anything_to_do_does_not_keep_the_machine_busy() {
        let mut agenda = Agenda::default();
        let target = name("a");
        agenda.passed(&target, at(0), Some(at(10)), done());
        agenda.passed(&target, at(10), Some(at(10)), Left::Idle);
        assert_eq!(next(&agenda), Some(at(11)));
        // It was only a little early.
        let soon = at(11) + SignedDuration::from_millis(10);
        agenda.passed(&target, at(11), Some(soon), Left::Idle);
        assert_eq!(next(&agenda), Some(soon));
    }

    #[test]
    fn what_cannot_be_planned_is_tried_again_and_nothing_else_is_meanwhile() {
        let mut agenda = Agenda::default();
        agenda.passed(&name("a"), at(0), Some(at(1)), done());
        agenda.failed(at(1));
        assert_eq!(next(&agenda), Some(at(6)));
        agenda.failed(at(6));
        assert_eq!(next(&agenda), Some(at(16)));
        agenda.planned(&BTreeSet::from([name("a")]));
        assert_eq!(next(&agenda), Some(at(1)));
    }

    #[test]
    fn a_target_that_stopped_is_left_alone_for_a_while_and_the_others_are_not() {
        let one = name("one");
        let mut agenda = Agenda::default();
        let stops = |agenda: &Agenda, now| agenda.spared(now).targets.contains(&name("one"));
        // What is due there is due in vain.
        agenda.passed(&one, at(0), Some(at(1)), Left::Stopped);
        agenda.passed(&name("two"), at(0), None, done());
        assert!(stops(&agenda, at(4)) && agenda.spared(at(4)).targets.len() == 1);
        // What others do meanwhile says nothing of it.
        agenda.passed(&name("two"), at(4), None, done());
        assert_eq!(next(&agenda), Some(at(5)));
        agenda.passed(&one, at(5), None, Left::Stopped);
        assert_eq!(next(&agenda), Some(at(15)));
        agenda.passed(&one, at(15), None, done());
        assert_eq!(next(&agenda), None);
        agenda.passed(&one, at(20), None, Left::Stopped);
        agenda.edited();
        assert!(stops(&agenda, at(20)));
        agenda.forgive();
        assert!(!stops(&agenda, at(20)));
        // Where there is nothing to do any more, there is nothing to try again.
        agenda.passed(&one, at(30), None, Left::Stopped);
        agenda.passed(&one, at(35), None, Left::Idle);
        assert_eq!(next(&agenda), None);
    }
}
