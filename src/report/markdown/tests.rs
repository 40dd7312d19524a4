//! How comments read, and that they fit.

use super::*;
use crate::domain::{Action, Because, Id, Kind, Moment, Source, Subject, Warning};
use crate::plan::{Facet, Plan, TargetChange};
use crate::report::plan_text::samples::{
    changed, everything, impose, lifted, many, name, plan_of, provenance, shown,
};

const MAX_BYTES: usize = 60_000;

fn comment(plan: &Plan, changes: Vec<TargetChange>, max_bytes: usize) -> String {
    let links = Links::below("https://example.com/o/r/blob/abc", "policies").unwrap();
    let comment = Comment { max_bytes, links: &links, diff: true };
    shown(plan, changes, |shown| plan_markdown(shown, comment))
}

#[test]
fn a_comment_reads_from_what_matters_most_down_to_its_last_line() {
    let (plan, changes) = everything();
    let text = comment(&plan, changes, MAX_BYTES);
    assert_eq!(text, EVERYTHING, "\n{text}");
}

const EVERYTHING: &str = include_str!("everything.md");

#[test]
fn no_comment_is_longer_than_it_may_be() {
    let (small, changes) = everything();
    let least = usize::try_from(LEAST_BYTES).unwrap();
    for plan in [&small, &many()] {
        for max_bytes in [least, 2_000, 5_000, 20_000, MAX_BYTES] {
            let text = comment(plan, changes.clone(), max_bytes);
            assert!(text.len() <= max_bytes, "{} > {max_bytes}", text.len());
            assert!(text.starts_with(MARKER) && text.contains("### ostracon: "), "{text}");
            assert!(text.lines().last().unwrap().starts_with("Plan: "), "{text}");
            for element in ["details", "pre", "summary", "code", "a"] {
                let opened = text.matches(&format!("<{element}>")).count()
                    + text.matches(&format!("<{element} ")).count();
                assert_eq!(opened, text.matches(&format!("</{element}>")).count(), "{text}");
            }
        }
    }
}

#[test]
fn a_hundred_thousand_changes_still_tell_what_matters() {
    let mut operations: Vec<_> = (0..100_000)
        .map(|number| {
            let mut operation = impose("live-42", &format!("user-{number}"));
            operation.entry = None;
            operation.source =
                Some(Source { file: "bans/a.yaml".into(), line: number + 1, column: 3 });
            operation
        })
        .collect();
    operations.push(lifted(impose("live-42", "zoe"), "never"));
    let (plan, provenance) = (plan_of(operations), provenance(Vec::new()));
    let links = Links::below("https://example.com/o/r/blob/abc", "policies").unwrap();
    let comment = Comment { max_bytes: MAX_BYTES, links: &links, diff: true };
    let text = plan_markdown(&Review::of(&plan, &provenance), comment);
    assert!(text.len() <= MAX_BYTES && text.len() > MAX_BYTES * 9 / 10, "{}", text.len());
    for piece in [
        "### ostracon: 100,000 to impose, 1 to lift\n",
        "- user zoe in room live-42 at tencent-live  was until never  entry removed  case-1\n",
        "Operations by entry: 100,001 operations of 100,001 entries",
        "more entries: the full plan has them all",
    ] {
        assert!(text.contains(piece), "{piece}\n\n{text}");
    }
}

#[test]
fn what_reaches_everybody_or_lets_somebody_in_is_looked_at_first() {
    let mut ip = impose("", "203.0.113.7");
    ip.restriction.target = name("agora-live");
    ip.restriction.room = None;
    ip.restriction.subject = Subject { kind: Kind::Ip, id: Id::new("203.0.113.7") };
    let shortened = changed(impose("r", "bob"), Action::Amend, Because::UntilChanged, "never");
    let mut protected = lifted(impose("r", "host"), "never");
    protected.because = Because::Protected;
    let text = comment(&plan_of(vec![ip, shortened, protected]), Vec::new(), MAX_BYTES);
    let pieces = [
        "#### Look at this first",
        "**1 wide ban",
        "+ ip 203.0.113.7 at agora-live  until",
        "**1 lift because the subject is protected now**",
        "- user host in room r",
        "**1 to be lifted or shortened before the time**",
        "~ user bob in room r at tencent-live  until 2026-12-20T00:00:00Z  shortened from never",
        "<details>",
    ];
    let found: Vec<_> = pieces.iter().map(|piece| text.find(piece)).collect();
    assert!(found.iter().all(Option::is_some) && found.is_sorted(), "{found:?}\n\n{text}");
}

#[test]
fn what_strangers_wrote_is_inert() {
    let hostile = "</pre></details><script>@alice|`x`[y](https://e.com)\n# h\u{202e}\u{1b}[31m";
    let mut operation = impose(hostile, hostile);
    operation.reason = Some(hostile.into());
    operation.entry = Some(hostile.into());
    operation.source = Some(Source { file: hostile.into(), line: 1, column: 1 });
    let source = operation.source.clone();
    let mut plan = plan_of(vec![operation]);
    plan.warnings = vec![Warning { code: "c".into(), message: hostile.to_owned(), source }];
    let change = TargetChange {
        target: name("tencent-live"),
        what: Facet::Endpoint,
        before: None,
        after: Some(hostile.replace('\n', " ")),
    };
    let text = comment(&plan, vec![change], MAX_BYTES);
    let empty = comment(&plan_of(Vec::new()), Vec::new(), MAX_BYTES);
    assert!(!text.contains("<script") && !text.contains('@') && !text.contains('`'), "{text}");
    assert!(!text.contains("](") && !text.contains('\u{202e}') && !text.contains('\u{1b}'));
    assert_eq!(text.matches("</details>").count(), empty.matches("</details>").count() + 2);
    assert!(!text.lines().any(|line| line == "# h"), "{text}");
}

#[test]
fn a_plan_of_nothing_says_so() {
    let plan = plan_of(Vec::new());
    assert_eq!(plan.now, Moment::parse("2026-11-21T00:00:00Z").unwrap());
    assert_eq!(
        comment(&plan, Vec::new(), MAX_BYTES),
        "<!-- ostracon plan -->\n### ostracon: nothing to do\n\n0 unchanged.\n\nPlan: 0 to impose, \
         0 to renew, 0 to amend, 0 to lift, 0 to kick, 0 to forget.\n"
    );
}
