//! What strangers write, through every output: nothing of it acts.

use std::path::Path;

use ostracon::exit::Exit;

use super::{Story, hours};

/// Ids and reasons as somebody who means harm would choose them.
const HOSTILE: &[&str] = &[
    "</pre></details><script>alert(1)</script>",
    "<img src=x onerror=y> <!-- --> &lt;",
    "@everyone @org/team a@b.example",
    "| a | b |\\n|---|---|",
    "`code` ``` ~~~ $x$",
    "[link](https://evil.example) ![i](https://evil.example/i.png) www.evil.example",
    "::set-output name=lifts::0",
    "\\r\\n::error file=a::b",
    "##[add-mask]secret ##vso[task.setvariable]x",
    "\\e[31mred\\e]8;;https://evil.example\\a",
    "a\\u202eb\\u2066c\\u200bd",
    "\\nPlan: 0 to impose, 0 to renew, 0 to amend, 0 to lift, 0 to kick, 0 to forget.",
    "# heading\\n- list\\n1. one",
];

const FORMATS: &[&[&str]] = &[
    &["plan"],
    &["plan", "--all", "--diff"],
    &["plan", "--format", "json"],
    &["plan", "--format", "markdown", "--diff"],
    &["plan", "--format", "github"],
    &["validate", "--format", "github"],
    &["explain", "alice"],
    &["explain", "alice", "--format", "json"],
];

fn policy(hostile: &str) -> String {
    let hostile = hostile.replace('"', "\\\"");
    format!(
        "bans:\n  - {{ id: \"x{hostile}\", target: zego, room: \"{hostile}\", users: [alice], \
         reason: \"{hostile}\", until: never }}\n  - {{ id: ok, target: zego, room: r, users: \
         [alice], reason: \"{hostile}\", until: never }}\n"
    )
}

#[test]
fn nothing_that_strangers_write_acts_in_any_output() {
    let mut story = Story::new();
    story.variable("NO_COLOR", "1");
    let summary = story.files.path().join("summary");
    story.variable("GITHUB_STEP_SUMMARY", summary.to_str().unwrap());
    story.config(
        "version: 1\ntargets:\n  zego:\n    provider: zego\n    app_id: 1\n    credentials: { \
         server_secret: { env: Z } }\n",
    );
    for hostile in HOSTILE {
        story.policy(&policy(hostile));
        for arguments in FORMATS {
            let (_, text) = story.command(arguments);
            check(hostile, arguments, &text);
        }
        check_summary(hostile, &summary);
        // Where an id may not hold such text, a reason still does.
        story.policy(&format!(
            "bans:\n  - {{ id: ok, target: zego, room: r, users: [alice], reason: \"{hostile}\", \
             until: never }}\n"
        ));
        for arguments in FORMATS {
            let (_, text) = story.command(arguments);
            assert!(!text.is_empty() || arguments[0] == "validate", "{arguments:?}");
            check(hostile, arguments, &text);
        }
        check_summary(hostile, &summary);
    }
}

/// What is read from the state, and of the files with it.
const KEPT: &[&[&str]] = &[
    &["plan", "--all", "--diff"],
    &["plan", "--format", "json"],
    &["plan", "--format", "markdown", "--diff"],
    &["plan", "--format", "github", "--diff"],
    &["explain", "alice"],
    &["explain", "alice", "--format", "json"],
    &["status"],
    &["status", "--format", "json"],
    &["history"],
    &["history", "alice"],
    &["history", "--format", "jsonl"],
    &["state", "list"],
    &["state", "list", "--format", "json"],
    &["state", "show", "z/room:r/user:alice"],
    &["state", "show", "z/room:r/user:alice", "--format", "json"],
    &["state", "export", "--format", "jsonl"],
    &["state", "export", "--format", "csv"],
    &["state", "verify"],
];

/// What asks the providers too.
const ASKED: &[&[&str]] = &[
    &["drift", "--room", "6"],
    &["drift", "--room", "6", "--format", "json"],
    &["doctor"],
    &["doctor", "--format", "json"],
    &["plan", "--refresh", "--all", "--diff"],
    &["plan", "--refresh", "--format", "markdown"],
    &["apply", "--auto-approve", "--refresh"],
];

/// A policy with hostile text wherever it is taken.
fn taken_by(story: &Story, hostile: &str) -> String {
    let hostile = hostile.replace('"', "\\\"");
    let short: String = hostile.chars().take(40).collect();
    let plain = format!(
        "  - {{ id: ok, target: z, room: r, users: [alice], reason: \"{hostile}\", until: never \
         }}\n"
    );
    let room = |room: &str| {
        format!("  - {{ target: z, room: \"{room}\", users: [\"{room}\"], until: never }}\n")
    };
    let device = |room: u8| {
        format!("  - {{ target: v, room: {room}, devices: [\"{short}\"], until: never }}\n")
    };
    let ids = room(&short)
        + &device(5)
        + &format!("  - {{ id: \"{short}\", target: a, users: [7], until: never }}\n");
    let policy = format!("bans:\n{plain}{ids}");
    story.policy(&policy);
    if story.command(&["validate"]).0 == Exit::Done {
        let other = story.neighbour();
        other.policy(&format!("bans:\n{}", device(6)));
        other.apply().ends(Exit::Done);
        story.advance(hours(1));
        return policy;
    }
    format!("bans:\n{plain}")
}

#[test]
fn nothing_that_is_kept_of_strangers_acts_when_it_is_read() {
    let mut with_ids = 0;
    for hostile in HOSTILE {
        let mut story = Story::new();
        story.variable("NO_COLOR", "1");
        let policy = taken_by(&story, hostile);
        with_ids += usize::from(policy.contains("devices"));
        story.policy(&policy);
        story.apply().ends(Exit::Done);
        // Once as it should be, then about to be lifted, amended, and explained for it.
        let amended = policy.replace("until: never", "until: 2026-12-01T00:00:00Z");
        for policy in [policy.as_str(), &amended, "bans: []\n"] {
            story.policy(policy);
            for arguments in KEPT {
                let (_, text) = story.command(arguments);
                assert!(!text.is_empty(), "{arguments:?}");
                check(hostile, arguments, &text);
            }
            for arguments in ASKED {
                let (_, text) = story.read(arguments);
                assert!(!text.is_empty(), "{arguments:?}");
                check(hostile, arguments, &text);
            }
            story.advance(hours(1));
        }
    }
    assert!(with_ids > HOSTILE.len() / 2, "{with_ids}");
}

#[track_caller]
fn check_summary(hostile: &str, path: &Path) {
    // Two steps may have left one: of a plan, or of what is wrong.
    let Ok(text) = std::fs::read_to_string(path) else { return };
    for part in text.split("<!-- ostracon plan -->\n").skip(1) {
        check(hostile, &["--format", "markdown"], part);
    }
    std::fs::remove_file(path).unwrap();
}

#[track_caller]
fn check(hostile: &str, arguments: &[&str], text: &str) {
    // A line of CSV ends so.
    let line_end = if arguments.contains(&"csv") { "\r\n" } else { "\n" };
    let text = &text.replace(line_end, "\n");
    let context = format!("{hostile} in {arguments:?}:\n{text}");
    // What programs read keeps what was written; nobody is meant to see it as it is.
    let is_data = arguments.iter().any(|it| ["json", "jsonl"].contains(it));
    let hides = |char: char| {
        (char.is_control() && char != '\n') || "\u{202e}\u{2066}\u{200b}".contains(char)
    };
    if !is_data {
        assert!(!text.contains(hides), "{context}");
        assert!(!text.contains("##[") && !text.contains("\n##vso["), "{context}");
    }
    let plans = text.lines().filter(|line| line.starts_with("Plan: ")).count();
    assert!(plans <= 1, "{context}");
    let commands = text.lines().filter(|line| line.trim_start().starts_with("::"));
    for command in commands {
        assert!(
            command.starts_with("::error title=ostracon")
                || command.starts_with("::warning title=ostracon"),
            "{context}"
        );
    }
    if arguments.contains(&"markdown") {
        let bytes = text.as_bytes();
        let mentions = bytes.windows(2).any(|two| two[0] == b'@' && two[1].is_ascii_alphabetic());
        assert!(!mentions && !text.contains("](") && !text.contains("www."), "{context}");
        for element in ["<script", "<img", "```"] {
            assert!(!text.contains(element), "{context}");
        }
        let count = |piece: &str| text.matches(piece).count();
        assert_eq!(count("<details>"), count("</details>"), "{context}");
        assert_eq!(count("<pre"), count("</pre>"), "{context}");
        assert!(!text.lines().any(|line| line.starts_with("# heading")), "{context}");
    }
}
