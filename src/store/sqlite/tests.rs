//! What a state keeps, whom it obeys, and what it refuses to be.
#![expect(clippy::disallowed_methods, reason = "tests damage files")]

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use tempfile::TempDir;

use super::lock::{FileLock, make_directory};
use super::*;
use crate::domain::{
    Action, Deny, Doubt, Enforcement, Evidence, Held, Id, Kind, Lapse, Moment, Restriction, RuleId,
    Subject, TargetName, Twin, Until, Untils,
};
use crate::store::{AuditRow, Intent};
use crate::world::Process;

pub(super) const LINEAGE: &str = "0198c0de-0000-7000-8000-000000000000";

pub(super) fn fresh() -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(".ostracon/state.db");
    make_directory(&path).unwrap();
    (directory, path)
}

pub(super) fn open(path: &Path) -> State {
    State::write(path, LINEAGE).unwrap()
}

pub(super) fn process() -> Process {
    Process { user: "ann".to_owned(), host: "here".to_owned(), pid: 7 }
}

pub(super) fn commit(state: &mut State, fence: i64, records: &[Record]) -> Result<(), StateError> {
    state.commit_each(fence, None, &mut records.iter())
}

pub(super) fn rows_of(state: &mut State) -> Vec<Enforcement> {
    let view = state.view().unwrap();
    let mut all = Vec::new();
    view.rows(&mut |rows| all = rows.collect()).unwrap();
    all
}

pub(super) fn lease(state: &mut State, run: &str) -> Lease {
    state.take_lease(run, &process(), Moment::from_seconds(100)).unwrap()
}

fn row(subject: &str) -> Enforcement {
    let target = TargetName::parse("t").unwrap();
    let subject = Subject { kind: Kind::User, id: Id::new(subject) };
    Enforcement {
        restriction: Restriction { target, room: None, subject, deny: Deny::JOIN },
        until: Until::Never,
        reason: None,
        entry: None,
        held: None,
        doubt: None,
        waiting: None,
    }
}

pub(super) fn audit(subject: &str) -> Record {
    Record::Audit(AuditRow {
        at: Moment::from_seconds(1),
        run: "r".to_owned(),
        call: None,
        restriction: row(subject).restriction,
        action: "impose",
        because: "new_entry",
        until: Until::Never,
        entry: None,
        source: None,
        meta: Some("{}".into()),
        reason: Some("why".into()),
        told: Some("ban".into()),
        outcome: "done",
        code: None,
        message: None,
        request_id: None,
    })
}

fn refusal(path: &Path) -> StateError {
    State::read(path).unwrap_err()
}

#[test]
fn a_state_is_for_its_owner_alone_and_kept_out_of_git() {
    let (_directory, path) = fresh();
    open(&path).close().unwrap();
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&path), 0o600);
    assert_eq!(mode(path.parent().unwrap()), 0o700);
    assert!(path.with_file_name(".gitignore").exists());
}

#[test]
fn a_closed_state_is_one_file() {
    let (_directory, path) = fresh();
    let mut state = open(&path);
    let lease = lease(&mut state, "r");
    commit(&mut state, lease.fence, &[Record::Put(row("a"))]).unwrap();
    state.close().unwrap();
    let names = path.parent().unwrap().read_dir().unwrap();
    let mut names: Vec<_> = names.map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, [".gitignore", "state.db"]);
}

#[test]
fn what_a_killed_run_wrote_is_there_for_the_next() {
    let (_directory, path) = fresh();
    let mut state = open(&path);
    let lease = lease(&mut state, "r");
    commit(&mut state, lease.fence, &[Record::Put(row("a"))]).unwrap();
    // Neither closed nor dropped: what a kill leaves behind.
    std::mem::forget(state);
    let mut state = State::read(&path).unwrap().unwrap();
    assert_eq!(rows_of(&mut state), [row("a")]);
}

#[test]
fn a_holder_whose_lease_was_taken_can_write_nothing_more() {
    let (_directory, path) = fresh();
    let mut state = open(&path);
    let old = lease(&mut state, "old");
    State::beside(&path).unwrap().unwrap().break_lease("old").unwrap();
    let refused = commit(&mut state, old.fence, &[Record::Put(row("a"))]);
    assert!(matches!(refused, Err(StateError::LeaseLost)));
    let heard = state.commit_each(old.fence, Some(Moment::from_seconds(101)), &mut [].iter());
    assert!(matches!(heard, Err(StateError::LeaseLost)));
    let new = lease(&mut state, "new");
    assert!(new.fence > old.fence);
    commit(&mut state, new.fence, &[Record::Put(row("a"))]).unwrap();
}

#[test]
fn a_lease_is_broken_only_by_the_name_of_its_run() {
    let (_directory, path) = fresh();
    let mut state = open(&path);
    lease(&mut state, "r");
    state.break_lease("another").unwrap();
    assert_eq!(state.holder().unwrap().unwrap().run, "r");
    state.break_lease("r").unwrap();
    assert_eq!(state.holder().unwrap(), None);
}

#[test]
fn records_are_written_together_or_not_at_all() {
    let (_directory, path) = fresh();
    let mut state = open(&path);
    let lease = lease(&mut state, "r");
    let intent = Record::Intent(Intent {
        call: 1,
        run: "r".to_owned(),
        target: TargetName::parse("t").unwrap(),
        rate_key: String::new(),
        lane: 0,
        verb: "impose",
        kind: Kind::User,
        room: None,
        subjects: 1,
        at: Moment::from_seconds(1),
    });
    commit(&mut state, lease.fence, std::slice::from_ref(&intent)).unwrap();
    // The same number twice is refused, and takes the row beside it along.
    commit(&mut state, lease.fence, &[Record::Put(row("a")), intent]).unwrap_err();
    assert!(rows_of(&mut state).is_empty());
}

#[test]
fn the_audit_log_can_be_neither_changed_nor_cut() {
    let (_directory, path) = fresh();
    let mut state = open(&path);
    let lease = lease(&mut state, "r");
    commit(&mut state, lease.fence, &[audit("a")]).unwrap();
    for sql in ["UPDATE audit SET outcome = 'failed'", "DELETE FROM audit"] {
        let refused = state.connection.execute(sql, []).unwrap_err();
        assert!(refused.to_string().contains("append-only"), "{refused}");
    }
}

#[test]
fn what_is_not_a_state_is_refused_and_left_as_it_is() {
    let (_directory, path) = fresh();
    let whole = {
        open(&path).close().unwrap();
        std::fs::read(&path).unwrap()
    };
    let damaged: [&[u8]; 4] =
        [b"garbage", b"", &whole[..whole.len() / 2], &[&whole[..100], &[0; 4000]].concat()];
    for bytes in damaged {
        std::fs::write(&path, bytes).unwrap();
        let error = refusal(&path);
        assert!(matches!(error, StateError::Foreign { .. } | StateError::Engine { .. }), "{error}");
        assert_eq!(std::fs::read(&path).unwrap(), bytes);
    }
}

#[test]
fn a_newer_a_foreign_and_a_tampered_state_are_refused_for_what_they_are() {
    let (_directory, path) = fresh();
    for (sql, told) in [
        ("PRAGMA user_version = 99", "schema 99"),
        ("PRAGMA application_id = 1", "not a state of ostracon"),
        ("CREATE TABLE more (x)", "not as this program made them"),
        ("DROP TRIGGER audit_is_never_cut", "not as this program made them"),
    ] {
        let state = open(&path);
        state.connection.execute_batch(sql).unwrap();
        state.close().unwrap();
        let error = refusal(&path).to_string();
        assert!(error.contains(told), "{error}");
        std::fs::remove_file(&path).unwrap();
    }
}

#[test]
fn a_state_behind_a_symbolic_link_is_refused() {
    let (directory, path) = fresh();
    let elsewhere = directory.path().join("elsewhere.db");
    open(&path).close().unwrap();
    std::fs::rename(&path, &elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, &path).unwrap();
    assert!(refusal(&path).to_string().contains("symbolic link"));
}

#[test]
fn the_lock_is_held_by_one_until_it_is_dropped() {
    let (_directory, path) = fresh();
    let lock = FileLock::try_take(&path).unwrap();
    assert!(lock.is_some());
    assert!(FileLock::try_take(&path).unwrap().is_none());
    drop(lock);
    assert!(FileLock::try_take(&path).unwrap().is_some());
}

fn moments() -> impl Strategy<Value = Moment> {
    any::<i64>().prop_map(Moment::from_millis)
}

fn lapses() -> impl Strategy<Value = Lapse> {
    prop_oneof![Just(Lapse::Open), moments().prop_map(Lapse::At)]
}

fn untils() -> impl Strategy<Value = Until> {
    lapses().prop_map(Until::from)
}

fn asked() -> impl Strategy<Value = Untils> {
    proptest::collection::vec(untils(), 1..5).prop_map(Untils::from_iter)
}

fn helds() -> impl Strategy<Value = Held> {
    let rule = proptest::option::of(prop_oneof![
        any::<i64>().prop_map(RuleId::from),
        ".*".prop_map(|text: String| RuleId::new(&text)),
    ]);
    let evidence = proptest::sample::select(Evidence::ALL.to_vec());
    let twin = (moments(), asked()).prop_map(|(since, asked)| Twin { since, asked });
    let (seen, twin) = (proptest::option::of(moments()), proptest::option::of(twin));
    (moments(), moments(), seen, lapses(), rule, evidence, twin).prop_map(
        |(since, written, seen, lapse, rule, evidence, twin)| Held {
            since,
            written,
            seen,
            lapse,
            rule,
            evidence,
            twin,
        },
    )
}

fn enforcements() -> impl Strategy<Value = Enforcement> {
    let text = || proptest::option::of(".*".prop_map(|text: String| text.into()));
    let room = proptest::option::of(".+".prop_map(|text: String| Id::new(text)));
    let subject = (proptest::sample::select(Kind::ALL.to_vec()), ".+")
        .prop_map(|(kind, id)| Subject { kind, id: Id::new(id) });
    let until = untils();
    let action = proptest::sample::select(Action::ALL.to_vec());
    let doubt = (action, moments(), lapses(), asked())
        .prop_map(|(action, since, lapse, asked)| Doubt { action, since, lapse, asked });
    let known = (
        proptest::option::of(helds()),
        proptest::option::of(doubt),
        proptest::option::of(moments()),
    );
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

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn rows_come_back_as_they_were_and_in_canonical_order(
        rows in proptest::collection::btree_map(any::<u8>(), enforcements(), 0..8)
    ) {
        let mut rows: Vec<_> = rows.into_values().collect();
        rows.sort_by(|a, b| a.restriction.cmp(&b.restriction));
        rows.dedup_by(|a, b| a.restriction == b.restriction);
        let mut state = State::in_memory(LINEAGE).unwrap();
        let lease = lease(&mut state, "r");
        let records: Vec<_> = rows.iter().rev().cloned().map(Record::Put).collect();
        commit(&mut state, lease.fence, &records).unwrap();
        prop_assert_eq!(&rows_of(&mut state), &rows);
        let drops: Vec<_> = rows.into_iter().map(|row| Record::Drop(row.restriction)).collect();
        commit(&mut state, lease.fence, &drops).unwrap();
        prop_assert!(rows_of(&mut state).is_empty());
    }
}
