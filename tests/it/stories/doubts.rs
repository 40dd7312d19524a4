//! Stories about calls that took effect unseen, and what came afterwards.
//!
//! Crossed: what was to be done, by which form, what its repeats met in this run and in the next,
//! and whether the policy still wants it when all goes well.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::SignedDuration;
use ostracon::exit::Exit;
use ostracon::sandbox::{Incoming, InjectedFault};
use serde_json::Value;

use super::story::Run;
use super::words::{Word, is_write, say};
use super::{Story, hours};

/// One form.
struct Form {
    /// The head of an entry.
    entry: &'static str,
    /// What asks for calls.
    calls_for: &'static [Doing],
    /// Whether a list may leave something out.
    may_omit: bool,
}

use Doing::{Amending, Imposing, Lifting, Renewing};

const FORMS: [Form; 6] = [
    Form {
        entry: "target: t, room: r, users: [u1, u2, u3]",
        calls_for: &[Imposing, Amending, Lifting],
        may_omit: false,
    },
    Form {
        entry: "target: v, room: 1, users: [1, 2, 3]",
        calls_for: &[Imposing, Lifting],
        may_omit: false,
    },
    Form {
        entry: "target: v, room: 1, devices: [d1, d2]",
        calls_for: &[Imposing, Lifting],
        may_omit: false,
    },
    Form {
        entry: "target: z, streams: [s1, s2, s3]",
        calls_for: &[Imposing, Lifting],
        may_omit: false,
    },
    Form {
        entry: "target: z, room: r, users: [u1, u2]",
        calls_for: &[Imposing, Renewing],
        may_omit: false,
    },
    Form {
        entry: "target: a, room: c, users: [1, 2]",
        calls_for: &[Imposing, Amending, Renewing, Lifting],
        may_omit: true,
    },
];

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Doing {
    Imposing,
    Amending,
    /// What time alone asks for: a renewal, a kick.
    Renewing,
    Lifting,
}

/// What the attempts after the first meet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Then {
    Told(Word),
    /// Whatever names the second of them is refused, and nothing else.
    OneRefused,
    Throttled,
    Unreachable,
    /// It goes on for too long: the deadline comes.
    Late,
    /// Its `until` passes.
    Ended,
    /// Nothing in particular; the process is killed.
    Killed,
}

const THEN: [Then; 10] = [
    Then::Told(Word::Refused),
    Then::Told(Word::Waiting),
    Then::Told(Word::Full),
    Then::Told(Word::Stopped),
    Then::OneRefused,
    Then::Throttled,
    Then::Unreachable,
    Then::Late,
    Then::Ended,
    Then::Killed,
];

/// The numbers of the first rules that are made at Agora's.
const RULES: std::ops::Range<i64> = 1950..1970;

/// An entry, if there is one.
fn policy(form: &Form, until: Option<&str>) -> String {
    let key = if form.entry.contains("streams") { "forbidden_streams" } else { "bans" };
    let list =
        until.map_or(" []".to_owned(), |it| format!("\n  - {{ {}, until: {it} }}", form.entry));
    format!("{key}:{list}\n")
}

/// What the lists say meanwhile: if they could be read and were whole, they would tell.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Lists {
    Fail,
    OmitIt,
}

/// How a story goes on.
#[derive(Clone, Copy, Debug)]
struct Further {
    lists: Lists,
    /// Whether another run meets the same before all goes well.
    twice: bool,
    /// Whether it is still wanted then.
    stays: bool,
}

/// What becomes of a write that is not the first of its kind.
fn second(it: &Incoming, then: Then) -> InjectedFault {
    let refuse = || say(it, Word::Refused).unwrap();
    match then {
        Then::Told(word) => say(it, word).unwrap(),
        Then::OneRefused => {
            let told = String::from_utf8_lossy(&it.body).into_owned() + &it.query;
            let seconds = ["u2", "s2", "d2", "[2", ",2"];
            let is_named = seconds.iter().any(|name| told.contains(name));
            if is_named { refuse() } else { InjectedFault::Answer }
        }
        Then::Throttled => InjectedFault::Throttle(None),
        Then::Unreachable => InjectedFault::Unreachable,
        Then::Ended => InjectedFault::Throttle(Some(Duration::from_secs(30))),
        Then::Late | Then::Killed => InjectedFault::Status(503),
    }
}

/// Whom a call that carries one subject is about.
fn only_subject(it: &Incoming) -> String {
    let body: Value = serde_json::from_slice(&it.body).unwrap_or_default();
    format!("{:?} {} {}", it.method, body["uid"], body["id"])
}

/// Loses the first call of each kind, and lets the others meet something else.
fn go_wrong(story: &Story, then: Then, lists: Lists) {
    let mut lost = BTreeMap::<String, u32>::new();
    story.sandbox.inject_faults(move |it: &Incoming| {
        if !is_write(it) {
            let fails = lists == Lists::Fail && !lost.is_empty();
            return if fails { InjectedFault::Unreachable } else { InjectedFault::Answer };
        }
        let seen = lost.entry(only_subject(it)).or_default();
        *seen += 1;
        if *seen == 1 { InjectedFault::LateStatus(504) } else { second(it, then) }
    });
}

/// Checks that whatever a run did not do is in doubt, and that it says why.
fn is_in_doubt(run: &Run, form: &Form, (doing, then): (Doing, Then)) {
    // Where each goes alone, the others may never have been sent.
    let sent = if form.may_omit { 1 } else { usize::MAX };
    for problem in run.outcome["problems"].as_array().unwrap().iter().take(sent) {
        let error = problem["error"].as_str().unwrap();
        assert_eq!(problem["outcome"], "in_doubt", "{doing:?} {then:?}: {run:#?}");
        let says_both = error.contains("not answered") || error.contains("in doubt before");
        assert!(says_both || !matches!(then, Then::Told(_)), "{doing:?} {then:?}: {error}");
    }
}

/// The `until` of the entry before and after; none if there is no entry.
fn untils(doing: Doing, then: Then) -> (Option<&'static str>, Option<&'static str>) {
    match (doing, then) {
        (Imposing, Then::Ended) => (None, Some("2026-11-20T13:00:10Z")),
        (Amending, Then::Ended) => (Some("2026-11-20T20:00:00Z"), Some("2026-11-20T13:00:10Z")),
        (Imposing, _) => (None, Some("2026-12-20T00:00:00Z")),
        (Amending, _) => (Some("2026-11-20T20:00:00Z"), Some("2026-11-21T06:00:00Z")),
        (Renewing, _) => (Some("never"), Some("never")),
        (Lifting, _) => (Some("2026-12-20T00:00:00Z"), None),
    }
}

/// Plays a change whose first call takes effect unseen and whose repeats meet something else;
/// whether that came to pass.
fn play(form: &Form, doing: Doing, then: Then, further: Further) -> bool {
    let Further { lists, twice, stays } = further;
    let story = Story::new();
    let guards = "guards: { max_lifts: { percent: 100 }, allow_empty: true }\n";
    story.config(&format!("{}{guards}", crate::workspace::CONFIG));
    let (before, after) = untils(doing, then);
    story.policy(&policy(form, before));
    story.apply().ends(Exit::Done);
    story.advance(if doing == Renewing { hours(13) } else { hours(1) });
    story.policy(&policy(form, after));
    if lists == Lists::OmitIt {
        RULES.for_each(|rule| story.sandbox.set_unlisted_rule(rule));
    }
    go_wrong(&story, then, lists);
    let run = match then {
        Then::Killed => story.crash_after(Duration::from_secs(1)),
        Then::Late => Some(story.apply_with(&["--deadline", "3s"])),
        _ => Some(story.apply()),
    };
    let came_to_pass = run.as_ref().is_none_or(|run| run.exit != Exit::Done);
    if let Some(run) = &run {
        is_in_doubt(run, form, (doing, then));
    }
    if twice {
        story.advance(SignedDuration::from_secs(70));
        story.sandbox.inject_faults(move |it: &Incoming| {
            if is_write(it) { second(it, then) } else { InjectedFault::Unreachable }
        });
        let again = story.apply();
        if matches!(then, Then::Told(Word::Refused | Word::Waiting | Word::Full)) {
            is_in_doubt(&again, form, (doing, then));
        }
    }
    story.calm();
    RULES.for_each(|rule| story.sandbox.set_listed_rule(rule));
    story.advance(SignedDuration::from_secs(70));
    let wanted = if stays { after } else { before.filter(|_| doing == Lifting) };
    story.policy(&policy(form, wanted));
    let mut next = story.apply();
    if form.may_omit && next.exit == Exit::Unfinished {
        // What no list shows may stand for a day.
        assert!(next.problems().iter().all(|it| it.ends_with("lift in_doubt")), "{next:#?}");
        story.advance(hours(25));
        next = story.apply();
    }
    let what = format!("{doing:?} {then:?} {further:?} {}", form.entry);
    assert_eq!(next.exit, Exit::Done, "{what}: {run:#?} {next:#?}");
    let mut held = story.held();
    if lists == Lists::OmitIt {
        // A twin of a rule that no list showed is deleted with the next renewal.
        held.dedup();
    }
    assert_eq!(held, story.wanted(), "{what}");
    // What ended by our clock alone waits for the provider's.
    let left = story.planned();
    assert!(left.iter().all(|line| line.starts_with("forget")), "{what}: {left:?}");
    came_to_pass
}

/// Whether a provider says such a thing to such calls at all.
fn is_said(form: &Form, doing: Doing, then: Then) -> bool {
    let of_bans = form.entry.contains("target: t") || form.entry.contains("target: v");
    match then {
        Then::Told(Word::Waiting) => of_bans && !form.entry.contains("devices"),
        Then::Told(Word::Full) => of_bans && doing != Lifting,
        // Where each goes alone, it is the same as being refused.
        Then::OneRefused => !form.may_omit,
        Then::Ended => matches!(doing, Imposing | Amending) && form.calls_for.contains(&Lifting),
        Then::Told(Word::Refused | Word::Stopped)
        | Then::Throttled
        | Then::Unreachable
        | Then::Late
        | Then::Killed => true,
    }
}

fn play_all(target: &str) {
    for form in FORMS.iter().filter(|form| form.entry.starts_with(target)) {
        for doing in form.calls_for {
            for then in THEN.into_iter().filter(|then| is_said(form, *doing, *then)) {
                happens(form, *doing, then);
            }
        }
    }
}

fn happens(form: &Form, doing: Doing, then: Then) {
    let mut happened = false;
    for lists in [Lists::Fail, Lists::OmitIt] {
        if lists == Lists::OmitIt && !form.may_omit {
            continue;
        }
        for (twice, stays) in [(false, true), (false, false), (true, true), (true, false)] {
            happened |= play(form, doing, then, Further { lists, twice, stays });
        }
    }
    // Who is told of a lift that its room or user is gone is told that nothing is held.
    let proof = doing == Lifting && then == Then::Told(Word::Waiting);
    assert!(happened || proof, "{} {doing:?} {then:?} never came to pass", form.entry);
}

#[test]
fn what_took_effect_unseen_at_tencent_is_never_forgotten() {
    play_all("target: t");
}

#[test]
fn what_took_effect_unseen_at_volcengine_is_never_forgotten() {
    play_all("target: v");
}

#[test]
fn what_took_effect_unseen_at_zego_is_never_forgotten() {
    play_all("target: z");
}

#[test]
fn what_took_effect_unseen_at_agora_is_never_forgotten() {
    play_all("target: a");
}
