//! A saved plan: accepted as it was written, refused otherwise.

use std::collections::BTreeMap;

use serde_json::Value;

use super::bench::{Bench, DAY, HOUR, MINUTE, Sort, at, until};
use crate::domain::{Action, TargetName, Until};
use crate::plan::document::{Provenance, StateMark, write};
use crate::plan::file::{Refusal, compare, read};
use crate::plan::{Plan, TargetRecord};

fn provenance() -> Provenance {
    Provenance {
        policy_digest: "sha256:aa".to_owned(),
        config_digest: "sha256:bb".to_owned(),
        state: StateMark { lineage: Some("here".to_owned()), serial: 7 },
        changes: vec![],
        guard_changes: Vec::new(),
        targets: bounds("env SECRET"),
    }
}

/// The targets of the bench, with credentials from there.
fn bounds(credentials: &str) -> BTreeMap<TargetName, TargetRecord> {
    let bound = |name: &TargetName| {
        let (binding, endpoint) = (format!("{name} 1 real"), format!("https://{name}.example"));
        TargetRecord { binding, endpoint, credentials: credentials.to_owned() }
    };
    bench().targets.keys().map(|name| (name.clone(), bound(name))).collect()
}

fn text(plan: &Plan, provenance: &Provenance) -> String {
    let mut bytes = Vec::new();
    write(plan, provenance, &mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

/// An impose, a lift, and a renewal that is upkeep.
fn bench() -> Bench {
    let mut ban = Sort::Tencent.wanted("alice\u{202e}\"\n", until(30 * DAY));
    ban.entry = Some("case-1".into());
    Bench::new(
        vec![ban, Sort::Agora.wanted("2", Until::Never)],
        vec![
            Sort::Agora.row_of("2", Until::Never, at(-20 * HOUR)),
            Sort::ZegoStream.row("old", until(DAY)),
        ],
    )
}

fn check(text: &str, fresh: &Plan, provenance: &Provenance) -> Result<(), Refusal> {
    compare(&read(text)?, fresh, provenance)
}

#[test]
fn a_plan_is_accepted_as_it_was_written() {
    let plan = bench().plan();
    let text = text(&plan, &provenance());
    assert!(text.ends_with("\"\n}\n"));
    check(&text, &plan, &provenance()).unwrap();
    // A little later, with other upkeep, in a state that moved on.
    let mut later = bench().at(at(HOUR));
    later.recorded.push(Sort::Volcengine.row("9", until(0)));
    later.recorded.remove(0);
    later.wanted.remove(1);
    let mut moved = provenance();
    moved.state.serial = 8;
    check(&text, &later.plan(), &moved).unwrap();
}

#[test]
fn every_documented_key_is_there_and_null_where_it_does_not_apply() {
    let document: Value = serde_json::from_str(&text(&bench().plan(), &provenance())).unwrap();
    let keys: Vec<_> = document.as_object().unwrap().keys().map(String::as_str).collect();
    let expected = [
        "format_version",
        "tool",
        "created_at",
        "not_after",
        "policy_digest",
        "config_digest",
        "state",
        "summary",
        "guards",
        "warnings",
        "target_changes",
        "guard_changes",
        "targets",
        "operations",
        "forecast",
        "next_due",
        "digest",
    ];
    assert_eq!(keys, expected);
    let operations = document["operations"].as_array().unwrap();
    let keys: Vec<_> = operations[0].as_object().unwrap().keys().map(String::as_str).collect();
    let expected = [
        "action", "because", "upkeep", "target", "kind", "room", "subject", "deny", "until",
        "reason", "entry", "source", "order", "waited", "after", "recorded",
    ];
    assert_eq!(keys, expected);
    let lift = &operations[2];
    assert_eq!(lift["action"], "lift");
    for key in ["room", "deny", "entry", "source"] {
        assert!(lift[key].is_null(), "{key}");
    }
    assert_eq!(operations[0]["until"], "never");
    assert_eq!(operations[1]["deny"], serde_json::json!(["join"]));
    assert_eq!(document["summary"]["renew"], 1);
    assert_eq!(document["state"], serde_json::json!({ "lineage": "here", "serial": 7 }));
}

#[test]
fn a_plan_with_any_byte_altered_dropped_or_added_is_refused() {
    let plan = bench().plan();
    let bytes = text(&plan, &provenance()).into_bytes();
    for position in 0..bytes.len() {
        for flip in [0x01, 0x02, 0x20] {
            let mut altered = bytes.clone();
            altered[position] ^= flip;
            refused(&altered, position);
        }
        let mut shorter = bytes.clone();
        shorter.remove(position);
        refused(&shorter, position);
        let mut longer = bytes.clone();
        longer.insert(position, b' ');
        refused(&longer, position);
    }
}

fn refused(bytes: &[u8], position: usize) {
    // What is no text any more is refused before it gets here.
    if let Ok(text) = std::str::from_utf8(bytes) {
        assert!(read(text).is_err(), "byte {position} altered: {text}");
    }
}

#[test]
fn garbage_and_newer_formats_are_refused_for_what_they_are() {
    for garbage in ["", "{}", "[]", "null", "not json", "{\"format_version\": 1}"] {
        assert!(matches!(read(garbage), Err(Refusal::Unreadable(_))), "{garbage}");
    }
    let newer = "{\"format_version\": \"2.0\", \"operations\": 5}";
    assert!(matches!(read(newer), Err(Refusal::Newer(version)) if version == "2.0"));
    assert!(matches!(read("{\"format_version\": \"1.7\"}"), Err(Refusal::Altered)));
}

#[test]
fn a_plan_is_good_for_a_day() {
    let plan = |seconds| {
        let wanted = vec![Sort::Tencent.wanted("1", until(30 * DAY))];
        Bench::new(wanted, vec![]).at(at(seconds)).plan()
    };
    let text = text(&plan(0), &provenance());
    check(&text, &plan(DAY - 1), &provenance()).unwrap();
    for seconds in [DAY, DAY + 1] {
        let refusal = check(&text, &plan(seconds), &provenance()).unwrap_err();
        assert!(matches!(refusal, Refusal::Expired(until) if until == at(DAY)), "{refusal}");
    }
}

#[test]
fn a_plan_of_another_state_is_refused_even_if_it_says_the_same() {
    let plan = bench().plan();
    let text = text(&plan, &provenance());
    for lineage in [None, Some("there".to_owned())] {
        let mut other = provenance();
        other.state.lineage = lineage;
        let refusal = check(&text, &plan, &other).unwrap_err();
        assert!(matches!(refusal, Refusal::OtherState { .. }), "{refusal}");
    }
}

#[test]
fn a_plan_made_before_there_was_a_state_fits_the_new_one() {
    let plan = bench().plan();
    let mut before = provenance();
    before.state = StateMark { lineage: None, serial: 0 };
    check(&text(&plan, &before), &plan, &provenance()).unwrap();
}

/// The refusal of the bench's plan after an edit, by what moved.
fn moved(edit: fn(&mut Bench), origin_now: &Provenance) -> String {
    let text = text(&bench().plan(), &provenance());
    let mut now = bench();
    edit(&mut now);
    match check(&text, &now.plan(), origin_now) {
        Err(Refusal::Stale { moved, difference }) => {
            format!("{} | {}", moved.join(", "), difference.join("\n"))
        }
        other => format!("{other:?}"),
    }
}

#[test]
fn a_stale_plan_is_refused_with_what_moved_and_the_difference() {
    let edits: [fn(&mut Bench); 6] = [
        |now| now.wanted[0].until = until(DAY),
        |now| now.wanted[0].entry = None,
        |now| now.wanted.push(Sort::Tencent.wanted("bob", until(DAY))),
        |now| now.recorded.truncate(1),
        |now| now.wanted.remove(0).source.as_mut().unwrap().line = 1,
        |now| now.recorded[1].until = until(2 * DAY),
    ];
    for edit in edits {
        let refusal = moved(edit, &provenance());
        assert!(refusal.starts_with("time moved on | --- in the file\n+++ now\n"), "{refusal}");
    }
    let origins = [
        (
            "the policy changed",
            Provenance { policy_digest: "sha256:cc".to_owned(), ..provenance() },
        ),
        (
            "the config changed",
            Provenance { config_digest: "sha256:cc".to_owned(), ..provenance() },
        ),
        (
            "the state moved on",
            Provenance {
                state: StateMark { lineage: Some("here".to_owned()), serial: 8 },
                ..provenance()
            },
        ),
    ];
    for (what, provenance) in origins {
        let refusal = moved(|now| now.wanted[0].until = until(DAY), &provenance);
        assert!(refusal.starts_with(what), "{refusal}");
    }
}

#[test]
fn the_place_of_an_entry_is_ignored() {
    let refusal = moved(
        |now| {
            for wanted in &mut now.wanted {
                wanted.source.as_mut().unwrap().line = 99;
            }
        },
        &provenance(),
    );
    assert_eq!(refusal, "Ok(())");
}

#[test]
fn a_change_that_became_upkeep_is_another_plan() {
    let lift = |now: i64| {
        let row = Sort::Volcengine.row("9", until(MINUTE));
        Bench::new(vec![], vec![row]).at(at(now)).plan()
    };
    assert_eq!(lift(MINUTE).count(Action::Lift), 1);
    let refusal = check(&text(&lift(0), &provenance()), &lift(MINUTE), &provenance()).unwrap_err();
    assert!(matches!(refusal, Refusal::Stale { .. }));
}

#[test]
fn a_plan_is_stale_when_its_operations_would_go_elsewhere() {
    let plan = bench().plan();
    let text = text(&plan, &provenance());
    let elsewhere = Provenance { targets: bounds("env OTHER"), ..provenance() };
    assert!(matches!(check(&text, &plan, &elsewhere), Err(Refusal::Stale { .. })));
}
