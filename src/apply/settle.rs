//! What to do after an attempt: pure, from the answer and the facts.

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
pub struct Tries {
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
pub enum Verdict {
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
pub fn settle(capability: &Capability, call: &Call, answer: &Answer, tries: &mut Tries) -> Verdict {
    match answer {
        Ok(reply) => Verdict::Proven(Proof(Some(reply.effect.clone()))),
        Err(Refused::NoAnswer(NoAnswer::NotSent(_) | NoAnswer::Starved(_))) => {
            again(Duration::ZERO, tries, Verdict::GiveUp)
        }
        Err(Refused::NoAnswer(NoAnswer::Unknown(_))) => lost(capability, call, None, tries),
        Err(Refused::Fault(fault)) => settle_fault(capability, call, fault, tries),
    }
}

fn settle_fault(capability: &Capability, call: &Call, fault: &Fault, tries: &mut Tries) -> Verdict {
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
    let lists = matches!(call.verb, Verb::List);
    match &fault.kind {
        FaultKind::AlreadySo => Verdict::Proven(Proof(None)),
        // A list of what is not there is an empty list.
        FaultKind::Wait | FaultKind::WaitForRoom if lists => Verdict::Proven(Proof(None)),
        FaultKind::Retry | FaultKind::Throttled if asked_by(fault) > LONGEST_BELIEVED => {
            Verdict::Defer {
                hint: "the provider asks to come again in more than five minutes: run again later",
            }
        }
        FaultKind::Retry => lost(capability, call, Some(fault), tries),
        FaultKind::Throttled => {
            tries.throttled += 1;
            let attempt = tries.throttled;
            if attempt <= MOST_THROTTLED {
                Verdict::Again { pause: Pause::Throttled { attempt, after: asked_by(fault) } }
            } else {
                Verdict::GiveUp
            }
        }
        FaultKind::SignAgain if tries.signed == 0 => {
            tries.signed += 1;
            Verdict::Again { pause: Pause::None }
        }
        FaultKind::SignAgain => Verdict::Stop { hint: "check this machine's clock" },
        // Who is named need not be asked about again: where thousands wait, that is half the calls.
        FaultKind::Wait => match narrow(Verdict::Waiting) {
            Verdict::Split(Parts::Without(place)) => Verdict::OneWaits(place),
            other => other,
        },
        FaultKind::WaitForRoom => Verdict::RoomAbsent,
        FaultKind::RuleGone => match call.verb {
            Verb::Renew | Verb::Impose => Verdict::Recreate,
            Verb::Lift | Verb::List => Verdict::Proven(Proof(None)),
        },
        FaultKind::Refuse => narrow(Verdict::GiveUp),
        FaultKind::RefuseRoom => Verdict::GiveUp,
        FaultKind::Quota if single => Verdict::RoomFull,
        FaultKind::Quota => Verdict::Split(Parts::Halves),
        FaultKind::Stop { hint } => Verdict::Stop { hint },
    }
}

/// The pause that a provider asks for.
fn asked_by(fault: &Fault) -> Duration {
    Duration::from_secs(fault.after.into())
}

/// An attempt that may have taken effect.
fn lost(capability: &Capability, call: &Call, fault: Option<&Fault>, tries: &mut Tries) -> Verdict {
    if call.verb == Verb::Impose && capability.repeat == Repeat::Duplicates {
        tries.lost += 1;
        return if tries.lost < MOST_LOST { Verdict::Look } else { Verdict::GiveUp };
    }
    // A provider that keeps saying "try again" to a batch may mean one subject of it.
    let coded = fault.is_some_and(|fault| fault.has_own_code);
    let in_parts = coded && call.items.len() > 1;
    let after = fault.map(asked_by).unwrap_or_default();
    again(after, tries, if in_parts { Verdict::Split(Parts::Halves) } else { Verdict::GiveUp })
}

fn again(after: Duration, tries: &mut Tries, at_last: Verdict) -> Verdict {
    tries.lost += 1;
    let attempt = tries.lost;
    let pause = Pause::BackOff { attempt, after };
    if attempt < MOST_LOST { Verdict::Again { pause } } else { at_last }
}

#[cfg(test)]
mod tests {
    use super::super::bearing::Bearing;
    use super::super::bearing::samples::{
        DONE, LIST, STOP, THROTTLED, call, fault, not_sent, silence,
    };
    use super::*;
    use crate::provider::REGISTRY;

    /// A capability whose repeats are as given.
    fn capability(repeat: Repeat) -> &'static Capability {
        let capabilities = REGISTRY.iter().flat_map(|provider| provider.facts().capabilities);
        capabilities.into_iter().find(|capability| capability.repeat == repeat).unwrap()
    }

    #[test]
    fn every_class_has_its_verdict_for_one_subject_and_for_many() {
        let halves = Verdict::Split(Parts::Halves);
        let pause = Pause::Throttled { attempt: 1, after: Duration::ZERO };
        let [done, so_already] = [Some(Effect::Done), None].map(|it| Verdict::Proven(Proof(it)));
        for (answer, of_one, of_many) in [
            (DONE, done.clone(), done),
            (fault(FaultKind::AlreadySo, None), so_already.clone(), so_already),
            (fault(THROTTLED, None), Verdict::Again { pause }, Verdict::Again { pause }),
            (fault(STOP, None), Verdict::Stop { hint: "" }, Verdict::Stop { hint: "" }),
            (fault(FaultKind::Wait, None), Verdict::Waiting, halves.clone()),
            (fault(FaultKind::Wait, Some("u0")), Verdict::Waiting, Verdict::OneWaits(0)),
            (fault(FaultKind::WaitForRoom, None), Verdict::RoomAbsent, Verdict::RoomAbsent),
            (fault(FaultKind::Refuse, None), Verdict::GiveUp, halves.clone()),
            (
                fault(FaultKind::Refuse, Some("u0")),
                Verdict::GiveUp,
                Verdict::Split(Parts::Without(0)),
            ),
            (fault(FaultKind::Refuse, Some("stranger")), Verdict::GiveUp, halves.clone()),
            (fault(FaultKind::RefuseRoom, None), Verdict::GiveUp, Verdict::GiveUp),
            (fault(FaultKind::Quota, None), Verdict::RoomFull, halves),
        ] {
            for verb in [Verb::Impose, Verb::Lift] {
                for (items, expected) in [(1, &of_one), (3, &of_many)] {
                    let mut tries = Tries::default();
                    let call = call(verb, items);
                    let verdict =
                        settle(capability(Repeat::Idempotent), &call, &answer, &mut tries);
                    assert_eq!(verdict, *expected, "{verb:?} {answer:?}");
                }
            }
        }
    }

    #[test]
    fn a_verdict_proves_what_its_answer_does_and_nothing_else() {
        let classes = [
            FaultKind::AlreadySo,
            FaultKind::Retry,
            THROTTLED,
            FaultKind::SignAgain,
            FaultKind::Wait,
            FaultKind::WaitForRoom,
            FaultKind::RuleGone,
            FaultKind::Refuse,
            FaultKind::RefuseRoom,
            FaultKind::Quota,
            STOP,
        ];
        let faults = classes.into_iter().map(|kind| fault(kind, None));
        let tries = [0, MOST_LOST - 1, MOST_THROTTLED, 1000];
        for answer in faults.chain([DONE, silence(), not_sent()]) {
            for (verb, items) in [Verb::Impose, Verb::Renew, Verb::Lift]
                .into_iter()
                .flat_map(|it| [(it, 1), (it, 3)])
            {
                let call = call(verb, items);
                let bearing = Bearing::of(&call, &answer);
                for lost in tries {
                    for capability in
                        [capability(Repeat::Idempotent), capability(Repeat::Duplicates)]
                    {
                        let mut tries = Tries { lost, throttled: lost, signed: lost };
                        let verdict = settle(capability, &call, &answer, &mut tries);
                        let proves = matches!(verdict, Verdict::Proven(_));
                        assert_eq!(proves, bearing == Bearing::Proof, "{verb:?} {answer:?}");
                        // Nothing that would make a second rule is repeated without a look.
                        let blind = matches!(verdict, Verdict::Again { .. });
                        let may_double =
                            verb == Verb::Impose && capability.repeat == Repeat::Duplicates;
                        let unknown = bearing == Bearing::MayHaveTakenEffect;
                        assert!(!(blind && may_double && unknown), "{verb:?} {answer:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_rule_that_is_gone_is_made_again_and_needs_no_lift() {
        for (verb, expected) in [
            (Verb::Impose, Verdict::Recreate),
            (Verb::Renew, Verdict::Recreate),
            (Verb::Lift, Verdict::Proven(Proof(None))),
            (LIST, Verdict::Proven(Proof(None))),
        ] {
            let answer = fault(FaultKind::RuleGone, None);
            let capability = capability(Repeat::Duplicates);
            assert_eq!(
                settle(capability, &call(verb, 1), &answer, &mut Tries::default()),
                expected
            );
        }
    }

    #[test]
    fn a_call_is_given_up_after_five_attempts_and_a_coded_batch_is_split_then() {
        let bare = FaultKind::Retry;
        for (answer, items, at_last) in [
            (silence(), 1, Verdict::GiveUp),
            (silence(), 3, Verdict::GiveUp),
            (not_sent(), 3, Verdict::GiveUp),
            (fault(bare.clone(), None), 1, Verdict::GiveUp),
            (fault(bare, None), 3, Verdict::Split(Parts::Halves)),
        ] {
            let mut tries = Tries::default();
            let call = call(Verb::Impose, items);
            let mut next = || settle(capability(Repeat::Idempotent), &call, &answer, &mut tries);
            for attempt in 1..MOST_LOST {
                let pause = Pause::BackOff { attempt, after: Duration::ZERO };
                assert_eq!(next(), Verdict::Again { pause });
            }
            assert_eq!(next(), at_last, "{answer:?}");
        }
    }

    #[test]
    fn where_a_repeat_would_make_a_second_rule_it_is_looked_for_first() {
        let mut tries = Tries::default();
        let call = call(Verb::Impose, 1);
        let mut next = || settle(capability(Repeat::Duplicates), &call, &silence(), &mut tries);
        (1..MOST_LOST).for_each(|_| assert_eq!(next(), Verdict::Look));
        assert_eq!(next(), Verdict::GiveUp);
    }

    #[test]
    fn throttling_and_a_second_refused_signature_end_too() {
        let mut tries = Tries::default();
        let call = call(Verb::Lift, 1);
        let capability = capability(Repeat::Idempotent);
        for _ in 0..MOST_THROTTLED {
            let verdict = settle(capability, &call, &fault(THROTTLED, None), &mut tries);
            assert!(matches!(verdict, Verdict::Again { .. }));
        }
        assert_eq!(settle(capability, &call, &fault(THROTTLED, None), &mut tries), Verdict::GiveUp);
        let again = settle(capability, &call, &fault(FaultKind::SignAgain, None), &mut tries);
        assert_eq!(again, Verdict::Again { pause: Pause::None });
        let stop = settle(capability, &call, &fault(FaultKind::SignAgain, None), &mut tries);
        assert!(matches!(stop, Verdict::Stop { .. }));
    }

    #[test]
    fn a_pause_that_is_asked_for_is_made_up_to_five_minutes_and_defers_the_target_beyond() {
        for kind in [FaultKind::Retry, FaultKind::Throttled] {
            for (after, waits) in [
                (0, true),
                (7, true),
                (300, true),
                (301, false),
                (86_400, false),
                (u32::MAX, false),
            ] {
                let Err(Refused::Fault(fault)) = fault(kind.clone(), None) else { panic!() };
                let answer = Err(Refused::Fault(Fault { after, ..fault }));
                for verb in [Verb::Impose, Verb::Lift, LIST] {
                    let (capability, call) = (capability(Repeat::Idempotent), call(verb, 3));
                    match settle(capability, &call, &answer, &mut Tries::default()) {
                        Verdict::Again {
                            pause:
                                Pause::BackOff { attempt: 1, after: asked }
                                | Pause::Throttled { attempt: 1, after: asked },
                        } => assert!(
                            waits && asked == Duration::from_secs(after.into()),
                            "{kind:?} {after:?}"
                        ),
                        Verdict::Defer { .. } => assert!(!waits, "{kind:?} {after:?}"),
                        other => panic!("{other:?}"),
                    }
                }
            }
        }
    }
}
