//! Which mixes of faults the schedules make: what they never make they never test.

use std::collections::{BTreeMap, BTreeSet};

use ostracon::provider::Method;
use ostracon::sandbox::{Fate, Incoming, Mischief};
use serde_json::Value;

use super::story::Run;

/// What was done, and what the last attempt met after one that brought no answer.
pub(super) type Mix = (String, &'static str);

/// Lets so many first calls of each kind take effect unseen, and all later ones meet the same; the
/// lists are answered.
pub(super) fn lose_first(lost: u64, then: Fate) -> impl Mischief + 'static {
    let mut seen = BTreeMap::<_, u64>::new();
    move |it: &Incoming| {
        if it.method == Method::Get && it.path.contains("kicking-rule") {
            return Fate::Answer;
        }
        let seen = seen.entry((it.path.clone(), format!("{:?}", it.method))).or_default();
        *seen += 1;
        if *seen <= lost { Fate::LateStatus(504) } else { then }
    }
}

/// What attempts met in a run that came after attempts without an answer.
pub(super) fn of(run: &Run) -> Vec<Mix> {
    let problems = run.outcome["problems"].as_array().cloned().unwrap_or_default();
    let mix = |problem: &Value| {
        let unanswered = problem["error"].as_str()?.contains("an earlier attempt was not answered");
        let met = match problem["code"].as_str() {
            Some("HTTP 400") => "refused",
            Some("HTTP 401") => "stopped",
            Some("100004" | "InvalidParameter.UserIdNotFound") => "waiting",
            Some("60007" | "30002" | "206" | "AccountFlowLimitExceeded" | "HTTP 429") => {
                "throttled"
            }
            Some("HTTP 502" | "HTTP 503" | "HTTP 504" | "HTTP 200") => "unanswered",
            Some(_) => "coded",
            None => "silent",
        };
        unanswered.then(|| (problem["action"].as_str().unwrap_or_default().to_owned(), met))
    };
    problems.iter().filter_map(mix).collect()
}

/// Checks that so many schedules made every mix; of renewals, which are rare, a few make some.
pub(super) fn are_all_made(mixes: &BTreeSet<Mix>, schedules: u64) {
    for action in ["impose", "amend", "renew", "lift"] {
        for met in ["refused", "stopped", "throttled", "silent"] {
            let is_rare = action == "renew" && schedules < 3000;
            let made = |mix: &Mix| mix.0 == action && (mix.1 == met || is_rare);
            assert!(mixes.iter().any(made), "no {action} was lost, then {met}: {mixes:?}");
        }
    }
    assert!(mixes.contains(&("impose".to_owned(), "waiting")), "{mixes:?}");
}
