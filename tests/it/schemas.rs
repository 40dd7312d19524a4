//! `schemas/` is what `ostracon schema` prints, and what the program reads and writes conforms.
//!
//! `UPDATE_EXPECT=1 cargo test schemas` writes the files anew: read the diff.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use clap::ValueEnum as _;
use ostracon::commands::schema::{Subject, text};
use ostracon::console::{Console, Results};
use ostracon::domain::Moment;
use ostracon::exit::Exit;
use ostracon::policy::{Permissions, load};
use ostracon::sandbox::Sandbox;
use ostracon::world::{Clock, Process, Random, World};
use serde_json::Value;

use crate::conform::{UnknownKeys, faults};
use crate::workspace::{CONFIG, Files};

fn top() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn schema(of: Subject) -> Value {
    serde_json::from_str(&text(of)).unwrap()
}

#[test]
fn the_schemas_are_what_the_program_prints() {
    let update = std::env::var("UPDATE_EXPECT").is_ok_and(|value| value == "1");
    let mut stale = Vec::new();
    for of in Subject::value_variants() {
        let name = of.to_possible_value().unwrap().get_name().to_owned();
        let path = top().join(format!("schemas/{name}.schema.json"));
        if update {
            fs::write(&path, text(*of)).unwrap();
        } else if fs::read_to_string(&path).ok() != Some(text(*of)) {
            stale.push(name);
        }
    }
    assert!(stale.is_empty(), "not as `ostracon schema` prints them: {}", stale.join(", "));
}

/// Every object that a schema describes, with the place of its description.
fn objects<'a>(schema: &'a Value, at: &str, found: &mut Vec<(String, &'a Value)>) {
    if schema.get("properties").is_some_and(|properties| properties.get("type").is_none()) {
        found.push((at.to_owned(), schema));
    }
    for (key, value) in schema.as_object().into_iter().flatten() {
        objects(value, &format!("{at}/{key}"), found);
    }
}

#[test]
fn every_key_of_the_output_is_always_there_and_described() {
    for (of, least) in [
        (Subject::Plan, 4),
        (Subject::Outcome, 4),
        (Subject::Explanation, 4),
        (Subject::Drift, 5),
        (Subject::Doctor, 2),
        (Subject::Status, 6),
        (Subject::History, 2),
        (Subject::StateList, 2),
        (Subject::Restriction, 1),
    ] {
        let schema = schema(of);
        let mut found = Vec::new();
        objects(&schema, "", &mut found);
        assert!(found.len() >= least, "{of:?}: {} objects", found.len());
        for (at, object) in found {
            let properties = object.get("properties").and_then(Value::as_object).unwrap();
            let required = object.get("required").and_then(Value::as_array).unwrap();
            let required: BTreeSet<_> = required.iter().filter_map(Value::as_str).collect();
            assert_eq!(properties.keys().map(String::as_str).collect::<BTreeSet<_>>(), required);
            for (key, property) in properties {
                assert!(property.get("description").is_some(), "{of:?}: {at}/{key}");
            }
        }
    }
}

fn yaml(text: &str) -> Value {
    serde_yaml::from_str(text).unwrap()
}

/// The YAML files of a directory, at any depth.
fn files(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let (folders, files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    let visible = folders.iter().filter(|path| !path.ends_with(".ostracon"));
    let deeper = visible.flat_map(|path| self::files(path));
    let is_yaml = |path: &PathBuf| path.extension().is_some_and(|ending| ending == "yaml");
    files.into_iter().filter(is_yaml).chain(deeper).collect()
}

#[test]
fn the_example_workspace_conforms() {
    let files = files(&top().join("policies"));
    assert!(files.len() >= 4, "only {} files", files.len());
    for path in files {
        let of = if path.ends_with("ostracon.yaml") { Subject::Config } else { Subject::Policy };
        let value = yaml(&fs::read_to_string(&path).unwrap());
        let faults = faults(&schema(of), &value, UnknownKeys::Taken);
        assert!(faults.is_empty(), "{}: {faults:#?}", path.display());
    }
}

/// Whether `validate` takes a workspace, and whether the schema does: the two must agree.
fn is_taken(of: Subject, config: &str, policy: &str) -> (bool, bool) {
    let files = Files::new(&[("ostracon.yaml", config), ("p.yaml", policy)]);
    let value = yaml(if of == Subject::Config { config } else { policy });
    let by_schema = faults(&schema(of), &value, UnknownKeys::Taken).is_empty();
    (load(files.path(), &Permissions::default()).is_ok(), by_schema)
}

#[test]
fn the_schema_of_the_config_and_validate_agree() {
    let volcengine = |line: &str| format!("provider: volcengine\n    {line}");
    for (taken, from, to) in [
        (true, "version: 1", "version: 1\nguards: { max_lifts: { count: 1, percent: 100 } }"),
        (true, "region: sgp", "endpoint: http://127.0.0.1:1"),
        (true, "provider: volcengine", &volcengine("rate: 30")),
        (true, "provider: volcengine", &volcengine("quota: 1000")),
        (true, "app_id: 1234567890", "app_id: \"1234567890\""),
        (true, "{ env: Z }", "{ file: z }"),
        (false, "version: 1", "version: 2"),
        (false, "version: 1", "version: 1\nguards: { max_lifts: { percent: 101 } }"),
        (false, "version: 1", "version: 1\nguards: { max_lift: {} }"),
        (false, "    region: sgp\n", ""),
        (false, "region: sgp", "region: mars"),
        (false, "provider: zego", "provider: zoom"),
        (false, "    provider: zego\n", ""),
        (false, "    app_id: 1234567890\n", ""),
        (false, "app_id: 1234567890", "app_id: 0"),
        (false, "provider: volcengine", &volcengine("rate: 31")),
        (false, "provider: volcengine", &volcengine("renew_before: 1h")),
        (false, "provider: volcengine", &volcengine("app_id: 7")),
        (false, "{ env: Z }", "{ env: Z, file: z }"),
        (false, "{ env: Z }", "secret"),
        (false, "customer_id: { env: A }, ", ""),
    ] {
        let config = CONFIG.replacen(from, to, 1);
        assert_ne!(config, CONFIG, "{from}");
        assert_eq!(is_taken(Subject::Config, &config, "bans: []\n"), (taken, taken), "{to}");
    }
}

#[test]
fn the_schema_of_policies_and_validate_agree() {
    for (taken, policy) in [
        (true, "bans: [{ target: t, room: r, users: [1, a], until: never }]"),
        (true, "bans: [{ target: a, room: r, wide: true, until: never }]"),
        (true, "bans: [{ target: a, users: [1], deny: [join, publish_audio], until: never }]"),
        (true, "forbidden_streams: [{ targets: [z], streams: [s], until: never, meta: { a: 1 } }]"),
        (true, "protect: [{ users: [u], reason: staff }]"),
        (false, "bans: {}"),
        (false, "ban: []"),
        (false, "bans: [{ target: t, targets: [t2], room: r, users: [u], until: never }]"),
        (false, "bans: [{ room: r, users: [u], until: never }]"),
        (false, "bans: [{ targets: [t, t], room: r, users: [u], until: never }]"),
        (false, "bans: [{ target: t, room: r, users: [u] }]"),
        (false, "bans: [{ target: t, room: r, users: [u], until: [] }]"),
        (false, "bans: [{ target: t, room: r, users: [], until: never }]"),
        (false, "bans: [{ target: t, room: r, users: [1.5], until: never }]"),
        (false, "bans: [{ target: t, room: r, user: [u], until: never }]"),
        (false, "bans: [{ target: a, until: never }]"),
        (false, "bans: [{ target: a, users: [1], deny: [leave], until: never }]"),
        (false, "bans: [{ target: a, users: [1], deny: [], until: never }]"),
        (false, "bans: [{ target: z, streams: [s], until: never }]"),
        (false, "forbidden_streams: [{ target: z, until: never }]"),
        (false, "forbidden_streams: [{ target: z, room: r, streams: [s], until: never }]"),
        (false, "protect: [{ reason: staff }]"),
    ] {
        assert_eq!(is_taken(Subject::Policy, CONFIG, policy), (taken, taken), "{policy}");
    }
}

/// A clock that stands still, and chance that does not vary.
struct Still;

impl Clock for Still {
    fn now(&self) -> Moment {
        Moment::parse("2026-11-21T00:00:00Z").unwrap()
    }
}

impl Random for Still {
    fn bits(&self) -> u64 {
        7
    }
}

#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Vec<u8>>>);

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What the emulation takes for a credential.
fn secret(provider: &str, name: &str) -> &'static str {
    ostracon::sandbox::credential(provider, name).unwrap()
}

/// Runs a command whose result is JSON, in a workspace, against the emulation.
fn json_of(files: &Files, emulation: &Sandbox, words: &str) -> (Exit, Value) {
    let secrets = [
        ("Z", secret("zego", "server_secret")),
        ("T", secret("tencent", "secret_key")),
        ("V", secret("volcengine", "access_key_id")),
        ("W", secret("volcengine", "secret_access_key")),
        ("A", secret("agora", "customer_id")),
        ("B", secret("agora", "customer_secret")),
    ];
    let env = secrets.map(|(name, secret)| (name.to_owned(), secret.to_owned()));
    let world = World {
        clock: Arc::new(Still),
        http: Arc::new(emulation.clone()),
        random: Arc::new(Still),
        env: Arc::new(BTreeMap::from(env)),
        directory: files.path().to_owned(),
        process: Process { user: "u".into(), host: "h".into(), pid: 1 },
    };
    let out = Shared::default();
    let mut console = Console::plain(Results::new(out.clone()), 80);
    let directory = files.path().to_str().unwrap();
    let start = ["ostracon", "-C", directory].into_iter();
    let arguments = start.chain(words.split(' ')).map(OsString::from);
    let exit = ostracon::run(arguments, &world, &mut console);
    let written = out.0.lock().unwrap();
    // One object, or one a line.
    let mut values = serde_json::Deserializer::from_slice(&written).into_iter();
    let values: Vec<Value> = values.by_ref().collect::<Result<_, _>>().unwrap();
    let value = if let [value] = &values[..] { value.clone() } else { Value::from(values) };
    (exit, value)
}

fn assert_described(of: Subject, value: &Value) {
    let faults = faults(&schema(of), value, UnknownKeys::Refused);
    assert!(faults.is_empty(), "{of:?}: {faults:#?}\n{value:#}");
}

const BANS: &str = "
bans:
  - { id: one, targets: [t, t2], room: r, users: [alice], until: never }
  - { target: a, ips: [203.0.113.7], wide: true, until: 2027-01-01T00:00:00Z }
forbidden_streams:
  - { target: z, streams: [s], until: 2027-01-01T00:00:00Z }
";

#[test]
fn plans_and_outcomes_conform_and_the_schemas_describe_every_key() {
    let files = Files::new(&[("p.yaml", BANS)]);
    let emulation = Sandbox::new(Arc::new(Still));
    emulation.set_missing_room("tencent", "r");

    let (exit, first) = json_of(&files, &emulation, "plan --format json");
    assert_eq!(exit, Exit::Done);
    assert_described(Subject::Plan, &first);
    assert_eq!(first.pointer("/state/lineage"), Some(&Value::Null));

    let apply = "apply --auto-approve --format json";
    let (_, outcome) = json_of(&files, &emulation, apply);
    assert_described(Subject::Outcome, &outcome);
    assert_eq!(outcome.pointer("/summary/done"), Some(&Value::from(2)));
    assert_eq!(outcome.pointer("/problems/1/outcome"), Some(&Value::from("waiting")));

    files.write("p.yaml", b"bans: []\n");
    let (exit, second) = json_of(&files, &emulation, "plan --format json");
    assert_eq!(exit, Exit::Guarded);
    assert_described(Subject::Plan, &second);
    assert_eq!(second.pointer("/guards/0/guard"), Some(&Value::from("allow_empty")));
    assert_eq!(second.pointer("/operations/0/source"), Some(&Value::Null));

    let (exit, refused) = json_of(&files, &emulation, apply);
    assert_eq!(exit, Exit::Guarded);
    assert_described(Subject::Outcome, &refused);
    assert_eq!(refused.pointer("/guards"), second.pointer("/guards"));
}

#[test]
fn what_is_known_and_was_done_conforms_and_the_schemas_describe_every_key() {
    let files = Files::new(&[("p.yaml", BANS)]);
    let emulation = Sandbox::new(Arc::new(Still));
    emulation.set_missing_room("tencent", "r");
    json_of(&files, &emulation, "apply --auto-approve --format json");
    emulation.lose_rule(emulation.in_force().iter().find_map(|row| row.rule).unwrap());

    let (exit, drift) = json_of(&files, &emulation, "drift --format json");
    assert_eq!(exit, Exit::Done);
    assert_described(Subject::Drift, &drift);
    assert_eq!(drift.pointer("/findings/0/finding"), Some(&Value::from("unseen")));
    assert_eq!(drift.pointer("/findings/0/evidence"), Some(&Value::from("acknowledged")));
    let (_, doctor) = json_of(&files, &emulation, "doctor --format json");
    assert_described(Subject::Doctor, &doctor);
    let (_, status) = json_of(&files, &emulation, "status --format json");
    assert_described(Subject::Status, &status);
    assert_eq!(status.pointer("/last_run/summary/waiting"), Some(&Value::from(2)));
    let (_, list) = json_of(&files, &emulation, "state list --format json");
    assert_described(Subject::StateList, &list);
    let (_, shown) = json_of(&files, &emulation, "state show z/stream:s --format json");
    assert_described(Subject::Restriction, &shown);
    for (words, of) in [
        ("history --format jsonl", Subject::History),
        ("state export --format jsonl", Subject::Restriction),
    ] {
        let (_, lines) = json_of(&files, &emulation, words);
        let lines = lines.as_array().unwrap();
        assert_eq!(lines.len(), 4, "{words}");
        for line in lines {
            assert_described(of, line);
        }
    }
}
