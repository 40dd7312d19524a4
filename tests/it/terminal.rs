//! What a terminal shows: lines that fit, sources that are links, long results through a pager.

use std::process::{Command, Stdio};

use unicode_width::UnicodeWidthStr;

use crate::scene::{Scene, text};

/// What a terminal so wide shows, without colours.
fn on_terminal(scene: &Scene, columns: u16, env: &[(&str, &str)], words: &str) -> Vec<String> {
    let (binary, program) = (env!("CARGO_BIN_EXE_ostracon"), scene.command(&[]));
    let line = format!("stty cols {columns} rows 24; exec {binary} {words}");
    let mut command = Command::new("script");
    command.args(["-qec", &line, "/dev/null"]).stdin(Stdio::null()).env_clear();
    command.envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.envs(env.iter().copied()).env("SHELL", "/bin/sh");
    let shown = text(&command.output().unwrap().stdout).replace("\r\n", "\n");
    without_colours(&shown).lines().map(str::to_owned).collect()
}

fn without_colours(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        plain.push_str(before);
        rest = after.split_once('m').map_or("", |(_, after)| after);
    }
    plain + rest
}

/// A scene about which there is much to say.
fn talkative() -> Scene {
    let scene = Scene::new();
    scene.write(
        "bans:
  - id: a-case-with-a-long-name-4821
    target: t
    room: a-room-with-a-long-name-of-its-own
    users: [alice-in-wonderland-0001, bob-the-builder-0002]
    reason: Hate speech in chat, after two warnings and a talk
    until: 2036-12-20T00:00:00Z
    meta: { case: T-4821, evidence: https://tickets.example.com/4821, decided_by: trust-and-safety }
  - { target: z, room: r, users: [u], until: 2036-12-20T10:11:12.5Z }
",
    );
    scene.run(&["apply", "--auto-approve"], 0);
    let order = ["--for", "1h", "--reason", "Abuse on stream, seen by many people at once"];
    let whom = ["ban", "--target", "a", "--user", "7", "--auto-approve"];
    scene.run(&[&whom[..], &order].concat(), 0);
    scene
}

#[test]
fn whatever_people_read_fits_a_terminal() {
    let scene = talkative();
    for words in [
        "plan",
        "status",
        "history",
        "explain alice-in-wonderland-0001",
        "orders",
        "state list",
        "doctor",
        "drift",
        "apply --auto-approve",
    ] {
        for columns in [60, 80, 132] {
            let lines = on_terminal(&scene, columns, &[], words);
            assert!(!lines.is_empty(), "{words}");
            let widest = lines.iter().max_by_key(|line| line.width()).unwrap();
            // What cannot be broken: the name of a restriction, or the id of a run.
            let word = widest.split_whitespace().map(UnicodeWidthStr::width).max().unwrap_or(0);
            assert!(
                widest.width() <= usize::from(columns).max(word + 8),
                "{words} at {columns}: {widest}"
            );
        }
        // Where nobody looks, a line is a line.
        let piped =
            text(&scene.command(&words.split(' ').collect::<Vec<_>>()).output().unwrap().stdout);
        assert!(!piped.contains('\u{1b}'), "{piped}");
    }
}

#[test]
fn a_narrow_terminal_is_told_nothing_twice() {
    let scene = Scene::new();
    scene.write(
        "bans:
  - id: case-4821
    target: t
    room: r
    users: [alice, bob]
    until: 2036-12-20T00:00:00Z
  - { target: t, room: r, users: [carol], until: 2036-12-20T10:11:12.5Z }
",
    );
    let shown = on_terminal(&scene, 80, &[], "plan");
    let lines = [
        "    + user carol  until 2036-12-20T10:11:12Z  new entry",
        "        policy.yaml:7:5",
        "    + user alice  until 2036-12-20T00:00Z                case-4821",
        "        policy.yaml:2:5",
        "    + user bob    until 2036-12-20T00:00Z",
    ];
    assert!(shown.windows(lines.len()).any(|shown| shown == lines), "{shown:#?}");
    let wide = on_terminal(&scene, 140, &[], "plan");
    let line = "    + user bob    until 2036-12-20T00:00:00Z    in 10 years  new entry  case-4821  \
                policy.yaml:2:5";
    assert!(wide.iter().any(|shown| shown == line), "{wide:#?}");
}

#[test]
fn a_source_is_a_link_where_the_terminal_takes_it() {
    let scene = talkative();
    let file = scene.files.path().join("policy.yaml");
    let explain = "explain alice-in-wonderland-0001";
    for (env, wanted) in [
        (
            ("VTE_VERSION", "7600"),
            format!("\u{1b}]8;;file://HOST{}\u{1b}\\policy.yaml:2:5", file.display()),
        ),
        (
            ("TERM_PROGRAM", "vscode"),
            format!("\u{1b}]8;;vscode://file{}:2:5\u{1b}\\policy.yaml", file.display()),
        ),
        (("FORCE_HYPERLINK", "0"), "  policy.yaml:2:5  a-case".to_owned()),
        (("VTE_VERSION", "4000"), "  policy.yaml:2:5  a-case".to_owned()),
    ] {
        let host = gethostname();
        let wanted = wanted.replace("HOST", &host);
        let shown = on_terminal(&scene, 200, &[env], explain).join("\n");
        assert!(shown.contains(&wanted), "{wanted:?}: {shown:?}");
    }
    // In a pipe, colours or not, nothing leads anywhere.
    let mut piped = scene.command(&explain.split(' ').collect::<Vec<_>>());
    piped.env("CLICOLOR_FORCE", "1").env("FORCE_HYPERLINK", "1");
    let piped = text(&piped.output().unwrap().stdout);
    assert!(piped.contains("\u{1b}[1m") && !piped.contains("\u{1b}]8"), "{piped:?}");
    // A link takes no room.
    let linked = on_terminal(&scene, 80, &[("FORCE_HYPERLINK", "1")], "plan").join("\n");
    let bare = on_terminal(&scene, 80, &[], "plan").join("\n");
    let stripped: String = linked
        .split("\u{1b}]8;;")
        .map(|part| part.split_once("\u{1b}\\").map_or(part, |(_, shown)| shown))
        .collect();
    assert_eq!(stripped, bare);
}

fn gethostname() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
    name.trim().to_owned()
}

#[test]
fn a_pager_shows_results_if_it_is_asked_to_and_there_is_a_terminal() {
    let scene = talkative();
    let pager = ("PAGER", "sed 's/^/paged: /'");
    let is_paged = |lines: &[String]| lines.iter().any(|line| line.starts_with("paged: "));
    assert!(is_paged(&on_terminal(&scene, 80, &[pager], "status --pager")));
    assert!(is_paged(&on_terminal(&scene, 80, &[pager, ("OSTRACON_PAGER", "1")], "plan")));
    for (env, words) in [
        (&[pager][..], "status"),
        (&[pager, ("OSTRACON_PAGER", "0")], "status"),
        (&[("PAGER", "cat")], "status --pager"),
        // It does something, and may ask.
        (&[pager], "apply --auto-approve --pager"),
    ] {
        let lines = on_terminal(&scene, 80, env, words);
        assert!(!lines.is_empty() && !is_paged(&lines), "{words}: {lines:?}");
    }
    let mut piped = scene.command(&["status", "--pager"]);
    let piped = text(&piped.env(pager.0, pager.1).output().unwrap().stdout);
    assert!(!piped.contains("paged: "), "{piped}");
    // Whoever has read enough ends it, and an error is said after what was shown.
    let cut = on_terminal(&scene, 80, &[("PAGER", "head -n 1")], "status --pager");
    assert_eq!(cut.len(), 1, "{cut:?}");
    let wrong = on_terminal(&scene, 80, &[pager], "plan --target nobody --pager");
    assert!(wrong.iter().any(|line| line.starts_with("Error: ")), "{wrong:?}");
}

#[test]
fn what_programs_read_is_not_folded() {
    let scene = talkative();
    let shown = on_terminal(&scene, 60, &[], "history --format jsonl");
    for line in &shown {
        serde_json::from_str::<serde_json::Value>(line).unwrap();
    }
    assert!(shown.iter().any(|line| line.len() > 200));
}
