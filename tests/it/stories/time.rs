//! Stories about time: what is applied stays, what must end ends, what would lapse is renewed.

use std::sync::Arc;

use jiff::SignedDuration;
use ostracon::domain::Moment;
use ostracon::exit::Exit;
use ostracon::provider::{Capability, Expiry, IdRule, Mechanism, Presence, Provider, REGISTRY};

use super::clock::Ahead;
use super::{START, Story, hours};

/// An entry that restricts one subject of this form.
fn entry(provider: &dyn Provider, capability: &Capability, until: &str) -> String {
    let id = |rule| match rule {
        IdRule::PrintableAscii(_) | IdRule::Text(_) | IdRule::Token(_) => "one",
        IdRule::Number(_) => "4711",
        IdRule::Ip => "203.0.113.7",
    };
    let target = provider.facts().name.chars().next().unwrap();
    let (kind, subject) = (capability.kind.name(), id(capability.id));
    let room = match capability.room {
        Presence::Required => format!("room: {}, ", id(capability.room_id)),
        Presence::Optional | Presence::Never => String::new(),
    };
    let subject = if kind == "channel" {
        format!("room: {subject}")
    } else {
        format!("{kind}s: [\"{subject}\"]")
    };
    let wide = if capability.wide { "wide: true, " } else { "" };
    let list = if kind == "stream" { "forbidden_streams" } else { "bans" };
    format!("{list}:\n  - {{ target: {target}, {room}{subject}, {wide}until: {until} }}\n")
}

/// Every form of every provider.
fn capabilities() -> impl Iterator<Item = (&'static dyn Provider, &'static Capability)> {
    REGISTRY
        .into_iter()
        .flat_map(|it| it.facts().capabilities.iter().map(move |capability| (it, capability)))
}

#[test]
fn what_was_applied_needs_nothing_more() {
    for (provider, capability) in capabilities() {
        let story = Story::new();
        story.policy(&entry(provider, capability, "never"));
        assert_eq!(story.apply().ends(Exit::Done).count("done"), 1);
        story.settled();
        story.agrees();
        assert_eq!(story.sandbox.calls(), 1);
        assert_eq!(story.apply().ends(Exit::Done).count("done"), 0);
        assert_eq!(story.sandbox.calls(), 1);
    }
}

#[test]
fn what_expires_is_lifted_by_the_first_run_at_its_end_and_never_before() {
    for (provider, capability) in
        capabilities().filter(|(_, capability)| capability.mechanism == Mechanism::Holds)
    {
        let story = Story::new();
        story.policy(&entry(provider, capability, "2026-11-20T15:00:00.500Z"));
        story.apply().ends(Exit::Done);
        let begun = story.held();
        assert_eq!(begun.len(), 1);
        let last = SignedDuration::from_millis(3 * 3_600_000 + 499);
        story.advance(last - (story.now() - Moment::parse(START).unwrap()));
        story.apply().ends(Exit::Done);
        assert_eq!(story.held(), begun, "lifted before its end");
        story.advance(SignedDuration::from_millis(1));
        story.apply().ends(Exit::Done);
        if capability.expiry == Expiry::Open {
            assert_eq!(story.held(), Vec::<String>::new());
        }
        // A provider with ends of its own counts whole seconds, or more.
        story.advance(SignedDuration::from_secs(10));
        story.apply().ends(Exit::Done);
        assert_eq!(story.held(), Vec::<String>::new());
        story.settled();
        assert!(story.snapshot().rows.is_empty());
    }
}

#[test]
fn a_capped_ban_is_renewed_for_five_days_and_ends_with_its_entry() {
    let until = Moment::parse("2026-11-25T10:30:00Z").unwrap();
    let story = Story::new();
    story.policy("bans:\n  - { target: a, users: [7], until: 2026-11-25T10:30:00Z }\n");
    let rule = |story: &Story| story.sandbox.in_force().first().and_then(|row| row.rule);
    story.apply().ends(Exit::Done);
    let first = rule(&story);
    while story.now() + hours(4) < until {
        story.advance(hours(4));
        story.holds(&["agora 7"]);
        story.apply().ends(Exit::Done);
        assert_eq!(rule(&story), first, "the same rule moves its end");
    }
    let end = story.end_of("7");
    assert!(end >= until && end - until <= SignedDuration::from_secs(1), "{end}");
    story.advance(until - story.now() + SignedDuration::from_secs(2));
    story.holds(&[]);
    // That it has ended is known by our clock alone: a day later it is believed.
    story.apply().ends(Exit::Done);
    assert_eq!(story.planned(), ["forget 7 expired"]);
    story.advance(hours(24));
    story.apply().ends(Exit::Done);
    story.settled();
}

#[test]
fn a_kick_is_repeated_when_it_is_due_until_its_entry_ends() {
    let story = Story::new();
    story.policy("bans:\n  - { target: z, room: r, users: [u], until: 2026-11-20T13:00:00Z }\n");
    let kicks = |story: &Story| story.sandbox.kicks().values().sum::<u64>();
    for (minutes, expected) in [(0, 1), (10, 1), (10, 2), (10, 2), (10, 3), (25, 3)] {
        story.advance(SignedDuration::from_mins(minutes));
        story.apply().ends(Exit::Done);
        assert_eq!(kicks(&story), expected);
    }
    assert!(story.snapshot().rows.is_empty());
}

#[test]
fn upkeep_alone_keeps_bans_in_force_and_ends_them() {
    let story = Story::new();
    story.policy(
        "bans:
  - { target: a, users: [7], until: never }
  - { target: v, room: 5, users: [6], until: 2026-11-20T20:00:00Z }
",
    );
    story.apply().ends(Exit::Done);
    story.policy("bans: []\n");
    story.advance(hours(13));
    story.apply_with(&["--upkeep"]).ends(Exit::Done);
    story.holds(&["agora 7"]);
    assert!(story.end_of("7") >= story.now() + hours(23));
}

#[test]
fn entries_that_start_later_are_imposed_then() {
    let story = Story::new();
    story.policy(
        "bans:
  - { target: t, room: r, users: [u], from: 2026-11-20T14:00:00Z, until: 2026-11-20T16:00:00Z }
",
    );
    story.apply().ends(Exit::Done);
    story.holds(&[]);
    assert_eq!(story.plan()["next_due"]["at"], "2026-11-20T14:00:00Z");
    story.advance(hours(2));
    story.apply().ends(Exit::Done);
    story.holds(&["tencent r u"]);
}

#[test]
fn a_clock_that_went_back_is_refused_until_it_is_accepted() {
    let story = Story::new();
    story.policy("bans:\n  - { target: t, room: r, users: [u], until: never }\n");
    story.apply().ends(Exit::Done);
    story.set_clock(story.now() - SignedDuration::from_secs(120));
    story.apply().ends(Exit::Error);
    story.apply_with(&["--accept-clock", "the battery was empty"]).ends(Exit::Done);
    story.agrees();
}

#[test]
fn a_clock_within_what_it_may_be_off_makes_no_ban_be_lifted_and_banned_anew() {
    for by in [-59, -20, -6, 6, 20, 59] {
        let mut story = Story::new();
        let of = Arc::clone(&story.world.clock);
        story.world.clock = Arc::new(Ahead { of, by: SignedDuration::from_secs(by) });
        let ban =
            |until| format!("bans:\n  - {{ target: t, room: r, users: [u], until: {until} }}\n");
        for until in ["2026-11-21T00:00:00Z", "2026-11-22T00:00:00Z", "2026-11-21T12:00:00Z"] {
            story.policy(&ban(until));
            story.apply().ends(Exit::Done);
            let off = story.end_of("u") - Moment::parse(until).unwrap();
            assert!(off.abs() <= SignedDuration::from_secs(60), "{by} s off: ends {off:#} late");
            story.advance(hours(1));
        }
        let unbans = story.sandbox.seen().iter().filter(|it| it.action == "unban_member").count();
        assert_eq!(unbans, 0, "{by} s off");
    }
}

/// A ban at each of the providers that end bans by themselves.
const ENDING: &str = "bans:
  - { target: t, room: r, users: [u], until: 2026-11-20T14:00:00Z }
  - { target: a, users: [7], until: 2026-11-20T14:00:00Z }
";

#[test]
fn a_clock_that_is_ahead_forgets_nothing_and_doubles_nothing() {
    let ahead = [23, 26, 400 * 24].map(hours);
    for (by, sends_something) in ahead.iter().flat_map(|by| [(*by, false), (*by, true)]) {
        let mut story = Story::new();
        story.policy(ENDING);
        story.apply().ends(Exit::Done);
        story.advance(hours(1));
        // The providers keep the right time.
        let right = Arc::clone(&story.world.clock);
        story.world.clock = Arc::new(Ahead { of: Arc::clone(&right), by });
        if sends_something {
            story.policy(&format!(
                "{ENDING}  - {{ target: v, room: 1, users: [1], until: never }}\n"
            ));
        }
        for _ in 0..2 {
            let run = story.apply();
            assert_eq!(story.snapshot().rows.len(), 2, "{by:#} ahead: {run:#?}");
            story.advance(SignedDuration::from_mins(5));
        }
        story.world.clock = right;
        story.policy(ENDING);
        story.apply().ends(Exit::Error);
        story.apply_with(&["--accept-clock", "it was ahead"]).ends(Exit::Done);
        story.agrees();
        // Healed for good: the run in the future is not compared with again.
        for _ in 0..2 {
            story.advance(SignedDuration::from_mins(5));
            story.apply().ends(Exit::Done);
        }
        story.holds(&["agora 7", "tencent r u"]);
        story.policy("bans: []\n");
        story.config(&format!(
            "{}guards: {{ max_lifts: {{ percent: 100 }}, allow_empty: true }}\n",
            crate::workspace::CONFIG
        ));
        story.apply().ends(Exit::Done);
        story.holds(&[]);
    }
}

#[test]
fn an_accepted_clock_is_compared_with_the_runs_that_follow() {
    let story = Story::new();
    story.policy(ENDING);
    story.set_clock(story.now() + hours(400 * 24));
    story.apply().ends(Exit::Done);
    story.set_clock(story.now() - hours(400 * 24));
    story.apply().ends(Exit::Error);
    story.apply_with(&["--accept-clock", "it was a year ahead"]).ends(Exit::Done);
    let last_run = || {
        let (_, status) = story.command(&["status", "--format", "json"]);
        let status: serde_json::Value = serde_json::from_str(&status).unwrap();
        status["last_run"]["started"].as_str().unwrap().to_owned()
    };
    assert!(last_run().starts_with("2026-11-20T12:"), "{}", last_run());
    story.policy(&format!("{ENDING}  - {{ target: v, room: 1, users: [1], until: never }}\n"));
    story.advance(hours(1));
    story.apply().ends(Exit::Done);
    story.set_clock(story.now() - SignedDuration::from_mins(5));
    story.apply().ends(Exit::Error);
    story.advance(SignedDuration::from_mins(5));
    story.apply().ends(Exit::Done);
}

#[test]
fn what_has_ended_is_forgotten_once_any_provider_agrees_what_time_it_is() {
    let story = Story::new();
    story.policy(ENDING);
    story.apply().ends(Exit::Done);
    story.advance(hours(3));
    story.apply().ends(Exit::Done);
    assert_eq!(story.snapshot().rows.len(), 2);
    story.policy(&format!("{ENDING}  - {{ target: v, room: 1, users: [1], until: never }}\n"));
    assert_eq!(story.apply().ends(Exit::Done).count("done"), 3);
    assert_eq!(story.snapshot().rows.len(), 1);
    story.settled();
}

#[test]
fn a_page_shows_how_late_ends_were_lifted_that_no_provider_keeps() {
    let story = Story::new();
    // Tencent ends its own: that is not lifted by anybody.
    story.policy(
        "bans:
  - { target: v, room: 5, users: [6], until: 2026-11-20T13:00:00Z }
  - { target: v, room: 5, users: [7, 8], until: 2026-11-20T14:00:00Z }
  - { target: v, room: 5, users: [9], until: never }
  - { target: t, room: r, users: [u], until: 2026-11-20T13:00:00Z }
",
    );
    story.apply().ends(Exit::Done);
    let lifts = |words: &str, count: u64| {
        let (exit, page) = story.run(&[words, "--format", "html"]);
        assert_eq!(exit, Exit::Done);
        let Some((_, plot)) = page.split_once("How long after its end a restriction was lifted")
        else {
            return count == 0;
        };
        let (plot, _) = plot.split_once("</figure>").unwrap();
        plot.contains(&format!("≤ 1 min</th><td class=\"number\">{count}</td>"))
            && plot.contains("later</th><td class=\"number\">0</td>")
    };
    assert!(lifts("status", 0));
    story.set_clock(Moment::parse("2026-11-20T13:00:30Z").unwrap());
    story.apply().ends(Exit::Done);
    assert!(lifts("status", 1));
    story.set_clock(Moment::parse("2026-11-20T14:00:59Z").unwrap());
    story.apply().ends(Exit::Done);
    for page in ["status", "history"] {
        assert!(lifts(page, 3), "{page}");
    }
    // A lift that a person asked for has no end to be late after.
    story.config(&format!("{}guards: {{ allow_empty: true }}\n", crate::workspace::CONFIG));
    story.policy("bans: []\n");
    story.apply().ends(Exit::Done);
    assert!(lifts("history", 3));
    // Of what is longer ago than the page looks back, nothing is shown.
    story.advance(hours(24 * 40));
    assert!(lifts("status", 0));
}
