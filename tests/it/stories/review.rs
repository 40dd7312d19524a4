//! What a review sees: comments, annotations, summaries, outputs.

use ostracon::exit::Exit;

use super::Story;

const CONFIG: &str = "version: 1\ntargets:\n  agora-live:\n    provider: agora\n    app_id: \
    4855aaaaaaaaaaaaaaaaaaaaaaaaeae2\n    credentials:\n      customer_id: { env: A }\n      \
    customer_secret: { env: B }\n";

fn ban(user: &str) -> String {
    format!("  - {{ target: agora-live, users: [{user}], until: never }}\n")
}

fn story(users: &[&str]) -> Story {
    let story = Story::new();
    story.config(CONFIG);
    story.policy(&policy(users));
    story
}

fn policy(users: &[&str]) -> String {
    let bans: String = users.iter().map(|user| ban(user)).collect();
    if bans.is_empty() { "bans: []\n".to_owned() } else { format!("bans:\n{bans}") }
}

#[test]
fn a_comment_is_as_long_as_it_may_be_and_no_longer() {
    let users: Vec<String> = (1..=300).map(|user| user.to_string()).collect();
    let story = story(&users.iter().map(String::as_str).collect::<Vec<_>>());
    for max_bytes in ["1000", "60000"] {
        let arguments = ["plan", "--format", "markdown", "--max-bytes", max_bytes];
        let (exit, text) = story.command(&arguments);
        assert_eq!(exit, Exit::Done);
        assert!(text.len() <= max_bytes.parse().unwrap(), "{text}");
        assert!(text.starts_with("<!-- ostracon plan -->\n### ostracon: 300 to impose\n"));
    }
    let (exit, _) = story.command(&["plan", "--format", "markdown", "--max-bytes", "999"]);
    assert_eq!(exit, Exit::Usage);
    let (exit, _) = story.command(&["plan", "--format", "markdown", "--link-base", "javascript:x"]);
    assert_eq!(exit, Exit::Usage);
}

#[test]
fn a_step_of_github_gets_annotations_a_summary_and_outputs() {
    let mut story = story(&["1"]);
    let (summary, outputs) = (story.files.path().join("summary"), story.files.path().join("out"));
    std::fs::write(&outputs, "before=1").unwrap();
    story.variable("GITHUB_STEP_SUMMARY", summary.to_str().unwrap());
    story.variable("GITHUB_OUTPUT", outputs.to_str().unwrap());
    let (exit, text) = story.command(&["plan", "--format", "github"]);
    assert_eq!(exit, Exit::Done);
    let end = "0 to kick, 0 to forget.\n::warning title=ostracon%3A changed::not as at the last \
               apply: credentials, endpoint, target of agora-live\n";
    assert!(text.ends_with(end), "{text}");
    let summary_text = std::fs::read_to_string(&summary).unwrap();
    assert!(summary_text.starts_with("<!-- ostracon plan -->\n### ostracon: 1 to impose\n"));
    let next_due = &story.plan()["next_due"]["at"];
    assert_eq!(
        std::fs::read_to_string(&outputs).unwrap(),
        format!(
            "before=1\nchanges=1\nlifts=0\nguarded=false\nnext-due={}\n",
            next_due.as_str().unwrap()
        )
    );
    std::fs::write(&summary, vec![b'\n'; 1 << 20]).unwrap();
    assert_eq!(story.command(&["plan", "--format", "github"]).0, Exit::Done);
    assert_eq!(std::fs::metadata(&summary).unwrap().len(), 1 << 20);
}

#[test]
fn a_problem_is_annotated_at_its_line() {
    let story = story(&[]);
    story.policy(
        "bans:\n  - target: agora-live\n    users: [\"x\\n::error::y\"]\n    until: never\n",
    );
    let (exit, text) = story.command(&["validate", "--format", "github"]);
    assert_eq!(exit, Exit::Error);
    let start = "::error title=ostracon%3A bad-id,file=policy.yaml,line=3,col=13::";
    assert!(text.starts_with(start) && text.lines().count() == 1, "{text}");
}

/// The file that a refused plan prints: its path and its text, filled in.
fn ack_of(text: &str) -> (String, String) {
    let path =
        text.lines().find_map(|line| line.strip_prefix("To allow just this, add `")).unwrap();
    let (path, _) = path.split_once('`').unwrap();
    let lines = text.lines().skip_while(|line| !line.starts_with("To allow just this"));
    let lines = lines.skip(1).take_while(|line| line.starts_with("    "));
    let content: Vec<_> = lines.map(str::trim_start).collect();
    (path.to_owned(), content.join("\n") + "\n")
}

#[test]
fn a_refused_plan_prints_the_one_file_that_allows_it() {
    let users: Vec<String> = (1..=20).map(|user| user.to_string()).collect();
    let users: Vec<&str> = users.iter().map(String::as_str).collect();
    let story = story(&users);
    story.apply().ends(Exit::Done);
    story.policy(&policy(&users[..5]));
    let (exit, text) = story.command(&["plan"]);
    assert_eq!(exit, Exit::Guarded, "{text}");
    let (path, content) = ack_of(&text);
    std::fs::create_dir(story.files.path().join("acks")).unwrap();
    story.files.write(&path, content.as_bytes());
    let (exit, _) = story.command(&["validate"]);
    assert_eq!(exit, Exit::Error, "who and why are still missing");
    let filled = content
        .replace("who:    # who answers for it", "who: alice@example.com")
        .replace("why:    # why it is right", "why: appeals were heard");
    story.files.write(&path, filled.as_bytes());
    let (exit, text) = story.command(&["plan"]);
    assert_eq!(exit, Exit::Done, "{text}");
    assert!(text.contains("Acknowledged by alice@example.com: 15 of 20 in force"), "{text}");
    assert_eq!(story.plan()["guards"][0]["acknowledged_by"], "alice@example.com");
    story.policy(&policy(&users[..4]));
    assert_eq!(story.command(&["plan"]).0, Exit::Guarded, "good for that set only");
    story.policy(&policy(&users[..5]));
    story.apply().ends(Exit::Done);
    assert_eq!(story.command(&["plan"]).0, Exit::Done, "inert afterwards");
}

#[test]
fn taking_somebody_out_of_protect_is_guarded_whatever_else_is_done() {
    let story = story(&[]);
    let protect = "protect:\n  - { users: [\"7\"], reason: staff }\n";
    story.policy(&format!("{}{protect}", policy(&["1"])));
    story.apply().ends(Exit::Done);
    story.policy(&policy(&["1", "7"]));
    for _ in 0..2 {
        story.apply().ends(Exit::Guarded);
    }
    let (_, text) = story.command(&["plan"]);
    assert!(text.contains("Warning: `*/user:7` is protected no longer"), "{text}");
    let (path, content) = ack_of(&text);
    std::fs::create_dir(story.files.path().join("acks")).unwrap();
    let filled = content.replace("who:  ", "who: bob").replace("why:  ", "why: left");
    story.files.write(&path, filled.as_bytes());
    assert_eq!(story.apply().ends(Exit::Done).count("done"), 1);
    assert!(story.planned().is_empty());
}

#[test]
fn a_target_that_is_renamed_keeps_who_was_protected_there() {
    let story = Story::new();
    let policy = |target: &str, protect: &str| {
        story.policy(&format!(
            "bans:\n  - {{ target: {target}, room: r, users: [u1], until: never }}\n{protect}"
        ));
    };
    policy("t", "protect:\n  - { users: [host], targets: [t] }\n");
    story.apply().ends(Exit::Done);
    // Renamed, and taken out in the same breath.
    story.config(&crate::workspace::CONFIG.replace("  t:\n", "  new:\n    moved_from: t\n"));
    policy("new", "");
    story.apply().ends(Exit::Guarded);
    // Still remembered, under the new name.
    story.apply().ends(Exit::Guarded);
    policy("new", "protect:\n  - { users: [host], targets: [new] }\n");
    story.apply().ends(Exit::Done);
}

#[test]
fn a_guard_that_was_changed_stands_at_the_head_of_every_plan() {
    let story = Story::new();
    let config = |guards: &str| story.config(&format!("{}{guards}", crate::workspace::CONFIG));
    story.policy("bans:\n  - { target: t, room: r, users: [u1], until: never }\n");
    story.apply().ends(Exit::Done);
    config("guards: { max_lifts: { count: 7, percent: 100 }, allow_empty: true }\n");
    let (_, text) = story.command(&["plan"]);
    let head = "Changed since the last apply:
  guards
    allow_empty        false -> true
    max_lifts.count    new: 7
    max_lifts.percent  30 -> 100
";
    assert!(text.contains(head), "{text}");
    let (_, comment) = story.command(&["plan", "--format", "markdown"]);
    assert!(comment.contains("  30 -&gt; 100"), "{comment}");
    let changed = &story.plan()["guard_changes"];
    assert_eq!(changed[2]["guard"], "max_lifts.percent", "{changed:#}");
    assert_eq!(changed[1]["before"], serde_json::Value::Null, "{changed:#}");
    // Recorded by the next apply, also if there is nothing else to do.
    story.apply().ends(Exit::Done);
    assert_eq!(story.plan()["guard_changes"], serde_json::json!([]));
}
