//! Names of the config against names of the state.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::bench::target;
use crate::domain::TargetName;
use crate::plan::bindings::resolve;
use crate::plan::{BindingError, Resolved, TargetRecord};
use crate::provider::{CredentialSource, Endpoint, Options, Target};

fn name(name: &str) -> TargetName {
    TargetName::parse(name).unwrap()
}

fn tencent(called: &str) -> Target {
    Target { name: name(called), ..target("tencent") }
}

fn rows(target: &str, count: usize) -> BTreeMap<TargetName, usize> {
    BTreeMap::from([(name(target), count)])
}

fn resolved(
    config: Vec<Target>,
    state: &[Target],
    rows: &BTreeMap<TargetName, usize>,
) -> Result<Resolved, BindingError> {
    let config: BTreeMap<_, _> =
        config.into_iter().map(|target| (target.name.clone(), Arc::new(target))).collect();
    let state =
        state.iter().map(|target| (target.name.clone(), TargetRecord::of(target))).collect();
    resolve(&config, &state, rows)
}

/// What changed at which target, without the values.
fn changes(resolved: &Resolved) -> Vec<(&str, &str)> {
    resolved.changes.iter().map(|change| (change.target.as_str(), change.what.name())).collect()
}

fn other_app(called: &str) -> Target {
    Target { settings: [("sdk_app_id", "2".into())].into(), ..tencent(called) }
}

#[test]
fn nothing_changes_when_nothing_changed() {
    let found = resolved(vec![tencent("a")], &[tencent("a")], &rows("a", 3)).unwrap();
    assert_eq!(found, Resolved::default());
}

#[test]
fn a_name_bound_to_another_app_is_refused_while_rows_are_recorded() {
    let loopback = Endpoint::parse("http://127.0.0.1:9000").unwrap();
    let played = || Target { endpoint: loopback.clone(), ..tencent("a") };
    let other_provider = || Target { name: name("a"), ..target("zego") };
    let tested = || Target {
        options: Options { test_environment: true, ..Options::default() },
        ..tencent("a")
    };
    for now in [other_app("a"), played(), other_provider(), tested()] {
        let error = resolved(vec![now.clone()], &[tencent("a")], &rows("a", 3)).unwrap_err();
        assert!(matches!(error, BindingError::Rebound { rows: 3, .. }), "{error}");
        assert!(error.to_string().contains("with 3 recorded restrictions"));
        assert!(error.hint().contains("empty `a`"));
        // An empty target may be anything.
        let found = resolved(vec![now], &[tencent("a")], &BTreeMap::new()).unwrap();
        assert!(changes(&found).contains(&("a", "target")));
    }
}

#[test]
fn recorded_restrictions_without_a_target_are_refused() {
    let error = resolved(vec![], &[tencent("a")], &rows("a", 2)).unwrap_err();
    assert_eq!(error, BindingError::Gone { target: name("a"), rows: 2 });
    assert!(error.hint().contains("`moved_from: a`"));
    let unbound = resolved(vec![], &[], &rows("a", 2)).unwrap_err();
    assert_eq!(unbound, BindingError::Gone { target: name("a"), rows: 2 });
    let retired = resolved(vec![], &[tencent("a")], &BTreeMap::new()).unwrap();
    assert_eq!(changes(&retired), [("a", "target")]);
    assert_eq!(retired.changes[0].after, None);
}

#[test]
fn a_renamed_target_takes_its_rows_over() {
    let renamed = || Target { moved_from: Some(name("a")), ..tencent("b") };
    let found = resolved(vec![renamed()], &[tencent("a")], &rows("a", 2)).unwrap();
    assert_eq!(found.moves, [(name("a"), name("b"))].into());
    assert_eq!(changes(&found), [("b", "name")]);
    // Once it has, the line may stay.
    let found = resolved(vec![renamed()], &[tencent("b")], &rows("b", 2)).unwrap();
    assert_eq!(found, Resolved::default());
}

#[test]
fn a_renamed_target_must_be_the_same_app_and_have_no_rows_of_its_own() {
    let renamed = Target { moved_from: Some(name("a")), ..other_app("b") };
    let error = resolved(vec![renamed], &[tencent("a")], &rows("a", 2)).unwrap_err();
    assert!(matches!(error, BindingError::Rebound { rows: 2, .. }), "{error}");

    let renamed = Target { moved_from: Some(name("a")), ..tencent("b") };
    let both = [("a", 2), ("b", 1)].map(|(target, count)| (name(target), count)).into();
    let error = resolved(vec![renamed], &[tencent("a"), other_app("b")], &both).unwrap_err();
    let expected = BindingError::Occupied { target: name("b"), from: name("a"), rows: 1 };
    assert_eq!(error, expected);
    assert!(error.hint().contains("moved_from"));
}

#[test]
fn a_target_that_is_still_configured_does_not_lose_its_rows() {
    // `a` is another app now, and `b` is what `a` was: the rows go with the app or not at all.
    let renamed = Target { moved_from: Some(name("a")), ..tencent("b") };
    let error =
        resolved(vec![other_app("a"), renamed], &[tencent("a")], &rows("a", 2)).unwrap_err();
    assert!(matches!(error, BindingError::Rebound { rows: 2, .. }), "{error}");
}

#[test]
fn new_targets_endpoints_and_credentials_are_reported() {
    let found = resolved(vec![tencent("a")], &[], &BTreeMap::new()).unwrap();
    assert_eq!(changes(&found), [("a", "credentials"), ("a", "endpoint"), ("a", "target")]);
    assert!(found.changes.iter().all(|change| change.before.is_none()));

    let endpoint = Endpoint::parse("https://other.example.com/base").unwrap();
    let source = CredentialSource::Env("KEY".to_owned());
    let credentials = [("secret_key", source)].into();
    let moved = Target { endpoint, credentials, ..tencent("a") };
    let found = resolved(vec![moved], &[tencent("a")], &rows("a", 1)).unwrap();
    assert_eq!(changes(&found), [("a", "credentials"), ("a", "endpoint")]);
    assert_eq!(found.changes[0].after.as_deref(), Some("secret_key: env KEY"));
    assert_eq!(found.changes[1].before.as_deref(), Some("https://api.example.com"));
}

#[test]
fn a_rate_or_an_option_is_no_change_of_target() {
    let slower = Target { rate: Some(1), ..tencent("a") };
    assert_eq!(resolved(vec![slower], &[tencent("a")], &rows("a", 1)), Ok(Resolved::default()));
}
