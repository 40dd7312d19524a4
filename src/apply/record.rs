//! What is written down when operations meet their fates.

use jiff::SignedDuration;

use super::attempt::{Attempt, blame, is_timely};
use super::outcome::{Failure, Fate};
use super::records::{self, Sent, Written};
use super::resolve_doubt::{may_have_twin, twin_since};
use super::retry_policy::Proof;
use super::target_executor::TargetExecutor;
use super::work::Work;
use crate::domain::{Doubt, Evidence, Lapse, Moment, RuleId};
use crate::plan::Operation;
use crate::plan::term::CLOCK_TOLERANCE;
use crate::provider::{Capability, Effect, Repeat, Verb};
use crate::store::Record;

impl TargetExecutor {
    /// Records that a call took effect, or that it was so already.
    pub(super) async fn done(
        &self,
        capability: &'static Capability,
        work: &Work,
        attempt: &Attempt,
        proof: &Proof,
    ) {
        let mut records = Vec::with_capacity(1 + 2 * work.operations.len());
        records.push(self.answered(attempt));
        let request_id = attempt.answer.as_ref().ok().and_then(|reply| reply.request_id.as_deref());
        let told = work.call.words(capability, attempt.sent).into();
        let sent = Sent { call: Some(attempt.call), told: Some(&told), request_id };
        let now = self.now();
        let mut unconfirmed = Vec::new();
        let unlisted = unlisted();
        let unanswered = work.unanswered_since();
        for (place, (index, operation)) in self.operations(work).into_iter().enumerate() {
            let rule = work.call.items.get(place).and_then(|item| item.rule.clone());
            let ends = work.call.verb == Verb::Lift;
            if ends {
                records.push(records::gone(operation, proof));
            } else {
                let effect = proof.effect();
                let written = written(capability, operation, (attempt, rule), (effect, unanswered));
                let mut row = records::held(operation, written, proof);
                if capability.repeat == Repeat::MayKeepOldEnd
                    && may_keep_old_end(operation, unanswered.is_some() || effect.is_none())
                {
                    row.doubt = Some(unconfirmed_doubt(operation, capability, attempt));
                    unconfirmed.push(index);
                }
                records.push(Record::Put(row));
            }
            let fate = if unconfirmed.contains(&index) {
                (Fate::InDoubt, Some(&unlisted))
            } else {
                (Fate::Done, None)
            };
            records.push(self.shared.audit(operation, now, fate, sent));
        }
        if self.journal.report(records).await.is_err() {
            // It took effect, but the state still says that it may have.
            let failure = unrecorded();
            for index in &work.operations {
                self.note(*index, Fate::InDoubt, Some(failure.clone()));
            }
            return;
        }
        for index in work.operations.iter().filter(|index| !unconfirmed.contains(index)) {
            self.note(*index, Fate::Done, None);
        }
        if !unconfirmed.is_empty() {
            self.rooms.confirm_later(work.call.room.clone(), &unconfirmed);
        }
    }

    /// Records an end that an answer brought about.
    pub(super) async fn end(&self, work: &Work, attempt: &Attempt, fate: Fate) {
        let failure = blame(&attempt.answer);
        self.finish(work, fate, Some(&failure), Some(attempt)).await;
    }

    /// Records an end without effect, as far as that is known, for every operation of a piece of
    /// work.
    pub(super) async fn finish(
        &self,
        work: &Work,
        fate: Fate,
        failure: Option<&Failure>,
        attempt: Option<&Attempt>,
    ) {
        let mut records: Vec<Record> = attempt.map(|it| self.answered(it)).into_iter().collect();
        let told = attempt.and_then(|attempt| {
            Some(work.call.words(self.capability(&work.call)?, attempt.sent).into())
        });
        let call = attempt.map(|attempt| attempt.call);
        let sent = Sent { call, told: told.as_ref(), request_id: None };
        let now = self.now();
        let mut ends = Vec::with_capacity(work.operations.len());
        for (index, operation) in self.operations(work) {
            let end = work.end(operation, fate, failure);
            records.extend(records::not_done(operation, &end, now));
            records.push(self.shared.audit(operation, now, end.parts(), sent));
            ends.push((index, end));
        }
        if !records.is_empty() {
            // Unwritten, the run stops, and the state says that it may have happened.
            let _unwritten = self.journal.report(records).await;
        }
        for (index, end) in ends {
            self.note_end(index, end);
        }
    }

    /// Ends work that was tried before the run or the target was stopped.
    pub(super) async fn abandon(&self, work: &Work) {
        if work.is_open() {
            let stopped = self.stopped.get().map(|(_, failure)| failure.clone());
            let failure = stopped.unwrap_or_else(interrupted);
            self.finish(work, Fate::Deferred, Some(&failure), None).await;
        } else {
            // An intent may have been written for it: take that back, it was never sent.
            let records = self.operations(work).into_iter().filter_map(|(_, operation)| {
                let end = work.end(operation, Fate::Deferred, None);
                records::not_done(operation, &end, self.now())
            });
            self.record(records.collect()).await;
            self.leave(work);
        }
    }

    /// Takes out what may not be sent now: what has passed its `until` is dropped, and a lift as
    /// expired whose time has not come, because a clock was set back, is left for another run.
    pub(super) async fn drop_untimely(&self, work: &mut Work) {
        let (now, verb) = (self.now(), work.call.verb);
        let operations = self.operations(work).into_iter();
        let untimely: Vec<usize> = operations
            .filter(|(_, operation)| !is_timely(operation, verb, now))
            .map(|(index, _)| index)
            .collect();
        if untimely.is_empty() {
            return;
        }
        let mut gone = work.clone();
        gone.retain(|index| untimely.contains(&index));
        work.retain(|index| !untimely.contains(&index));
        let (fate, error) = match verb {
            Verb::Lift => (Fate::Deferred, "its `until` has not come yet by this machine's clock"),
            Verb::Impose | Verb::Renew | Verb::List => {
                (Fate::Dropped, "its `until` passed before it could be sent")
            }
        };
        let failure = Failure { error: error.to_owned(), code: None, request_id: None };
        self.finish(&gone, fate, Some(&failure), None).await;
    }

    /// Writes down that an operation is done; it is in doubt as long as that is not written.
    pub(super) async fn settle_by_record(&self, index: usize, records: Vec<Record>) {
        let written = self.record(records).await;
        let fate = if written { Fate::Done } else { Fate::InDoubt };
        self.note(index, fate, (!written).then(unrecorded));
    }

    /// Writes records; whether they are durable.
    pub(super) async fn record(&self, records: Vec<Record>) -> bool {
        records.is_empty() || self.journal.write(records).await.is_ok()
    }
}

/// What is held after a call that took effect.
fn written(
    capability: &Capability,
    operation: &Operation,
    (attempt, rule): (&Attempt, Option<RuleId>),
    (effect, unanswered): (Option<&Effect>, Option<Moment>),
) -> Written {
    let asked = by_its_clock(capability.expiry.term(operation.until, attempt.sent).lapse, attempt);
    let earlier = operation.recorded.as_ref().and_then(|row| row.held.as_ref());
    let (lapse, rule, evidence) = match effect {
        Some(Effect::Created(rule)) => (asked, Some(rule.clone()), Evidence::Acknowledged),
        Some(Effect::Ends(at)) => (reported(*at, asked), rule, Evidence::Acknowledged),
        Some(Effect::Done | Effect::Page(_)) => (asked, rule, Evidence::Acknowledged),
        None => (asked, rule, Evidence::Observed),
    };
    let known = earlier.and_then(|held| held.twin.as_ref()).map(|twin| twin.since);
    let twin_since = if matches!(effect, Some(Effect::Created(_))) {
        // A rule made after an attempt that brought no answer may have a twin, and so may one
        // made in the place of another that had one.
        let doubted = operation.doubted.as_ref().map(|doubt| doubt.since).or(unanswered);
        let known = known.filter(|since| may_have_twin(*since, attempt.sent));
        doubted.into_iter().chain(known).min().map(|since| twin_since(since, attempt.sent))
    } else {
        known
    };
    let twin = twin_since.map(|since| records::twin(operation, since));
    Written { at: attempt.sent, lapse, rule, evidence, twin }
}

/// The end that a provider reports is believed over our sum, unless it is later than it would keep
/// anything that long: a rule that has lapsed unseen is renewed by nobody.
fn reported(at: Moment, asked: Lapse) -> Lapse {
    match asked {
        Lapse::At(end) if at - end > CLOCK_TOLERANCE => asked,
        Lapse::At(_) | Lapse::Open => Lapse::At(at),
    }
}

/// When a duration that was told ends there: it counts from the provider's clock, which shows if
/// ours is wrong.
fn by_its_clock(asked: Lapse, attempt: &Attempt) -> Lapse {
    let ahead = attempt.clock_ahead.map_or(SignedDuration::ZERO, SignedDuration::from_secs);
    match asked {
        Lapse::At(end) if ahead.abs() > CLOCK_TOLERANCE => Lapse::At(end + ahead),
        Lapse::At(_) | Lapse::Open => asked,
    }
}

/// Whether the provider may have kept the end of an earlier ban.
fn may_keep_old_end(operation: &Operation, repeated: bool) -> bool {
    let was_held = operation.recorded.as_ref().is_some_and(|row| row.may_be_in_force());
    was_held || repeated
}

/// What stays in doubt about an operation until the room's list confirms it.
fn unconfirmed_doubt(operation: &Operation, capability: &Capability, attempt: &Attempt) -> Doubt {
    let asked = capability.expiry.term(operation.until, attempt.sent).lapse;
    // The end it may have kept: until then it is not over there.
    let kept = operation.doubted.as_ref().map(|doubt| doubt.lapse).max(operation.lapse());
    let lapse = kept.map_or(asked, |kept| kept.max(asked));
    let Operation { action, until, .. } = operation;
    match &operation.doubted {
        Some(earlier) => earlier.and(*action, *until, lapse),
        None => Doubt::new(*action, attempt.sent, *until, lapse),
    }
}

/// What is wrong with an operation whose effect could not be recorded.
fn unrecorded() -> Failure {
    let error = "it took effect, but the state could not be written".to_owned();
    Failure { error, code: None, request_id: None }
}

/// Why an operation that the provider took stays in doubt until its room is listed.
fn unlisted() -> Failure {
    let error = "taken; the room's list has yet to show the end".to_owned();
    Failure { error, code: None, request_id: None }
}

fn interrupted() -> Failure {
    let error = "the run was stopped".to_owned();
    Failure { error, code: None, request_id: None }
}
