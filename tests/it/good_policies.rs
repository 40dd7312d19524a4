//! Workspaces that are right, and what they mean.

use std::path::Path;

use ostracon::domain::{Moment, Restriction, TargetName, Until, Wanted};
use ostracon::policy::{Permissions, StateLocation, Workspace, load, render};
use ostracon::provider::CredentialSource;

use crate::workspace::{CONFIG, Files};

fn read(files: &Files) -> Workspace {
    read_with(files, &Permissions::default())
}

fn read_with(files: &Files, permissions: &Permissions) -> Workspace {
    load(files.path(), permissions).unwrap_or_else(|diagnostics| panic!("{}", render(&diagnostics)))
}

/// What is asked for, in canonical order.
fn restrictions(workspace: &Workspace) -> Vec<Restriction> {
    let mut all: Vec<_> = workspace.wanted.iter().flat_map(Wanted::restrictions).collect();
    all.sort();
    all
}

fn first(workspace: &Workspace) -> &Wanted {
    workspace.wanted.iter().next().unwrap()
}

fn names(workspace: &Workspace) -> Vec<String> {
    restrictions(workspace).iter().map(Restriction::to_string).collect()
}

fn codes(workspace: &Workspace) -> Vec<&str> {
    workspace.warnings.iter().map(|warning| &*warning.code).collect()
}

#[test]
fn the_example_workspace_is_valid() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies");
    let workspace = load(&directory, &Permissions::default())
        .unwrap_or_else(|diagnostics| panic!("{}", render(&diagnostics)));
    assert_eq!(workspace.entries, 7);
    assert_eq!(workspace.warnings, []);
    let mut used: Vec<_> =
        workspace.config.targets.values().map(|target| target.provider.facts().name).collect();
    used.sort_unstable();
    used.dedup();
    assert_eq!(used.len(), ostracon::provider::REGISTRY.len());
    assert_eq!(workspace.wanted.count(), 16);
}

#[test]
fn an_entry_becomes_one_restriction_for_each_target_and_subject() {
    let files = Files::new(&[(
        "bans/a.yaml",
        "bans:
  - id: case-1
    targets: [t, z]
    room: live-42
    users: [bob, alice]
    reason: Hate speech
    from: 2026-11-20T00:00:00Z
    until: 2026-12-20T00:00:00Z
",
    )]);
    let workspace = read(&files);
    assert_eq!(
        names(&workspace),
        [
            "t/room:live-42/user:alice",
            "t/room:live-42/user:bob",
            "z/room:live-42/user:alice",
            "z/room:live-42/user:bob",
        ]
    );
    let Wanted { from, until, reason, entry, source, .. } = first(&workspace);
    assert_eq!(*from, Moment::parse("2026-11-20T00:00:00Z"));
    assert_eq!(*until, Until::parse("2026-12-20T00:00:00Z").unwrap());
    assert_eq!(reason.as_deref(), Some("Hate speech"));
    assert_eq!(entry.as_deref(), Some("case-1"));
    assert_eq!(source.as_ref().unwrap().to_string(), "bans/a.yaml:2:5");
}

#[test]
fn every_form_of_every_provider_can_be_written() {
    let files = Files::new(&[(
        "a.yaml",
        "bans:
  - { target: z, room: r, users: [u], until: never }
  - { target: t, room: r, users: [u], until: never }
  - { target: v, room: 1819171234140099, users: [9223372036854775807], devices: ['345'], until: never }
  - { target: a, users: [589517928], until: never }
  - { target: a, room: c, users: [4294967295], deny: [publish_video, publish_audio], until: never }
  - { target: a, room: c, wide: true, until: never }
  - { target: a, ips: ['2001:DB8:0::1', 203.0.113.7], wide: true, until: never }
forbidden_streams:
  - { target: z, streams: [rtc01, rtc-02_A], until: never }
",
    )]);
    let workspace = read(&files);
    assert_eq!(
        names(&workspace),
        [
            "a/channel:c",
            "a/ip:2001:db8::1",
            "a/ip:203.0.113.7",
            "a/user:589517928",
            "a/room:c/user:4294967295/deny:publish_audio+publish_video",
            "t/room:r/user:u",
            "v/room:1819171234140099/device:345",
            "v/room:1819171234140099/user:9223372036854775807",
            "z/stream:rtc-02_A",
            "z/stream:rtc01",
            "z/room:r/user:u",
        ]
    );
    assert_eq!(workspace.entries, 8);
    assert_eq!(codes(&workspace), Vec::<&str>::new());
}

#[test]
fn an_id_is_its_text_however_it_is_written() {
    let files = Files::new(&[(
        "a.yaml",
        "bans:
  - target: z
    room: 99999999999999999999999999
    users: [\"0123\", '1e5', \"yes\", \"\\u00e9\", plain text, 'it''s', -7, \"a:b\", y]
    until: never
",
    )]);
    let workspace = read(&files);
    let restrictions = restrictions(&workspace);
    let ids: Vec<_> = restrictions.iter().map(|it| it.subject.id.as_str()).collect();
    assert_eq!(ids, ["-7", "0123", "1e5", "a:b", "it's", "plain text", "y", "yes", "é"]);
    let room = first(&workspace).room.as_ref().unwrap();
    assert_eq!(room.as_str(), "99999999999999999999999999");
}

#[test]
fn limits_are_met_to_the_byte() {
    let room = "r".repeat(48);
    let user = "u".repeat(32);
    let reason = format!("{}ab", "日".repeat(66));
    let zego_user = "日".repeat(21);
    let files = Files::new(&[(
        "a.yaml",
        &format!(
            "bans:
  - {{ target: t, room: {room}, users: [{user}], reason: {reason}, until: never }}
  - {{ target: z, room: {}, users: [{zego_user}], reason: {}, until: never }}
  - {{ target: a, room: {}, users: [1], until: never }}
  - {{ target: v, room: 1, devices: [{}], until: never }}
forbidden_streams:
  - {{ target: z, streams: [{}], until: never }}
",
            "é".repeat(64),
            "😀".repeat(64),
            "é".repeat(32),
            "é".repeat(32),
            "s".repeat(256),
        ),
    )]);
    assert_eq!(read(&files).wanted.count(), 5);
}

#[test]
fn entries_may_overlap() {
    let entry = "  - { target: t, room: r, users: [alice], until: never }\n";
    let files = Files::new(&[("a.yaml", &format!("bans:\n{entry}{entry}"))]);
    let workspace = read(&files);
    assert_eq!(names(&workspace), ["t/room:r/user:alice", "t/room:r/user:alice"]);
    assert_eq!(workspace.entries, 2);
}

#[test]
fn a_list_is_found_from_the_top_and_beside_the_file_that_names_it() {
    let entry = |list: &str| {
        format!(
            "bans:\n  - {{ target: t, room: r, users_from: {list}, users: [carol], until: never }}\n"
        )
    };
    let files = Files::new(&[
        ("deep/er/a.yaml", &entry("lists/top.txt")),
        ("deep/er/b.yaml", &entry("near.txt")),
        ("lists/top.txt", "# comment\r\nalice\r\n\r\n  bob # why\r\n"),
        ("deep/er/near.txt", "\u{feff}dave"),
    ]);
    let workspace = read(&files);
    let restrictions = restrictions(&workspace);
    let ids: Vec<_> = restrictions.iter().map(|it| it.subject.id.as_str()).collect();
    assert_eq!(ids, ["alice", "bob", "carol", "carol", "dave"]);
}

#[test]
fn an_empty_policy_and_an_empty_list_are_no_errors() {
    let files = Files::new(&[
        ("a.yaml", "bans: []\nforbidden_streams: []\nprotect: []\n"),
        ("b.yml", "bans:\n  - { target: t, room: r, users_from: l.txt, until: never }\n"),
        ("l.txt", "# nobody left\n"),
    ]);
    let workspace = read(&files);
    assert_eq!((workspace.entries, workspace.wanted.count()), (1, 0));
    assert_eq!(codes(&workspace), ["empty-list-file"]);
    assert_eq!(read(&Files::new(&[])).entries, 0);
}

#[test]
fn a_subject_named_twice_is_wanted_once_with_a_warning() {
    let files = Files::new(&[
        (
            "a.yaml",
            "bans:\n  - { target: a, ips: [203.0.113.7, '::1', '0::1'], wide: true, until: never }
  - { targets: [t, t2], room: r, users_from: l.txt, users: [bob], until: never }\n",
        ),
        ("l.txt", "alice\nbob\nalice\n"),
    ]);
    let workspace = read(&files);
    assert_eq!(workspace.wanted.count(), 2 + 2 * 2);
    assert_eq!(codes(&workspace), ["duplicate-subject", "duplicate-subject"]);
}

#[test]
fn a_protected_line_of_a_list_is_skipped_with_one_warning() {
    let files = Files::new(&[
        (
            "a.yaml",
            "bans:\n  - { targets: [t, t2], room: r, users_from: l.txt, until: never }
protect:\n  - { users: [host, bot], targets: [t], reason: staff }\n",
        ),
        ("l.txt", "alice\nhost\nbot\n"),
    ]);
    let workspace = read(&files);
    assert_eq!(
        names(&workspace),
        [
            "t/room:r/user:alice",
            "t2/room:r/user:alice",
            "t2/room:r/user:bot",
            "t2/room:r/user:host"
        ]
    );
    assert_eq!(codes(&workspace), ["protected-skipped"]);
    assert_eq!(workspace.warnings[0].source.as_ref().unwrap().to_string(), "l.txt:2:1");
    assert!(workspace.protected.reaches(&first(&workspace).target));
}

#[test]
fn a_wide_ban_is_told_of_where_somebody_is_protected() {
    let ban = "bans:\n  - { target: a, ips: [203.0.113.7], wide: true, until: never }\n";
    let protect =
        |target: &str| format!("{ban}protect:\n  - {{ users: ['1'], targets: [{target}] }}\n");
    let workspace = read(&Files::new(&[("a.yaml", &protect("a"))]));
    assert_eq!(codes(&workspace), ["protect-cannot-shield-wide"]);
    let workspace = read(&Files::new(&[("a.yaml", &protect("t"))]));
    assert_eq!(codes(&workspace), Vec::<&str>::new());
}

#[test]
fn aliases_repeat_what_they_name() {
    let files = Files::new(&[(
        "a.yaml",
        "bans:
  - { target: t, room: &room r, users: &users [alice, bob], until: &end never }
  - { target: z, room: *room, users: *users, until: *end }
",
    )]);
    assert_eq!(read(&files).wanted.count(), 4);
}

#[test]
fn a_byte_order_mark_and_windows_line_ends_change_nothing() {
    let text = "bans:\n  - target: t\n    room: r\n    users: [alice]\n    until: never\n";
    let windows = format!("\u{feff}{}", text.replace('\n', "\r\n"));
    let plain = read(&Files::new(&[("a.yaml", text)]));
    let marked = read(&Files::new(&[("a.yaml", &windows)]));
    assert_eq!(plain.wanted, marked.wanted);
    assert_ne!(plain.policy_digest, marked.policy_digest);
}

#[test]
fn only_policy_files_are_searched() {
    let bad = "no: policy";
    let files = Files::new(&[
        (".github/workflow.yaml", bad),
        ("a/.hidden/b.yaml", bad),
        (".ostracon/x.yaml", bad),
        ("acks/plan.yaml", bad),
        ("README.md", bad),
        ("data.json", bad),
        ("a/b/c/d.yml", "bans: []"),
    ]);
    assert_eq!(read(&files).entries, 0);
}

#[test]
fn the_policy_digest_is_of_names_and_bytes_only() {
    let a = ("a.yaml", "bans:\n  - { target: t, room: r, users_from: l.txt, until: never }\n");
    let list = ("l.txt", "alice\n");
    let digest = |files: &[(&str, &str)]| read(&Files::new(files)).policy_digest;
    let whole = digest(&[a, list]);
    assert!(whole.strip_prefix("sha256:").is_some_and(|hex| hex.len() == 64));
    assert_eq!(whole, digest(&[list, a]));
    assert_eq!(whole, digest(&[a, list, ("other.txt", "bob\n")]));
    assert_ne!(whole, digest(&[a, ("l.txt", "alice")]));
    assert_ne!(whole, digest(&[("b.yaml", a.1), list]));
}

#[test]
fn a_config_says_what_it_leaves_out_by_default() {
    let config = read(&Files::new(&[])).config;
    assert_eq!(config.state, StateLocation::InWorkspace(".ostracon/state.db".into()));
    assert_eq!(config.guards, ostracon::domain::Guards::default());
    assert_eq!(config.lineage, None);
    let endpoints: Vec<_> =
        config.targets.values().map(|target| target.endpoint.to_string()).collect();
    assert_eq!(
        endpoints,
        [
            "https://api.agora.io",
            "https://adminapisgp.im.qcloud.com",
            "https://adminapiusa.im.qcloud.com",
            "https://livesaas.volcengineapi.com",
            "https://rtc-api.zego.im",
        ]
    );
}

#[test]
fn a_config_can_say_everything() {
    let config = "# all of it
version: 1
state: sqlite:data/here.db
lineage: 0198C0DE-0000-7000-8000-000000000000
guards:
  max_lifts: { count: 100 }
  max_imposes: { count: 5000 }
  allow_empty: true
targets:
  a:
    provider: agora
    app_id: 4855aaaaaaaaaaaaaaaaaaaaaaaaeae2
    endpoint: https://proxy.example.com:8443/agora/
    rate: 10
    account: main
    moved_from: old
    renew_before: 1h30m
    credentials: { customer_id: { file: /run/secrets/id }, customer_secret: { command: [vault, -x] } }
  z:
    provider: zego
    app_id: 1
    endpoint: http://127.0.0.1:9000
    rekick_every: 5m
    test_environment: true
    credentials: { server_secret: { env: Z } }
";
    let files = Files::new(&[("ostracon.yaml", config)]);
    let permissions = Permissions {
        hosts: vec!["proxy.example.com".to_owned()],
        commands: true,
        state: Some("sqlite:/var/lib/state.db".to_owned()),
    };
    let config = read_with(&files, &permissions).config;
    assert_eq!(config.state, StateLocation::Given("/var/lib/state.db".into()));
    assert_eq!(config.lineage.as_deref(), Some("0198c0de-0000-7000-8000-000000000000"));
    assert_eq!(
        (config.guards.max_lifts.count, config.guards.max_lifts.percent),
        (Some(100), Some(30))
    );
    assert!(config.guards.allow_empty);
    let [agora, zego] = config.targets.into_values().collect::<Vec<_>>().try_into().unwrap();
    assert_eq!(agora.endpoint.to_string(), "https://proxy.example.com:8443/agora");
    assert_eq!(agora.rate, Some(10));
    assert_eq!(agora.moved_from.as_ref().map(TargetName::as_str), Some("old"));
    assert_eq!(agora.options.renew_before.map(|span| span.as_secs()), Some(5_400));
    assert_eq!(
        agora.credentials["customer_secret"],
        CredentialSource::Command(vec!["vault".to_owned(), "-x".to_owned()])
    );
    assert_eq!(zego.options.rekick_every.map(|span| span.as_secs()), Some(300));
    assert!(zego.options.test_environment);
}

#[test]
fn upkeep_reads_no_policy() {
    let files = Files::new(&[("a.yaml", "no: policy")]);
    let (config, digest) =
        ostracon::policy::load_config(files.path(), &Permissions::default()).unwrap();
    assert_eq!(config.targets.len(), 5);
    assert_eq!(digest, read(&Files::new(&[])).config_digest);
    assert_eq!(CONFIG.matches("provider:").count(), 5);
}
