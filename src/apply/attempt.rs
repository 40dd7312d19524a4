//! One attempt of one call: intent, turn, stamp, request, answer.

use tokio::time::Instant;

use super::bearing::Bearing;
use super::clearance::{Clearance, Waited, exchange};
use super::journal::Unwritten;
use super::outcome::Failure;
use super::records;
use super::retry_policy::{Answer, Refused};
use super::target_executor::TargetExecutor;
use super::work::Work;
use crate::domain::{Action, Because, Moment};
use crate::plan::Operation;
use crate::provider::{Call, NoAnswer, Verb};
use crate::store::{Answered, Intent, Record};

/// An attempt that was made.
#[derive(Debug)]
pub struct Attempt {
    /// Its number.
    pub call: i64,
    /// The clock at sending; durations were computed from it.
    pub sent: Moment,
    /// What came back.
    pub answer: Answer,
    /// How far the provider's clock is ahead of ours, in seconds, if it said.
    pub clock_ahead: Option<i64>,
}

/// Why an attempt was not made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NotMade {
    /// The run or the target was stopped before it was sent.
    Over,
    /// The time for some of it has passed, or has not come yet.
    Untimely,
    /// The state could not be written.
    Unwritten,
}

/// What the last look found.
enum Held {
    /// It must not be sent.
    NotMade(NotMade),
    /// The lease has not been confirmed for so long that it may be another's by now.
    LeaseUnsure,
}

/// Whether `now` is within the time in which an operation may be sent: nothing is imposed from its
/// `until` on, and nothing lifted as expired before it.
pub(super) fn is_timely(operation: &Operation, verb: Verb, now: Moment) -> bool {
    let has_passed = operation.until.has_passed(now);
    match verb {
        Verb::Impose | Verb::Renew => !has_passed || operation.action == Action::Lift,
        Verb::Lift => has_passed || operation.because != Because::Expired,
        Verb::List => true,
    }
}

impl From<Unwritten> for NotMade {
    fn from(Unwritten: Unwritten) -> Self {
        Self::Unwritten
    }
}

impl TargetExecutor {
    /// Makes an attempt: its intent is durable before it is sent.
    pub async fn attempt(&self, work: &mut Work) -> Result<Attempt, NotMade> {
        let call = self.shared.next_call();
        let intended = self.now();
        self.journal.write(self.intent(work, call, intended)).await?;
        let lane = self.capability(&work.call).map_or(0, |capability| capability.lane);
        let http = &*self.shared.world.http;
        let mut waited = tokio::select! {
            waited = Waited::take(http, &self.session.target.endpoint, self.limiters.get(lane)) => waited,
            () = self.shared.shutdown.requested() => return Err(NotMade::Over),
        };
        let world = &self.shared.world;
        let (sent, (answer, clock_ahead)) = loop {
            match Clearance::take(world, call, waited, |now| self.look(work, now)) {
                Ok(clearance) => {
                    let (sent, start) = (clearance.sent(), Instant::now());
                    match exchange(world, &self.session, &work.call, clearance).await {
                        Ok(exchanged) => {
                            self.in_flight.observe(start.elapsed());
                            break (sent, exchanged);
                        }
                        Err(again) => waited = again,
                    }
                }
                Err((Held::NotMade(why), _)) => return Err(why),
                Err((Held::LeaseUnsure, again)) => {
                    self.journal.confirm().await?;
                    waited = again;
                }
            }
        };
        work.learn(Bearing::of(&work.call, &answer), intended, || blame(&answer));
        Ok(Attempt { call, sent, answer, clock_ahead })
    }

    /// The last look: whether nothing speaks against sending this at `now`.
    fn look(&self, work: &Work, now: Moment) -> Result<(), Held> {
        if self.is_over() {
            return Err(Held::NotMade(NotMade::Over));
        }
        if !self.journal.holds_lease(now) {
            return Err(Held::LeaseUnsure);
        }
        let mut operations = self.operations(work).into_iter();
        if operations.all(|(_, operation)| is_timely(operation, work.call.verb, now)) {
            Ok(())
        } else {
            Err(Held::NotMade(NotMade::Untimely))
        }
    }

    fn intent(&self, work: &Work, call: i64, at: Moment) -> Vec<Record> {
        let target = &self.session.target;
        let Call { verb, kind, room, .. } = &work.call;
        let capability = self.capability(&work.call);
        let intent = Record::Intent(Intent {
            call,
            run: self.shared.run.clone(),
            target: target.name.clone(),
            rate_key: target.rate_key(),
            lane: capability.map_or(0, |capability| capability.lane),
            verb: match verb {
                Verb::Impose => "impose",
                Verb::Renew => "renew",
                Verb::Lift => "lift",
                Verb::List => "list",
            },
            kind: *kind,
            room: room.clone(),
            subjects: work.call.items.len(),
            at,
        });
        let mut records = Vec::with_capacity(1 + work.operations.len());
        records.push(intent);
        let doubts = self.operations(work).into_iter();
        records.extend(doubts.filter_map(|(_, operation)| {
            capability.map(|capability| {
                records::intended(operation, work.doubt(operation, capability, at))
            })
        }));
        records
    }

    /// What the journal says of an attempt that was made.
    pub fn answered(&self, attempt: &Attempt) -> Record {
        let (code, message, request_id) = match &attempt.answer {
            Ok(reply) => (None, None, reply.request_id.clone()),
            Err(refused) => {
                let Failure { error, code, request_id } = failure(refused);
                (code, Some(error), request_id)
            }
        };
        let target = &self.session.target.name;
        self.shared.progress.answered(target, outcome(&attempt.answer), code.as_deref());
        Record::Answered(Answered {
            call: attempt.call,
            run: self.shared.run.clone(),
            sent: Some(attempt.sent),
            at: self.now(),
            outcome: outcome(&attempt.answer),
            code,
            message,
            request_id,
        })
    }
}

/// What came back, in a word or two.
pub(super) fn outcome(answer: &Answer) -> &'static str {
    match answer {
        Ok(_) => "ok",
        Err(Refused::Fault(fault)) => fault.kind.name(),
        Err(Refused::NoAnswer(NoAnswer::NotSent(_) | NoAnswer::Starved(_))) => "not sent",
        Err(Refused::NoAnswer(NoAnswer::Unknown(_))) => "no answer",
    }
}

/// What an attempt that did not take effect is blamed on.
pub(super) fn blame(answer: &Answer) -> Failure {
    match answer {
        Err(refused) => failure(refused),
        Ok(_) => Failure { error: "not settled".to_owned(), code: None, request_id: None },
    }
}

/// What went wrong, for people.
fn failure(refused: &Refused) -> Failure {
    match refused {
        Refused::Fault(fault) => Failure {
            error: fault.message.clone(),
            code: Some(fault.code.clone()),
            request_id: fault.request_id.clone(),
        },
        Refused::NoAnswer(no_answer) => {
            Failure { error: no_answer.why().to_owned(), code: None, request_id: None }
        }
    }
}
