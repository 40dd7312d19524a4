//! Which mixes of faults the schedules make: what they never make they never test.

use std::collections::BTreeMap;

use ostracon::sandbox::{FaultInjector, Incoming, InjectedFault};
use serde_json::Value;

use super::story::Run;
use super::words::{Word, is_write, say};

/// At which target what was done to which kind, and what the last attempt met after one that
/// brought no answer.
pub(super) type Mix = (String, &'static str);

/// What meets the calls that come after those that are lost.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Then {
    /// The same for all.
    All(InjectedFault),
    /// The provider's own words, where it has them; else they are refused.
    Told(Word),
    /// Every other call is refused, and the rest answered.
    SomeRefused,
}

/// All of it.
pub(super) const THEN: [Then; 10] = [
    Then::All(InjectedFault::Answer),
    Then::All(InjectedFault::Status(400)),
    Then::All(InjectedFault::Status(401)),
    Then::All(InjectedFault::Status(503)),
    Then::All(InjectedFault::Throttle(None)),
    Then::All(InjectedFault::Unreachable),
    Then::Told(Word::Refused),
    Then::Told(Word::Full),
    Then::Told(Word::Stopped),
    Then::SomeRefused,
];

/// Lets so many first calls of each kind, or about each subject, take effect unseen, and all later
/// ones meet the same; the lists are answered.
pub(super) fn lose_first(lost: u64, each: bool, then: Then) -> impl FaultInjector + 'static {
    let mut seen = BTreeMap::<_, u64>::new();
    let mut later = 0_u64;
    move |it: &Incoming| {
        if !is_write(it) {
            return InjectedFault::Answer;
        }
        let about = if each { subjects(it) } else { String::new() };
        let seen = seen.entry((it.path.clone(), format!("{:?}", it.method), about)).or_default();
        *seen += 1;
        if *seen <= lost {
            return InjectedFault::LateStatus(504);
        }
        later += 1;
        let told = |word| say(it, word).or(say(it, Word::Refused)).unwrap();
        match then {
            Then::All(fate) => fate,
            Then::Told(word) => told(word),
            Then::SomeRefused if later.is_multiple_of(2) => told(Word::Refused),
            Then::SomeRefused => InjectedFault::Answer,
        }
    }
}

/// Whom a call is about, whenever it is sent.
fn subjects(it: &Incoming) -> String {
    let about = ["Id", "Cookies", "Account", "cname", "uid", "ip", "id", "privileges"];
    let is_about = |name: &str| about.iter().any(|end| name.ends_with(end) || *end == name);
    let body: BTreeMap<String, Value> = serde_json::from_slice(&it.body).unwrap_or_default();
    let body = body.iter().filter(|(name, _)| is_about(name) || name.ends_with("Ids"));
    let query = it.query.split('&').filter(|part| part.contains("%5B") || part.starts_with("Room"));
    format!("{:?} {:?}", query.collect::<Vec<_>>(), body.collect::<Vec<_>>())
}

/// What attempts met in a run that came after attempts without an answer.
pub(super) fn of(run: &Run) -> Vec<Mix> {
    let problems = run.outcome["problems"].as_array().cloned().unwrap_or_default();
    let text = |problem: &Value, key: &str| problem[key].as_str().unwrap_or_default().to_owned();
    let mut met: BTreeMap<(String, &str, String), u64> = BTreeMap::new();
    for problem in &problems {
        let error = text(problem, "error");
        if !error.contains("an earlier attempt was not answered") {
            continue;
        }
        let word = match problem["code"].as_str() {
            Some("HTTP 400" | "100006" | "InvalidParameter" | "30009" | "3") => "refused",
            Some("HTTP 401" | "60010" | "AccessDenied" | "100000009") => "stopped",
            Some("100004" | "InvalidParameter.UserIdNotRegistered") => "waiting",
            Some("100013" | "QuotaExceeded.UserIdOverLimit") => "full",
            Some("60007" | "30002" | "206" | "AccountFlowLimitExceeded" | "HTTP 429") => {
                "throttled"
            }
            Some("HTTP 502" | "HTTP 503" | "HTTP 504" | "HTTP 200") => "unanswered",
            Some(_) => "coded",
            None => "silent",
        };
        let [target, kind, action] = ["target", "kind", "action"].map(|key| text(problem, key));
        let batch = format!("{} {} {error}", text(problem, "room"), text(problem, "until"));
        *met.entry((format!("{target} {action} {kind}"), word, batch)).or_default() += 1;
    }
    let mixes = met.into_iter().flat_map(|((about, word, _), subjects)| {
        // They were sent together, and each was refused alone in the end.
        let is_split = word == "refused" && subjects > 1 && !about.starts_with('a');
        [Some((about.clone(), word)), is_split.then_some((about, "split"))]
    });
    mixes.flatten().collect()
}

/// What is done at each target.
const DONE: [&str; 13] = [
    "z impose stream",
    "z lift stream",
    "z impose user",
    "z kick user",
    "t impose user",
    "t amend user",
    "t lift user",
    "v impose user",
    "v lift user",
    "a impose user",
    "a amend user",
    "a renew user",
    "a lift user",
];

/// How many schedules make the rarest mix.
const ENOUGH_FOR_ALL: u64 = 3000;

/// Checks that so many schedules made every mix; a few make each at some target.
pub(super) fn are_all_made(mixes: &BTreeMap<Mix, u64>, schedules: u64) {
    let met = ["refused", "stopped", "throttled", "silent", "split"];
    let mut wanted: Vec<Mix> =
        DONE.iter().flat_map(|done| met.map(|met| ((*done).to_owned(), met))).collect();
    wanted.retain(|(done, met)| !(done.starts_with('a') && *met == "split"));
    for bans in ["t", "v"] {
        wanted.extend(["waiting", "full"].map(|met| (format!("{bans} impose user"), met)));
    }
    let all = schedules >= ENOUGH_FOR_ALL;
    // Time alone rarely asks for something just then.
    wanted.retain(|(done, _)| all || !["kick", "renew"].iter().any(|rare| done.contains(rare)));
    let action = |done: &str| done.split(' ').nth(1).map(str::to_owned);
    let is_made = |(done, met): &&Mix| {
        let same = |other: &String| other == done || (!all && action(other) == action(done));
        mixes.keys().any(|(other, word)| word == met && same(other))
    };
    let missing: Vec<_> = wanted.iter().filter(|mix| !is_made(mix)).collect();
    let made_all = missing.is_empty();
    assert!(made_all, "never made in {schedules}: {missing:?}\nmade: {mixes:#?}");
}
