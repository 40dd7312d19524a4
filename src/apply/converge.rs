//! From a step of the plan to the fate of each of its operations.

use super::attempt::{Attempt, NotMade, blame};
use super::outcome::{Failure, Fate};
use super::pause::Pause;
use super::resolve_doubt::Lookup;
use super::retry_policy::{Attempts, Parts, Refused, RetryDecision, decide};
use super::target_executor::TargetExecutor;
use super::work::Work;
use crate::provider::{Capability, FaultKind, NoAnswer, Repeat, Verb};

/// What is left to do of a piece of work.
enum Rest {
    /// Nothing.
    Settled,
    /// These parts of it are to be tried, in this order.
    Parts(Vec<Work>),
}

impl TargetExecutor {
    /// Carries out one step, in parts where the provider refuses the whole.
    pub async fn carry_out(&self, work: Work) {
        let mut stack = vec![work];
        while let Some(work) = stack.pop() {
            match self.converge(work).await {
                Rest::Settled => {}
                Rest::Parts(parts) => stack.extend(parts.into_iter().rev()),
            }
        }
    }

    async fn converge(&self, mut work: Work) -> Rest {
        let Some(capability) = self.capability(&work.call) else { return Rest::Settled };
        let mut attempts = Attempts::default();
        if capability.repeat == Repeat::Duplicates {
            let lookup = self.look_first(capability, &mut work).await;
            if !self.is_clear(&work, lookup).await {
                return Rest::Settled;
            }
        }
        loop {
            self.drop_untimely(&mut work).await;
            if work.operations.is_empty() {
                return Rest::Settled;
            }
            if work.call.verb == Verb::Impose && self.is_pointless(&work).await {
                return Rest::Settled;
            }
            if self.is_over() {
                self.abandon(&work).await;
                return Rest::Settled;
            }
            let attempt = match self.attempt(&mut work).await {
                Ok(attempt) => attempt,
                // What its time has passed for is taken out, and the rest tried.
                Err(NotMade::Untimely) => continue,
                Err(NotMade::Over) => {
                    self.abandon(&work).await;
                    return Rest::Settled;
                }
                Err(NotMade::Unwritten) => {
                    self.leave(&work);
                    return Rest::Settled;
                }
            };
            self.check_clock(&attempt);
            let decision = decide(capability, &work.call, &attempt.answer, &mut attempts);
            let decision = self.afford(decision, &attempt);
            if let Some(rest) = self.act(capability, &mut work, &attempt, decision).await {
                return rest;
            }
        }
    }

    /// Settles work whose answer this run knows already, without a call; whether it did.
    async fn is_pointless(&self, work: &Work) -> bool {
        let waited = self.operations(work).first().is_some_and(|(_, operation)| operation.waited);
        if self.rooms.is_full(&work.call) {
            self.finish(work, Fate::Failed, Some(&room_is_full()), None).await;
        } else if self.rooms.is_absent(&work.call) {
            self.finish(work, Fate::Waiting, Some(&room_is_absent()), None).await;
        } else if waited && !self.rooms.may_ask_again(&work.call) {
            // Their rows stay as they are: they are the first to be asked about next time.
            for (index, operation) in self.operations(work) {
                self.note_end(index, work.end(operation, Fate::Waiting, Some(&others_first())));
            }
        } else {
            return false;
        }
        true
    }

    /// The decision that the target's retries can pay for.
    pub(super) fn afford(&self, decision: RetryDecision, attempt: &Attempt) -> RetryDecision {
        match &attempt.answer {
            // That this machine lacks handles says nothing of the provider.
            Err(Refused::NoAnswer(NoAnswer::Starved(_))) => return decision,
            Err(Refused::NoAnswer(_)) => self.budget.unanswered(),
            // Who can only say "try again" is as good as silent.
            Err(Refused::Fault(fault)) if fault.kind == FaultKind::Retry => {
                self.budget.unanswered();
            }
            Ok(_) | Err(Refused::Fault(_)) => self.budget.answered(),
        }
        let costs = matches!(
            decision,
            RetryDecision::Look | RetryDecision::Again { pause: Pause::BackOff { .. } }
        );
        if !costs || self.budget.spend() {
            return decision;
        }
        if self.budget.is_hopeless() {
            let hint = "check the network and the target's `endpoint`, then run again";
            self.stop(blame(&attempt.answer), hint);
        }
        RetryDecision::GiveUp
    }

    /// Acts on a decision; `None` when the work is to be tried again.
    async fn act(
        &self,
        capability: &'static Capability,
        work: &mut Work,
        attempt: &Attempt,
        decision: RetryDecision,
    ) -> Option<Rest> {
        match decision {
            RetryDecision::Proven(proof) => self.done(capability, work, attempt, &proof).await,
            RetryDecision::Again { pause } => {
                self.record(vec![self.answered(attempt)]).await;
                self.rest(capability, pause).await;
                return None;
            }
            RetryDecision::Recreate => {
                self.record(vec![self.answered(attempt)]).await;
                work.recreate();
                let lookup = self.look_first(capability, work).await;
                if self.is_clear(work, lookup).await {
                    return None;
                }
            }
            RetryDecision::Look => {
                self.record(vec![self.answered(attempt)]).await;
                let lookup = self.look_again(capability, work).await;
                if self.is_clear(work, lookup).await {
                    return None;
                }
            }
            RetryDecision::Split(parts) => {
                self.record(vec![self.answered(attempt)]).await;
                return Some(split(work, parts));
            }
            RetryDecision::OneWaits(place) => {
                let [rest, mut culprit] = without(work, place);
                // It was refused by name.
                culprit.refused();
                self.end(&culprit, attempt, Fate::Waiting).await;
                return Some(Rest::Parts(vec![rest]));
            }
            RetryDecision::Waiting => self.end(work, attempt, Fate::Waiting).await,
            RetryDecision::RoomAbsent => {
                self.rooms.note_absent(&work.call);
                self.end(work, attempt, Fate::Waiting).await;
            }
            RetryDecision::GiveUp => self.end(work, attempt, Fate::Failed).await,
            RetryDecision::RoomFull => {
                self.rooms.note_full(&work.call);
                self.end(work, attempt, Fate::Failed).await;
            }
            RetryDecision::Defer { hint } => {
                self.defer(blame(&attempt.answer), hint);
                self.end(work, attempt, Fate::Deferred).await;
            }
            RetryDecision::Stop { hint } => {
                self.stop(blame(&attempt.answer), hint);
                self.end(work, attempt, Fate::Failed).await;
            }
        }
        Some(Rest::Settled)
    }

    /// Whether a look leaves something to send; what it leaves unclear stays in doubt.
    async fn is_clear(&self, work: &Work, lookup: Lookup) -> bool {
        match lookup {
            Lookup::Clear => return true,
            Lookup::Settled => {}
            Lookup::Unclear(failure) => {
                self.finish(work, Fate::InDoubt, Some(&failure), None).await;
            }
        }
        false
    }

    /// Pauses before the next attempt.
    pub(super) async fn rest(&self, capability: &Capability, pause: Pause) {
        let bits = self.shared.world.random.bits();
        let span = pause.span(bits);
        match pause {
            Pause::None => {}
            Pause::BackOff { .. } => self.sleep(span).await,
            Pause::Throttled { .. } => {
                if let Some(limiter) = self.limiters.get(capability.lane) {
                    limiter.throttle(span);
                }
            }
        }
    }

    /// Sleeps, unless the run is stopped meanwhile.
    pub(super) async fn sleep(&self, span: std::time::Duration) {
        tokio::select! {
            () = tokio::time::sleep(span) => {}
            () = self.shared.shutdown.requested() => {}
        }
    }
}

fn split(work: &Work, parts: Parts) -> Rest {
    let length = work.operations.len();
    Rest::Parts(match parts {
        Parts::Halves => vec![work.part(0, length / 2), work.part(length / 2, length)],
        Parts::Without(place) => without(work, place).into(),
    })
}

/// Everything but the subject at this place, and that subject.
fn without(work: &Work, place: usize) -> [Work; 2] {
    let culprit = work.operations.get(place).copied();
    let mut rest = work.clone();
    rest.retain(|index| Some(index) != culprit);
    [rest, work.part(place, place + 1)]
}

fn room_is_full() -> Failure {
    said("the room is full: the provider holds no more bans for it")
}

fn room_is_absent() -> Failure {
    said("the room does not exist, as the provider told this run already")
}

fn others_first() -> Failure {
    said("not asked about in this run: others that wait in the room came first")
}

fn said(error: &str) -> Failure {
    Failure { error: error.to_owned(), code: None, request_id: None }
}
