//! What to do after an attempt: pure, from the answer and the facts.

#[cfg(test)]
mod tests;

use std::time::Duration;

use super::pause::{LONGEST_BELIEVED, Pause};
use crate::provider::{
    Call, Capability, Effect, Fault, FaultKind, Listed, NoAnswer, Repeat, Reply, Verb,
};

/// What came back from an attempt.
pub type Answer = Result<Reply, Refused>;

/// Why an attempt did not succeed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Refused {
    /// The provider said no.
    Fault(Fault),
    /// Nothing came back.
    NoAnswer(NoAnswer),
}

/// How often a call was tried.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Attempts {
    /// Attempts that may or may not have taken effect, or never left.
    pub lost: u32,
    /// Throttling answers.
    pub throttled: u32,
    /// Attempts that were to be signed afresh.
    pub signed: u32,
}

/// Attempts before a call is given up for this run, if what is wrong may pass by itself.
const MOST_LOST: u32 = 5;

/// Throttling answers before a call is given up for this run: the pace is at its slowest by then.
const MOST_THROTTLED: u32 = 12;

/// That it is known what a provider holds. Only an answer that says so and a list make one, and
/// without one no row loses its doubt.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Proof(Option<Effect>);

impl Proof {
    /// A row of a list shows it.
    pub fn in_list(_shown: &Listed) -> Self {
        Self(None)
    }

    /// The effect that a call had; `None` if what was asked for was so already.
    pub fn effect(&self) -> Option<&Effect> {
        self.0.as_ref()
    }

    /// The same, by value.
    pub fn into_effect(self) -> Option<Effect> {
        self.0
    }
}

/// What to do next.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RetryDecision {
    /// It took effect, or was so already.
    Proven(Proof),
    /// Try again after a pause.
    Again {
        /// What kind of pause.
        pause: Pause,
    },
    /// A rule may have been made: look for it before making another.
    Look,
    /// The rule is gone: make it again.
    Recreate,
    /// Try in parts.
    Split(Parts),
    /// Give up on the subject at this place, not yet possible as the provider says by name; try
    /// the rest.
    OneWaits(usize),
    /// Give up on all its subjects: not yet.
    Waiting,
    /// Give up on all its subjects: the room does not exist yet.
    RoomAbsent,
    /// Give up on all its subjects for this run.
    GiveUp,
    /// Give up on all its subjects, since the room is full.
    RoomFull,
    /// Send nothing more to this target in this run: it asks for a longer pause than a run waits.
    Defer {
        /// What a person can do about it.
        hint: &'static str,
    },
    /// Send nothing more to this target.
    Stop {
        /// What a person can do about it.
        hint: &'static str,
    },
}

/// How to take a refused call apart.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Parts {
    /// The subject at this place alone, and the rest.
    Without(usize),
    /// Two halves.
    Halves,
}

/// Says what to do after an attempt, and counts it.
pub fn decide(
    capability: &Capability,
    call: &Call,
    answer: &Answer,
    attempts: &mut Attempts,
) -> RetryDecision {
    match answer {
        Ok(reply) => RetryDecision::Proven(Proof(Some(reply.effect.clone()))),
        Err(Refused::NoAnswer(NoAnswer::NotSent(_) | NoAnswer::Starved(_))) => {
            again(Duration::ZERO, attempts, RetryDecision::GiveUp)
        }
        Err(Refused::NoAnswer(NoAnswer::Unknown(_))) => lost(capability, call, None, attempts),
        Err(Refused::Fault(fault)) => decide_on_fault(capability, call, fault, attempts),
    }
}

fn decide_on_fault(
    capability: &Capability,
    call: &Call,
    fault: &Fault,
    attempts: &mut Attempts,
) -> RetryDecision {
    let single = call.items.len() <= 1;
    let narrow = |ends: RetryDecision| {
        let culprit = fault.culprit.as_ref();
        let place = culprit.and_then(|id| call.items.iter().position(|item| item.id == *id));
        match place {
            _ if single => ends,
            Some(place) => RetryDecision::Split(Parts::Without(place)),
            None => RetryDecision::Split(Parts::Halves),
        }
    };
    let lists = matches!(call.verb, Verb::List);
    match &fault.kind {
        FaultKind::AlreadySo => RetryDecision::Proven(Proof(None)),
        // A list of what is not there is an empty list.
        FaultKind::Wait | FaultKind::WaitForRoom if lists => RetryDecision::Proven(Proof(None)),
        FaultKind::Retry | FaultKind::Throttled if asked_by(fault) > LONGEST_BELIEVED => {
            RetryDecision::Defer {
                hint: "the provider asks to come again in more than five minutes: run again later",
            }
        }
        FaultKind::Retry => lost(capability, call, Some(fault), attempts),
        FaultKind::Throttled => {
            attempts.throttled += 1;
            let attempt = attempts.throttled;
            if attempt <= MOST_THROTTLED {
                RetryDecision::Again { pause: Pause::Throttled { attempt, after: asked_by(fault) } }
            } else {
                RetryDecision::GiveUp
            }
        }
        FaultKind::SignAgain if attempts.signed == 0 => {
            attempts.signed += 1;
            RetryDecision::Again { pause: Pause::None }
        }
        FaultKind::SignAgain => RetryDecision::Stop { hint: "check this machine's clock" },
        // Who is named need not be asked about again: where thousands wait, that is half the calls.
        FaultKind::Wait => match narrow(RetryDecision::Waiting) {
            RetryDecision::Split(Parts::Without(place)) => RetryDecision::OneWaits(place),
            other => other,
        },
        FaultKind::WaitForRoom => RetryDecision::RoomAbsent,
        FaultKind::RuleGone => match call.verb {
            Verb::Renew | Verb::Impose => RetryDecision::Recreate,
            Verb::Lift | Verb::List => RetryDecision::Proven(Proof(None)),
        },
        FaultKind::Refuse => narrow(RetryDecision::GiveUp),
        FaultKind::RefuseRoom => RetryDecision::GiveUp,
        FaultKind::Quota if single => RetryDecision::RoomFull,
        FaultKind::Quota => RetryDecision::Split(Parts::Halves),
        FaultKind::Stop { hint } => RetryDecision::Stop { hint },
    }
}

/// The pause that a provider asks for.
fn asked_by(fault: &Fault) -> Duration {
    Duration::from_secs(fault.after.into())
}

/// An attempt that may have taken effect.
fn lost(
    capability: &Capability,
    call: &Call,
    fault: Option<&Fault>,
    attempts: &mut Attempts,
) -> RetryDecision {
    if call.verb == Verb::Impose && capability.repeat == Repeat::Duplicates {
        attempts.lost += 1;
        return if attempts.lost < MOST_LOST { RetryDecision::Look } else { RetryDecision::GiveUp };
    }
    // A provider that keeps saying "try again" to a batch may mean one subject of it.
    let coded = fault.is_some_and(|fault| fault.has_own_code);
    let in_parts = coded && call.items.len() > 1;
    let after = fault.map(asked_by).unwrap_or_default();
    again(
        after,
        attempts,
        if in_parts { RetryDecision::Split(Parts::Halves) } else { RetryDecision::GiveUp },
    )
}

fn again(after: Duration, attempts: &mut Attempts, at_last: RetryDecision) -> RetryDecision {
    attempts.lost += 1;
    let attempt = attempts.lost;
    let pause = Pause::BackOff { attempt, after };
    if attempt < MOST_LOST { RetryDecision::Again { pause } } else { at_last }
}
