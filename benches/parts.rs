//! The parts of the program, each timed alone: `cargo bench --bench parts`, or with the beginning
//! of a part's name behind `--` for that one.
//!
//! A part that is not public is measured one level up: files are read where they are parsed.
//! Medians of some runs; a busy machine shows in all of them.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::float_arithmetic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "a bench may panic, reads and writes files, and prints"
)]

#[path = "scale/converge.rs"]
mod converge;
#[path = "parts/group.rs"]
mod group;
#[path = "scale/random.rs"]
mod random;
#[path = "scale/workspace.rs"]
mod workspace;

use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ostracon::domain::{Enforcement, Moment};
use ostracon::plan::{Diff, Inputs, Plan, Scope, batch, diff, plan};
use ostracon::policy::{Permissions, Workspace, load};
use ostracon::provider::{Secrets, Session, Stamp};
use ostracon::sandbox::credential;
use ostracon::store::{Location, State};
use tempfile::TempDir;
use workspace::Shape;

/// How often a part is run.
const RUNS: usize = 15;

/// As many restrictions as a large user has.
const MANY: u64 = 100_000;

fn main() {
    let wanted = std::env::args().skip(1).find(|word| !word.starts_with('-')).unwrap_or_default();
    println!("| part | of | median | each |\n|---|---:|---:|---:|");
    let parts: [(&str, fn()); 6] = [
        ("read", read),
        ("diff", compare),
        ("batch", put_into_calls),
        ("encode", encode),
        ("commit", commit),
        ("state", look),
    ];
    for (name, part) in parts {
        if name.starts_with(&wanted) {
            part();
        }
    }
}

/// Runs something on a fresh thing each time, and prints the median.
fn time<T, R>(part: &str, number: u64, mut fresh: impl FnMut() -> T, mut run: impl FnMut(T) -> R) {
    let mut spans: Vec<Duration> = (0..RUNS)
        .map(|_| {
            let thing = fresh();
            let begun = Instant::now();
            let result = black_box(run(black_box(thing)));
            let span = begun.elapsed();
            drop(result);
            span
        })
        .collect();
    spans.sort();
    let median = spans.into_iter().nth(RUNS / 2).unwrap();
    let each = median / u32::try_from(number).unwrap();
    println!(
        "| {part} | {number} | {:.3} ms | {} ns |",
        median.as_secs_f64() * 1e3,
        each.as_nanos()
    );
}

/// Reads, parses, expands and merges policy files: one of a thousand entries, then a hundred such.
fn read() {
    for (what, restrictions, shape) in [
        ("read, parse and expand one file", 1000, Shape::Single),
        ("the same, entries of 50", 50_000, Shape::Fifty),
        ("the same, 100 files, merged", MANY, Shape::Single),
    ] {
        let directory = TempDir::new().unwrap();
        workspace::write(directory.path(), restrictions, shape);
        time(what, restrictions, || (), |()| loaded(directory.path()));
    }
    let directory = TempDir::new().unwrap();
    workspace::write(directory.path(), 0, Shape::Single);
    let ids: String =
        (0..MANY).flat_map(|number| [format!("user-{number:08}"), "\n".to_owned()]).collect();
    fs::write(directory.path().join("lists/all.txt"), ids).unwrap();
    let policy =
        "bans:\n- { target: tencent-live, room: r, users_from: lists/all.txt, until: never }\n";
    fs::write(directory.path().join("bans/list.yaml"), policy).unwrap();
    time("read and expand a list file", MANY, || (), |()| loaded(directory.path()));
}

/// Compares what is wanted with what is recorded: nothing recorded, then all of it.
fn compare() {
    let (directory, policy) = generated();
    let none: &[Enforcement] = &[];
    time("diff, nothing recorded", MANY, || (), |()| compared(&policy, none));
    let rows = recorded(directory.path());
    time("diff, all as it should be", MANY, || (), |()| compared(&policy, &rows));
}

/// Puts operations into calls.
fn put_into_calls() {
    let (_directory, policy) = generated();
    let operations = planned(&policy).operations;
    let targets = &policy.config.targets;
    time("batch", MANY, || (), |()| batch::batch(&operations, targets));
}

/// Writes calls for the wire, as full as they come, and signs them.
fn encode() {
    const CALLS: u64 = 1000;
    let (_directory, policy) = generated();
    let plan = planned(&policy);
    for (name, target) in &policy.config.targets {
        let provider = target.provider;
        let mut secrets = Secrets::default();
        for secret in provider.facts().credentials {
            let value = credential(provider.facts().name, secret).unwrap();
            secrets.insert(secret, value.to_owned().into());
        }
        let session = Session::new(Arc::clone(target), secrets);
        let mut calls = plan.steps.iter().filter(|step| step.target == *name);
        let call = &calls.next().unwrap().call(&plan.operations).unwrap();
        let what =
            format!("encode a call of {}, {} in it", provider.facts().name, call.items.len());
        let stamp = |sequence| Stamp { now: now(), nonce: 7, sequence };
        let all = |()| {
            let requests = (0..1000).map(|number| provider.encode(&session, call, &stamp(number)));
            requests.fold(0, |bytes, request| bytes + request.body.len() + request.query.len())
        };
        time(&what, CALLS, || (), all);
    }
}

/// Writes a group of the journal, durably, into a state that holds many rows.
fn commit() {
    let (directory, policy) = generated();
    let operations = planned(&policy).operations;
    converge::write(directory.path());
    let path = directory.path().join(".ostracon/state.db");
    let mut state = State::write(&Location::File(path), "").unwrap();
    let process = ostracon::world::Process { user: "bench".into(), host: "bench".into(), pid: 1 };
    let lease = state.take_lease("bench", &process, now()).unwrap();
    for calls in [1, 50] {
        let what = format!("commit a group of {calls} calls of 20");
        let mut groups = operations.chunks(20 * calls);
        let mut number = 1_000_000 * i64::try_from(calls).unwrap();
        let group = || {
            number += 1000;
            group::records(groups.next().unwrap(), number, now())
        };
        let rows = 20 * u64::try_from(calls).unwrap();
        time(&what, rows, group, |records| state.commit(lease.fence, &records).unwrap());
    }
}

/// Opens a state and reads what every plan asks first; then all rows.
fn look() {
    let (directory, _policy) = generated();
    converge::write(directory.path());
    let location = Location::File(directory.path().join(".ostracon/state.db"));
    let open = || State::read(&location).unwrap().unwrap();
    time(
        "state: open, and read all but the rows",
        1,
        || (),
        |()| {
            let mut state = open();
            let view = state.view().unwrap();
            view.outline().unwrap()
        },
    );
    time("state: read all rows", MANY, || (), |()| open().snapshot().unwrap());
}

fn now() -> Moment {
    Moment::from_millis(jiff::Timestamp::now().as_millisecond())
}

fn generated() -> (TempDir, Workspace) {
    let directory = TempDir::new().unwrap();
    workspace::write(directory.path(), MANY, Shape::Single);
    let policy = loaded(directory.path());
    (directory, policy)
}

fn loaded(directory: &Path) -> Workspace {
    load(directory, &Permissions::default()).unwrap()
}

/// The rows of a state that equals the policy.
fn recorded(directory: &Path) -> Vec<Enforcement> {
    converge::write(directory);
    let location = Location::File(directory.join(".ostracon/state.db"));
    State::read(&location).unwrap().unwrap().snapshot().unwrap().rows
}

fn planned(policy: &Workspace) -> Plan {
    plan(&inputs(policy), &[] as &[Enforcement])
}

fn compared(policy: &Workspace, rows: &[Enforcement]) -> Diff {
    diff(&inputs(policy), rows.iter())
}

fn inputs(policy: &Workspace) -> Inputs<'_> {
    Inputs {
        now: now(),
        targets: &policy.config.targets,
        scope: &Scope::Everything,
        wanted: Some(&policy.wanted),
        entries: policy.entries,
        protected: &policy.protected,
        unprotected: &[],
        acks: &[],
        begun: &[],
        guards: &policy.config.guards,
        orders: &[],
        warnings: &[],
    }
}
