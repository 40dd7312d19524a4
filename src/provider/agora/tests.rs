//! Exact requests, and answers of every shape.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::Agora;
use crate::domain::{Deny, Id, Kind, Lapse, Moment, Source, TargetName, Until};
use crate::provider::LONGEST_ANSWER;
use crate::provider::{
    Call, Cursor, Effect, Endpoint, Fault, FaultKind, Item, Listed, Method, Options, Page,
    Provider as _, Reply, Request, Response, Secrets, Session, Stamp, Target, Verb,
};

const LIST: Verb = Verb::List;

fn now() -> Moment {
    Moment::parse("2026-01-09T06:23:06.400Z").unwrap()
}

fn session(app: &str) -> Session {
    let target = Target {
        name: TargetName::parse("agora-live").unwrap(),
        provider: &Agora,
        settings: BTreeMap::from([("app_id", Arc::from(app))]),
        endpoint: Endpoint::of_host("api.agora.io"),
        account: None,
        rate: None,
        options: Options::default(),
        moved_from: None,
        credentials: BTreeMap::new(),
        source: Source { file: "ostracon.yaml".into(), line: 1, column: 1 },
    };
    let mut secrets = Secrets::default();
    secrets.insert("customer_id", "Aladdin".into());
    secrets.insert("customer_secret", "open sesame".into());
    Session::new(Arc::new(target), secrets)
}

fn call(verb: Verb, kind: Kind, id: &str, room: Option<&str>) -> Call {
    let items = vec![Item { id: Id::new(id), rule: Some(1953.into()) }];
    let until = Until::At(now() + jiff::SignedDuration::from_secs(3600));
    Call {
        verb,
        kind,
        room: room.map(Id::new),
        deny: Deny::JOIN,
        reason: None,
        until,
        items,
        cursor: Cursor::START,
    }
}

fn of(verb: Verb) -> Call {
    call(verb, Kind::User, "589517928", Some("channel1"))
}

fn encode(call: &Call) -> Request {
    let stamp = Stamp { now: now(), nonce: 1, sequence: 1 };
    Agora.encode(&session("4855aaaaaaaaaaaaaaaaaaaaaaaaeae2"), call, &stamp)
}

fn body(call: &Call) -> String {
    String::from_utf8(encode(call).body).unwrap()
}

fn decode(verb: Verb, status: u16, body: &str) -> Result<Reply, Fault> {
    let retry_after = Some(Duration::from_secs(2));
    let (request_id, body) = (Some("x-1".to_owned()), body.into());
    Agora.decode(&of(verb), &Response { status, date: None, retry_after, request_id, body })
}

fn effect(verb: Verb, body: &str) -> Effect {
    let reply = decode(verb, 200, body).unwrap();
    assert_eq!(reply.request_id.as_deref(), Some("x-1"));
    reply.effect
}

fn kind(verb: Verb, status: u16, body: &str) -> FaultKind {
    decode(verb, status, body).unwrap_err().kind
}

#[test]
fn each_method_goes_to_the_same_path_with_the_same_headers() {
    for (verb, method, query) in [
        (Verb::Impose, Method::Post, ""),
        (Verb::Renew, Method::Put, ""),
        (Verb::Lift, Method::Delete, ""),
        (LIST, Method::Get, "appid=4855aaaaaaaaaaaaaaaaaaaaaaaaeae2"),
    ] {
        let request = encode(&of(verb));
        assert_eq!((request.method, request.path.as_str()), (method, "/dev/v1/kicking-rule"));
        assert_eq!(request.query, query);
        assert_eq!(request.timeout, Duration::from_secs(20));
        assert_eq!(
            request.headers,
            [
                ("accept", "application/json".to_owned()),
                ("authorization", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==".to_owned()),
                ("content-type", "application/json".to_owned()),
            ]
        );
    }
}

#[test]
fn a_rule_is_created_with_the_selectors_that_are_set_and_no_other() {
    const HEAD: &str = r#"{"appid":"4855aaaaaaaaaaaaaaaaaaaaaaaaeae2""#;
    const TAIL: &str = r#""time_in_seconds":3600,"privileges":["join_channel"]}"#;
    for (kind, id, room, selectors) in [
        (Kind::User, "589517928", Some("channel1"), r#""cname":"channel1","uid":589517928"#),
        (Kind::User, "4294967295", None, r#""uid":4294967295"#),
        (Kind::Channel, "say \"hi\"", None, r#""cname":"say \"hi\"""#),
        (Kind::Ip, "2001:db8::1", None, r#""ip":"2001:db8::1""#),
    ] {
        let created = body(&call(Verb::Impose, kind, id, room));
        assert_eq!(created, format!("{HEAD},{selectors},{TAIL}"));
    }
}

#[test]
fn what_is_denied_is_named_in_canonical_order() {
    let everything = Call { deny: Deny::EVERYTHING, ..of(Verb::Impose) };
    let names = r#""privileges":["join_channel","publish_audio","publish_video"]}"#;
    assert!(body(&everything).ends_with(names));
    let publishing = Deny::PUBLISH_VIDEO.union(Deny::PUBLISH_AUDIO);
    let mute = Call { deny: publishing, ..of(Verb::Impose) };
    assert!(body(&mute).ends_with(r#""privileges":["publish_audio","publish_video"]}"#));
}

#[test]
fn an_end_becomes_seconds_within_what_the_provider_takes() {
    for (until, seconds) in [
        (Until::Never, 86_400),
        (Until::At(now() + jiff::SignedDuration::from_hours(48)), 86_400),
        (Until::At(now() + jiff::SignedDuration::from_millis(60_001)), 61),
        (Until::At(now() + jiff::SignedDuration::from_secs(3)), 10),
    ] {
        for verb in [Verb::Impose, Verb::Renew] {
            let body = body(&Call { until, ..of(verb) });
            assert!(body.contains(&format!(r#""time_in_seconds":{seconds}"#)), "{until} {body}");
        }
    }
}

#[test]
fn a_rule_is_renewed_and_deleted_by_its_number() {
    assert_eq!(
        body(&of(Verb::Renew)),
        r#"{"appid":"4855aaaaaaaaaaaaaaaaaaaaaaaaeae2","id":1953,"time_in_seconds":3600}"#
    );
    assert_eq!(body(&of(Verb::Lift)), r#"{"appid":"4855aaaaaaaaaaaaaaaaaaaaaaaaeae2","id":1953}"#);
    let nameless = Item { id: Id::new("1"), rule: None };
    let lift = Call { items: vec![nameless], ..of(Verb::Lift) };
    assert_eq!(body(&lift), r#"{"appid":"4855aaaaaaaaaaaaaaaaaaaaaaaaeae2","id":0}"#);
}

#[test]
fn a_list_has_no_body_and_its_app_is_encoded() {
    let stamp = Stamp { now: now(), nonce: 1, sequence: 1 };
    let request = Agora.encode(&session("a&b=c"), &of(LIST), &stamp);
    assert_eq!((&*request.query, request.body.len()), ("appid=a%26b%3Dc", 0));
}

#[test]
fn a_created_rule_has_a_positive_number() {
    let created = Effect::Created(1953.into());
    assert_eq!(effect(Verb::Impose, r#"{"status":"success","id":1953}"#), created);
    assert_eq!(effect(Verb::Impose, r#"{"status":"success","id":"1953"}"#), created);
    for body in [r#"{"status":"success","id":0}"#, r#"{"status":"success","id":"-1"}"#] {
        assert_eq!(kind(Verb::Impose, 200, body), FaultKind::Refuse, "{body}");
    }
    for body in [r#"{"status":"success"}"#, r#"{"status":"success","id":null}"#] {
        assert_eq!(kind(Verb::Impose, 200, body), FaultKind::Retry, "{body}");
    }
}

#[test]
fn a_renewal_tells_the_end_if_it_can_be_read() {
    let ends = Moment::parse("2026-01-09T07:23:06Z").unwrap();
    for (result, expected) in [
        (r#"{"id":1953,"ts":"2026-01-09T07:23:06.000Z"}"#, Effect::Ends(ends)),
        (r#"{"id":"1953","ts":"tomorrow"}"#, Effect::Done),
        (r#"{"id":1953}"#, Effect::Done),
        ("null", Effect::Done),
    ] {
        let body = format!(r#"{{"status":"success","result":{result}}}"#);
        assert_eq!(effect(Verb::Renew, &body), expected, "{result}");
    }
}

#[test]
fn a_deletion_is_done() {
    assert_eq!(effect(Verb::Lift, r#"{"status":"success","id":1953}"#), Effect::Done);
    assert_eq!(effect(Verb::Lift, r#"{"status":"Success"}"#), Effect::Done);
}

#[test]
fn a_list_is_one_page_of_the_rules_that_can_be_ours() {
    let body = r#"{"status":"success","rules":[
        {"id":1953,"appid":"4855","uid":589517928,"opid":1406,"cname":"channel1","ip":"",
         "ts":"2026-01-09T07:23:06.000Z","privileges":["join_channel"],
         "createAt":"2026-01-09T06:23:06.000Z","updateAt":"2026-01-09T14:23:06.000Z"},
        {"id":1954,"uid":589517928,"cname":"11","ip":"192.168.0.1",
         "ts":"2026-01-09T07:23:06.000Z","privileges":["join_channel"]},
        "no rule"]}"#;
    let row = Listed {
        kind: Kind::User,
        id: Id::new("589517928"),
        room: Some(Id::new("channel1")),
        deny: Deny::JOIN,
        lapse: Lapse::At(Moment::parse("2026-01-09T07:23:06Z").unwrap()),
        rule: Some(1953.into()),
        created: Moment::parse("2026-01-09T06:23:06Z"),
    };
    assert_eq!(effect(LIST, body), Effect::Page(Page { rows: vec![row], next: None }));
    for body in [r#"{"status":"success"}"#, r#"{"status":"success","rules":null}"#] {
        assert_eq!(effect(LIST, body), Effect::Page(Page { rows: Vec::new(), next: None }));
    }
    assert_eq!(kind(LIST, 200, r#"{"status":"success","rules":{}}"#), FaultKind::Retry);
}

#[test]
fn a_success_without_the_word_is_a_fault() {
    for verb in [Verb::Impose, Verb::Renew, Verb::Lift, LIST] {
        for body in ["", "<html>", "{}", "[]", r#"{"id":1953}"#] {
            assert_eq!(kind(verb, 200, body), FaultKind::Retry, "{body}");
        }
        let body = r#"{"status":"failed","message":"bad luck","reason":"rain"}"#;
        assert_eq!(
            decode(verb, 200, body),
            Err(Fault {
                kind: FaultKind::Refuse,
                code: "HTTP 200".into(),
                has_own_code: false,
                message: "bad luck: rain".into(),
                request_id: Some("x-1".into()),
                culprit: None,
                after: 2,
            })
        );
    }
}

#[test]
fn a_failure_is_told_by_status_and_message() {
    let gone = r#"{"message":"rule does not exist"}"#;
    assert_eq!(kind(Verb::Renew, 400, gone), FaultKind::RuleGone);
    assert_eq!(kind(Verb::Lift, 400, gone), FaultKind::AlreadySo);
    assert_eq!(kind(Verb::Renew, 404, ""), FaultKind::RuleGone);
    assert_eq!(kind(Verb::Lift, 404, ""), FaultKind::AlreadySo);
    assert_eq!(kind(Verb::Impose, 504, "<html>"), FaultKind::Retry);
    assert_eq!(kind(Verb::Impose, 429, ""), FaultKind::Throttled);
    let fault = decode(Verb::Impose, 400, r#"{"message":"invalid appid"}"#).unwrap_err();
    assert!(matches!(fault.kind, FaultKind::Stop { .. }));
    assert_eq!((&*fault.code, &*fault.message), ("HTTP 400", "invalid appid"));
}

#[test]
fn a_list_of_very_many_rules_is_read_and_what_is_no_list_is_not() {
    let rules: Vec<_> = (1..=200_000)
        .map(|id| {
            format!(
                r#"{{"id":{id},"uid":{id},"cname":"","ip":"","ts":"2026-01-09T07:23:06.000Z","privileges":["join_channel"],"createAt":"2026-01-08T07:23:06.000Z","updateAt":"2026-01-08T15:23:06.000Z","mail_receivers":[],"opid":1406}}"#
            )
        })
        .collect();
    let body = format!(r#"{{"rules":[{}],"status":"success"}}"#, rules.join(","));
    assert!(body.len() > LONGEST_ANSWER);
    match decode(LIST, 200, &body).unwrap().effect {
        Effect::Page(page) => assert_eq!((page.rows.len(), page.next), (200_000, None)),
        other => panic!("{other:?}"),
    }
    for nothing in ["null", "[]", "[null,1,\"x\",{}]"] {
        let body = format!(r#"{{"status":"success","rules":{nothing}}}"#);
        assert!(
            matches!(decode(LIST, 200, &body).unwrap().effect, Effect::Page(page) if page.rows.is_empty())
        );
    }
    for no_list in ["1", "-1", "0.5", "true", "\"x\"", "{\"a\":[{}]}"] {
        let body = format!(r#"{{"status":"success","rules":{no_list}}}"#);
        assert_eq!(decode(LIST, 200, &body).unwrap_err().kind, FaultKind::Retry, "{no_list}");
    }
}

#[test]
fn a_list_that_means_harm_is_garbage() {
    let nested = |levels: usize| "[".repeat(levels) + &"]".repeat(levels);
    let rules = [
        nested(200_000),
        format!("[{}]", nested(200_000)),
        format!(r#"[{{"id":{}}}]"#, nested(200_000)),
        format!(r#"{{"a":{}}}"#, nested(200_000)),
        "[".repeat(200_000),
        format!("[{}]", vec!["0"; 2_000_001].join(",")),
        "[1,".to_owned(),
        "\"\\ud800\"".to_owned(),
    ];
    for rules in rules {
        let body = format!(r#"{{"status":"success","rules":{rules}}}"#);
        let fault = decode(LIST, 200, &body).unwrap_err();
        assert_eq!(fault.kind, FaultKind::Retry);
        assert!(fault.message.len() < 100, "{}", fault.message);
    }
}
