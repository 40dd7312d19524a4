//! A saved plan, wherever a story makes one: `show` prints of it what `plan` did.

use ostracon::exit::Exit;

use super::Story;

/// Checks that `show` prints of the saved plan what `plan` printed.
#[track_caller]
pub(super) fn looks_the_same(story: &Story, arguments: &[&str], exit: Exit, text: &str) {
    let [first, more @ ..] = arguments else { return };
    // Each time it is shown to a step of GitHub, the step is left more.
    let shows_a_plan = *first == "plan"
        && matches!(exit, Exit::Done | Exit::Changes | Exit::Guarded)
        && !more.iter().any(|it| matches!(*it, "--at" | "--out" | "github"));
    if !shows_a_plan {
        return;
    }
    let path = story.files.path().join("saved.json");
    let path = path.to_str().unwrap();
    assert_eq!(story.run(&[arguments, &["--out", path]].concat()), (exit, text.to_owned()));
    let view = more.iter().copied().filter(|it| *it != "--detailed-exitcode");
    let view: Vec<_> = ["show", path].into_iter().chain(view).collect();
    assert_eq!(story.run(&view), (Exit::Done, text.to_owned()), "{view:?}");
    std::fs::remove_file(path).unwrap();
}
