//! A change that somebody acknowledged goes on after an interruption without a second word, as long
//! as the files say the same, and nothing else does.

use std::fmt::Write as _;

use ostracon::commands::run::Nudge;
use ostracon::exit::Exit;

use super::Story;
use super::orders::told;
use super::service::{edit, secs};
use super::story::Happening;

/// So many users of Agora, which takes ten calls a second, and what ends at ZEGO and at Agora.
fn users(count: u32, ends: &str) -> String {
    let ids: Vec<_> = (100..100 + count).map(|id| id.to_string()).collect();
    format!("bans:\n  - {{ target: a, users: [{}], until: never }}\n{ends}", ids.join(", "))
}

/// What guards count in the plan of now.
fn digest(story: &Story) -> String {
    story.plan()["guards"][0]["change_digest"].as_str().unwrap().to_owned()
}

/// Acknowledges that.
fn acknowledge(story: &Story, digest: &str) {
    let text = format!("digest: {digest}\nwho: ann\nwhy: They were mistaken for others\n");
    story.files.write(&format!("acks/{digest}.yaml"), text.as_bytes());
}

/// Sixty users banned, all but five to be lifted, which somebody has acknowledged.
fn acknowledged(ends: &str) -> Story {
    let story = Story::new();
    story.policy(&users(60, ends));
    story.apply().ends(Exit::Done);
    story.policy(&users(5, ends));
    story.apply().ends(Exit::Guarded);
    acknowledge(&story, &digest(&story));
    story
}

#[test]
fn an_apply_that_ran_out_of_time_is_gone_on_with_by_the_next() {
    let story = acknowledged("");
    story.apply_with(&["--deadline", "3s"]).ends(Exit::Unfinished);
    let left = story.held().len();
    assert!((20..50).contains(&left), "{left}");
    story.apply_with(&["--deadline", "3s"]).ends(Exit::Unfinished);
    story.apply().ends(Exit::Done);
    assert_eq!(story.held().len(), 5);
    story.settled();
}

#[test]
fn other_files_need_a_word_of_their_own() {
    let story = acknowledged("");
    story.apply_with(&["--deadline", "3s"]).ends(Exit::Unfinished);
    let left = story.held().len();
    // One fewer, and the same with a comment.
    for files in [users(4, ""), users(5, "# Nothing else.\n")] {
        story.policy(&files);
        story.apply().ends(Exit::Guarded);
        assert_eq!(story.held().len(), left);
    }
    // Who takes back the word stops the rest.
    let story = acknowledged("");
    story.apply_with(&["--deadline", "3s"]).ends(Exit::Unfinished);
    std::fs::remove_dir_all(story.files.path().join("acks")).unwrap();
    story.apply().ends(Exit::Guarded);
}

#[test]
fn what_was_not_part_of_it_is_guarded() {
    let story = acknowledged("");
    story.apply_with(&["--deadline", "3s"]).ends(Exit::Unfinished);
    // Somebody else comes into force meanwhile.
    let files = users(5, "");
    story.policy(&users(61, ""));
    story.apply().ends(Exit::Done);
    story.policy(&files);
    story.apply().ends(Exit::Guarded);
}

#[test]
fn a_service_goes_on_with_it_though_something_ends_at_the_same_account_meanwhile() {
    let story = Story::new();
    let mut ends = String::new();
    for second in 12..18 {
        writeln!(
            ends,
            "  - {{ target: a, users: [{second}], until: 2026-11-20T12:00:{second}.500Z }}"
        )
        .unwrap();
    }
    story.policy(&users(60, &ends));
    let fewer = users(5, &ends);
    // The same elsewhere, to read what allows it.
    let other = told(&users(60, &ends));
    other.policy(&fewer);
    let digest = digest(&other);
    let edit = edit(&story, &fewer);
    let word: Happening<'_> = Box::new(|nudges| {
        acknowledge(&story, &digest);
        nudges.send(Nudge::Files).unwrap();
    });
    story.serve(secs(60), vec![(secs(8), edit), (secs(10), word)]);
    assert_eq!(story.held().len(), 5);
    story.settled();
}
