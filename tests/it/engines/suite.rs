//! The tests that every engine passes.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;
use ostracon::domain::{
    BegunChange, Deny, Enforcement, Id, Kind, Moment, ProtectedKey, Restriction, Subject,
    TargetName, Until, Who,
};
use ostracon::plan::TargetRecord;
use ostracon::store::{
    Accounts, Answered, AuditRow, Break, Claim, Event, Flaw, HistoryFilter, Intent, Lease,
    Location, ReadPolicy, Record, SortOrder, State, StateError, Taken, UsedRate,
};
use ostracon::world::Process;

pub(super) use super::leases::*;
pub(super) use super::orders::*;
pub(super) use super::rows::rows_come_back_as_they_were_and_in_the_order_of_bytes;
use super::{Engine, LINEAGE};

/// When everything here happens.
pub(super) const NOW: Moment = Moment::from_seconds(1_800_000_000);

pub(super) fn at(seconds: i64) -> Moment {
    NOW + SignedDuration::from_secs(seconds)
}

pub(super) fn process(host: &str) -> Process {
    Process { user: "ann".to_owned(), host: host.to_owned(), pid: 7 }
}

pub(super) fn only<const N: usize>(accounts: [&str; N]) -> Accounts {
    Accounts::Only(accounts.into_iter().map(str::to_owned).collect())
}

pub(super) fn claim(
    location: &Location,
    (run, host): (&str, &str),
    now: Moment,
    accounts: &Accounts,
) -> Result<Taken, StateError> {
    let process = &process(host);
    State::take(location, &Claim { run, process, now, lineage: LINEAGE, accounts })
}

/// Takes the whole state, if nobody else has it.
pub(super) fn taken(location: &Location, run: &str) -> Result<Taken, StateError> {
    claim(location, (run, "here"), NOW, &Accounts::All)
}

/// Takes the whole state.
pub(super) fn ours(location: &Location, run: &str) -> (State, Lease) {
    match taken(location, run).unwrap() {
        Taken::Ours(state, lease) => (state, lease),
        Taken::Held(holders) => panic!("{holders:?}"),
    }
}

fn restriction(subject: &str) -> Restriction {
    Restriction {
        target: TargetName::parse("t").unwrap(),
        room: None,
        subject: Subject { kind: Kind::User, id: Id::new(subject) },
        deny: Deny::JOIN,
    }
}

/// A row of which nothing is known.
pub(super) fn row(subject: &str) -> Enforcement {
    Enforcement {
        restriction: restriction(subject),
        until: Until::Never,
        reason: None,
        entry: None,
        held: None,
        doubt: None,
        waiting: None,
    }
}

/// What a run did to somebody.
pub(super) fn audit(run: &str, subject: &str) -> Record {
    Record::Audit(AuditRow {
        at: NOW,
        run: run.to_owned(),
        call: Some(7),
        restriction: restriction(subject),
        action: "impose",
        because: "new_entry",
        until: Until::At(at(60)),
        entry: Some("case-1".to_owned()),
        source: Some("bans.yaml:1:1".to_owned()),
        meta: Some("{\"case\":\"1\"}".into()),
        reason: Some("why".into()),
        told: Some("ban for 60 s".into()),
        outcome: "done",
        code: Some("0".to_owned()),
        message: None,
        request_id: Some("id".to_owned()),
    })
}

pub(super) fn intent(call: i64) -> Record {
    Record::Intent(Intent {
        call,
        run: "r".to_owned(),
        target: TargetName::parse("t").unwrap(),
        rate_key: "key".to_owned(),
        lane: 1,
        verb: "impose",
        kind: Kind::User,
        room: Some(Id::new("lobby")),
        subjects: 3,
        at: NOW,
    })
}

fn answered(call: i64, message: &str) -> Record {
    Record::Answered(Answered {
        call,
        run: "r".to_owned(),
        sent: Some(NOW),
        at: at(1),
        outcome: "done",
        code: None,
        message: Some(message.to_owned()),
        request_id: None,
    })
}

pub(super) fn read(engine: &Engine) -> State {
    State::read(&engine.location()).unwrap().unwrap()
}

pub(super) fn rows(engine: &Engine) -> Vec<Enforcement> {
    read(engine).snapshot().unwrap().rows
}

pub(super) fn events(state: &State, filter: &HistoryFilter, order: SortOrder) -> Vec<Event> {
    let mut events = Vec::new();
    let seen = state.history(filter, order, |event| {
        events.push(event.clone());
        Ok::<_, std::convert::Infallible>(())
    });
    seen.unwrap().unwrap();
    events
}

pub(super) fn close(mut state: State, lease: &Lease) {
    state.release(lease, None).unwrap();
    state.close().unwrap();
}

pub(super) fn a_new_state_knows_nothing(engine: &Engine) {
    let (state, lease) = ours(&engine.location(), "r");
    close(state, &lease);
    let mut state = read(engine);
    assert_eq!(state.lineage().unwrap(), LINEAGE);
    let snapshot = state.snapshot().unwrap();
    assert_eq!(snapshot.mark.lineage.as_deref(), Some(LINEAGE));
    assert_eq!((snapshot.mark.serial, snapshot.newest_call), (0, 0));
    assert!(snapshot.rows.is_empty() && snapshot.bound.is_empty());
    assert_eq!((snapshot.guards, snapshot.newest_run), (None, None));
    assert_eq!(state.holders().unwrap(), []);
    assert_eq!(state.last_run().unwrap(), None);
    let (flaws, head) = state.verify().unwrap();
    assert_eq!((flaws, head.unwrap().seq), (vec![], 0));
}

pub(super) fn records_are_written_together_or_not_at_all(engine: &Engine) {
    let (mut state, lease) = ours(&engine.location(), "r");
    state.commit(lease.fence, &[intent(1)]).unwrap();
    // The same number twice is refused, and takes the row beside it along.
    state.commit(lease.fence, &[Record::Put(row("a")), intent(1)]).unwrap_err();
    assert!(rows(engine).is_empty());
    // What is said last of a restriction is what is known.
    let dropped = Record::Drop(restriction("a"));
    let twice = [Record::Put(row("a")), dropped, Record::Put(row("b")), Record::Put(row("a"))];
    state.commit(lease.fence, &twice).unwrap();
    assert_eq!(rows(engine), [row("a"), row("b")]);
    state.commit(lease.fence, &[Record::Put(row("b")), Record::Drop(restriction("b"))]).unwrap();
    assert_eq!(rows(engine), [row("a")]);
}

pub(super) fn the_audit_log_tells_what_was_done_by_whom_and_why(engine: &Engine) {
    let (mut state, lease) = ours(&engine.location(), "r");
    let who =
        Who { user: "ann".into(), host: "h".into(), actor: Some("octo".into()), ..Who::default() };
    state.begin_run("r", (&who, 7), NOW, Some("by hand")).unwrap();
    state.commit(lease.fence, &[audit("r", "a"), audit("r", "b")]).unwrap();
    state.commit(lease.fence, &[audit("r", "a")]).unwrap();
    close(state, &lease);
    let (mut state, lease) = ours(&engine.location(), "s");
    state.begin_run("s", (&Who::default(), 7), at(9), None).unwrap();
    state.commit(lease.fence, &[audit("s", "a")]).unwrap();
    let state = read(engine);
    let all = events(&state, &HistoryFilter::default(), SortOrder::OldestFirst);
    assert_eq!(all.iter().map(|event| event.seq).collect::<Vec<_>>(), [1, 2, 3, 4]);
    let Event { who: by, note, call, restriction: to, until, meta, reason, told, code, .. } =
        &all[1];
    assert_eq!((by.as_ref(), note.as_deref(), *call), (Some(&who), Some("by hand"), Some(7)));
    assert_eq!((to, *until), (&restriction("b"), Until::At(at(60))));
    let texts = [meta, reason, told, code].map(|text| text.as_deref().unwrap());
    assert_eq!(texts, ["{\"case\":\"1\"}", "why", "ban for 60 s", "0"]);
    let found = |filter: HistoryFilter, order| {
        events(&state, &filter, order).iter().map(|event| event.seq).collect::<Vec<_>>()
    };
    let none = HistoryFilter::default;
    let subject = HistoryFilter { subject: Some("a".into()), ..none() };
    assert_eq!(found(subject.clone(), SortOrder::OldestFirst), [1, 3, 4]);
    assert_eq!(found(subject, SortOrder::NewestFirst), [4, 3, 1]);
    assert_eq!(
        found(HistoryFilter { run: Some("s".into()), ..none() }, SortOrder::OldestFirst),
        [4]
    );
    assert_eq!(
        found(HistoryFilter { since: Some(at(1)), ..none() }, SortOrder::OldestFirst),
        [0; 0]
    );
    let exact = HistoryFilter { restriction: Some(restriction("b")), ..none() };
    assert_eq!(found(exact, SortOrder::OldestFirst), [2]);
    let enough = state.history(&none(), SortOrder::NewestFirst, |event| Err::<(), _>(event.seq));
    assert_eq!(enough.unwrap(), Err(4));
}

pub(super) fn the_chain_finds_whatever_was_altered(engine: &Engine) {
    let (mut state, lease) = ours(&engine.location(), "r");
    state.begin_run("r", (&Who::default(), 7), NOW, None).unwrap();
    state.commit(lease.fence, &["a", "b", "c"].map(|subject| audit("r", subject))).unwrap();
    close(state, &lease);
    let verified = |engine: &Engine| read(engine).verify().unwrap();
    let (flaws, head) = verified(engine);
    // Whatever the engine, the same rows end in the same hash.
    let known = "3 ".to_owned() + KNOWN;
    assert_eq!(flaws, []);
    assert_eq!(head.map(|head| format!("{} {}", head.seq, head.hash)), Some(known));
    let state = read(engine);
    for (tampering, undo, found) in [
        (
            "UPDATE audit SET subject = 'B' WHERE seq = 2",
            "UPDATE audit SET subject = 'b' WHERE seq = 2",
            Break::Altered(2),
        ),
        (
            "UPDATE audit SET outcome = 'failed' WHERE seq = 3",
            "UPDATE audit SET outcome = 'done' WHERE seq = 3",
            Break::Altered(3),
        ),
        (
            "UPDATE audit SET seq = 9 WHERE seq = 1",
            "UPDATE audit SET seq = 1 WHERE seq = 9",
            Break::Missing(1),
        ),
        ("DELETE FROM audit WHERE seq = 3", "", Break::Missing(3)),
    ] {
        engine.tamper(tampering);
        assert_eq!(state.verify().unwrap().0, [Flaw::Broken(found)], "{tampering}");
        if !undo.is_empty() {
            engine.tamper(undo);
        }
    }
}

/// The hash of those three rows.
const KNOWN: &str = "0ee5d967bce9b55e53e9d9032da656992b2240ed0dc1f834449a8f1c84b1356d";

pub(super) fn runs_are_counted_and_remembered(engine: &Engine) {
    let (mut state, lease) = ours(&engine.location(), "r");
    let who =
        Who { user: "ann".into(), host: "h".into(), actor: Some("octo".into()), ..Who::default() };
    state.begin_run("r", (&who, 7), NOW, Some("because")).unwrap();
    let run = state.last_run().unwrap().unwrap();
    assert_eq!((run.id.as_str(), run.started, run.finished), ("r", NOW, None));
    assert_eq!((&run.who, run.note.as_deref()), (&who, Some("because")));
    state.finish_run("r", at(5), "{}").unwrap();
    let run = state.last_run().unwrap().unwrap();
    assert_eq!((run.finished, run.outcome.as_deref()), (Some(at(5)), Some("{}")));
    // The clock of this one is an hour ahead; somebody says so later.
    state.begin_run("s", (&who, 7), at(3600), None).unwrap();
    assert_eq!(state.snapshot().unwrap().newest_run, Some(at(3600)));
    assert_eq!(state.last_run().unwrap().unwrap().id, "s");
    state.accept_clock(at(60)).unwrap();
    assert_eq!(state.snapshot().unwrap().newest_run, Some(at(60)));
    assert_eq!(state.last_run().unwrap().unwrap().id, "r");
    state.begin_run("t", (&who, 7), at(61), None).unwrap();
    let snapshot = state.snapshot().unwrap();
    assert_eq!((snapshot.newest_run, snapshot.mark.serial), (Some(at(61)), 3));
    assert_eq!(state.newest_run_by(at(60)).unwrap(), Some(NOW));
    assert_eq!(state.newest_run_by(at(-1)).unwrap(), None);
    close(state, &lease);
}

pub(super) fn what_the_config_said_is_remembered(engine: &Engine) {
    let (mut state, lease) = ours(&engine.location(), "r");
    let name = |text: &str| TargetName::parse(text).unwrap();
    let bound = |binding: &str| TargetRecord {
        binding: binding.to_owned(),
        endpoint: "e".to_owned(),
        credentials: "c".to_owned(),
    };
    let key = |target: &str| ProtectedKey {
        target: Some(name(target)),
        kind: Kind::User,
        id: Id::new("host"),
    };
    let guards: BTreeMap<String, Option<String>> = BTreeMap::new();
    let guards: ostracon::domain::GuardSettings =
        serde_json::from_str(&serde_json::to_string(&guards).unwrap()).unwrap();
    let change = |digest: &str| BegunChange {
        digest: digest.to_owned(),
        files: ("sha256:1".to_owned(), "sha256:2".to_owned()),
        operations: BTreeSet::from([0, 7, u64::MAX]),
    };
    let policy = ReadPolicy { digest: "sha256:1".to_owned(), at: at(7) };
    let records = [
        Record::Bind(name("t"), bound("old")),
        Record::Bind(name("t"), bound("new")),
        Record::Bind(name("u"), bound("gone")),
        Record::Unbind(name("u")),
        Record::Protect(BTreeSet::from([key("t"), key("u")])),
        Record::Guards(guards.clone()),
        Record::Policy(policy.clone()),
        Record::BeginChange(change("1")),
        Record::BeginChange(change("2")),
        Record::AbandonChange("1".to_owned()),
        Record::Put(row("a")),
    ];
    state.commit(lease.fence, &records).unwrap();
    let snapshot = state.snapshot().unwrap();
    assert_eq!(snapshot.bound, BTreeMap::from([(name("t"), bound("new"))]));
    assert_eq!(snapshot.protected, BTreeSet::from([key("t"), key("u")]));
    assert_eq!(snapshot.guards, Some(guards));
    assert_eq!(snapshot.policy, Some(policy));
    assert_eq!(snapshot.begun, [change("2")]);
    let rename = Record::Rename { from: name("t"), to: name("w") };
    state.commit(lease.fence, &[rename, Record::Bind(name("w"), bound("new"))]).unwrap();
    let snapshot = state.snapshot().unwrap();
    assert_eq!(snapshot.bound.keys().collect::<Vec<_>>(), [&name("w")]);
    assert_eq!(snapshot.rows.first().map(|row| &row.restriction.target), Some(&name("w")));
    assert_eq!(snapshot.protected, BTreeSet::from([key("u"), key("w")]));
    close(state, &lease);
}

pub(super) fn calls_count_for_their_rate(engine: &Engine) {
    let (mut state, lease) = ours(&engine.location(), "r");
    state.commit(lease.fence, &[intent(1), intent(2), answered(1, "")]).unwrap();
    let used = UsedRate { rate_key: "key".to_owned(), lane: 1, calls: 2 };
    let snapshot = state.snapshot().unwrap();
    assert_eq!((snapshot.newest_call, snapshot.recent_calls.rates), (2, vec![used]));
    let usage = state.usage(at(1)).unwrap();
    let usage = usage.get(&("key".to_owned(), 1)).copied().unwrap_or_default();
    assert_eq!((usage.hour, usage.minute, usage.second, usage.busiest), (2, 2, 0, 2));
    assert!(state.usage(at(3600)).unwrap().is_empty());
    close(state, &lease);
}

pub(super) fn old_calls_are_dropped_and_nothing_else(engine: &Engine) {
    let (mut state, lease) = ours(&engine.location(), "r");
    let calls: Vec<_> = (1..=5100).flat_map(|call| [intent(call), answered(call, "")]).collect();
    // One was never answered.
    let calls = calls.into_iter().filter(|it| *it != answered(7, "")).collect::<Vec<_>>();
    state.commit(lease.fence, &calls).unwrap();
    state.commit(lease.fence, &[audit("r", "a"), Record::Put(row("a"))]).unwrap();
    assert_eq!(state.compact(lease.fence, at(3600)).unwrap(), 0);
    let dropped = state.compact(lease.fence, at(2 * 86_400)).unwrap();
    assert!((99..=5099).contains(&dropped), "{dropped}");
    assert_eq!(state.compact(lease.fence, at(2 * 86_400)).unwrap(), 0);
    assert_eq!(state.snapshot().unwrap().newest_call, 5100);
    assert_eq!(state.verify().unwrap().1.unwrap().seq, 1);
    assert!(state.size().unwrap() > 0);
    close(state, &lease);
}

pub(super) fn a_view_is_of_one_instant(engine: &Engine) {
    let (mut state, lease) = ours(&engine.location(), "r");
    state.commit(lease.fence, &[Record::Put(row("a"))]).unwrap();
    let mut reader = read(engine);
    let view = reader.view().unwrap();
    assert_eq!(view.outline().unwrap().mark.serial, 0);
    state.commit(lease.fence, &[Record::Put(row("b"))]).unwrap();
    assert_eq!(view.snapshot().unwrap().rows, [row("a")]);
    // Whoever has seen enough does not see the rest.
    assert_eq!(view.each_row(|rows| rows.next()).unwrap(), Some(row("a")));
    drop(view);
    assert_eq!(reader.snapshot().unwrap().rows, [row("a"), row("b")]);
}

pub(super) fn what_a_provider_says_may_hold_anything(engine: &Engine) {
    let (mut state, lease) = ours(&engine.location(), "r");
    state.begin_run("r", (&Who::default(), 7), NOW, None).unwrap();
    let Record::Audit(said) = audit("r", "a") else { panic!() };
    let odd = "a\0b\u{202e}'\";--\u{10ffff}".to_owned();
    let said = AuditRow { code: Some(odd.clone()), message: Some(odd.clone()), ..said };
    state.commit(lease.fence, &[intent(1), answered(1, &odd), Record::Audit(said)]).unwrap();
    assert_eq!(state.verify().unwrap().0.len(), 0);
    let events = events(&state, &HistoryFilter::default(), SortOrder::OldestFirst);
    let message = events[0].message.as_deref().unwrap();
    assert!(message.starts_with('a') && message.ends_with("b\u{202e}'\";--\u{10ffff}"));
}
