//! States that older versions of the program wrote.
#![expect(clippy::disallowed_methods, reason = "tests make files")]

use std::path::Path;

use super::tests::{LINEAGE, audit, commit, fresh, lease, open, rows_of};
use super::*;
use crate::domain::{Moment, Until, Who};
use crate::store::Break;
use crate::store::audit_chain::Value;

#[test]
fn a_state_of_version_2_is_read_as_it_is_and_goes_on_as_version_3() {
    let (_directory, path) = fresh();
    make_version_2(&path);
    let events = |state: &State| {
        let mut events = Vec::new();
        let seen = state.events(&HistoryFilter::default(), SortOrder::OldestFirst, &mut |event| {
            events.push(event.clone());
            true
        });
        seen.unwrap();
        events
    };
    let read = State::read(&path).unwrap().unwrap();
    assert_eq!(read.verify().unwrap().0, []);
    let old = events(&read);
    assert_eq!(old[0].who.as_ref().unwrap().to_string(), "bob@there");
    assert_eq!((old.len(), &old[0].told, &old[0].meta), (1, &None, &None));
    drop(read);

    let mut state = open(&path);
    let lease = lease(&mut state, "r");
    let who = Who { actor: Some("octo".to_owned()), ..Who::default() };
    state.begin_run("r", (&who, 7), Moment::from_seconds(100), None).unwrap();
    commit(&mut state, lease.fence, &[audit("a"), audit("b")]).unwrap();
    let all = events(&state);
    assert_eq!(all[..1], old);
    assert_eq!(all[1].who, Some(who));
    assert_eq!(all[1].meta.as_deref(), Some("{}"));
    assert_eq!(all[1].reason.as_deref(), Some("why"));
    assert_eq!(all[1].told.as_deref(), Some("ban"));
    let (flaws, head) = state.verify().unwrap();
    assert_eq!((flaws, head.unwrap().seq), (Vec::new(), 3));
    state.connection.execute_batch("DROP TRIGGER audit_is_never_changed").unwrap();
    for (seq, sql) in [(1, "outcome = 'failed'"), (2, "meta = told"), (3, "who = NULL")] {
        let sql = format!("SAVEPOINT s; UPDATE audit SET {sql} WHERE seq = {seq}");
        state.connection.execute_batch(&sql).unwrap();
        let flaws = state.verify().unwrap().0;
        assert_eq!(flaws, [Flaw::Broken(Break::Altered(seq))], "{sql}");
        state.connection.execute_batch("ROLLBACK TO s; RELEASE s").unwrap();
    }
}

/// A state with one run and one audit row, as version 2 wrote them.
fn make_version_2(path: &Path) {
    let (number, text, null) = (Value::Integer, Value::Text, Value::Null);
    let row = [
        number(1),
        number(1000),
        text("old"),
        null,
        text("t"),
        text(""),
        text("user"),
        text("a"),
        number(1),
        text("impose"),
        text("new_entry"),
        null,
        null,
        null,
        text("done"),
        null,
        null,
        null,
    ];
    let Link { seq, hash } = Link::start().next(&mut row.into_iter());
    let row = row.into_iter().chain([text(&hash)]).map(|value| match value {
        Value::Null => rusqlite::types::Value::Null,
        Value::Integer(number) => number.into(),
        Value::Text(text) => text.to_owned().into(),
    });
    let row: Vec<_> = row.collect();
    let mut connection = rusqlite::Connection::open(path).unwrap();
    open::migrate_to(&mut connection, 2).unwrap();
    let places = vec!["?"; row.len()].join(", ");
    let insert = format!("INSERT INTO audit VALUES ({places})");
    connection.execute(&insert, rusqlite::params_from_iter(row)).unwrap();
    connection
        .execute_batch(&format!(
            "PRAGMA application_id = {};
             INSERT INTO meta VALUES ('lineage', '{LINEAGE}'), ('serial', '1'),
             ('audit_head', '{seq} {hash}');
             INSERT INTO run (id, started, user, host, pid) VALUES ('old', 1, 'bob', 'there', 7)",
            schema::APPLICATION_ID,
        ))
        .unwrap();
}

#[test]
fn a_state_of_version_4_keeps_its_reasons_which_are_kept_once_from_then_on() {
    let (_directory, path) = fresh();
    make_version_2(&path);
    {
        let mut connection = rusqlite::Connection::open(&path).unwrap();
        open::migrate_to(&mut connection, 4).unwrap();
        let insert = "INSERT INTO target VALUES ('t', 'b', 'e', 'c');
            INSERT INTO enforcement (target, room, kind, subject, deny, reason)
            VALUES ('t', 'r', 'user', 'a', 1, 'why'), ('t', 'r', 'user', 'b', 1, 'why'),
            ('t', 'r', 'user', 'c', 1, NULL)";
        connection.execute_batch(insert).unwrap();
    }
    let reasons = |state: &mut State| {
        let rows = rows_of(state);
        rows.iter().map(|row| row.reason.as_deref().map(str::to_owned)).collect::<Vec<_>>()
    };
    let why = || Some("why".to_owned());
    // Read as it is, and the same once it is brought up to date.
    let mut old = State::read(&path).unwrap().unwrap();
    assert_eq!(reasons(&mut old), [why(), why(), None]);
    drop(old);
    let mut state = open(&path);
    assert_eq!(reasons(&mut state), [why(), why(), None]);
    let count = |sql| state.connection.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!(count("SELECT count(*) FROM words WHERE text = 'why'"), 1);
    assert_eq!(count("SELECT count(reason) FROM enforcement"), 0);
    assert_eq!(state.verify().unwrap().0, []);
}

#[test]
fn a_state_of_version_5_keeps_what_its_doubts_and_twins_were_asked_for() {
    let (_directory, path) = fresh();
    make_version_2(&path);
    {
        let mut connection = rusqlite::Connection::open(&path).unwrap();
        open::migrate_to(&mut connection, 5).unwrap();
        let insert = "INSERT INTO target VALUES ('t', 'b', 'e', 'c');
            INSERT INTO enforcement (target, room, kind, subject, deny, doubt, doubt_since,
              doubt_lapse, doubt_earliest)
            VALUES ('t', '', 'user', 'a', 1, 'impose', 1, NULL, NULL),
              ('t', '', 'user', 'b', 1, 'impose', 1, 7000, NULL),
              ('t', '', 'user', 'c', 1, 'impose', 1, NULL, 5000);
            INSERT INTO enforcement (target, room, kind, subject, deny, since, written, evidence,
              twin_since, twin_earliest, twin_latest)
            VALUES ('t', '', 'user', 'd', 1, 1, 1, 'adopted', 1, 5000, 7000),
              ('t', '', 'user', 'e', 1, 1, 1, 'adopted', 1, NULL, NULL)";
        connection.execute_batch(insert).unwrap();
    }
    let asked = |state: &mut State| {
        let rows = rows_of(state);
        rows.iter().map(|row| row.asked().collect::<Vec<_>>()).collect::<Vec<_>>()
    };
    let [early, late] = [5, 7].map(|seconds| Until::At(Moment::from_seconds(seconds)));
    let expected = [
        vec![Until::Never],
        vec![late],
        vec![early, Until::Never],
        vec![early, late],
        vec![Until::Never],
    ];
    let mut old = State::read(&path).unwrap().unwrap();
    assert_eq!(asked(&mut old), expected);
    drop(old);
    let mut state = open(&path);
    assert_eq!(asked(&mut state), expected);
    assert_eq!(state.verify().unwrap().0, []);
}
