//! What people ordered.

use std::collections::BTreeMap;

use ostracon::domain::{
    Deny, Id, Kind, Order, OrderEnd, OrderFate, OrderKind, Subject, TargetName, Who,
};
use ostracon::store::{HistoryFilter, Record, SortOrder, State};

use super::Engine;
use super::suite::{NOW, at, audit, close, events, ours};

fn order(id: &str) -> Order {
    Order {
        id: id.into(),
        kind: OrderKind::Ban,
        target: TargetName::parse("t").unwrap(),
        room: Some(Id::new("lobby")),
        subjects: ["x", "y"].map(|id| Subject { kind: Kind::User, id: Id::new(id) }).to_vec(),
        deny: Deny::JOIN,
        until: at(3600),
        why: "raid".into(),
        meta: BTreeMap::from([("case".to_owned(), "7".to_owned())]),
        given: NOW,
        by: Who::default(),
        ended: None,
    }
}

pub(super) fn an_order_is_noted_beside_the_run_that_holds_the_state(engine: &Engine) {
    let (mut state, lease) = ours(&engine.location(), "r");
    state.begin_run("r", (&Who::default(), 7), NOW, None).unwrap();
    state.commit(lease.fence, &[audit("r", "a")]).unwrap();
    let before = state.orders_mark().unwrap();
    let mut beside = State::beside(&engine.location()).unwrap().unwrap();
    beside.note_order(&order("o1"), (&Who::default(), 8), at(1)).unwrap();
    beside.note_order(&order("o2"), (&Who::default(), 8), at(2)).unwrap();
    assert_ne!(state.orders_mark().unwrap(), before);
    // The run goes on writing to the same log, also that an order has ended.
    let ended = Some(OrderEnd { at: at(9), how: OrderFate::Absorbed, why: None });
    let absorbed = Order { ended, ..order("o1") };
    let mark = state.orders_mark().unwrap();
    state.commit(lease.fence, &[Record::Order(absorbed.clone()), audit("r", "b")]).unwrap();
    assert_eq!(state.orders_mark().unwrap(), mark, "what a run does itself is no order");
    assert_eq!(state.orders().unwrap(), [absorbed, order("o2")]);
    assert_eq!(state.snapshot().unwrap().orders, [order("o2")]);
    let all = events(&state, &HistoryFilter::default(), SortOrder::OldestFirst);
    let told = all.iter().map(|event| (event.run.as_str(), event.restriction.subject.id.as_str()));
    let expected = [
        ("r", "a"),
        ("o1/ordered", "x"),
        ("o1/ordered", "y"),
        ("o2/ordered", "x"),
        ("o2/ordered", "y"),
        ("r", "b"),
    ];
    assert_eq!(told.collect::<Vec<_>>(), expected);
    let (flaws, head) = state.verify().unwrap();
    assert_eq!((flaws, head.unwrap().seq), (vec![], 6));
    assert_eq!(state.last_run().unwrap().unwrap().id, "r", "an order is no run");
    close(state, &lease);
}
