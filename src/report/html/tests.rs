//! What is in a page: what must be decided, and nothing of a stranger but text.

use super::*;
use crate::domain::{Action, Because, Kind, Source, Warning};
use crate::plan::{Facet, Guard, Guarded, Plan, TargetChange};
use crate::report::link::Links;
use crate::report::plan_text::samples::{
    changed, everything, impose, lifted, many, name, plan_of, provenance, shown,
};
use crate::report::review::Review;

fn page(plan: &Plan, changes: Vec<TargetChange>) -> String {
    let links = Links::below("https://example.com/o/r/blob/abc", "policies").unwrap();
    shown(plan, changes, |review| plan_page(review, &links, true))
}

#[test]
fn what_must_be_decided_comes_before_the_operations() {
    let mut wide = impose("", "lobby");
    wide.restriction.target = name("agora-live");
    wide.restriction.room = None;
    wide.restriction.subject.kind = Kind::Channel;
    let shortened = changed(impose("r", "bob"), Action::Amend, Because::UntilChanged, "never");
    let mut plan = plan_of(vec![wide, shortened, lifted(impose("r", "zoe"), "never")]);
    plan.guards = vec![Guarded {
        guard: Guard::MaxLifts,
        target: None,
        operations: 2,
        in_force: 3,
        limit: Some("0".to_owned()),
        change_digest: "abc".to_owned(),
        acknowledged_by: None,
    }];
    let (_, changes) = everything();
    let text = page(&plan, changes);
    let pieces = [
        "<h1>1 to impose, 1 to amend, 1 to lift</h1>",
        "A guard holds this back",
        "2 of 3 in force in all would be lifted or shortened",
        "<code>acks/abc.yaml</code>",
        "customer_secret: env SECRET",
        "1 wide ban: everybody there is kept out",
        "href=\"https://example.com/o/r/blob/abc/policies/bans/a.yaml#L3\"",
        "2 to be lifted or shortened before the time",
        "shortened from never",
        "id=\"operations\"",
        "Plan: 1 to impose, 0 to renew, 1 to amend, 1 to lift, 0 to kick, 0 to forget.",
    ];
    let found: Vec<_> = pieces.iter().map(|piece| text.find(piece)).collect();
    assert!(found.iter().all(Option::is_some) && found.is_sorted(), "{found:?}\n\n{text}");
}

#[test]
fn what_changes_about_an_entry_is_shown_if_that_is_asked_for() {
    let shortened =
        changed(impose("r", "bob"), Action::Amend, Because::UntilChanged, "2026-12-31T00:00:00Z");
    let plan = plan_of(vec![impose("r", "eve"), shortened, lifted(impose("r", "zoe"), "never")]);
    let text = page(&plan, Vec::new());
    for piece in [
        "Entries, as they were and as they are",
        "<span class=\"end\">-  until: 2026-12-31T00:00:00Z</span>",
        "<span class=\"start\">+    - eve</span>",
    ] {
        assert!(text.contains(piece), "{piece}\n{text}");
    }
    let bare = shown(&plan, Vec::new(), |review| plan_page(review, &Links::default(), false));
    assert!(!bare.contains("Entries, as they were"), "{bare}");
}

#[test]
fn a_stranger_writes_nothing_but_text() {
    let hostile = "</script><script>alert(1)</script><!--<img src=x onerror=alert(1)>\
                   \"'&lt;\u{202e}\u{1b}[31m{{x}}";
    let mut operation = impose(hostile, hostile);
    operation.reason = Some(hostile.into());
    operation.entry = Some(hostile.into());
    operation.source = Some(Source { file: hostile.into(), line: 1, column: 1 });
    let source = operation.source.clone();
    let mut lift = lifted(operation.clone(), "never");
    lift.restriction.subject.kind = Kind::Device;
    let mut plan = plan_of(vec![operation, lift]);
    plan.warnings = vec![Warning { code: hostile.into(), message: hostile.to_owned(), source }];
    plan.guards = vec![Guarded {
        guard: Guard::MaxLifts,
        target: None,
        operations: 1,
        in_force: 1,
        limit: Some(hostile.to_owned()),
        change_digest: hostile.to_owned(),
        acknowledged_by: Some(hostile.to_owned()),
    }];
    let change = TargetChange {
        target: name("tencent-live"),
        what: Facet::Endpoint,
        before: None,
        after: Some(hostile.to_owned()),
    };
    let text = page(&plan, vec![change]);
    for (element, count) in [("<script", 2), ("</script", 2), ("<img", 0), ("<!--", 0)] {
        assert_eq!(text.matches(element).count(), count, "{element}\n{text}");
    }
    assert!(!text.contains(['\u{202e}', '\u{1b}']), "{text}");
    assert!(!text.contains(" onerror=alert(1)>"), "{text}");
}

#[test]
fn a_page_allows_its_own_style_and_script_and_nothing_else() {
    let text = page(&plan_of(vec![impose("r", "a")]), Vec::new());
    let inside = |open: &str, close: &str| {
        let (_, rest) = text.split_once(open).unwrap();
        rest.split_once(close).unwrap().0.to_owned()
    };
    let hash = |text: &str| STANDARD.encode(Sha256::digest(text));
    let (style, script) = (inside("<style>", "</style>"), inside("<script>", "</script>"));
    let allowed = format!(
        "content=\"default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; base-uri \
         'none'; form-action 'none'\"",
        hash(&style),
        hash(&script)
    );
    assert!(text.contains(&allowed), "{text}");
    for inline in [" style=", " onclick=", " onload=", "javascript:", "src="] {
        assert!(!text.contains(inline), "{inline}");
    }
}

#[test]
fn a_hundred_thousand_operations_fit_and_the_first_thousand_need_no_script() {
    let operations = (0..100_000).map(|number| {
        let mut operation = impose(&format!("room-{}", number % 50), &format!("user-{number:06}"));
        operation.entry = Some(format!("case-{number}").into());
        operation.reason = Some("Rebroadcast of paid content".into());
        operation.source = Some(Source { file: "bans/a.yaml".into(), line: number + 1, column: 3 });
        operation
    });
    let plan = plan_of(operations.collect());
    let provenance = provenance(Vec::new());
    let links = Links::below("https://example.com/o/r/blob/abc", "policies").unwrap();
    let text = plan_page(&Review::of(&plan, &provenance), &links, false);
    assert!(text.len() < 20_000_000, "{}", text.len());
    assert_eq!(text.matches("<tr id=\"e-").count(), 1_000);
    assert!(text.contains("\"total\":100000,\"held\":100000"));
    assert!(text.contains("The first 1,000 of 100,000 operations are listed here"));
    assert!(text.contains("100,000 impose"));
}

#[test]
fn rows_that_are_too_many_for_a_page_are_counted() {
    let long = "x".repeat(2_000);
    let operations = (0..10_000).map(|number| impose("r", &format!("{long}{number}")));
    let plan = plan_of(operations.collect());
    let provenance = provenance(Vec::new());
    let text = plan_page(&Review::of(&plan, &provenance), &Links::default(), false);
    assert!(text.len() < 20_000_000, "{}", text.len());
    assert!(text.contains("\"total\":10000"));
}

#[test]
fn every_plan_is_a_page() {
    let (plan, changes) = everything();
    assert!(page(&plan, changes).contains("in doubt: impose sent"));
    assert!(page(&many(), Vec::new()).ends_with("</html>"));
    assert!(page(&plan_of(Vec::new()), Vec::new()).contains("nothing to do"));
}
