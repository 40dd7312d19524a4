//! Rows of every kind, written and read.

use ostracon::domain::{
    Action, Deny, Doubt, Enforcement, Evidence, Held, Id, Kind, Lapse, Moment, Restriction, RuleId,
    Subject, TargetName, Twin, Until, Untils,
};
use ostracon::store::Record;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use super::Engine;
use super::suite::{ours, row};

fn moments() -> impl Strategy<Value = Moment> {
    any::<i64>().prop_map(Moment::from_millis)
}

fn lapses() -> impl Strategy<Value = Lapse> {
    prop_oneof![Just(Lapse::Open), moments().prop_map(Lapse::At)]
}

fn asked() -> impl Strategy<Value = Untils> {
    proptest::collection::vec(lapses().prop_map(Until::from), 1..5).prop_map(Untils::from_iter)
}

/// Any text but NUL, which no entry may hold.
fn texts() -> impl Strategy<Value = String> {
    "[^\0]*"
}

fn helds() -> impl Strategy<Value = Held> {
    let rule = proptest::option::of(prop_oneof![
        any::<i64>().prop_map(RuleId::from),
        texts().prop_map(|text| RuleId::new(&text)),
    ]);
    let evidence = proptest::sample::select(Evidence::ALL.to_vec());
    let twin = (moments(), asked()).prop_map(|(since, asked)| Twin { since, asked });
    let (seen, twin) = (proptest::option::of(moments()), proptest::option::of(twin));
    (moments(), moments(), seen, lapses(), rule, evidence, twin).prop_map(
        |(since, written, seen, lapse, rule, evidence, twin)| Held {
            since,
            written,
            lapse,
            rule,
            evidence,
            seen,
            twin,
        },
    )
}

fn enforcements() -> impl Strategy<Value = Enforcement> {
    let text = || proptest::option::of(texts().prop_map(Into::into));
    let room = proptest::option::of("[^\0]+".prop_map(|text: String| Id::new(text)));
    let subject = (proptest::sample::select(Kind::ALL.to_vec()), "[^\0]+")
        .prop_map(|(kind, id)| Subject { kind, id: Id::new(id) });
    let action = proptest::sample::select(Action::ALL.to_vec());
    let doubt = (action, moments(), lapses(), asked())
        .prop_map(|(action, since, lapse, asked)| Doubt { action, since, lapse, asked });
    let known = (
        proptest::option::of(helds()),
        proptest::option::of(doubt),
        proptest::option::of(moments()),
    );
    let until = lapses().prop_map(Until::from);
    (room, subject, 0..8_u8, until, (text(), text()), known).prop_map(
        |(room, subject, deny, until, (reason, entry), (held, doubt, waiting))| Enforcement {
            restriction: Restriction {
                target: TargetName::parse("t").unwrap(),
                room,
                subject,
                deny: Deny::from_bits(deny).unwrap(),
            },
            until,
            reason,
            entry,
            held,
            doubt,
            waiting,
        },
    )
}

pub(super) fn rows_come_back_as_they_were_and_in_the_order_of_bytes(engine: &Engine) {
    let (mut state, lease) = ours(&engine.location(), "r");
    // Languages sort these otherwise.
    let words = ["Zebra", "apple", "Äpfel", "a b", "a-b", "ab", "A", "a", "\u{10000}", "\u{ffff}"];
    let named = words.map(row).to_vec();
    let any = proptest::collection::btree_map(any::<u8>(), enforcements(), 0..12);
    let all = any.prop_map(move |some| some.into_values().chain(named.clone()).collect::<Vec<_>>());
    let mut runner = TestRunner::new(ProptestConfig::with_cases(24));
    let state = std::cell::RefCell::new(&mut state);
    runner
        .run(&all, |mut rows| {
            rows.sort_by(|a, b| a.restriction.cmp(&b.restriction));
            rows.dedup_by(|a, b| a.restriction == b.restriction);
            let mut state = state.borrow_mut();
            let records: Vec<_> = rows.iter().rev().cloned().map(Record::Put).collect();
            state.commit(lease.fence, &records).unwrap();
            prop_assert_eq!(&state.snapshot().unwrap().rows, &rows);
            let counted = state.view().unwrap().rows_per_target().unwrap();
            prop_assert_eq!(counted.values().sum::<usize>(), rows.len());
            let drops = rows.into_iter().map(|row| Record::Drop(row.restriction));
            state.commit(lease.fence, &drops.collect::<Vec<_>>()).unwrap();
            prop_assert!(state.snapshot().unwrap().rows.is_empty());
            Ok(())
        })
        .unwrap();
}
