//! What may be concluded from lists.

use std::collections::BTreeMap;

use super::bench::{Bench, DAY, HOUR, RULE, Sort, at, until};
use crate::domain::{Action, Enforcement, Id, Lapse, Moment, RuleId, Until};
use crate::plan::drift::{Drift, Finding, believe, drift};
use crate::provider::Listed;

/// A row as a list shows it.
fn listed(sort: Sort, id: &str, lapse: Lapse, rule: Option<i64>) -> Listed {
    let restriction = sort.restriction(id);
    Listed {
        kind: restriction.subject.kind,
        id: restriction.subject.id,
        room: restriction.room,
        deny: restriction.deny,
        lapse,
        rule: rule.map(RuleId::from),
        created: None,
    }
}

/// What is found when the state has these rows, and the one list of the target shows those.
fn found(sort: Sort, rows: &[Enforcement], shown: Vec<Listed>) -> Drift {
    let place = if sort == Sort::Agora { None } else { Some(Id::new("1")) };
    let bench = Bench::new(Vec::new(), Vec::new());
    let lists = BTreeMap::from([(place, shown)]);
    drift(&bench.targets[&sort.target()], &lists, rows, at(0))
}

fn findings(sort: Sort, row: &Enforcement, shown: Vec<Listed>) -> Vec<Finding> {
    let drift = found(sort, std::slice::from_ref(row), shown);
    drift.differences.iter().map(|it| it.finding).collect()
}

fn ends(at: Moment) -> Lapse {
    Lapse::At(at)
}

#[test]
fn the_facts_say_what_absence_proves() {
    for (sort, expected) in [
        (Sort::Tencent, vec![Finding::Missing]),
        (Sort::Volcengine, vec![Finding::Missing]),
        (Sort::Agora, vec![Finding::Unseen]),
        (Sort::ZegoStream, vec![]),
        (Sort::ZegoUser, vec![]),
    ] {
        assert_eq!(findings(sort, &sort.row("7", until(DAY)), vec![]), expected, "{sort:?}");
    }
}

#[test]
fn an_end_differs_only_beyond_the_tolerance_of_clocks() {
    let row = Sort::Tencent.row("u", until(DAY));
    for (off, expected) in
        [(0, vec![]), (60, vec![]), (-60, vec![]), (61, vec![Finding::EndDiffers])]
    {
        let shown = vec![listed(Sort::Tencent, "u", ends(at(DAY + off)), None)];
        assert_eq!(findings(Sort::Tencent, &row, shown), expected, "{off}");
    }
}

#[test]
fn what_has_ended_counts_on_neither_side() {
    let row = Sort::Tencent.row("u", until(DAY));
    let ended = listed(Sort::Tencent, "u", ends(at(0)), None);
    assert_eq!(findings(Sort::Tencent, &row, vec![ended.clone()]), [Finding::Missing]);
    let over = Sort::Tencent.row("u", until(-1));
    assert_eq!(findings(Sort::Tencent, &over, vec![]), []);
    assert_eq!(found(Sort::Tencent, &[], vec![ended]), Drift::default());
}

#[test]
fn a_rule_is_ours_by_its_number_and_a_doubt_claims_what_is_like_it() {
    let row = Sort::Agora.row("7", until(DAY));
    let lapse = row.held.as_ref().unwrap().lapse;
    let show = |rules: &[i64]| {
        rules.iter().map(|rule| listed(Sort::Agora, "7", lapse, Some(*rule))).collect::<Vec<_>>()
    };
    let other = RULE + 1;
    assert_eq!(findings(Sort::Agora, &row, show(&[RULE])), []);
    assert_eq!(findings(Sort::Agora, &row, show(&[RULE, other])), [Finding::Foreign]);
    assert_eq!(findings(Sort::Agora, &row, show(&[other])), [Finding::Unseen, Finding::Foreign]);
    let doubt = Some(Sort::Agora.doubt(Action::Impose, until(DAY)));
    let doubted = Enforcement { held: None, doubt, ..row };
    assert_eq!(findings(Sort::Agora, &doubted, show(&[other])), []);
}

#[test]
fn what_is_proven_is_recorded_and_what_is_not_becomes_a_doubt_of_the_plan() {
    let row = |id| Sort::Tencent.row(id, until(DAY));
    let mut rows = vec![row("gone"), row("late"), row("seen")];
    let shown = vec![
        listed(Sort::Tencent, "late", ends(at(DAY + HOUR)), None),
        listed(Sort::Tencent, "seen", row("seen").held.unwrap().lapse, None),
    ];
    let found_there = found(Sort::Tencent, &rows, shown);
    let changed = believe(&found_there, &mut rows, at(0));
    assert_eq!(changed.len(), 3);
    let seen = |row: &Enforcement| row.held.as_ref().and_then(|held| held.seen);
    assert_eq!(rows.iter().map(seen).collect::<Vec<_>>(), [None, Some(at(0)), Some(at(0))]);
    assert_eq!(rows[2].held.as_ref().unwrap().evidence, row("seen").held.unwrap().evidence);
    assert!(changed.iter().all(|row| row.doubt.is_none()));
    assert_eq!(rows[0].held, None);
    assert_eq!(rows[1].held.as_ref().unwrap().lapse, ends(at(DAY + HOUR)));
    assert_eq!(rows[1].doubt.as_ref().map(|doubt| doubt.action), Some(Action::Amend));

    let mut rows = vec![Sort::Agora.row("7", Until::Never)];
    let unseen = found(Sort::Agora, &rows, vec![]);
    assert_eq!(believe(&unseen, &mut rows, at(0)), []);
    assert!(rows[0].held.is_some());
    assert_eq!(rows[0].doubt.as_ref().map(|doubt| doubt.action), Some(Action::Renew));
}
