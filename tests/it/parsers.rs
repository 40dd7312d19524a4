//! Laws of everything that reads bytes from outside: no input makes it panic, or read for ever.
//!
//! `PROPTEST_CASES=100000 cargo test parsers` looks longer.

use std::ops::Range;
use std::time::Duration;

use ostracon::domain::{Deny, Kind, Moment, Until};
use ostracon::plan::file;
use ostracon::policy::{Permissions, load, render};
use ostracon::provider::{
    Call, Capability, Cursor, Effect, IdRule, Item, Presence, Provider, REGISTRY, Response, Verb,
};
use proptest::prelude::*;
use proptest::sample::{Index, select};

use crate::workspace::Files;

/// Something with everything in it that a policy may have.
const POLICY: &str = "bans:
  - id: case-1
    targets: [t, t2]
    room: live-42
    users: [alice, 'bob', \"carol\\n\"]
    users_from: list.txt
    reason: |
      Spam
    from: 2026-11-20T00:00:00Z
    until: &end 2026-12-20T00:00:00Z
    meta: { case: T-1, deep: [1, {a: ~}] }
  - { target: v, room: 5, users: [6], devices: [d], until: *end }
  - { target: a, ips: [203.0.113.7], wide: true, deny: [join], until: never }
forbidden_streams:
  - { target: z, streams: [rtc01, rtc02], until: never }
protect:
  - { users: [host], targets: [t], reason: staff } # why
";

/// Answers of the providers: what they say when all is well, when not, and pages of lists.
const ANSWERS: [&str; 9] = [
    r#"{"Code":0,"Message":"success","RequestId":"1","Data":{"FailedUsers":[]}}"#,
    r#"{"ErrorCode":100004,"ErrorInfo":"room not exist","ActionStatus":"FAIL","RequestId":"r"}"#,
    r#"{"ActionStatus":"OK","ErrorCode":0,"BannedAccountList":[{"Member_Account":"u","BannedUntil":1795000000}],"NextOffset":20}"#,
    r#"{"ResponseMetadata":{"RequestId":"r","Action":"UpdateActivityUserBanStatus"},"Result":{}}"#,
    r#"{"ResponseMetadata":{"RequestId":"r","Error":{"Code":"InvalidParameter.UserIdNotRegistered","Message":"user 42 is not registered"}}}"#,
    r#"{"status":"success","id":1953}"#,
    r#"{"status":"success","rules":[{"id":1953,"appid":"4855","uid":589517928,"cname":"c","ip":null,"ts":"2026-11-21T12:00:00.300Z","privileges":["join_channel"],"createAt":"2026-11-20T12:00:00.000Z","updateAt":"2026-11-20T12:00:00.000Z"}]}"#,
    r#"{"status":"success","result":{"id":1953,"ts":"2026-11-21T12:00:00.300Z"}}"#,
    r#"{"message":"rule not found"}"#,
];

/// What a mutation puts in the place of something else.
fn splice() -> impl Strategy<Value = Vec<u8>> {
    let awkward = [
        "",
        "\n",
        "  ",
        "- ",
        "? ",
        ": ",
        "*end",
        "&end ",
        "{",
        "}",
        "[",
        "]",
        "\"",
        "'",
        "|\n",
        ">\n",
        "!!str ",
        "---\n",
        "...\n",
        "%YAML 1.2\n",
        "\u{feff}",
        "\0",
        "\\u0000",
        "\t",
        "#",
        "null",
        "-1",
        "1e999",
        "99999999999999999999",
        "9223372036854775807",
        "-9223372036854775808",
        "0.1",
        "9999-12-31T23:59:59.999Z",
        "-9999-01-01T00:00:00Z",
        "true",
        "[[[[[[[[[[",
        "é",
        "😀",
    ];
    prop_oneof![
        4 => select(awkward.map(|text| text.as_bytes().to_vec()).to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..8),
    ]
}

/// A valid text with some of its bytes replaced, left out or repeated.
fn mutated(valid: Vec<u8>) -> impl Strategy<Value = Vec<u8>> {
    let change = (any::<Index>(), 0..20_usize, splice(), any::<bool>());
    prop::collection::vec(change, 0..6).prop_map(move |changes| {
        let mut bytes = valid.clone();
        for (at, length, splice, repeats) in changes {
            let start = at.index(bytes.len() + 1);
            let end = bytes.len().min(start + length);
            let old = bytes[start..end].to_vec();
            let new = if repeats { [splice, old.clone(), old].concat() } else { splice };
            bytes.splice(start..end, new);
        }
        bytes
    })
}

/// Where the values of an answer stand: its numbers, names and texts, but not the keys.
fn values(answer: &str) -> Vec<Range<usize>> {
    let mut values = Vec::new();
    let mut at = 0;
    while let Some(byte) = answer.as_bytes().get(at) {
        let rest = &answer[at..];
        let length = match byte {
            b'"' => rest[1..].find('"').unwrap() + 2,
            b'{' | b'}' | b'[' | b']' | b':' | b',' | b' ' => 0,
            _ => rest.find([',', '}', ']']).unwrap(),
        };
        if length > 0 && !rest[length..].starts_with(':') {
            values.push(at..at + length);
        }
        at += length.max(1);
    }
    values
}

/// Numbers of every size, also such as no reader holds, and instants as far off.
fn number() -> impl Strategy<Value = String> {
    let edges = [
        "0",
        "-0",
        "-1",
        "1",
        "4294967296",
        "9223372036854775807",
        "9223372036854775808",
        "-9223372036854775808",
        "18446744073709551615",
        "18446744073709551616",
        "1e308",
        "1e999",
        "-1e999",
        "0.5",
    ];
    let instants = [
        "\"9999-12-30T22:00:00.9999999Z\"",
        "\"9999-12-31T23:59:59.999Z\"",
        "\"0000-01-01T00:00:00+23:59\"",
        "\"1970-01-01T00:00:00Z\"",
    ];
    let text = prop_oneof![
        3 => select(edges.map(str::to_owned).to_vec()),
        1 => any::<i64>().prop_map(|number| number.to_string()),
        1 => any::<u64>().prop_map(|number| number.to_string()),
        1 => any::<f64>().prop_map(|number| format!("{number:e}")),
        1 => "-?[1-9][0-9]{0,40}",
    ];
    prop_oneof![
        4 => text.clone(),
        2 => text.prop_map(|text| format!("\"{text}\"")),
        1 => select(instants.map(str::to_owned).to_vec()),
    ]
}

/// An answer with other numbers in the place of any of its values.
fn renumbered() -> impl Strategy<Value = String> {
    let changes = prop::collection::vec((any::<Index>(), number()), 1..4);
    (select(ANSWERS.to_vec()), changes).prop_map(|(answer, changes)| {
        let mut answer = answer.to_owned();
        for (place, number) in changes {
            let values = values(&answer);
            answer.replace_range(place.get(&values).clone(), &number);
        }
        answer
    })
}

fn noise() -> impl Strategy<Value = Vec<u8>> {
    let bytes = prop::collection::vec(any::<u8>(), 0..200);
    let yaml = "[a-c:\\-\\[\\]{}&*!|>'\"#?%@,\n\t \u{feff}é]{0,60}".prop_map(String::into_bytes);
    prop_oneof![bytes, yaml]
}

fn is_read_or_refused(policy: &[u8], list: &[u8]) {
    let files = Files::new(&[]);
    files.write("a.yaml", policy);
    files.write("list.txt", list);
    if let Err(diagnostics) = load(files.path(), &Permissions::default()) {
        assert!(!render(&diagnostics).is_empty());
    }
}

/// Every call that a form can make, about one subject.
fn calls(capability: &'static Capability) -> impl Iterator<Item = Call> {
    let id = |rule: IdRule| match rule {
        IdRule::PrintableAscii(_) | IdRule::Text(_) | IdRule::Token(_) => "one",
        IdRule::Number(_) => "42",
        IdRule::Ip => "203.0.113.7",
    };
    let room = (capability.room != Presence::Never)
        .then(|| capability.room_id.parse(id(capability.room_id)).unwrap());
    let item =
        Item { id: capability.id.parse(id(capability.id)).unwrap(), rule: Some(1953.into()) };
    let lists = ["20", "18446744073709551615", "?"].map(|token| (Verb::List, Cursor::new(token)));
    let writes = [Verb::Impose, Verb::Renew, Verb::Lift].map(|verb| (verb, Cursor::START));
    writes.into_iter().chain(lists).map(move |(verb, cursor)| {
        let kind: Kind = capability.kind;
        let (room, items) = (room.clone(), vec![item.clone()]);
        Call {
            verb,
            kind,
            room,
            deny: Deny::JOIN,
            reason: None,
            until: Until::Never,
            items,
            cursor,
        }
    })
}

fn every_call() -> Vec<(&'static dyn Provider, Call)> {
    let capabilities = REGISTRY
        .into_iter()
        .flat_map(|it| it.facts().capabilities.iter().map(move |capability| (it, capability)));
    capabilities
        .flat_map(|(it, capability)| calls(capability).map(move |call| (it, call)))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        max_shrink_time: 20_000,
        ..ProptestConfig::default()
    })]

    #[test]
    fn a_policy_with_a_few_bytes_changed_is_read_or_refused(
        policy in mutated(POLICY.into()),
        list in mutated(b"# all\nalice\r\n\tbob # x\n".to_vec()),
    ) {
        is_read_or_refused(&policy, &list);
    }

    #[test]
    fn noise_is_read_or_refused(policy in noise(), list in noise()) {
        is_read_or_refused(&policy, &list);
        is_read_or_refused(&[POLICY.as_bytes(), &policy].concat(), &list);
        is_read_or_refused(&[b"bans:\n  - ", policy.as_slice()].concat(), &list);
    }

    #[test]
    fn whatever_a_provider_answers_is_an_answer_or_a_fault(
        answer in prop_oneof![
            select(ANSWERS.to_vec()).prop_flat_map(|answer| mutated(answer.into())),
            noise(),
        ],
        status in prop_oneof![Just(200_u16), select(vec![400, 401, 404, 429, 500, 503]), any::<u16>()],
        after in proptest::option::of(any::<u64>()),
    ) {
        let retry_after = after.map(Duration::from_secs);
        let response = Response { status, date: None, retry_after, request_id: None, body: answer };
        for (provider, call) in every_call() {
            if let Err(fault) = provider.decode(&call, &response) {
                prop_assert!(!fault.code.is_empty());
                if let Some(culprit) = fault.culprit {
                    prop_assert!(call.items.iter().any(|item| item.id == culprit));
                }
            }
        }
    }

    #[test]
    fn whatever_number_stands_anywhere_in_an_answer_is_read_within_bounds_or_not_at_all(
        answer in renumbered(),
        status in select(vec![200_u16, 429, 503]),
        after in any::<u64>(),
    ) {
        let retry_after = Some(Duration::from_secs(after));
        let body = answer.into_bytes();
        let response = Response { status, date: None, retry_after, request_id: None, body };
        for (provider, call) in every_call() {
            match provider.decode(&call, &response).map(|reply| reply.effect) {
                Ok(Effect::Page(page)) => {
                    for row in page.rows {
                        prop_assert!(row.rule.is_none_or(|rule| rule.number().is_some()));
                        for at in row.lapse.at().into_iter().chain(row.created) {
                            prop_assert_eq!(Moment::parse(&at.to_string()), Some(at));
                        }
                    }
                }
                Ok(Effect::Ends(at)) => {
                    prop_assert_eq!(Moment::parse(&at.to_string()), Some(at));
                }
                Ok(Effect::Created(rule)) => prop_assert!(rule.number().is_some()),
                Ok(Effect::Done) => {}
                Err(fault) => prop_assert_eq!(fault.after, u32::try_from(after).unwrap_or(u32::MAX)),
            }
        }
    }

    #[test]
    fn a_plan_file_that_was_touched_is_refused(text in mutated(PLAN.into()), noise in noise()) {
        for bytes in [text, noise] {
            let text = String::from_utf8_lossy(&bytes);
            if let Ok(saved) = file::read(&text) {
                prop_assert_eq!(&*text, PLAN, "{:?}", saved);
            }
        }
    }
}

/// A plan in the shape of a plan file; nobody signed it.
const PLAN: &str = r#"{
  "format_version": "1.0",
  "created_at": "2026-11-20T12:00:00Z",
  "not_after": "2026-11-21T12:00:00Z",
  "policy_digest": "sha256:00",
  "config_digest": "sha256:00",
  "state": { "lineage": null, "serial": 0 },
  "operations": [ { "action": "impose", "upkeep": false, "target": "t", "subject": "u" } ],
  "plan_digest": "sha256:00"
}
"#;
