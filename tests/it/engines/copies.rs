//! A state that is moved from one engine to another, and back.

use ostracon::domain::Who;
use ostracon::store::{
    Event, HistoryFilter, Location, Record, Snapshot, SortOrder, State, StateError,
};
use tempfile::TempDir;

use super::suite::{NOW, at, audit, close, events, intent, ours, row};
use super::{Engine, path};

/// All that a state shows, but for what is of its engine.
fn shown(location: &Location) -> (Snapshot, Vec<Event>, String) {
    let mut state = State::read(location).unwrap().unwrap();
    let (flaws, head) = state.verify().unwrap();
    assert_eq!(flaws, []);
    let mut snapshot = state.snapshot().unwrap();
    snapshot.recent_calls = Snapshot::empty().recent_calls;
    let last = format!("{:?} {:?}", state.last_run().unwrap(), state.usage(at(1)).unwrap());
    let events = events(&state, &HistoryFilter::default(), SortOrder::OldestFirst);
    (snapshot, events, format!("{head:?} {last} {:?}", state.orders().unwrap()))
}

/// A state of two runs.
fn lived(engine: &Engine) -> Location {
    let location = engine.location();
    let (mut state, lease) = ours(&location, "r");
    let who = Who { actor: Some("octo".into()), ..Who::default() };
    state.begin_run("r", (&who, 7), NOW, Some("note")).unwrap();
    let name = row("a").restriction.target;
    let bound = ostracon::plan::TargetRecord {
        binding: "b".into(),
        endpoint: "e".into(),
        credentials: "c".into(),
    };
    let records = [Record::Bind(name, bound), Record::Put(row("ä")), intent(1), audit("r", "ä")];
    state.commit(lease.fence, &records).unwrap();
    state.finish_run("r", at(1), "{}").unwrap();
    close(state, &lease);
    let (mut state, lease) = ours(&location, "s");
    state.begin_run("s", (&who, 7), at(2), None).unwrap();
    let many: Vec<_> = (0..4500)
        .flat_map(|number| {
            let subject = format!("many-{number}");
            [Record::Put(row(&subject)), audit("s", &subject)]
        })
        .collect();
    state.commit(lease.fence, &many).unwrap();
    close(state, &lease);
    location
}

fn copied(from: &Location, to: &Location) -> Result<usize, StateError> {
    let (mut state, lease) = ours(from, "copy");
    let copied = state.copy_to(to);
    close(state, &lease);
    copied.map(|copied| copied.rows)
}

#[test]
fn a_state_that_is_moved_to_a_server_and_back_is_the_same_and_goes_on() {
    let Some(server) = Engine::postgres() else { return };
    let (file, there) = (Engine::sqlite(), server.location());
    let from = lived(&file);
    let directory = TempDir::new().unwrap();
    let back = Location::File(path(&directory));
    assert_eq!(copied(&from, &there).unwrap(), 4501);
    assert_eq!(shown(&there), shown(&from));
    assert_eq!(copied(&there, &back).unwrap(), 4501);
    assert_eq!(shown(&back), shown(&from));
    // It goes over nothing.
    assert!(copied(&from, &there).unwrap_err().to_string().contains("there is one already"));
    copied(&from, &back).unwrap_err();
    // It goes on where it was, on both.
    for location in [&there, &back] {
        let (mut state, lease) = ours(location, "t");
        state.begin_run("t", (&Who::default(), 7), at(9), None).unwrap();
        state.commit(lease.fence, &[audit("t", "b"), Record::Put(row("b"))]).unwrap();
        let (flaws, head) = state.verify().unwrap();
        assert_eq!((flaws, head.unwrap().seq), (vec![], 4502));
        close(state, &lease);
    }
    assert_eq!(shown(&there), shown(&back));
}

#[test]
fn a_backup_of_a_server_is_a_file_that_commands_read() {
    let Some(server) = Engine::postgres() else { return };
    let location = lived(&server);
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("copy.db");
    let mut state = State::read(&location).unwrap().unwrap();
    state.backup(&file).unwrap();
    assert_eq!(shown(&Location::File(file.clone())), shown(&location));
    assert!(state.backup(&file).is_err(), "it is there");
}
