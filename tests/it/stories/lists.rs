//! Stories about lists from elsewhere that become policy.

use ostracon::console::Talk;
use ostracon::exit::Exit;

use super::Story;
use super::page::{Page, console};
use crate::sources::top;

/// A story whose workspace has a list.
fn with_list(name: &str, text: &str) -> Story {
    let story = Story::new();
    story.files.write(name, text.as_bytes());
    story
}

/// Imports a list of the workspace; how it ended, and what was said.
fn import(story: &Story, name: &str, arguments: &[&str]) -> (Exit, String) {
    let list = story.files.path().join(name);
    let list = list.to_str().unwrap();
    story.command(&[&["import", "--from", list, "--out", "bans/list.yaml"], arguments].concat())
}

/// What a command says beside its result.
fn said(story: &Story, arguments: &[&str]) -> String {
    let (_, mut console) = console();
    let err = Page::default();
    console.err = Talk::new(err.clone());
    let directory = story.files.path().to_str().unwrap();
    let fixed = ["ostracon", "--dir", directory].into_iter();
    let arguments = fixed.chain(arguments.iter().copied()).map(Into::into);
    ostracon::run(arguments, &story.world, &mut console);
    err.text()
}

fn made(story: &Story, name: &str) -> String {
    std::fs::read_to_string(story.files.path().join(name)).unwrap()
}

/// The words of a command line, as a shell takes them.
fn words(line: &str) -> Vec<String> {
    let quoted = line.split('\'').enumerate();
    let mut words = vec![String::new()];
    for (index, part) in quoted {
        for (position, word) in part.split(' ').enumerate() {
            if index % 2 == 1 {
                let last = words.last_mut().unwrap();
                last.push_str(if position > 0 { " " } else { "" });
                last.push_str(word);
            } else {
                if position > 0 {
                    words.push(String::new());
                }
                words.last_mut().unwrap().push_str(word);
            }
        }
    }
    words
}

#[test]
fn the_examples_of_the_documentation_become_what_is_in_force() {
    let story = Story::new();
    story.policy("bans: []\n");
    let page = std::fs::read_to_string(top().join("docs/import.md")).unwrap();
    let lists = top().join("tests/lists");
    let mut said = Vec::new();
    for line in page.lines().filter_map(|line| line.strip_prefix("ostracon ")) {
        let line = line
            .replace("lists/", &format!("{}/", lists.display()))
            .replace("agora-live", "a")
            .replace("zego-live", "z");
        let words = words(&line);
        let (exit, text) = story.command(&words.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!(exit, Exit::Done, "{line}\n{text}");
        said.push(text);
    }
    assert_eq!(
        said,
        [
            "Imported: 2 subjects in 2 entries into `bans/crowdsec.yaml`.\n",
            "Imported: 2 subjects in 2 entries into `bans/domains.yaml`.\n",
            "Imported: 2 subjects in 1 entry into `bans/accounts.yaml`.\n",
        ]
    );
    let crowdsec = made(&story, "bans/crowdsec.yaml");
    assert_eq!(
        crowdsec,
        "# From `decisions.jsonl` by `ostracon import`.
bans:
  - target: \"a\"
    ips:
      - \"203.0.113.7\"
    wide: true
    reason: \"manual 'ban' from 'localhost'\"
    until: 2026-11-20T15:59:50Z
    meta:
      \"origin\": \"cscli\"
  - target: \"a\"
    ips:
      - \"2001:db8::7\"
    wide: true
    reason: \"crowdsecurity/ssh-bf\"
    until: 2026-11-27T11:59:02Z
    meta:
      \"origin\": \"CAPI\"
"
    );
    assert!(made(&story, "bans/domains.yaml").contains("reason: \"Doxxing, \\\"raids\\\"\"\n"));
    story.apply().ends(Exit::Done);
    story.settled();
    let held = story.held();
    assert_eq!(held.len(), 4, "{held:?}");
}

#[test]
fn dates_as_moderation_tools_write_them_need_the_offset_they_leave_out() {
    let list = "user,end\nann,2027-01-01\nbob,2027-01-01 18:30\ncy,2027-01-01 18:30:00 +0100\n";
    let story = with_list("list.csv", list);
    let arguments =
        ["--target", "t", "--map", "subject=user,until=end", "--set", "room=r", "--skip-bad"];
    let told = said(
        &story,
        &[
            &["import", "--out", "bans/list.yaml", "--from"][..],
            &[story.files.path().join("list.csv").to_str().unwrap()],
            &arguments[..],
        ]
        .concat(),
    );
    assert!(told.contains("is `2027-01-01`: it has no offset, say it with `--zone`"), "{told}");
    let untils = |story: &Story| {
        let made = made(story, "bans/list.yaml");
        let untils = made.lines().filter_map(|line| line.trim().strip_prefix("until: "));
        untils.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(untils(&story), ["2027-01-01T17:30:00Z"]);
    let story = with_list("list.csv", list);
    let (exit, _) = import(&story, "list.csv", &[&arguments[..], &["--zone", "-05:00"]].concat());
    assert_eq!(exit, Exit::Done);
    let ends = ["2027-01-01T05:00:00Z", "2027-01-01T17:30:00Z", "2027-01-01T23:30:00Z"];
    assert_eq!(untils(&story), ends);
    let (exit, _) = import(&story, "list.csv", &[&arguments[..], &["--zone", "CET"]].concat());
    assert_eq!(exit, Exit::Usage);
}

#[test]
fn whatever_is_wrong_is_said_with_its_place_and_nothing_is_made() {
    let list = "user,room,end,why\n\
                ann,r,2027-01-01T00:00:00Z,spam\n\
                ,r,never,\n\
                bob,r,tomorrow,\n\
                \"a very long name indeed, of more bytes than 32\",r,never,\n\
                cy,,never,\n\
                dee,r,,\n\
                eve,r,never\n";
    let story = with_list("list.csv", list);
    let map = "subject=user,room=room,until=end,reason=why";
    let arguments = ["--target", "t", "--map", map];
    let (exit, _) = import(&story, "list.csv", &arguments);
    assert_eq!(exit, Exit::Error);
    assert!(!story.files.path().join("bans").exists());
    let list = story.files.path().join("list.csv");
    let fixed = ["import", "--skip-bad", "--out", "bans/list.yaml", "--from"];
    let told = said(&story, &[&fixed[..], &[list.to_str().unwrap()], &arguments].concat());
    for part in [
        "list.csv:3:1\n",
        "the subject (column `user`) is empty",
        "list.csv:4:7\n",
        "the until (column `end`) is `tomorrow`: an instant is RFC 3339 with an offset",
        "list.csv:5:1\n",
        "is 46 bytes long, at most 32 are taken (for `t`)",
        "list.csv:6:4\n",
        "the room (column `room`) is empty",
        "list.csv:7:7\n",
        "list.csv:8:1\n",
        "the row has 3 columns, the first 4",
    ] {
        assert!(told.contains(part), "{part}\n{told}");
    }
    assert!(made(&story, "bans/list.yaml").contains("- \"ann\"\n"));
}

#[test]
fn who_is_named_twice_is_kept_until_the_later_end_and_who_is_protected_is_not_kept() {
    let list = "{\"u\": 42, \"end\": 1800000000}\n{\"u\": \"42\", \"end\": \"never\"}\n\
                {\"u\": 42, \"end\": 1900000000}\n{\"u\": 7, \"end\": 1800000000}\n\
                {\"u\": 8, \"end\": 1700000000}\n";
    let story = with_list("list.jsonl", list);
    story.files.write("protect.yaml", b"protect:\n  - { users: [7], reason: staff }\n");
    let arguments = ["--target", "v", "--target", "z", "--set", "room=5"];
    let arguments = [&arguments[..], &["--map", "subject=u,until=end"]].concat();
    let (exit, text) = import(&story, "list.jsonl", &arguments);
    assert_eq!((exit, text.contains("1 subject in 1 entry")), (Exit::Done, true), "{text}");
    assert_eq!(
        made(&story, "bans/list.yaml"),
        "# From `list.jsonl` by `ostracon import`.\nbans:\n  - targets: [\"v\", \"z\"]\n    \
         room: \"5\"\n    users:\n      - \"42\"\n    until: never\n"
    );
    assert_eq!(import(&story, "list.jsonl", &arguments).0, Exit::Usage, "it is there already");
}

#[test]
fn ten_thousand_rows_become_files_of_a_thousand_entries() {
    let rows: Vec<_> = (0..10_000).map(|row| format!("u{row},case {row}\n")).collect();
    let story = with_list("list.csv", &format!("who,case\n{}", rows.concat()));
    let mut arguments = vec!["--target", "t", "--map", "subject=who,meta.case=case"];
    arguments.extend(["--set", "room=r", "--set", "until=never"]);
    let (exit, text) = import(&story, "list.csv", &arguments);
    assert_eq!(exit, Exit::Done, "{text}");
    let all = "10,000 subjects in 10,000 entries into 10 files, `bans/list-01.yaml` first.\n";
    assert_eq!(text, format!("Imported: {all}"));
    let first = made(&story, "bans/list-01.yaml");
    assert_eq!(first.matches("  - target:").count(), 1000);
    assert_eq!(story.workspace().entries, 10_000);
}

#[test]
fn what_cannot_be_meant_is_wrong_usage() {
    let story = with_list("list.csv", "a,b,b\n1,2,3\n");
    story.files.write("list.txt", b"1\n");
    for (list, arguments, told) in [
        ("list.csv", "--target t --map subject=a --set until=never", "map or set `room`"),
        ("list.csv", "--target a --kind ip --map subject=a --set until=never", "everybody there"),
        ("list.csv", "--target t --kind ip --map subject=a --set until=never", "cannot restrict"),
        ("list.csv", "--target x --map subject=a --set until=never", "no target `x`"),
        ("list.csv", "--target a --map subject=c --set until=never", "no column `c`, only `a`"),
        ("list.csv", "--target a --map subject=b --set until=never", "more than one column `b`"),
        ("list.csv", "--target a --map subject=a", "no row says when it ends"),
        ("list.csv", "--map subject=a --set until=never", ""),
        ("list.csv", "--target a --map subject=a --set until=never --room r", ""),
        ("list.txt", "--target a --map subject=a --set until=never", "cannot read"),
    ] {
        let arguments: Vec<_> = arguments.split(' ').collect();
        assert_eq!(import(&story, list, &arguments).0, Exit::Usage, "{arguments:?}");
        let path = story.files.path().join(list);
        let fixed = ["import", "--out", "x.yaml", "--from", path.to_str().unwrap()];
        let said = said(&story, &[&fixed[..], &arguments].concat());
        assert!(said.contains(told), "{arguments:?}\n{said}");
    }
}
