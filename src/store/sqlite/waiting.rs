//! Whatever writes waits while another process writes, an order beside a run above all.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::tests::{audit, commit, fresh, lease, open, process};
use super::*;
use crate::domain::{Deny, Id, Kind, Moment, Order, OrderKind, Subject, TargetName, Who};

const NOW: Moment = Moment::from_seconds(100);

fn order() -> Order {
    Order {
        id: "o".into(),
        kind: OrderKind::Lift,
        target: TargetName::parse("t").unwrap(),
        room: None,
        subjects: vec![Subject { kind: Kind::User, id: Id::new("u") }],
        deny: Deny::JOIN,
        until: Moment::from_seconds(1000),
        why: "x".into(),
        meta: BTreeMap::new(),
        given: NOW,
        by: Who::default(),
        ended: None,
    }
}

/// Something that writes to a state, of which this lease is taken.
type Write = fn(&mut State, &Lease) -> Result<(), StateError>;

#[test]
fn whatever_writes_waits_until_another_has_written() {
    let writes: [(&str, Write); 10] = [
        ("take the lease", |state, _| state.take_lease("b", &process(), NOW).map(drop)),
        ("begin a run", |state, _| state.begin_run("b", (&Who::default(), 7), NOW, None)),
        ("end a run", |state, _| state.finish_run("a", NOW, "{}")),
        ("give the lease back", |state, lease| state.release(lease, None)),
        ("take it away", |state, lease| state.break_lease(&lease.run)),
        ("accept the clock", |state, _| state.accept_clock(NOW)),
        ("note an order", |state, _| state.note_order(&order(), (&Who::default(), 7), NOW)),
        ("record", |state, lease| commit(state, lease.fence, &[audit("u")])),
        ("be heard of", |state, lease| state.commit_each(lease.fence, Some(NOW), &mut [].iter())),
        ("compact", |state, lease| state.compact(lease.fence, NOW).map(drop)),
    ];
    for (name, write) in writes {
        let (_directory, path) = fresh();
        let mut state = open(&path);
        let lease = lease(&mut state, "a");
        state.begin_run("a", (&Who::default(), 7), NOW, None).unwrap();
        let other = State::beside(&path).unwrap().unwrap().connection;
        other.execute_batch("BEGIN IMMEDIATE; UPDATE meta SET value = value").unwrap();
        let waited = Arc::new(AtomicBool::new(false));
        let has_waited = Arc::clone(&waited);
        let let_it = move |_tries| {
            has_waited.store(true, Ordering::Relaxed);
            other.execute_batch("COMMIT").is_ok()
        };
        state.connection.busy_handler(Some(let_it)).unwrap();
        if let Err(error) = write(&mut state, &lease) {
            panic!("{name}: {error:?}");
        }
        assert!(waited.load(Ordering::Relaxed), "{name} did not have to wait");
    }
}
