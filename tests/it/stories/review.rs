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
    assert!(text.ends_with("0 to kick, 0 to forget.\n"), "{text}");
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
