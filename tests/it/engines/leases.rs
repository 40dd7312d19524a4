//! Who may write, and for how long.

use ostracon::domain::Who;
use ostracon::store::{
    Accounts, Claim, HistoryFilter, Intent, Lease, Record, SortOrder, State, StateError, Taken,
};

use super::suite::{
    NOW, at, audit, claim, close, events, intent, only, ours, process, read, row, rows, taken,
};
use super::{Engine, LINEAGE};

pub(super) fn whoever_lost_the_lease_writes_nothing_more(engine: &Engine) {
    let (mut state, old) = ours(&engine.location(), "old");
    let mut beside = State::beside(&engine.location()).unwrap().unwrap();
    beside.break_lease("old").unwrap();
    let refused = state.commit(old.fence, &[Record::Put(row("a"))]);
    assert!(matches!(refused, Err(StateError::LeaseLost)), "{refused:?}");
    assert!(matches!(state.heartbeat(&old, at(1)), Err(StateError::LeaseLost)));
    assert!(matches!(state.compact(old.fence, NOW), Err(StateError::LeaseLost)));
    drop(state);
    let (mut state, new) = ours(&engine.location(), "new");
    assert!(new.fence > old.fence);
    state.commit(new.fence, &[Record::Put(row("a"))]).unwrap();
    assert_eq!(rows(engine), [row("a")]);
}

pub(super) fn a_lease_is_given_back_or_expires_a_minute_after_its_holder_died(engine: &Engine) {
    let location = engine.location();
    let (state, lease) = ours(&location, "first");
    let held = taken(&location, "second").unwrap();
    let Taken::Held(holders) = held else { panic!("{held:?}") };
    assert_eq!(holders.first().map(|holder| holder.run.as_str()), Some("first"));
    close(state, &lease);
    let (mut state, lease) = ours(&location, "second");
    state.heartbeat(&lease, at(10)).unwrap();
    // It dies; another machine knows only that it is silent.
    drop(state);
    let there = |run, now| claim(&location, (run, "there"), now, &Accounts::All).unwrap();
    engine.pass(30);
    assert!(matches!(there("third", at(40)), Taken::Held(_)));
    engine.pass(31);
    let Taken::Ours(_state, new) = there("third", at(71)) else { panic!() };
    assert!(new.fence > lease.fence);
}

pub(super) fn leases_go_by_the_clock_of_the_server(engine: &Engine) {
    let location = engine.location();
    for off in [-3600, 3600] {
        let there = || claim(&location, ("there", "there"), at(off), &Accounts::All).unwrap();
        let (mut state, lease) = ours(&location, "here");
        assert!(matches!(there(), Taken::Held(_)), "an hour passed nowhere but there");
        engine.pass(50);
        state.heartbeat(&lease, at(-off)).unwrap();
        engine.pass(50);
        assert!(matches!(there(), Taken::Held(_)), "it was heard of 50 s ago");
        engine.pass(11);
        let Taken::Ours(other, new) = there() else { panic!("it was heard of 61 s ago") };
        assert!(matches!(state.heartbeat(&lease, at(off)), Err(StateError::LeaseLost)));
        close(other, &new);
    }
}

pub(super) fn a_lease_is_broken_only_by_the_name_of_its_run(engine: &Engine) {
    let (state, _) = ours(&engine.location(), "r");
    let mut beside = State::beside(&engine.location()).unwrap().unwrap();
    beside.break_lease("another").unwrap();
    let holders = beside.holders().unwrap();
    let [holder] = &holders[..] else { panic!("{holders:?}") };
    assert_eq!((holder.run.as_str(), holder.user.as_str(), holder.pid), ("r", "ann", 7));
    beside.break_lease("r").unwrap();
    assert_eq!(state.holders().unwrap(), []);
}

pub(super) fn runs_of_other_accounts_go_side_by_side(engine: &Engine) {
    let location = engine.location();
    let take = |run, accounts: &Accounts| claim(&location, (run, "here"), NOW, accounts).unwrap();
    let mine = |taken| match taken {
        Taken::Ours(state, lease) => (state, lease),
        Taken::Held(holders) => panic!("{holders:?}"),
    };
    let (mut one, first) = mine(take("one", &only(["a", "b"])));
    let (mut two, second) = mine(take("two", &only(["c"])));
    let holders = |taken| match taken {
        Taken::Held(holders) => holders.into_iter().map(|it| it.run).collect::<Vec<_>>(),
        Taken::Ours(..) => Vec::new(),
    };
    assert_eq!(holders(take("three", &only(["b", "c"]))), ["one", "two"]);
    assert_eq!(holders(take("three", &Accounts::All)), ["one", "two"]);
    let who = Who::default();
    for (state, run) in [(&mut one, "one"), (&mut two, "two")] {
        state.begin_run(run, (&who, 7), NOW, None).unwrap();
    }
    // Both write to one log, in turn and at the same time.
    let write = |state: &mut State, lease: &Lease, round: usize| {
        let subject = format!("{}-{round}", lease.run);
        let records =
            [Record::Put(row(&subject)), audit(&lease.run, &subject), intent_of(lease, round)];
        state.commit(lease.fence, &records).unwrap();
    };
    for round in 0..3 {
        write(&mut one, &first, round);
        write(&mut two, &second, round);
    }
    std::thread::scope(|scope| {
        scope.spawn(|| (3..20).for_each(|round| write(&mut one, &first, round)));
        scope.spawn(|| (3..20).for_each(|round| write(&mut two, &second, round)));
    });
    let (flaws, head) = one.verify().unwrap();
    assert_eq!(head.unwrap().seq, 40, "{flaws:?}");
    // Whoever is content with what is free gets that, and more once it is.
    let (mut five, none) = mine(take("five", &only([])));
    let process = process("here");
    let wanted = only(["a", "c", "d"]);
    let asks =
        Claim { run: "five", process: &process, now: NOW, lineage: LINEAGE, accounts: &wanted };
    let some = five.extend_lease(&none, &asks).unwrap();
    assert_eq!(some.accounts, only(["d"]));
    write(&mut five, &some, 20);
    close(one, &first);
    let more = five.extend_lease(&some, &asks).unwrap();
    assert_eq!((more.fence, &more.accounts), (none.fence, &only(["a", "d"])));
    write(&mut five, &more, 21);
    assert_eq!(holders(take("three", &only(["a", "c"]))), ["two", "five"]);
    close(five, &more);
    assert_eq!(holders(take("three", &only(["c"]))), ["two"]);
    let (_three, _) = mine(take("three", &only(["a"])));
    assert_eq!(holders(take("four", &only(["a", "c"]))), ["two", "three"]);
}

fn intent_of(lease: &Lease, round: usize) -> Record {
    let Record::Intent(intent) = intent(i64::try_from(round).unwrap()) else { panic!() };
    Record::Intent(Intent { run: lease.run.clone(), ..intent })
}

pub(super) fn runs_that_are_under_way_at_once_are_told_apart(engine: &Engine) {
    let (mut state, lease) = ours(&engine.location(), "lease");
    let who = |user: &str| Who { user: user.into(), ..Who::default() };
    state.begin_run("r", (&who("ann"), 7), NOW, None).unwrap();
    state.begin_run("s", (&who("bob"), 7), at(1), None).unwrap();
    state.commit(lease.fence, &[audit("r", "a"), audit("s", "b")]).unwrap();
    state.finish_run("s", at(2), "{}").unwrap();
    state.commit(lease.fence, &[audit("r", "c")]).unwrap();
    state.finish_run("r", at(3), "{}").unwrap();
    close(state, &lease);
    let state = read(engine);
    let all = events(&state, &HistoryFilter::default(), SortOrder::OldestFirst);
    let by = all.iter().map(|event| event.who.as_ref().unwrap().user.as_str());
    assert_eq!(by.collect::<Vec<_>>(), ["ann", "bob", "ann"]);
    let (flaws, _) = state.verify().unwrap();
    assert_eq!(flaws, []);
}
