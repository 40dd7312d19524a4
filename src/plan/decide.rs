//! One restriction: what must change about it, and why.

use std::sync::Arc;

use super::due::DueDates;
use super::term::Timing;
use super::{Means, Operation};
use crate::domain::{
    Action, Because, Enforcement, Held, Lapse, Moment, Order, Restriction, RuleId, Until, Wanted,
};
use crate::provider::{Capability, Mechanism, Target, Verb};

/// Why a restriction ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum End<'a> {
    /// Somebody ordered it.
    Ordered(&'a Order),
    /// The `until` last applied has passed.
    Expired,
    /// Its subject is protected now.
    Protected,
    /// Entries name it, but none wants it at this instant.
    NotWantedNow,
    /// No entry names it.
    EntryRemoved,
}

impl End<'_> {
    const fn because(self) -> Because {
        match self {
            Self::Ordered(_) => Because::Ordered,
            Self::Expired => Because::Expired,
            Self::Protected => Because::Protected,
            Self::NotWantedNow => Because::UntilChanged,
            Self::EntryRemoved => Because::EntryRemoved,
        }
    }
}

/// The change of one restriction, in the making.
pub(super) struct Change<'a> {
    now: Moment,
    target: &'a Target,
    capability: &'static Capability,
}

impl<'a> Change<'a> {
    pub(super) fn new(now: Moment, target: &'a Target, capability: &'static Capability) -> Self {
        Self { now, target, capability }
    }

    /// What must be done so that the `row` of a restriction becomes what `wanted` says; `None` if it is that already.
    pub(super) fn of_wanted(
        &mut self,
        (restriction, wanted): (&Restriction, &Wanted),
        row: Option<&Enforcement>,
    ) -> Option<Operation> {
        let before = row.map(|row| (row, row.held.as_ref(), row.doubt.as_ref()));
        let (action, because, means) = match before {
            None => (Action::Impose, Because::NewEntry, impose()),
            Some((row, held, Some(doubt))) => self.settle(row, held, doubt.action),
            Some((row, None, None)) if row.waiting.is_some() => {
                (Action::Impose, Because::NewEntry, impose())
            }
            Some((_, None, None)) => (Action::Impose, Because::Recovered, impose()),
            Some((row, Some(held), None)) => self.of_held(wanted, row, held)?,
        };
        let changed = row.is_none_or(|row| self.differs(wanted, row).is_some());
        // What was to be renewed or kicked is amended when the policy has changed meanwhile:
        // guards count an amend to an earlier `until`.
        let action = match action {
            Action::Renew | Action::Kick if changed => Action::Amend,
            Action::Impose
            | Action::Renew
            | Action::Amend
            | Action::Lift
            | Action::Kick
            | Action::Forget => action,
        };
        let by_time = match because {
            Because::RenewalDue | Because::RekickDue | Because::ReassertDue => true,
            Because::InDoubt => !changed,
            Because::NewEntry
            | Because::EntryRemoved
            | Because::UntilChanged
            | Because::ReasonChanged
            | Because::Expired
            | Because::Protected
            | Because::Recovered
            | Because::Ordered => false,
        };
        let because = match because {
            Because::NewEntry | Because::UntilChanged | Because::ReasonChanged
                if wanted.order.is_some() =>
            {
                Because::Ordered
            }
            because => because,
        };
        Some(Operation {
            action,
            because,
            upkeep: by_time,
            restriction: restriction.clone(),
            until: wanted.until,
            reason: wanted.reason.clone(),
            entry: wanted.entry.clone(),
            source: wanted.source.clone(),
            order: wanted.order.clone(),
            means,
            waited: row.is_some_and(|row| row.waiting.is_some()),
            doubted: row.and_then(|row| row.doubt.clone()),
            recorded: row.map(|row| Arc::new(row.clone())),
            after: None,
        })
    }

    /// What time alone asks for about `row`, which stands for its own entry.
    pub(super) fn of_upkeep(&mut self, row: &Enforcement) -> Option<Operation> {
        let (action, because, means) = match (&row.held, &row.doubt) {
            (held, Some(doubt)) => self.settle(row, held.as_ref(), doubt.action),
            (Some(held), None) => self.of_due(held, row.until)?,
            // Waiting, or gone: starting it is not upkeep.
            (None, None) => return None,
        };
        Some(recorded_operation(row, (action, because, means), true))
    }

    /// What must be done so that nothing is left of `row`.
    pub(super) fn of_unwanted(&mut self, row: &Enforcement, end: End<'_>) -> Operation {
        let finishing = row.doubt.as_ref().is_some_and(|doubt| doubt.action == Action::Lift);
        let because = if finishing { Because::InDoubt } else { end.because() };
        let upkeep = finishing || end == End::Expired;
        let nothing_held = match self.capability.mechanism {
            Mechanism::Kicks => true,
            Mechanism::Holds => self.has_ended_there(row),
        };
        let (action, means) = if nothing_held {
            (Action::Forget, Means::Record)
        } else {
            let rule = row.held.as_ref().and_then(|held| held.rule.clone());
            (Action::Lift, Means::Call { verb: Verb::Lift, rule })
        };
        let because = match (action, finishing, end) {
            (Action::Forget, true, End::Expired) => Because::Expired,
            _ => because,
        };
        let order = match end {
            End::Ordered(order) => Some(Arc::clone(&order.id)),
            End::Expired | End::Protected | End::NotWantedNow | End::EntryRemoved => None,
        };
        Operation { order, ..recorded_operation(row, (action, because, means), upkeep) }
    }

    /// Notes when there will be something to do again, once `operation` is done.
    pub(super) fn note_due(
        &self,
        due: &mut DueDates,
        operation: Option<&Operation>,
        row: Option<&Enforcement>,
    ) {
        let (until, held) = match (operation, row) {
            (Some(operation), _) => match operation.action {
                Action::Lift | Action::Forget => return,
                Action::Impose | Action::Renew | Action::Amend | Action::Kick => {
                    (operation.until, self.held_after(operation, row))
                }
            },
            (None, Some(row)) => match &row.held {
                Some(held) => (row.until, held.clone()),
                None => return,
            },
            (None, None) => return,
        };
        due.timing(&Timing {
            target: self.target,
            capability: self.capability,
            held: &held,
            until,
        });
    }

    /// What will be held once an operation is done.
    fn held_after(&self, operation: &Operation, row: Option<&Enforcement>) -> Held {
        let before = row.and_then(|row| row.held.clone());
        match (&operation.means, before) {
            (Means::Record, Some(held)) => held,
            (Means::Record | Means::Call { .. }, before) => Held {
                since: before.as_ref().map_or(self.now, |held| held.since),
                written: self.now,
                lapse: self.capability.expiry.term(operation.until, self.now).lapse,
                rule: None,
                evidence: crate::domain::Evidence::Acknowledged,
                seen: None,
                twin: None,
            },
        }
    }

    /// A restriction that is wanted and held: what is wrong with it, if anything.
    fn of_held(
        &self,
        wanted: &Wanted,
        row: &Enforcement,
        held: &Held,
    ) -> Option<(Action, Because, Means)> {
        let Some(because) = self.differs(wanted, row) else {
            return self.of_due(held, wanted.until);
        };
        let timing =
            Timing { target: self.target, capability: self.capability, held, until: wanted.until };
        let tells_reason = because == Because::ReasonChanged || self.reason_differs(wanted, row);
        // Where a kick or a repeat is due too, one call does both.
        let is_due = timing.due(self.now).is_some();
        let means = if !tells_reason && !is_due && timing.needs_no_call(self.now) {
            Means::Record
        } else {
            self.rewrite(held)
        };
        Some((Action::Amend, because, means))
    }

    /// What time alone asks for.
    fn of_due(&self, held: &Held, until: Until) -> Option<(Action, Because, Means)> {
        let timing = Timing { target: self.target, capability: self.capability, held, until };
        let because = timing.due(self.now)?;
        let action = if because == Because::RekickDue { Action::Kick } else { Action::Renew };
        Some((action, because, self.rewrite(held)))
    }

    /// A restriction that is wanted, about which a call was sent that nobody knows the effect of.
    fn settle(
        &self,
        row: &Enforcement,
        held: Option<&Held>,
        attempted: Action,
    ) -> (Action, Because, Means) {
        // Where the provider numbers its rules, writing the old one tells whether it still stands;
        // what the unanswered call may have written counts as much as what is known.
        let standing =
            held.and_then(|held| held.rule.clone()).filter(|_| !self.has_ended_there(row));
        let rewrite = standing.map(|rule| Means::Call { verb: Verb::Renew, rule: Some(rule) });
        let means = rewrite.unwrap_or(impose());
        match attempted {
            Action::Renew | Action::Amend if held.is_some() => (attempted, Because::InDoubt, means),
            Action::Kick => (Action::Kick, Because::InDoubt, impose()),
            // Also a lift that may have happened, though it is wanted after all.
            Action::Impose | Action::Renew | Action::Amend | Action::Lift | Action::Forget => {
                (Action::Impose, Because::InDoubt, means)
            }
        }
    }

    /// The call that writes a held restriction again.
    fn rewrite(&self, held: &Held) -> Means {
        match &held.rule {
            Some(rule) if !held.lapse.has_passed(self.now) => {
                Means::Call { verb: Verb::Renew, rule: Some(rule.clone()) }
            }
            // What has lapsed is gone there, and nothing else numbers its rules.
            Some(_) | None => impose(),
        }
    }

    /// Whether the provider holds nothing of it any more, whatever the doubt about it.
    fn has_ended_there(&self, row: &Enforcement) -> bool {
        let ended = |lapse: Lapse| lapse.has_passed(self.now);
        row.held.as_ref().is_none_or(|held| ended(held.lapse))
            && row.doubt.as_ref().is_none_or(|doubt| ended(doubt.lapse))
    }

    fn differs(&self, wanted: &Wanted, row: &Enforcement) -> Option<Because> {
        if wanted.until != row.until {
            Some(Because::UntilChanged)
        } else if self.reason_differs(wanted, row) {
            Some(Because::ReasonChanged)
        } else {
            None
        }
    }

    fn reason_differs(&self, wanted: &Wanted, row: &Enforcement) -> bool {
        self.capability.reason.is_some_and(|reason| reason.kept) && wanted.reason != row.reason
    }
}

const fn impose() -> Means {
    Means::Call { verb: Verb::Impose, rule: None::<RuleId> }
}

/// An operation about a row that no entry speaks for.
fn recorded_operation(
    row: &Enforcement,
    (action, because, means): (Action, Because, Means),
    upkeep: bool,
) -> Operation {
    Operation {
        action,
        because,
        upkeep,
        restriction: row.restriction.clone(),
        until: row.until,
        reason: row.reason.clone(),
        entry: row.entry.clone(),
        source: None,
        order: None,
        means,
        // An end goes in its turn, whatever an earlier impose or amend was told.
        waited: row.waiting.is_some() && !matches!(action, Action::Lift | Action::Forget),
        doubted: row.doubt.clone(),
        recorded: Some(Arc::new(row.clone())),
        after: None,
    }
}
