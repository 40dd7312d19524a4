//! The schemas for editors explain: every key has a description, every choice a hint, and whatever
//! they give as an example or a default `validate` takes.

use std::path::Path;
use std::process::Command;

use ostracon::policy::{Permissions, load, load_config, render, schema};
use ostracon::provider::REGISTRY;
use serde_json::{Value, json};

use crate::conform::{UnknownKeys, faults};
use crate::sources::top;
use crate::workspace::{CONFIG, Files};

/// The config of the example workspace, which has a target of each provider.
fn example() -> String {
    std::fs::read_to_string(top().join("policies/ostracon.yaml")).unwrap()
}

/// The schema of the policies beside a config.
fn of_workspace(directory: &Path) -> Value {
    schema::policy_of(&load_config(directory, &Permissions::default()).unwrap().0)
}

/// Looks at a schema and at all that it is made of, but for conditions and what follows of them.
fn each<'a>(schema: &'a Value, at: &str, see: &mut impl FnMut(&str, &'a Value)) {
    see(at, schema);
    for (key, part) in schema.as_object().into_iter().flatten() {
        if !["if", "then", "else", "examples", "default"].contains(&key.as_str()) {
            each(part, &format!("{at}/{key}"), see);
        }
    }
}

#[test]
fn every_key_has_a_description_and_every_choice_a_hint() {
    let files = Files::new(&[("ostracon.yaml", &example())]);
    let schemas = [schema::config(), schema::policy(), of_workspace(files.path())];
    let (mut keys, mut wrong) = (0, Vec::new());
    for schema in &schemas {
        each(schema, "", &mut |at, part| {
            let text = |key: &str| part.get(key).and_then(Value::as_str).unwrap_or_default();
            let parent = at.rsplit('/').nth(1).unwrap_or_default();
            if parent == "properties" && part.is_object() {
                keys += 1;
                let about = text("description");
                if !about.ends_with('.') {
                    wrong.push(format!("{at}: {about:?}"));
                }
            }
            let marked = text("description").contains('`');
            if marked != part.get("markdownDescription").is_some() {
                wrong.push(format!("{at}: for Markdown"));
            }
            let count = |key: &str| part.get(key).and_then(Value::as_array).map(Vec::len);
            if count("enum") != count("enumDescriptions") {
                wrong.push(format!("{at}: hints"));
            }
            if part.get("pattern").is_some() != part.get("patternErrorMessage").is_some() {
                wrong.push(format!("{at}: what is wanted"));
            }
        });
    }
    assert!(keys > 100, "only {keys} keys");
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// A value that a schema gives, and where: from the definition it stands in, by keys.
struct Given {
    definition: String,
    keys: Vec<String>,
    value: Value,
}

/// Every example and default of a schema.
fn given(root: &Value) -> Vec<Given> {
    let mut given = Vec::new();
    each(root, "", &mut |at, part| {
        let words: Vec<_> = at.split('/').skip(1).collect();
        let (definition, words) = match &words[..] {
            ["$defs", name, rest @ ..] => (*name, rest),
            rest => ("", rest),
        };
        let keys: Vec<_> = words.iter().copied().filter(|word| *word != "properties").collect();
        let examples = part.get("examples").and_then(Value::as_array).into_iter().flatten();
        for value in examples.chain(part.get("default")) {
            let keys = keys.iter().map(|key| (*key).to_owned()).collect();
            given.push(Given { definition: definition.to_owned(), keys, value: value.clone() });
        }
    });
    given
}

/// Writes a value below keys; what excludes it goes.
fn put(into: &mut Value, keys: &[&str], value: &Value) {
    let (last, above) = keys.split_last().unwrap();
    let place = above.iter().fold(into, |place, key| match key.parse::<usize>() {
        Ok(index) => &mut place[index],
        Err(_) => &mut place[*key],
    });
    let groups: [&[&str]; 4] = [
        &["env", "file", "command"],
        &["target", "targets"],
        &["region", "endpoint"],
        &["users", "users_from", "devices", "devices_from", "ips", "streams", "streams_from"],
    ];
    for other in groups.into_iter().filter(|group| group.contains(last)).flatten() {
        place.as_object_mut().unwrap().remove(*other);
    }
    place[*last] = value.clone();
}

/// What `validate` says of a config and a policy, if it is not taken.
fn refusal(config: &str, policy: &Value) -> Option<String> {
    let files = Files::new(&[("ostracon.yaml", config), ("p.yaml", &policy.to_string())]);
    for list in ["users", "devices", "streams", "2026-11"] {
        // An id that everybody takes.
        files.write(&format!("lists/{list}.txt"), b"1\n");
    }
    let permissions = Permissions { commands: true, ..Permissions::default() };
    load(files.path(), &permissions).err().map(|problems| render(&problems))
}

#[test]
fn every_example_in_the_schema_of_the_config_is_taken() {
    let base: Value = serde_yaml::from_str(&example()).unwrap();
    let targets = base["targets"].as_object().unwrap();
    let all = given(&schema::config());
    assert!(all.len() > 60, "only {}", all.len());
    for Given { definition, keys, value } in all {
        let provider = definition.strip_suffix("_target");
        let name = targets.iter().find(|(_, it)| it["provider"].as_str() == provider);
        let name = name.map_or("", |(name, _)| name.as_str());
        let above: Vec<&str> = match definition.as_str() {
            "credential" => vec!["targets", "tencent-live", "credentials", "secret_key"],
            "limit" => vec!["guards", "max_lifts"],
            "" => Vec::new(),
            _ => vec!["targets", name],
        };
        let keys: Vec<_> = above.into_iter().chain(keys.iter().map(String::as_str)).collect();
        let mut config = base.clone();
        put(&mut config, &keys, &value);
        let refusal = refusal(&config.to_string(), &json!({ "bans": [] }));
        assert_eq!(refusal, None, "{keys:?}: {value}");
    }
}

/// Entries to write a key of an entry into, by the provider of their target.
fn bases(list: &str) -> Vec<(&'static str, Value)> {
    match list {
        "bans" => vec![
            ("zego", json!({ "target": "zego-live", "room": "r", "users": ["u"] })),
            ("tencent", json!({ "target": "tencent-live", "room": "r", "users": ["u"] })),
            ("volcengine", json!({ "target": "volc-live", "room": 1, "users": [1] })),
            ("agora", json!({ "target": "agora-live", "room": "r", "users": [1] })),
            ("agora", json!({ "target": "agora-live", "users": [1], "wide": true })),
        ],
        "forbidden_streams" => vec![("zego", json!({ "target": "zego-live", "streams": ["s"] }))],
        _ => REGISTRY.map(|it| (it.facts().name, json!({ "users": [1] }))).to_vec(),
    }
}

#[test]
fn every_example_in_the_schemas_of_policies_is_taken() {
    let config = example();
    let files = Files::new(&[("ostracon.yaml", &config)]);
    let mut all = given(&schema::policy());
    all.extend(given(&of_workspace(files.path())));
    assert!(all.len() > 200, "only {}", all.len());
    for Given { definition, keys, value } in &all {
        let list = match definition.as_str() {
            name if name.ends_with("forbidden_stream") => "forbidden_streams",
            name if name.ends_with("protection") => "protect",
            _ => "bans",
        };
        let keys = if definition == "target" { vec!["target".to_owned()] } else { keys.clone() };
        let provider = REGISTRY.map(|it| it.facts().name).into_iter();
        let provider = provider.into_iter().find(|name| definition.starts_with(name));
        let meant = bases(list).into_iter();
        let meant = meant.filter(|(name, _)| provider.is_none_or(|provider| provider == *name));
        let refusals: Vec<_> = meant
            .map(|(_, mut entry)| {
                if list != "protect" {
                    entry["until"] = json!("never");
                }
                put(&mut entry, &keys.iter().map(String::as_str).collect::<Vec<_>>(), value);
                refusal(&config, &json!({ list: [entry] }))
            })
            .collect();
        assert!(refusals.contains(&None), "{definition} {keys:?}: {value}\n{refusals:?}");
    }
}

#[test]
fn the_schema_of_a_workspace_and_validate_agree() {
    let files = Files::new(&[]);
    let schema = of_workspace(files.path());
    for (taken, policy) in [
        (true, "bans: [{ target: t, room: r, users: [1, a], until: never }]"),
        (true, "bans: [{ target: t, room: r, users: [a], wide: true, until: never }]"),
        (true, "bans: [{ targets: [t, t2], room: r, users: [a], until: never }]"),
        (true, "bans: [{ targets: [t, a, v], room: 1, users: [1], until: never }]"),
        (true, "bans: [{ target: v, room: 1, users: [1], devices: [d], until: never }]"),
        (true, "bans: [{ target: a, room: r, wide: true, until: never }]"),
        (true, "bans: [{ target: a, ips: [203.0.113.7], wide: true, until: never }]"),
        (true, "bans: [{ target: a, users: [1], deny: [join, publish_audio], until: never }]"),
        (true, "forbidden_streams: [{ targets: [z], streams: [s], until: never, meta: { a: 1 } }]"),
        (true, "protect: [{ users: [u], devices: [d], reason: staff }]"),
        (true, "protect: [{ targets: [t, v], users: [u] }]"),
        (false, "bans: [{ target: nobody, room: r, users: [a], until: never }]"),
        (false, "bans: [{ targets: [t, nobody], room: r, users: [a], until: never }]"),
        (false, "bans: [{ target: t, users: [a], until: never }]"),
        (false, "bans: [{ target: t, room: r, until: never }]"),
        (false, "bans: [{ target: t, room: r, devices: [d], until: never }]"),
        (false, "bans: [{ targets: [t, v], room: 1, devices: [1], until: never }]"),
        (false, "bans: [{ target: t, room: r, ips: [203.0.113.7], wide: true, until: never }]"),
        (false, "bans: [{ target: t, room: r, users: [a], deny: [publish_audio], until: never }]"),
        (false, "bans: [{ targets: [a, t], room: r, users: [1], deny: [publish_audio] }]"),
        (false, "bans: [{ target: a, users: [4294967296], until: never }]"),
        (false, "bans: [{ target: a, room: r, until: never }]"),
        (false, "bans: [{ target: a, room: r, wide: false, until: never }]"),
        (false, "bans: [{ target: a, ips: [203.0.113.7], until: never }]"),
        (false, "bans: [{ target: a, room: r, ips: [203.0.113.7], wide: true, until: never }]"),
        (false, "bans: [{ target: a, users: [1], ips: [203.0.113.7], wide: true, until: never }]"),
        (false, "bans: [{ target: t, room: r, users: [a] }]"),
        (false, "bans: [{ room: r, users: [1], until: never }]"),
        (false, "bans: [{ target: z, room: r, streams: [s], until: never }]"),
        (false, "forbidden_streams: [{ target: t, streams: [s], until: never }]"),
        (false, "forbidden_streams: [{ target: z, room: r, streams: [s], until: never }]"),
        (false, "protect: [{ targets: [t], devices: [d] }]"),
        (false, "protect: [{ targets: [t, v], users: [u], devices: [d] }]"),
        (false, "protect: [{ targets: [nobody], users: [u] }]"),
        (false, "protect: [{ targets: [t] }]"),
    ] {
        let value = serde_yaml::from_str::<Value>(policy).unwrap();
        let by_schema = faults(&schema, &value, UnknownKeys::Taken).is_empty();
        let files = Files::new(&[("p.yaml", policy)]);
        let by_validate = load(files.path(), &Permissions::default()).is_ok();
        assert_eq!((by_schema, by_validate), (taken, taken), "{policy}");
    }
}

#[test]
fn a_workspace_of_one_provider_is_offered_nothing_else() {
    let name = CONFIG.find("  t:\n").unwrap();
    let rest = &CONFIG[name..CONFIG.find("  t2:\n").unwrap()];
    let files = Files::new(&[("ostracon.yaml", &format!("version: 1\ntargets:\n{rest}"))]);
    let schema = of_workspace(files.path());
    let known = |definition: &str| schema["$defs"].get(definition).is_some();
    assert!(known("tencent_ban") && !known("agora_ban") && !known("forbidden_stream"));
    assert_eq!(schema["$defs"]["any_ban"]["properties"].get("devices"), None);
    let faults = |text: &str| {
        let value = serde_yaml::from_str::<Value>(text).unwrap();
        faults(&schema, &value, UnknownKeys::Taken).len()
    };
    assert_eq!(faults("forbidden_streams: []"), 0);
    assert_ne!(faults("forbidden_streams: [{ target: t, streams: [s], until: never }]"), 0);
}

#[test]
fn targets_are_those_of_a_config_that_can_be_read() {
    let run = |files: &Files, words: &[&str]| {
        let mut program = Command::new(env!("CARGO_BIN_EXE_ostracon"));
        program.arg("-C").arg(files.path()).args(words).env_clear();
        let output = program.output().unwrap();
        (output.status.code().unwrap(), output.stdout, String::from_utf8(output.stderr).unwrap())
    };
    let files = Files::new(&[("p.yaml", "bans: [{}]")]);
    let (code, printed, _) = run(&files, &["schema", "policy", "--targets"]);
    let printed: Value = serde_json::from_slice(&printed).unwrap();
    assert_eq!((code, printed), (0, of_workspace(files.path())));

    let (code, printed, said) = run(&files, &["schema", "config", "--targets"]);
    assert_eq!((code, printed.len()), (64, 0));
    assert!(said.contains("`--targets` goes with `schema policy` alone"), "{said}");

    files.write("ostracon.yaml", b"version: 1\n");
    let (code, printed, said) = run(&files, &["schema", "policy", "--targets"]);
    assert_eq!((code, printed.len()), (1, 0));
    assert!(said.contains("error[targets-missing]"), "{said}");
}
