//! One attempt of one call: intent, turn, stamp, request, answer.

use std::future::poll_fn;
use std::task::Poll;

use super::bearing::Bearing;
use super::journal::Unwritten;
use super::ledger;
use super::line::Line;
use super::outcome::Trouble;
use super::pace::Turn;
use super::settle::{Answer, Refused};
use super::work::Work;
use crate::domain::Moment;
use crate::provider::{Call, NoAnswer, Session, Stamp, Verb};
use crate::state::{Answered, Intent, Record};
use crate::world::World;

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
    /// The state could not be written.
    Unwritten,
}

impl From<Unwritten> for NotMade {
    fn from(Unwritten: Unwritten) -> Self {
        Self::Unwritten
    }
}

impl Line {
    /// Makes an attempt: its intent is durable before it is sent.
    pub async fn attempt(&self, work: &mut Work) -> Result<Attempt, NotMade> {
        let call = self.shared.next_call();
        let intended = self.now();
        self.journal.write(self.intent(work, call, intended)).await?;
        let lane = self.form(&work.call).map_or(0, |form| form.lane);
        let mut turn = None;
        if let Some(pace) = self.paces.get(lane) {
            tokio::select! {
                ours = pace.turn() => turn = Some(ours),
                () = self.shared.halt.pulled() => {}
            }
        }
        if self.is_over() {
            return Err(NotMade::Over);
        }
        let sent = self.now();
        let stamp = Stamp { now: sent, nonce: self.shared.world.random.bits(), sequence: call };
        let (answer, clock_ahead) =
            exchange(&self.shared.world, &self.session, &work.call, (&stamp, turn)).await;
        work.learn(Bearing::of(&work.call, &answer), intended, || blame(&answer));
        Ok(Attempt { call, sent, answer, clock_ahead })
    }

    fn intent(&self, work: &Work, call: i64, at: Moment) -> Vec<Record> {
        let target = &self.session.target;
        let Call { verb, kind, room, .. } = &work.call;
        let form = self.form(&work.call);
        let intent = Record::Intent(Intent {
            call,
            run: self.shared.run.clone(),
            target: target.name.clone(),
            rate_key: target.rate_key(),
            lane: form.map_or(0, |form| form.lane),
            verb: match verb {
                Verb::Impose => "impose",
                Verb::Renew => "renew",
                Verb::Lift => "lift",
                Verb::List { cursor: _ } => "list",
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
            form.map(|form| ledger::intended(operation, work.doubt(operation, form, at)))
        }));
        records
    }

    /// What the journal says of an attempt that was made.
    pub fn answered(&self, attempt: &Attempt) -> Record {
        let (code, message, request_id) = match &attempt.answer {
            Ok(reply) => (None, None, reply.request_id.clone()),
            Err(refused) => {
                let Trouble { error, code, request_id } = trouble(refused);
                (code, Some(error), request_id)
            }
        };
        Record::Answered(Answered {
            call: attempt.call,
            sent: Some(attempt.sent),
            at: self.now(),
            outcome: outcome(&attempt.answer),
            code,
            message,
            request_id,
        })
    }
}

/// Sends a call, and ends its turn; also how far the provider's clock is ahead, in seconds.
pub(super) async fn exchange(
    world: &World,
    session: &Session,
    call: &Call,
    (stamp, turn): (&Stamp, Option<Turn<'_>>),
) -> (Answer, Option<i64>) {
    let (number, provider) = (stamp.sequence, session.target.provider);
    let request = provider.encode(session, call, stamp);
    tracing::debug!(target: "ostracon", call = number, ?request, subjects = call.items.len(), "sending");
    let mut sending = world.http.send(request);
    // The turn ends when the request has been handed over, not before: this task may be kept
    // from running meanwhile, and what is late would arrive together with the next.
    let handed_over = poll_fn(|context| Poll::Ready(sending.as_mut().poll(context))).await;
    drop(turn);
    let response = match handed_over {
        Poll::Ready(response) => response,
        Poll::Pending => sending.await,
    };
    let (answer, clock_ahead) = match response {
        Ok(response) => {
            let ahead = response.date.map(|date| date.seconds() - world.now().seconds());
            (provider.decode(call, &response).map_err(Refused::Fault), ahead)
        }
        Err(no_answer) => (Err(Refused::NoAnswer(no_answer)), None),
    };
    tracing::debug!(target: "ostracon", call = number, outcome = outcome(&answer), "answered");
    (answer, clock_ahead)
}

/// What came back, in a word or two.
fn outcome(answer: &Answer) -> &'static str {
    match answer {
        Ok(_) => "ok",
        Err(Refused::Fault(fault)) => fault.class.name(),
        Err(Refused::NoAnswer(NoAnswer::NotSent(_))) => "not sent",
        Err(Refused::NoAnswer(NoAnswer::Unknown(_))) => "no answer",
    }
}

/// What an attempt that did not take effect is blamed on.
pub(super) fn blame(answer: &Answer) -> Trouble {
    match answer {
        Err(refused) => trouble(refused),
        Ok(_) => Trouble { error: "not settled".to_owned(), code: None, request_id: None },
    }
}

/// What went wrong, for people.
fn trouble(refused: &Refused) -> Trouble {
    match refused {
        Refused::Fault(fault) => Trouble {
            error: fault.message.clone(),
            code: Some(fault.code.clone()),
            request_id: fault.request_id.clone(),
        },
        Refused::NoAnswer(NoAnswer::NotSent(error) | NoAnswer::Unknown(error)) => {
            Trouble { error: error.clone(), code: None, request_id: None }
        }
    }
}
