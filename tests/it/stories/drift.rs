//! Stories about what is really there: lost, altered and foreign restrictions.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use ostracon::domain::Enforcement;
use ostracon::exit::Exit;
use ostracon::sandbox::{Incoming, InjectedFault};
use serde_json::Value;

use super::{Story, hours};

const POLICY: &str = "bans:
  - { target: t, room: r, users: [ann, bob, cat], until: 2026-12-20T00:00:00Z }
  - { target: v, room: 5, users: [6, 7, 8], until: 2026-12-20T00:00:00Z }
  - { target: v, room: 5, devices: [d], until: never }
  - { target: a, users: [11, 12, 13], until: 2026-12-20T00:00:00Z }
forbidden_streams:
  - { target: z, streams: [s], until: never }
";

fn told() -> Story {
    let story = Story::new();
    story.policy(POLICY);
    story.apply().ends(Exit::Done);
    story.advance(hours(1));
    story
}

/// The findings, as `finding target subject`.
fn findings(text: &str) -> Vec<String> {
    let drift: Value = serde_json::from_str(text).unwrap();
    let text = |it: &Value, key: &str| it[key].as_str().unwrap().to_owned();
    let line = |it| ["finding", "target", "subject"].map(|key| text(it, key)).join(" ");
    drift["findings"].as_array().unwrap().iter().map(line).collect()
}

/// Somebody else lifts, alters and adds restrictions.
fn meddle(story: &Story) {
    let other = story.neighbour();
    // What is banned again moves its end, and what is taken out is lifted.
    other.policy(
        "bans:
  - { target: t, room: r, users: [ann], until: never }
  - { target: t, room: r, users: [bob, eve], until: 2027-01-20T00:00:00Z }
  - { target: v, room: 5, users: [6, 9], until: never }
  - { target: a, users: [14], until: never }
",
    );
    other.apply().ends(Exit::Done);
    other.config(&format!(
        "{}guards: {{ max_lifts: {{ percent: 100 }} }}\n",
        crate::workspace::CONFIG
    ));
    other.policy(
        "bans:
  - { target: t, room: r, users: [bob, eve], until: 2027-01-20T00:00:00Z }
  - { target: v, room: 5, users: [9], until: never }
  - { target: a, users: [14], until: never }
",
    );
    other.apply().ends(Exit::Done);
}

fn rule_of(story: &Story, subject: &str) -> i64 {
    let rows = story.sandbox.in_force();
    rows.into_iter().find(|row| row.subject == subject).and_then(|row| row.rule).unwrap()
}

#[test]
fn nothing_differs_from_what_was_just_applied() {
    let story = told();
    let before = (story.held(), story.snapshot());
    let (exit, text) = story.read(&["drift", "--format", "json"]);
    assert_eq!((exit, findings(&text)), (Exit::Done, vec![]), "{text}");
    let drift: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(drift["summary"]["confirmed"], 10);
    assert_eq!(drift["summary"]["on_trust"], 1);
    assert_eq!(drift["targets"][4]["listing"], "never");
    assert_eq!(before, (story.held(), story.snapshot()), "drift changes nothing");
    let (exit, text) = story.read(&["drift", "--target", "z"]);
    assert_eq!(exit, Exit::Done);
    assert!(text.contains("z  cannot be listed"), "{text}");
    assert!(text.ends_with("Drift: 0 missing, 0 with another end, 0 foreign, 0 not shown.\n"));
}

#[test]
fn drift_names_what_was_lost_altered_and_added() {
    let story = told();
    meddle(&story);
    let (exit, text) = story.read(&["drift", "--format", "json"]);
    assert_eq!(exit, Exit::Changes, "{text}");
    assert_eq!(
        findings(&text),
        [
            "foreign a 14",
            "missing t ann",
            "end_differs t bob",
            "foreign t eve",
            "missing v 6",
            "foreign v 9",
        ]
    );
    let (_, text) = story.read(&["drift", "--target", "t"]);
    let line = "  ~ t/room:r/user:bob  another end: 2027-01-20T00:00:01Z there, \
                2026-12-20T00:00:00";
    assert!(text.contains(line), "{text}");
}

#[test]
fn a_refreshed_apply_restores_what_is_ours_and_touches_nothing_foreign() {
    let story = told();
    meddle(&story);
    let (_, text) = story.read(&["plan", "--refresh", "--format", "json"]);
    let plan: Value = serde_json::from_str(&text).unwrap();
    let operations = plan["operations"].as_array().unwrap();
    let recovered: Vec<_> = operations
        .iter()
        .filter(|it| it["because"] == "recovered")
        .map(|it| &it["subject"])
        .collect();
    assert_eq!(recovered, ["ann", "6"]);
    let warnings = plan["warnings"].as_array().unwrap();
    assert_eq!(warnings.iter().filter(|it| it["code"] == "foreign").count(), 3, "{text}");
    story.apply_with(&["--refresh"]).ends(Exit::Done);
    let held: BTreeSet<String> = story.held().into_iter().collect();
    let wanted: BTreeSet<String> = story.wanted().into_iter().collect();
    assert!(wanted.is_subset(&held), "{held:?}");
    let foreign: Vec<_> = held.difference(&wanted).collect();
    assert_eq!(foreign, ["agora 14", "tencent r eve", "volcengine 5 9"]);
    let (_, text) = story.read(&["drift", "--format", "json"]);
    assert_eq!(findings(&text), ["foreign a 14", "foreign t eve", "foreign v 9"]);
}

#[test]
fn only_a_refreshed_apply_records_that_something_was_seen() {
    let story = told();
    let evidence = || story.command(&["state", "show", "t/room:r/user:ann"]).1;
    let acknowledged = evidence();
    assert!(acknowledged.contains("acknowledged at 2026-11-20T12:00:0"), "{acknowledged}");
    story.read(&["drift"]);
    story.read(&["plan", "--refresh"]);
    story.apply().ends(Exit::Done);
    assert_eq!(evidence(), acknowledged);
    story.advance(hours(1));
    assert_eq!(story.apply_with(&["--refresh"]).ends(Exit::Done).count("done"), 0);
    assert!(evidence().contains(", observed at 2026-11-20T14:0"), "{}", evidence());
    let seen = |kind: &str| {
        let rows = story.snapshot().rows;
        let mut rows = rows.iter().filter(|row| row.restriction.subject.kind.name() == kind);
        rows.all(|row| row.held.as_ref().is_some_and(|held| held.seen.is_some()))
    };
    assert_eq!(["user", "device", "stream"].map(seen), [true, true, false]);
    let written = |row: &Enforcement| row.held.as_ref().map(|held| held.written);
    assert!(story.snapshot().rows.iter().all(|row| written(row) < Some(story.now() - hours(2))));
    story.settled();
}

#[test]
fn drift_is_told_as_markdown_in_which_nothing_acts() {
    let story = told();
    let other = story.neighbour();
    other.policy("bans:\n  - { target: t, room: r, users: [\"@eve</pre>\"], until: never }\n");
    other.apply().ends(Exit::Done);
    let (exit, text) = story.read(&["drift", "--format", "markdown"]);
    assert_eq!(exit, Exit::Changes);
    assert!(text.starts_with("<!-- ostracon drift -->\n### ostracon drift: 1 difference\n"));
    assert!(text.contains("| <code>t</code> | 3 | 0 | 0 | 1 | lists are complete |\n"), "{text}");
    assert!(text.contains("user&#58;&#64;eve&#60;%2Fpre&#62;  not in the state"), "{text}");
    assert!(text.ends_with("\nDrift: 0 missing, 0 with another end, 1 foreign, 0 not shown.\n"));
}

#[test]
fn a_saved_plan_with_findings_is_applied_with_the_same_look() {
    let story = told();
    meddle(&story);
    let file = story.files.path().join("plan.json");
    let file = file.to_str().unwrap();
    story.read(&["plan", "--refresh", "--out", file]);
    story.apply_with(&[file]).ends(Exit::PlanRefused);
    story.apply_with(&[file, "--refresh"]).ends(Exit::Done);
    assert!(story.held().contains(&"tencent r ann".to_owned()));
}

#[test]
fn what_a_list_omits_is_not_made_twice_and_what_is_gone_is_made_again() {
    let story = told();
    let (omitted, lost) = (rule_of(&story, "11"), rule_of(&story, "12"));
    story.sandbox.set_unlisted_rule(omitted);
    story.sandbox.lose_rule(lost);
    let (exit, text) = story.read(&["drift", "--format", "json"]);
    assert_eq!(exit, Exit::Done, "absence proves nothing");
    assert_eq!(findings(&text), ["unseen a 11", "unseen a 12"]);
    story.apply_with(&["--refresh"]).ends(Exit::Done);
    let ours =
        |subject: &str| story.held().iter().filter(|it| **it == format!("agora {subject}")).count();
    assert_eq!([ours("11"), ours("12"), ours("13")], [1, 1, 1]);
    assert_eq!(rule_of(&story, "11"), omitted);
    assert_ne!(rule_of(&story, "12"), lost);
    assert!(story.snapshot().rows.iter().all(|row| row.held.is_some() && row.doubt.is_none()));
}

#[test]
fn what_has_ended_is_no_difference() {
    let story = told();
    story.advance(SignedDuration::from_hours(24 * 40));
    let (exit, text) = story.read(&["drift", "--format", "json"]);
    assert_eq!((exit, findings(&text)), (Exit::Done, vec![]), "{text}");
}

#[test]
fn a_list_that_cannot_be_read_proves_nothing() {
    let story = told();
    meddle(&story);
    story.sandbox.inject_faults(|incoming: &Incoming| {
        if incoming.path.contains("get_banned") {
            InjectedFault::Status(502)
        } else {
            InjectedFault::Answer
        }
    });
    let (exit, text) = story.read(&["drift", "--target", "t", "--format", "json"]);
    assert_eq!((exit, findings(&text)), (Exit::Error, vec![]), "{text}");
    let drift: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(drift["summary"]["skipped"], 3);
    assert_eq!(drift["targets"][0]["errors"][0]["room"], "r");
    story.calm();
}

#[test]
fn a_room_that_is_gone_holds_nothing() {
    let story = told();
    story.sandbox.set_missing_room("tencent", "r");
    let (exit, text) = story.read(&["drift", "--target", "t", "--format", "json"]);
    assert_eq!(exit, Exit::Changes);
    assert_eq!(findings(&text), ["missing t ann", "missing t bob", "missing t cat"]);
}

#[test]
fn many_rooms_are_listed_at_the_pace_of_the_account() {
    let story = Story::new();
    let entry = |room| format!("  - {{ target: t, room: r{room}, users: [u], until: never }}");
    let entries: Vec<String> = (0..500).map(entry).collect();
    story.policy(&format!("bans:\n{}\n", entries.join("\n")));
    story.apply().ends(Exit::Done);
    let before = story.now();
    let (exit, text) = story.read(&["drift", "--target", "t", "--format", "json"]);
    assert_eq!((exit, findings(&text)), (Exit::Done, vec![]));
    // The end of every story checks that no call was throttled.
    let took = story.now() - before;
    assert!(took >= SignedDuration::from_secs(2) && took < SignedDuration::from_secs(5), "{took}");
    assert!(story.sandbox.seen().iter().all(|call| call.code == "0"));
}

#[test]
fn a_doctor_finds_everything_in_place_or_says_what_is_not() {
    let mut story = told();
    story.policy(&POLICY.replace("cat]", "cat, dan]"));
    story.apply().ends(Exit::Done);
    story.advance(SignedDuration::from_mins(30));
    let (exit, text) = story.read(&["doctor"]);
    assert_eq!(exit, Exit::Done, "{text}");
    for part in [
        "workspace\n  ok   state          sound, 12 restrictions\n",
        "  ok   overdue lifts  none\n",
        "\nt\n  ok   credentials    accepted\n",
        "\nz\n  note credentials    present, not tried: nothing can be read here",
        "  ok   clock          agrees with the provider's\n",
        "  ok   rate           1 call in the last hour, 0 in the last minute, 0 in the last second; \
         at most 1 in one of 200 allowed\n",
        "  ok   rate           no call in the last hour; 10 a second are allowed\n",
        "\nHealthy.\n",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    story.variable("T", "wrong");
    story.advance(SignedDuration::from_hours(24 * 40));
    let (exit, text) = story.read(&["doctor", "--format", "json"]);
    assert_eq!(exit, Exit::Error);
    let doctor: Value = serde_json::from_str(&text).unwrap();
    let checks = doctor["checks"].as_array().unwrap();
    let bad = checks.iter().filter(|it| it["grade"] == "bad");
    let bad: Vec<_> = bad.map(|it| format!("{} {}", it["target"], it["what"])).collect();
    assert_eq!(bad, ["null \"overdue lifts\"", "\"t\" \"credentials\""], "{text}");
    story.set_clock(story.now() - SignedDuration::from_hours(24 * 40));
    story.sandbox.inject_faults(|_: &Incoming| InjectedFault::Unreachable);
    let (exit, text) = story.read(&["doctor"]);
    assert_eq!(exit, Exit::Error);
    assert!(text.contains("\nz\n  note credentials    present"), "{text}");
    assert!(text.contains("\n  BAD  endpoint       "), "{text}");
    story.calm();
}
