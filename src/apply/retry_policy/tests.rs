//! The table of what is done after each answer.

use super::super::bearing::Bearing;
use super::super::bearing::samples::{DONE, LIST, STOP, THROTTLED, call, fault, not_sent, silence};
use super::*;
use crate::provider::REGISTRY;

/// A capability whose repeats are as given.
fn capability(repeat: Repeat) -> &'static Capability {
    let capabilities = REGISTRY.iter().flat_map(|provider| provider.facts().capabilities);
    capabilities.into_iter().find(|capability| capability.repeat == repeat).unwrap()
}

#[test]
fn every_fault_has_its_decision_for_one_subject_and_for_many() {
    let halves = RetryDecision::Split(Parts::Halves);
    let pause = Pause::Throttled { attempt: 1, after: Duration::ZERO };
    let [done, so_already] = [Some(Effect::Done), None].map(|it| RetryDecision::Proven(Proof(it)));
    for (answer, of_one, of_many) in [
        (DONE, done.clone(), done),
        (fault(FaultKind::AlreadySo, None), so_already.clone(), so_already),
        (fault(THROTTLED, None), RetryDecision::Again { pause }, RetryDecision::Again { pause }),
        (fault(STOP, None), RetryDecision::Stop { hint: "" }, RetryDecision::Stop { hint: "" }),
        (fault(FaultKind::Wait, None), RetryDecision::Waiting, halves.clone()),
        (fault(FaultKind::Wait, Some("u0")), RetryDecision::Waiting, RetryDecision::OneWaits(0)),
        (fault(FaultKind::WaitForRoom, None), RetryDecision::RoomAbsent, RetryDecision::RoomAbsent),
        (fault(FaultKind::Refuse, None), RetryDecision::GiveUp, halves.clone()),
        (
            fault(FaultKind::Refuse, Some("u0")),
            RetryDecision::GiveUp,
            RetryDecision::Split(Parts::Without(0)),
        ),
        (fault(FaultKind::Refuse, Some("stranger")), RetryDecision::GiveUp, halves.clone()),
        (fault(FaultKind::RefuseRoom, None), RetryDecision::GiveUp, RetryDecision::GiveUp),
        (fault(FaultKind::Quota, None), RetryDecision::RoomFull, halves),
    ] {
        for verb in [Verb::Impose, Verb::Lift] {
            for (items, expected) in [(1, &of_one), (3, &of_many)] {
                let mut attempts = Attempts::default();
                let call = call(verb, items);
                let decision =
                    decide(capability(Repeat::Idempotent), &call, &answer, &mut attempts);
                assert_eq!(decision, *expected, "{verb:?} {answer:?}");
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
    let attempts = [0, MOST_LOST - 1, MOST_THROTTLED, 1000];
    for answer in faults.chain([DONE, silence(), not_sent()]) {
        for (verb, items) in
            [Verb::Impose, Verb::Renew, Verb::Lift].into_iter().flat_map(|it| [(it, 1), (it, 3)])
        {
            let call = call(verb, items);
            let bearing = Bearing::of(&call, &answer);
            for lost in attempts {
                for capability in [capability(Repeat::Idempotent), capability(Repeat::Duplicates)] {
                    let mut attempts = Attempts { lost, throttled: lost, signed: lost };
                    let decision = decide(capability, &call, &answer, &mut attempts);
                    let proves = matches!(decision, RetryDecision::Proven(_));
                    assert_eq!(proves, bearing == Bearing::Proof, "{verb:?} {answer:?}");
                    // Nothing that would make a second rule is repeated without a look.
                    let blind = matches!(decision, RetryDecision::Again { .. });
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
        (Verb::Impose, RetryDecision::Recreate),
        (Verb::Renew, RetryDecision::Recreate),
        (Verb::Lift, RetryDecision::Proven(Proof(None))),
        (LIST, RetryDecision::Proven(Proof(None))),
    ] {
        let answer = fault(FaultKind::RuleGone, None);
        let capability = capability(Repeat::Duplicates);
        assert_eq!(decide(capability, &call(verb, 1), &answer, &mut Attempts::default()), expected);
    }
}

#[test]
fn a_call_is_given_up_after_five_attempts_and_a_coded_batch_is_split_then() {
    let bare = FaultKind::Retry;
    for (answer, items, at_last) in [
        (silence(), 1, RetryDecision::GiveUp),
        (silence(), 3, RetryDecision::GiveUp),
        (not_sent(), 3, RetryDecision::GiveUp),
        (fault(bare.clone(), None), 1, RetryDecision::GiveUp),
        (fault(bare, None), 3, RetryDecision::Split(Parts::Halves)),
    ] {
        let mut attempts = Attempts::default();
        let call = call(Verb::Impose, items);
        let mut next = || decide(capability(Repeat::Idempotent), &call, &answer, &mut attempts);
        for attempt in 1..MOST_LOST {
            let pause = Pause::BackOff { attempt, after: Duration::ZERO };
            assert_eq!(next(), RetryDecision::Again { pause });
        }
        assert_eq!(next(), at_last, "{answer:?}");
    }
}

#[test]
fn where_a_repeat_would_make_a_second_rule_it_is_looked_for_first() {
    let mut attempts = Attempts::default();
    let call = call(Verb::Impose, 1);
    let mut next = || decide(capability(Repeat::Duplicates), &call, &silence(), &mut attempts);
    (1..MOST_LOST).for_each(|_| assert_eq!(next(), RetryDecision::Look));
    assert_eq!(next(), RetryDecision::GiveUp);
}

#[test]
fn throttling_and_a_second_refused_signature_end_too() {
    let mut attempts = Attempts::default();
    let call = call(Verb::Lift, 1);
    let capability = capability(Repeat::Idempotent);
    for _ in 0..MOST_THROTTLED {
        let decision = decide(capability, &call, &fault(THROTTLED, None), &mut attempts);
        assert!(matches!(decision, RetryDecision::Again { .. }));
    }
    assert_eq!(
        decide(capability, &call, &fault(THROTTLED, None), &mut attempts),
        RetryDecision::GiveUp
    );
    let again = decide(capability, &call, &fault(FaultKind::SignAgain, None), &mut attempts);
    assert_eq!(again, RetryDecision::Again { pause: Pause::None });
    let stop = decide(capability, &call, &fault(FaultKind::SignAgain, None), &mut attempts);
    assert!(matches!(stop, RetryDecision::Stop { .. }));
}

#[test]
fn a_pause_that_is_asked_for_is_made_up_to_five_minutes_and_defers_the_target_beyond() {
    for kind in [FaultKind::Retry, FaultKind::Throttled] {
        for (after, waits) in
            [(0, true), (7, true), (300, true), (301, false), (86_400, false), (u32::MAX, false)]
        {
            let Err(Refused::Fault(fault)) = fault(kind.clone(), None) else { panic!() };
            let answer = Err(Refused::Fault(Fault { after, ..fault }));
            for verb in [Verb::Impose, Verb::Lift, LIST] {
                let (capability, call) = (capability(Repeat::Idempotent), call(verb, 3));
                match decide(capability, &call, &answer, &mut Attempts::default()) {
                    RetryDecision::Again {
                        pause:
                            Pause::BackOff { attempt: 1, after: asked }
                            | Pause::Throttled { attempt: 1, after: asked },
                    } => assert!(
                        waits && asked == Duration::from_secs(after.into()),
                        "{kind:?} {after:?}"
                    ),
                    RetryDecision::Defer { .. } => assert!(!waits, "{kind:?} {after:?}"),
                    other => panic!("{other:?}"),
                }
            }
        }
    }
}
