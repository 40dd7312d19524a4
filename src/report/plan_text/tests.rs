//! How plans read.

use std::collections::BTreeSet;

use unicode_width::UnicodeWidthStr as _;

use super::samples::{changed, everything, folded, impose, lifted, many, name, plan_of, text_of};
use super::*;
use crate::domain::{Action, Because, Deny, Id, Kind, Source, Warning};
use crate::plan::{Guard, Guarded};

const LAST_LINE_OF_NOTHING: &str =
    "Plan: 0 to impose, 0 to renew, 0 to amend, 0 to lift, 0 to kick, 0 to forget.\n";

#[test]
fn a_plan_reads_from_changed_targets_down_to_its_last_line() {
    let (plan, changes) = everything();
    let text = text_of(&plan, changes, Folding::Folded, ColorChoice::Off);
    assert_eq!(text, EVERYTHING, "\n{text}");
}

const EVERYTHING: &str = r#"Changed since the last apply:
  agora-live
    credentials  customer_secret: env SECRET -> customer_secret: command vault kv get
  old-live
    target       gone: zego app_id=1 real
  tencent-live
    target       new: tencent sdk_app_id=1400000000 real
    endpoint     new: https://adminapisgp.im.qcloud.com
    credentials  new: secret_key: env TENCENT_SECRET_KEY

agora-live (Agora)
  room lobby
    + user 589517928 (publish_audio+publish_video)  until never  new entry  case-1  bans/a.yaml:3:5

tencent-live (Tencent)
  room live-42
    + user alice      until 2026-12-20T00:00:00Z  in 29 days  new entry                           case-1  bans/a.yaml:3:5
    + user bob        until 2026-12-20T00:00:00Z  in 29 days  new entry                           case-1  bans/a.yaml:3:5
    ~ user dave       until 2026-12-20T00:00:00Z  in 29 days  extended from 2026-12-01T00:00:00Z  case-1  bans/a.yaml:3:5
    - user carol  was until 2026-12-01T00:00:00Z  in 10 days  entry removed                       case-1
  room live-9
    + user frank      until 2026-12-20T00:00:00Z  in 29 days  new entry, waited last time         case-9  bans/a.yaml:3:5
    + user grace      until 2026-12-20T00:00:00Z  in 29 days  in doubt: impose sent 5 min ago     case-1  bans/a.yaml:3:5

Upkeep, which time alone asks for:
  agora-live (Agora)
    whole app
      ^ ip 203.0.113.7 (everybody there)  until never  renewal due, lapses in 3 h  case-1  bans/a.yaml:3:5

  zego-live (ZEGO)
    room r1
      ! user mallory  until 2026-12-20T00:00:00Z  in 29 days  kick due again  case-1  bans/a.yaml:3:5

^ renewed, with `until` as before; ! kicked again, which keeps nobody out
waited last time: the provider said "not yet"; it is tried again after all else
in doubt: a call was sent and nobody knows whether it took effect

Warning: `zego-live` can only kick: 2 banned users can come back in (bans/a.yaml:1:2)

Calls, and how long they take at each target's rate:
  agora-live    1,300  2 min
  tencent-live      3  1 s

Unchanged: 12 restrictions are as they should be.
Next due: 2026-12-01T00:00:00Z (in 10 days), because a renewal is due; at the latest 2026-12-01T12:00:00Z (in 11 days).

Plan: 5 to impose, 1 to renew, 1 to amend, 1 to lift, 1 to kick, 0 to forget.
"#;

#[test]
fn a_guard_says_what_it_holds_back_and_that_upkeep_is_done() {
    let (mut plan, _) = everything();
    let guarded = |guard, target, operations, in_force, limit: Option<&str>| Guarded {
        guard,
        target,
        operations,
        in_force,
        limit: limit.map(Into::into),
        change_digest: "d1".to_owned(),
        acknowledged_by: None,
    };
    plan.guards = vec![
        guarded(Guard::AllowEmpty, None, 1200, 1200, None),
        guarded(Guard::MaxLifts, Some(name("tencent-live")), 40, 100, Some("30 %")),
        guarded(Guard::MaxImposes, None, 6000, 12, Some("5000")),
    ];
    let text = folded(&plan);
    assert!(text.starts_with("Held back by a guard, see below:\n  agora-live (Agora)\n"), "{text}");
    let guards = "\n\
        Held back: the policy has no entry at all, so 1,200 of 1,200 in force would be lifted; \
        `allow_empty` is not set\n\
        Held back: 40 of 100 in force at `tencent-live` would be lifted or shortened; `max_lifts` \
        is 30 %\n\
        Held back: 6,000 would be imposed in all, with 12 in force; `max_imposes` is 5,000\n\
        Only upkeep is done until the policy asks for less, or `guards` in `ostracon.yaml` allows \
        more.\nTo allow just this, add `acks/d1.yaml` to the workspace, saying:\n    digest: \"d1\"\n    \
        who:    # who answers for it\n    why:    # why it is right\n\n";
    assert!(text.contains(guards), "{text}");
}

#[test]
fn a_plan_of_nothing_says_so() {
    let mut plan = plan_of(Vec::new());
    assert_eq!(folded(&plan), format!("Nothing to do.\n\n{LAST_LINE_OF_NOTHING}"));
    plan.unchanged = 1;
    let text = "Nothing to do: 1 restriction is as it should be.\n\n";
    assert_eq!(folded(&plan), format!("{text}{LAST_LINE_OF_NOTHING}"));
}

#[test]
fn a_long_run_of_one_entry_becomes_one_line() {
    let run = |length: u32| {
        let users = (1..=length).map(|number| impose("live-42", &format!("user-{number}")));
        let text = folded(&plan_of(users.collect()));
        text.lines().filter(|line| line.starts_with("    +")).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(run(8).len(), 8);
    assert_eq!(
        run(9),
        ["    + 9 users: user-1, user-2, user-3, …  until 2026-12-20T00:00:00Z  in 29 days  new \
          entry  case-1  bans/a.yaml:3:5"]
    );
}

#[test]
fn five_thousand_operations_fit_on_a_few_screens_and_are_all_there_when_asked_for() {
    let plan = many();
    let text = folded(&plan);
    assert!(text.lines().count() < 120, "{text}");
    for line in [
        "    + 3,000 users: user-0000, user-0001, …      until 2026-12-20T00:00:00Z  in 29 days  \
         new entry      case-1  bans/a.yaml:3:5",
        "    - user zoe                              was until never                             \
         entry removed  case-1",
        "    + 1,500 users in 1,500 rooms  until 2026-12-20T00:00:00Z  in 29 days  new entry  \
         1,500 entries  bans/b.yaml",
        "    + 23 users in room \"room 0\": 0, 108, …      until 2026-12-20T00:00:00Z to \
         2026-12-28T06:00:00Z  in 29 days to 37 days  new entry  case-1  bans/a.yaml:3:5",
        "5,000 of 5,001 operations are folded; `plan --all` gives each its line",
    ] {
        assert!(text.lines().any(|shown| shown == line), "{line}\n\n{text}");
    }
    let all = text_of(&plan, Vec::new(), Folding::All, ColorChoice::Off);
    let lines: Vec<_> = all.lines().collect();
    let shown: BTreeSet<_> = lines.iter().filter_map(|line| line.split(" user ").nth(1)).collect();
    let shown: BTreeSet<_> = shown.iter().filter_map(|rest| rest.split(' ').next()).collect();
    for operation in &plan.operations {
        let subject = operation.restriction.subject.id.as_str();
        assert!(shown.contains(subject), "{subject}");
    }
    let operations = lines.iter().filter(|line| line.trim_start().starts_with(['+', '^', '-']));
    // The note on `^` starts like an operation.
    assert_eq!(operations.count(), plan.operations.len() + 1);
}

#[test]
fn many_targets_are_folded_together_until_the_plan_is_short() {
    let mut operations = Vec::new();
    for target in 0..6 {
        for room in 0..15 {
            let mut operation = impose(&format!("room-{room}"), "eve");
            operation.restriction.target = name(&format!("target-{target}"));
            operations.push(operation);
        }
    }
    let text = folded(&plan_of(operations));
    assert!(text.lines().count() < 100, "{text}");
    assert!(text.contains("+ 15 users in 15 rooms  until"), "{text}");
    assert!(text.contains("    + user eve in room room-3   until"), "{text}");
}

#[test]
fn what_strangers_wrote_is_inert() {
    let mut hostile = impose("r\n\u{202e}oom", "\u{1b}[2Jeve\nPlan: 0 to impose");
    hostile.entry = Some("case\u{200b}-1".into());
    hostile.source = Some(Source { file: "bans/\u{1b}]0;x\u{7}.yaml".into(), line: 1, column: 1 });
    let mut plan = plan_of(vec![hostile]);
    plan.warnings =
        vec![Warning { code: "c".into(), message: "see \u{2066}this\r".to_owned(), source: None }];
    let text = folded(&plan);
    let inert = |char: char| char == '\n' || char == ' ' || char.is_ascii_graphic();
    assert!(text.chars().all(inert), "{text:?}");
    for shown in [
        r"  room r\u{a}\u{202e}oom",
        r#"    + user "\u{1b}[2Jeve\u{a}Plan: 0 to impose"  until"#,
        r"case\u{200b}-1  bans/\u{1b}]0;x\u{7}.yaml:1:1",
        r"Warning: see \u{2066}this\u{d}",
    ] {
        assert!(text.contains(shown), "{shown}\n\n{text}");
    }
    assert_eq!(text.lines().filter(|line| line.starts_with("Plan:")).count(), 1);
}

#[test]
fn columns_line_up_whatever_the_script_and_one_long_id_spoils_only_its_own_line() {
    let long = "x".repeat(100);
    let users = ["alice", "日本語の名前", "ünï", &long];
    let text = folded(&plan_of(users.map(|user| impose("live-42", user)).into()));
    let columns = |line: &str| line.split_once("until").map(|(before, _)| before.width());
    let mut found: Vec<_> = text.lines().filter_map(columns).collect();
    found.sort_unstable();
    let aligned = "    + user 日本語の名前  ".width();
    assert_eq!(found, [aligned, aligned, aligned, "    + user   ".len() + 100]);
}

#[test]
fn colours_add_nothing_but_colour() {
    let (plan, changes) = everything();
    let uncoloured = text_of(&plan, changes.clone(), Folding::Folded, ColorChoice::Off);
    let coloured = text_of(&plan, changes, Folding::Folded, ColorChoice::On);
    assert!(coloured.contains("\u{1b}[32m+\u{1b}[0m"));
    assert_eq!(anstream::adapter::strip_str(&coloured).to_string(), uncoloured);
}

#[test]
fn an_amend_says_which_way_the_end_moves() {
    let amend = |user: &str, before| {
        changed(impose("live-42", user), Action::Amend, Because::UntilChanged, before)
    };
    let text = folded(&plan_of(vec![
        amend("alice", "2026-12-01T00:00:00Z"),
        amend("bob", "never"),
        changed(
            impose("live-42", "carol"),
            Action::Amend,
            Because::ReasonChanged,
            "2026-12-20T00:00:00Z",
        ),
    ]));
    for why in ["extended from 2026-12-01T00:00:00Z", "shortened from never", "reason changed"] {
        assert!(text.contains(&format!("  in 29 days  {why}  ")), "{why}\n\n{text}");
    }
}

#[test]
fn a_lift_that_waits_for_its_replacement_says_so() {
    let mut replacement = impose("live-42", "alice");
    replacement.restriction.deny = Deny::PUBLISH_AUDIO;
    let mut lift = lifted(impose("live-42", "alice"), "never");
    lift.after = Some(1);
    let text = folded(&plan_of(vec![lift, replacement]));
    assert!(text.contains("- user alice                  was until never"), "{text}");
    assert!(text.contains("+ user alice (publish_audio)      until 2026"), "{text}");
    assert!(text.contains("entry removed, after its replacement"), "{text}");
}

#[test]
fn what_holds_in_the_whole_app_stands_before_the_rooms() {
    let mut ip = impose("", "203.0.113.7");
    ip.restriction.room = None;
    ip.restriction.subject = crate::domain::Subject { kind: Kind::Ip, id: Id::new("203.0.113.7") };
    let text = folded(&plan_of(vec![impose("lobby", "1"), ip]));
    let order = ["  whole app\n", "    + ip 203.0.113.7  until", "  room lobby\n", "    + user 1 "];
    let found: Vec<_> = order.iter().map(|piece| text.find(piece).unwrap()).collect();
    assert!(found.is_sorted(), "{text}");
}

#[test]
fn many_warnings_of_a_kind_are_counted() {
    let warning = |number| Warning {
        code: "protected-in-list".into(),
        message: format!("line {number}"),
        source: None,
    };
    let mut plan = plan_of(Vec::new());
    plan.warnings = (1..=1500).map(warning).collect();
    let text = folded(&plan);
    assert!(
        text.starts_with(
            "Warning: line 1\nWarning: line 2\nWarning: line 3\n\
             Warning: and 1,497 more `protected-in-list`\n\n"
        ),
        "{text}"
    );
    let all = text_of(&plan, Vec::new(), Folding::All, ColorChoice::Off);
    assert_eq!(all.lines().filter(|line| line.starts_with("Warning: line")).count(), 1500);
}
