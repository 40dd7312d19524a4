//! What to do after an attempt: pure, from the answer and the facts.

use std::time::Duration;

use crate::provider::{Call, Class, Effect, Fault, Form, NoAnswer, Repeat, Reply, Verb};

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

/// How often a call was tried, and what is left in doubt.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Tries {
    /// Attempts that may or may not have taken effect, or never left.
    pub lost: u32,
    /// Throttling answers.
    pub throttled: u32,
    /// Attempts that were to be signed afresh.
    pub signed: u32,
    /// Whether an attempt may have taken effect unnoticed.
    pub in_doubt: bool,
}

/// Attempts before a call is given up for this run, if what is wrong may pass by itself.
const MOST_LOST: u32 = 5;

/// Throttling answers before a call is given up for this run: the pace is at its slowest by then.
const MOST_THROTTLED: u32 = 12;

/// What to do next.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// It took effect.
    Done(Effect),
    /// It was so already.
    AlreadySo,
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
    /// Give up on all its subjects: not yet.
    Waiting,
    /// Give up on all its subjects: the room does not exist yet.
    RoomAbsent,
    /// Give up on all its subjects.
    Failed,
    /// Give up on all its subjects, since the room is full.
    RoomFull,
    /// Give up for this run, not knowing.
    InDoubt,
    /// Send nothing more to this target.
    Stop {
        /// What a person can do about it.
        hint: &'static str,
    },
}

/// How long to pause.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Pause {
    /// Not at all.
    None,
    /// Longer with every attempt.
    BackOff {
        /// How many attempts there were.
        attempt: u32,
    },
    /// The account is too quick: slow down and wait, at least as long as the provider says.
    Throttled {
        /// How many throttling answers there were.
        attempt: u32,
        /// What the provider says.
        after: Option<Duration>,
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
pub fn settle(form: &Form, call: &Call, answer: &Answer, tries: &mut Tries) -> Verdict {
    match answer {
        Ok(reply) => Verdict::Done(reply.effect.clone()),
        Err(Refused::NoAnswer(NoAnswer::NotSent(_))) => again(tries, Verdict::Failed),
        Err(Refused::NoAnswer(NoAnswer::Unknown(_))) => lost(form, call, None, tries),
        Err(Refused::Fault(fault)) => settle_fault(form, call, fault, tries),
    }
}

fn settle_fault(form: &Form, call: &Call, fault: &Fault, tries: &mut Tries) -> Verdict {
    let single = call.items.len() <= 1;
    let narrow = |ends: Verdict| {
        let culprit = fault.culprit.as_ref();
        let place = culprit.and_then(|id| call.items.iter().position(|item| item.id == *id));
        match place {
            _ if single => ends,
            Some(place) => Verdict::Split(Parts::Without(place)),
            None => Verdict::Split(Parts::Halves),
        }
    };
    match &fault.class {
        Class::AlreadySo => Verdict::AlreadySo,
        Class::Retry => lost(form, call, Some(fault), tries),
        Class::Throttled { after } => {
            tries.throttled += 1;
            let attempt = tries.throttled;
            if attempt <= MOST_THROTTLED {
                Verdict::Again { pause: Pause::Throttled { attempt, after: *after } }
            } else {
                given_up(tries, Verdict::Failed)
            }
        }
        Class::SignAgain if tries.signed == 0 => {
            tries.signed += 1;
            Verdict::Again { pause: Pause::None }
        }
        Class::SignAgain => Verdict::Stop { hint: "check this machine's clock" },
        Class::Wait => narrow(Verdict::Waiting),
        Class::WaitForRoom => Verdict::RoomAbsent,
        Class::RuleGone => match call.verb {
            Verb::Renew | Verb::Impose => Verdict::Recreate,
            Verb::Lift | Verb::List { cursor: _ } => Verdict::AlreadySo,
        },
        Class::Refuse => narrow(Verdict::Failed),
        Class::RefuseRoom => Verdict::Failed,
        Class::Quota if single => Verdict::RoomFull,
        Class::Quota => Verdict::Split(Parts::Halves),
        Class::Stop { hint } => Verdict::Stop { hint },
    }
}

/// An attempt that may have taken effect.
fn lost(form: &Form, call: &Call, fault: Option<&Fault>, tries: &mut Tries) -> Verdict {
    let reads = matches!(call.verb, Verb::List { .. });
    tries.in_doubt |= !reads;
    if call.verb == Verb::Impose && form.repeat == Repeat::Duplicates {
        tries.lost += 1;
        return if tries.lost < MOST_LOST { Verdict::Look } else { Verdict::InDoubt };
    }
    // A provider that keeps saying "try again" to a batch may mean one subject of it.
    let coded = fault.is_some_and(|fault| !fault.code.starts_with("HTTP "));
    let at_last = if coded && call.items.len() > 1 {
        Verdict::Split(Parts::Halves)
    } else if reads {
        Verdict::Failed
    } else {
        Verdict::InDoubt
    };
    again(tries, at_last)
}

fn again(tries: &mut Tries, at_last: Verdict) -> Verdict {
    tries.lost += 1;
    let attempt = tries.lost;
    if attempt < MOST_LOST {
        Verdict::Again { pause: Pause::BackOff { attempt } }
    } else {
        given_up(tries, at_last)
    }
}

/// What an earlier attempt left in doubt stays in doubt, whatever the last one brought.
fn given_up(tries: &Tries, otherwise: Verdict) -> Verdict {
    match otherwise {
        Verdict::Failed if tries.in_doubt => Verdict::InDoubt,
        other => other,
    }
}

/// The first pause, before chance shortens it.
const FIRST_PAUSE: Duration = Duration::from_millis(500);

/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// The pause before attempt number `attempt` + 1: exponential, with full jitter from `bits`.
///
/// Our own few lines instead of a crate: randomness must come from the world, so that a run can
/// be replayed.
pub fn back_off(attempt: u32, bits: u64) -> Duration {
    let ceiling = FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(attempt.saturating_sub(1)));
    let ceiling = ceiling.min(LONGEST_PAUSE).as_millis();
    let share = u128::from(bits >> 32);
    Duration::from_millis(u64::try_from((ceiling * share) >> 32).unwrap_or(0))
}
