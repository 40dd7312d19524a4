//! With `--pseudonyms` no name gets out, in whatever format, and a pseudonym is the same in all.

use std::process::Output;

use crate::scene::{Scene, text};

const KEY: &str = "a key of some length";

/// Every name that must not get out. People have put some where nobody asked for them.
const NAMES: [&str; 9] = [
    "canary-user",
    "canary-gone",
    "canary-host",
    "canary-device",
    "canary-stream",
    "canary-room",
    "589517928",
    "203.0.113.77",
    "1819171234140099",
];

const POLICY: &str = "bans:
  - { id: about-canary-user, target: t, room: canary-room, users: [canary-user], reason: \
       canary-user shouted in canary-room, meta: { seen: by canary-host }, until: never }
  - { target: t, room: canary-room, users: [canary-gone], until: never }
  - { target: z, room: canary-room, users: [canary-user], until: never }
  - { target: v, room: 1819171234140099, devices: [canary-device], until: never }
  - { target: a, users: [589517928], reason: see 203.0.113.77, until: never }
  - { target: a, ips: [203.0.113.77], wide: true, until: never }
forbidden_streams:
  - { target: z, streams: [canary-stream], until: never }
protect:
  - { users: [canary-host], reason: canary-host is staff }
";

fn scene() -> Scene {
    let scene = Scene::new();
    scene.write("bans: []\n");
    scene.files.write("bans/canary-room.yaml", POLICY.as_bytes());
    scene.files.write("lists/l.txt", b"canary-host\ncanary-user\n");
    let list =
        "bans:\n  - { target: t2, room: canary-room, users_from: lists/l.txt, until: never }\n";
    scene.files.write("bans/list.yaml", list.as_bytes());
    scene
}

/// What the binary says with pseudonyms, in which no name stands.
#[track_caller]
fn veiled(scene: &Scene, arguments: &[&str]) -> String {
    let mut command = scene.command(&[arguments, &["--pseudonyms", "-vv"]].concat());
    let Output { stdout, stderr, .. } =
        command.env("OSTRACON_PSEUDONYM_KEY", KEY).output().unwrap();
    let said = text(&stdout) + &text(&stderr);
    for name in NAMES {
        assert!(!said.contains(name), "{arguments:?} names {name}:\n{said}");
    }
    text(&stdout)
}

#[test]
fn no_name_gets_out() {
    let scene = scene();
    let saved = scene.files.path().join("plan.json");
    let saved = saved.to_str().unwrap();
    veiled(&scene, &["plan", "--out", saved]);
    assert!(std::fs::read_to_string(saved).unwrap().contains("canary-user"));
    for format in ["text", "json", "markdown", "github", "html", "sarif"] {
        for more in [&["--diff"][..], &["--all", "--link-base", "https://example.com/o/r/blob/abc"]]
        {
            let text = veiled(&scene, &[&["plan", "--format", format], more].concat());
            assert!(text.contains("u-"), "{format}: {text}");
        }
        veiled(&scene, &["show", saved, "--format", format, "--diff"]);
    }
    veiled(&scene, &["apply", "--auto-approve", "--deadline", "0s"]);
    veiled(&scene, &["apply", "--auto-approve", "--deadline", "0s", "--format", "json"]);
    veiled(&scene, &["apply", "--auto-approve"]);
    let whom = ["--target", "t", "--room", "canary-room", "--user", "canary-gone"];
    let order = ["--auto-approve", "--why", "canary-user asked", "--for", "1h"];
    scene.run(&[&["lift"], &whom[..], &order].concat(), 0);
    veiled(&scene, &["explain", "canary-gone"]);
    veiled(&scene, &["status"]);
    veiled(&scene, &["plan"]);
    // Somebody is let back in, somebody is protected no longer, somebody is somewhere by hand.
    let policy = POLICY.replace("canary-gone", "canary-user").replace("canary-host", "nobody");
    scene.files.write("bans/canary-room.yaml", policy.as_bytes());
    for format in ["text", "json", "markdown", "github", "html", "sarif"] {
        veiled(&scene, &["plan", "--format", format, "--diff"]);
    }
    for (command, formats) in [
        (&["status"][..], &["text", "json", "html"][..]),
        (&["history"], &["text", "jsonl", "html", "dsa"]),
        (&["history", "canary-gone"], &["text", "jsonl", "html", "dsa"]),
        (&["explain", "canary-user"], &["text", "json", "html"]),
        (&["explain", "canary-gone"], &["text", "json", "html"]),
        (&["explain", "canary-host"], &["text", "json", "html"]),
        (&["drift"], &["text", "json", "markdown", "html"]),
        (&["drift", "--room", "canary-room"], &["text", "json", "markdown", "html"]),
    ] {
        for format in formats {
            veiled(&scene, &[command, &["--format", format]].concat());
        }
    }
    // A workspace that is wrong is not quoted.
    scene
        .files
        .write("bans/wrong.yaml", b"bans: [{ target: t, room: canary-room, user: canary-user }]\n");
    veiled(&scene, &["plan"]);
}

#[test]
fn a_pseudonym_is_the_same_everywhere_and_leads_back_for_whoever_has_the_key() {
    let scene = scene();
    let plan = veiled(&scene, &["plan", "--format", "json"]);
    let plan: serde_json::Value = serde_json::from_str(&plan).unwrap();
    let operations = plan["operations"].as_array().unwrap();
    let at =
        |target: &str| operations.iter().find(|it| it["target"] == target && it["kind"] == "user");
    let (tencent, zego) = (at("t2").unwrap(), at("z").unwrap());
    assert_eq!((&tencent["subject"], &tencent["room"]), (&zego["subject"], &zego["room"]));
    let (name, room) = (tencent["subject"].as_str().unwrap(), tencent["room"].as_str().unwrap());
    for format in ["text", "markdown", "html"] {
        let text = veiled(&scene, &["plan", "--format", format]);
        assert!(text.contains(name) && text.contains(room), "{format}: {text}");
    }
    let mut explain = scene.command(&["explain", name, "--format", "json"]);
    let explained = text(&explain.env("OSTRACON_PSEUDONYM_KEY", KEY).output().unwrap().stdout);
    assert!(explained.contains("\"canary-user\""), "{explained}");
    let again = veiled(&scene, &["explain", name, "--format", "json"]);
    assert!(again.contains(name) && again.contains("\"wanted_now\": true"), "{again}");
    let mut other = scene.command(&["plan", "--format", "json", "--pseudonyms"]);
    let other = other.env("OSTRACON_PSEUDONYM_KEY", "another key of length").output().unwrap();
    assert!(!text(&other.stdout).contains(name));
}

#[test]
fn without_a_key_or_where_names_are_the_point_nothing_is_shown() {
    let scene = scene();
    for (key, arguments) in [
        ("", &["plan"][..]),
        ("short", &["plan"]),
        (KEY, &["validate"]),
        (KEY, &["state", "list"]),
        (KEY, &["import"]),
    ] {
        let mut command = scene.command(&[arguments, &["--pseudonyms"]].concat());
        let output = command.env("OSTRACON_PSEUDONYM_KEY", key).output().unwrap();
        assert_eq!(output.status.code(), Some(64), "{arguments:?}");
        assert!(output.stdout.is_empty() && text(&output.stderr).contains("--pseudonyms"));
    }
}
