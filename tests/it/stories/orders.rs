//! Orders: what was ordered is kept, what was lifted stays so, and every order ends.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use ostracon::domain::{Deny, Id, Kind, Moment, Order, OrderKind, Subject, TargetName, Who};
use ostracon::exit::Exit;
use ostracon::sandbox::{Incoming, InjectedFault, credential};
use ostracon::store::{Location, State};

use super::{Story, hours};
use crate::workspace::CONFIG;

/// A policy in which somebody else is banned, and user 7 if it says so.
pub(super) fn policy(seven: &str) -> String {
    let seven = match seven {
        "" => String::new(),
        until => format!("  - {{ target: a, users: [7], until: {until} }}\n"),
    };
    format!("bans:\n{seven}  - {{ target: a, users: [8], until: never }}\n")
}

/// Orders something about user 7.
fn order(story: &Story, order: &[&str]) -> (Exit, String) {
    let whom = ["--target", "a", "--user", "7", "--auto-approve"];
    let arguments: Vec<&str> = order.iter().copied().chain(whom).collect();
    story.read(&arguments)
}

pub(super) fn ban(story: &Story, span: &str) {
    let (exit, text) = order(story, &["ban", "--for", span, "--reason", "Abuse"]);
    assert_eq!(exit, Exit::Done, "{text}");
}

pub(super) fn lift(story: &Story, span: &str) {
    let (exit, text) = order(story, &["lift", "--for", span, "--why", "A mistake"]);
    assert_eq!(exit, Exit::Done, "{text}");
}

/// An order about user 7, noted while something else is under way, as another process would.
pub(super) fn note_beside(story: &Story, kind: OrderKind) -> impl Fn() + Send + 'static {
    let location = Location::File(story.files.path().join(".ostracon/state.db"));
    let world = story.world.clone();
    move || {
        let now = world.now();
        let order = Order {
            id: format!("0198c0de-{kind}").into(),
            kind,
            target: TargetName::parse("a").unwrap(),
            room: None,
            subjects: vec![Subject { kind: Kind::User, id: Id::new("7") }],
            deny: Deny::JOIN,
            until: now + hours(24),
            why: "Abuse".into(),
            meta: BTreeMap::new(),
            given: now,
            by: Who::default(),
            ended: None,
        };
        let mut state = State::beside(&location).unwrap().unwrap();
        state.note_order(&order, (&Who::default(), 2), now).unwrap();
    }
}

/// The ids of the orders that stand.
pub(super) fn standing(story: &Story) -> Vec<String> {
    let (exit, text) = story.run(&["orders", "list", "--format", "json"]);
    assert_eq!(exit, Exit::Done, "{text}");
    let orders: serde_json::Value = serde_json::from_str(&text).unwrap();
    let orders = orders["orders"].as_array().unwrap();
    orders.iter().map(|order| order["id"].as_str().unwrap().to_owned()).collect()
}

pub(super) fn told(policy: &str) -> Story {
    let story = Story::new();
    story.policy(policy);
    story.apply().ends(Exit::Done);
    story
}

#[test]
fn an_ordered_ban_is_in_force_at_once_and_kept_until_it_ends() {
    let story = told(&policy(""));
    ban(&story, "48h");
    story.holds(&["agora 7", "agora 8"]);
    // Agora caps at a day: renewals keep it.
    for run in [&["--upkeep"][..], &[], &["--upkeep"], &[]] {
        story.advance(hours(11));
        story.apply_with(run).ends(Exit::Done);
        story.holds(&["agora 7", "agora 8"]);
    }
    let end = story.end_of("7");
    assert!(end <= Moment::parse("2026-11-22T12:01:00Z").unwrap(), "{end}");
    story.advance(hours(5));
    story.apply().ends(Exit::Done);
    story.holds(&["agora 8"]);
    story.apply().ends(Exit::Done);
    assert_eq!(standing(&story), Vec::<String>::new());
    assert_eq!(story.command(&["state", "verify"]).0, Exit::Done);
}

#[test]
fn what_was_lifted_by_order_stays_lifted_and_comes_back_when_the_order_ends() {
    for upkeep in [&[][..], &["--upkeep"]] {
        let story = told(&policy("never"));
        story.holds(&["agora 7", "agora 8"]);
        lift(&story, "24h");
        story.holds(&["agora 8"]);
        let (_, plan) = story.command(&["plan"]);
        assert!(plan.contains("then imposed again by this entry"), "{plan}");
        for _ in 0..3 {
            story.advance(hours(7));
            story.apply_with(upkeep).ends(Exit::Done);
            story.holds(&["agora 8"]);
        }
        story.advance(hours(4));
        story.apply().ends(Exit::Done);
        story.holds(&["agora 7", "agora 8"]);
    }
}

#[test]
fn an_order_ends_when_the_files_say_the_same() {
    let story = told(&policy(""));
    ban(&story, "24h");
    assert_eq!(standing(&story).len(), 1);
    story.policy(&policy("2026-12-20T00:00:00Z"));
    story.apply().ends(Exit::Done);
    assert_eq!(standing(&story).len(), 0);
    story.holds(&["agora 7", "agora 8"]);
    lift(&story, "24h");
    story.holds(&["agora 8"]);
    story.policy(&policy(""));
    story.apply().ends(Exit::Done);
    assert_eq!(standing(&story).len(), 0);
    story.holds(&["agora 8"]);
    let (_, all) = story.run(&["orders", "list", "--all"]);
    assert_eq!(all.matches("absorbed").count(), 2, "{all}");
    let (_, history) = story.run(&["history"]);
    assert_eq!(history.matches("absorbed").count(), 2, "{history}");
}

#[test]
fn of_two_orders_that_contradict_each_other_the_later_is_carried_out() {
    let story = told(&policy(""));
    ban(&story, "48h");
    lift(&story, "24h");
    story.holds(&["agora 8"]);
    story.advance(hours(1));
    ban(&story, "2h");
    story.holds(&["agora 7", "agora 8"]);
    assert_eq!(standing(&story).len(), 3);
}

#[test]
fn an_order_that_is_withdrawn_leaves_what_the_files_say() {
    for (files, ordered, held) in
        [("", "ban", &["agora 8"][..]), ("never", "lift", &["agora 7", "agora 8"])]
    {
        let story = told(&policy(files));
        if ordered == "ban" {
            ban(&story, "24h");
        } else {
            lift(&story, "24h");
        }
        let [id] = standing(&story).try_into().unwrap();
        let (exit, text) =
            story.read(&["orders", "withdraw", &id, "--why", "Too hasty", "--auto-approve"]);
        assert_eq!(exit, Exit::Done, "{text}");
        story.holds(held);
        assert_eq!(standing(&story), Vec::<String>::new());
        let (exit, _) =
            story.read(&["orders", "withdraw", &id, "--why", "Again", "--auto-approve"]);
        assert_eq!(exit, Exit::Error);
    }
}

#[test]
fn what_is_so_already_is_done_and_not_ordered() {
    let story = told(&policy("never"));
    ban(&story, "24h");
    assert_eq!(standing(&story), Vec::<String>::new());
    let story = told(&policy(""));
    lift(&story, "24h");
    assert_eq!(standing(&story), Vec::<String>::new());
}

#[test]
fn an_order_is_checked_as_policy_is() {
    let story = told(&format!("{}protect:\n  - {{ users: [\"9\"] }}\n", policy("")));
    let ban = ["ban", "--auto-approve", "--reason", "x", "--target"];
    for (more, says) in [
        (&["nowhere", "--user", "7", "--for", "1h"][..], "nowhere"),
        (&["a", "--user", "9", "--for", "1h"], "protected"),
        (&["a", "--user", "alice", "--for", "1h"], "whole number"),
        (&["a", "--device", "7", "--for", "1h"], "device"),
        (&["t", "--user", "u", "--for", "1h"], "room"),
        (&["a", "--ip", "203.0.113.7", "--for", "1h"], "everybody"),
        (&["a", "--user", "7", "--for", "720h"], "at most"),
        (&["a", "--user", "7", "--until", "2026-11-20T11:00:00Z"], "has passed"),
        (&["v", "--room", "1", "--user", "7", "--deny", "publish_audio", "--for", "1h"], "deny"),
    ] {
        let arguments: Vec<&str> = ban.iter().chain(more).copied().collect();
        let (exit, text) = story.read(&arguments);
        assert_eq!(exit, Exit::Error, "{more:?} {text}");
        assert!(text.contains(says), "{more:?} {text}");
    }
    let many: Vec<String> =
        (101..=151).flat_map(|id| ["--user".to_owned(), id.to_string()]).collect();
    let many = ["a", "--for", "1h"].into_iter().chain(many.iter().map(String::as_str));
    let arguments: Vec<&str> = ban.iter().copied().chain(many).collect();
    let (exit, text) = story.read(&arguments);
    assert!(exit == Exit::Error && text.contains("51 subjects"), "{text}");
    assert_eq!(standing(&story), Vec::<String>::new());
    story.holds(&["agora 8"]);
}

#[test]
fn guards_do_not_hold_orders_back_nor_count_them() {
    let users: Vec<String> = (100..120).map(|id| id.to_string()).collect();
    let story =
        told(&format!("bans:\n  - {{ target: a, users: [{}], until: never }}\n", users.join(", ")));
    let whom = users.iter().take(15).flat_map(|id| ["--user", id]);
    let lift = ["lift", "--target", "a", "--why", "x", "--auto-approve"];
    let arguments: Vec<&str> = lift.into_iter().chain(whom).collect();
    assert_eq!(story.read(&arguments).0, Exit::Done);
    assert_eq!(story.held().len(), 5);
    story.apply().ends(Exit::Done);
    assert_eq!(story.held().len(), 5);
}

#[test]
fn an_order_that_comes_during_a_long_apply_goes_before_the_rest_of_it() {
    for (kind, calls_before) in [(OrderKind::Ban, 1), (OrderKind::Ban, 90), (OrderKind::Lift, 40)] {
        // 300 ms there and back, and ten calls a second: it takes a quarter of a minute.
        let mut long = policy(if kind == OrderKind::Lift { "never" } else { "" });
        for user in 100..250 {
            writeln!(long, "  - {{ target: a, users: [{user}], until: never }}").unwrap();
        }
        let story = told(&policy(if kind == OrderKind::Lift { "never" } else { "" }));
        story.policy(&long);
        story.sandbox.set_latency(Duration::from_millis(300));
        let (note, begun) = (note_beside(&story, kind), story.sandbox.calls());
        let mut calls = 0;
        story.sandbox.inject_faults(move |_: &Incoming| {
            calls += 1;
            if calls == calls_before {
                note();
            }
            InjectedFault::Answer
        });
        let run = story.apply().ends(Exit::Done);
        let seen = story.sandbox.seen();
        let begun = usize::try_from(begun).unwrap();
        let noted = seen[begun + calls_before - 1].at;
        assert_eq!(run.count("done"), 151, "{run:#?}");
        let held = story.held();
        assert_eq!(held.contains(&"agora 7".to_owned()), kind == OrderKind::Ban);
        assert_eq!(held.len(), if kind == OrderKind::Ban { 152 } else { 151 });
        // Within the second in which it is looked for, what is under way, and its own turn.
        let (_, history) = story.run(&["history", "--format", "jsonl"]);
        let done =
            history.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        let done = done.filter(|it| it["because"] == "ordered" && it["outcome"] == "done");
        let at: Vec<_> = done.map(|it| it["at"].as_str().unwrap().to_owned()).collect();
        let at = Moment::parse(&at[0]).unwrap();
        assert!((at - noted).as_secs() <= 3, "{kind} noted at {noted}, done at {at}");
        story.apply().ends(Exit::Done);
        story.settled();
    }
}

/// A long apply of 150 bans, during whose 40th call an order comes, and something else happens.
fn ordered_meanwhile(
    story: &Story,
    fate: InjectedFault,
    happens: impl Fn() + Send + 'static,
) -> usize {
    let mut long = policy("");
    for user in 100..250 {
        writeln!(long, "  - {{ target: a, users: [{user}], until: never }}").unwrap();
    }
    story.policy(&long);
    story.sandbox.set_latency(Duration::from_millis(300));
    let (note, begun) = (note_beside(story, OrderKind::Ban), story.sandbox.calls());
    let mut calls = 0;
    story.sandbox.inject_faults(move |_: &Incoming| {
        calls += 1;
        if calls != 40 {
            return InjectedFault::Answer;
        }
        note();
        happens();
        fate
    });
    let run = story.apply().ends(Exit::Done);
    assert_eq!(run.count("done"), 151, "{run:#?}");
    assert_eq!(story.held().len(), 152);
    usize::try_from(begun).unwrap() + 39
}

#[test]
fn an_order_does_not_cut_short_the_pause_that_a_provider_asked_for() {
    let story = told(&policy(""));
    let asked = InjectedFault::Throttle(Some(Duration::from_secs(20)));
    let throttled = ordered_meanwhile(&story, asked, || ());
    let seen = story.sandbox.seen();
    let at = seen[throttled].at;
    // What was on its way when the provider asked for it, and then nothing.
    let next = seen.iter().map(|call| call.at).find(|next| (*next - at).as_secs() >= 1).unwrap();
    assert!((next - at).as_secs() >= 20, "throttled at {at}, called again at {next}");
    story.settled();
}

#[test]
fn secrets_are_read_once_however_often_an_order_makes_a_run_plan_anew() {
    let story = Story::new();
    let secret = credential("agora", "customer_secret").unwrap();
    story.files.write("secret", secret.as_bytes());
    let path = story.files.path().join("secret");
    let from = format!("customer_secret: {{ file: {} }}", path.display());
    story.config(&CONFIG.replace("customer_secret: { env: B }", &from));
    story.policy(&policy(""));
    story.apply().ends(Exit::Done);
    ordered_meanwhile(&story, InjectedFault::Answer, move || drop(std::fs::remove_file(&path)));
}

#[test]
fn an_order_does_not_wait_for_the_rate_of_calls_that_were_made_long_before() {
    let story = Story::new();
    let mut many = policy("");
    for user in 100..130 {
        writeln!(many, "  - {{ target: a, users: [{user}], until: never }}").unwrap();
    }
    story.policy(&many);
    story.apply().ends(Exit::Done);
    for order in [ban, lift] {
        story.advance(hours(1));
        let begun = story.now();
        order(&story, "3h");
        let took = (story.now() - begun).as_millis();
        assert!(took < 200, "{took} ms");
    }
}
