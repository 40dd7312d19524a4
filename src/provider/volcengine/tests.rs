//! Exact requests, and answers of every shape.

use std::collections::BTreeMap;
use std::sync::Arc;

use secrecy::SecretString;

use super::Volcengine;
use crate::domain::{Deny, Id, Kind, Lapse, Moment, Source, TargetName, Until};
use crate::provider::{
    Call, Cursor, Effect, Endpoint, Fault, FaultKind, Item, Method, Options, Page, Provider as _,
    Reply, Request, Response, Secrets, Session, Stamp, Target, Verb,
};

const LIST: Verb = Verb::List;
const ACTIVITY: &str = "1819171234140099";

fn session(endpoint: &str) -> Session {
    let target = Target {
        name: TargetName::parse("volc-live").unwrap(),
        provider: &Volcengine,
        settings: BTreeMap::new(),
        endpoint: Endpoint::parse(endpoint).unwrap(),
        account: None,
        rate: None,
        options: Options::default(),
        moved_from: None,
        credentials: BTreeMap::new(),
        source: Source { file: "ostracon.yaml".into(), line: 1, column: 1 },
    };
    let mut secrets = Secrets::default();
    let secret = "RXhhbXBsZU9ubHlTZWNyZXRLZXkwMTIzNDU2Nzg5YWJjZGVm";
    secrets.insert("access_key_id", SecretString::from("AKLTEXAMPLEONLY00000000000000"));
    secrets.insert("secret_access_key", SecretString::from(secret));
    Session::new(Arc::new(target), secrets)
}

fn call(verb: Verb, kind: Kind, ids: &[&str]) -> Call {
    let items = ids.iter().map(|id| Item { id: Id::new(*id), rule: None }).collect();
    let room = Some(Id::new(ACTIVITY));
    Call {
        verb,
        kind,
        room,
        deny: Deny::JOIN,
        reason: None,
        until: Until::Never,
        items,
        cursor: Cursor::START,
    }
}

fn encode_at(endpoint: &str, call: &Call) -> Request {
    let now = Moment::parse("2025-01-24T10:43:12.400Z").unwrap();
    Volcengine.encode(&session(endpoint), call, &Stamp { now, nonce: 1, sequence: 1 })
}

fn encode(call: &Call) -> Request {
    encode_at("https://livesaas.volcengineapi.com", call)
}

fn header<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    request.headers.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
}

fn body(call: &Call) -> String {
    String::from_utf8(encode(call).body).unwrap()
}

fn decode(call: &Call, status: u16, body: &str) -> Result<Reply, Fault> {
    let request_id = Some("of the header".to_owned());
    let body = body.into();
    Volcengine.decode(call, &Response { status, date: None, retry_after: None, request_id, body })
}

fn page(cursor: u64, result: &str) -> Page {
    let body = format!(r#"{{"ResponseMetadata":{{"RequestId":"r"}},"Result":{result}}}"#);
    match decode(&Call { cursor: cursor.into(), ..call(LIST, Kind::User, &[]) }, 200, &body)
        .unwrap()
        .effect
    {
        Effect::Page(page) => page,
        other => panic!("{other:?}"),
    }
}

fn ids(page: &Page) -> Vec<String> {
    page.rows.iter().map(|row| format!("{} {}", row.kind, row.id)).collect()
}

#[test]
fn bodies_hold_bare_numbers_for_users_and_text_for_devices() {
    let users = ["1820211234043371", "9223372036854775807", "9007199254740993"];
    assert_eq!(
        body(&call(Verb::Impose, Kind::User, &users)),
        r#"{"ActivityId":1819171234140099,"BanStatus":1,"BanType":0,"UserIds":[1820211234043371,9223372036854775807,9007199254740993]}"#
    );
    assert_eq!(
        body(&call(Verb::Lift, Kind::User, &["1820211234043371"])),
        r#"{"ActivityId":1819171234140099,"BanStatus":0,"BanType":0,"UserIds":[1820211234043371]}"#
    );
    assert_eq!(
        body(&call(Verb::Impose, Kind::Device, &["123", "007", "a\"b"])),
        r#"{"ActivityId":1819171234140099,"BanStatus":1,"BanType":0,"Cookies":["123","007","a\"b"]}"#
    );
    assert_eq!(
        body(&call(Verb::Lift, Kind::Device, &["345"])),
        r#"{"ActivityId":1819171234140099,"BanStatus":0,"BanType":0,"Cookies":["345"]}"#
    );
}

#[test]
fn a_change_is_a_signed_post() {
    let request = encode(&call(Verb::Lift, Kind::User, &["1820211234043371"]));
    assert_eq!((request.method, request.path.as_str()), (Method::Post, "/"));
    assert_eq!(request.query, "Action=UpdateActivityUserBanStatus&Version=2023-08-01");
    assert_eq!(
        request.headers,
        [
            ("content-type", "application/json".to_owned()),
            (
                "x-content-sha256",
                "c1e7fca75b842fb73ea8f520e52db938c1c02f0a61a9c880ade54a2c2c875362".to_owned()
            ),
            ("x-date", "20250124T104312Z".to_owned()),
            (
                "authorization",
                "HMAC-SHA256 Credential=AKLTEXAMPLEONLY00000000000000/20250124/cn-north-1/livesaas/request, SignedHeaders=content-type;host;x-content-sha256;x-date, Signature=915ec7776fc93760c8ed2317ba050b1470f12eda36586f8a1e42fc9f6a92995c".to_owned()
            ),
        ]
    );
}

#[test]
fn a_list_is_a_signed_get_of_one_page() {
    let request = encode(&call(LIST, Kind::User, &[]));
    assert_eq!((request.method, request.body.len()), (Method::Get, 0));
    assert_eq!(
        request.query,
        "Action=GetActivityBanUsers&ActivityId=1819171234140099&PageItemCount=1000&PageNo=1&Version=2023-08-01"
    );
    assert_eq!(header(&request, "content-type"), None);
    assert_eq!(
        header(&request, "authorization"),
        Some(
            "HMAC-SHA256 Credential=AKLTEXAMPLEONLY00000000000000/20250124/cn-north-1/livesaas/request, SignedHeaders=host;x-content-sha256;x-date, Signature=499471f43156d2bab60ade11b911decee75b9c7d453c0ce74c7174d705d204c3"
        )
    );
    let third = encode(&Call { cursor: 2.into(), ..call(LIST, Kind::User, &[]) });
    assert!(third.query.contains("&PageNo=3&"));
}

#[test]
fn host_port_and_path_of_the_endpoint_are_signed() {
    let lift = call(Verb::Lift, Kind::User, &["1"]);
    let signatures: std::collections::BTreeSet<_> =
        ["http://127.0.0.1:9000", "http://127.0.0.1:9001", "http://127.0.0.1:9000/volcengine"]
            .map(|endpoint| header(&encode_at(endpoint, &lift), "authorization").map(str::to_owned))
            .into();
    assert_eq!(signatures.len(), 3);
}

#[test]
fn a_success_tells_the_providers_request_id() {
    let body = r#"{"ResponseMetadata":{"RequestId":"2023","Action":"UpdateActivityUserBanStatus"},"Result":{"Status":true}}"#;
    let reply = decode(&call(Verb::Impose, Kind::User, &["1"]), 200, body);
    assert_eq!(reply, Ok(Reply { effect: Effect::Done, request_id: Some("2023".into()) }));
    let bare = r#"{"ResponseMetadata":{"Error":null}}"#;
    let reply = decode(&call(Verb::Lift, Kind::User, &["1"]), 200, bare);
    assert_eq!(reply, Ok(Reply { effect: Effect::Done, request_id: Some("of the header".into()) }));
}

#[test]
fn a_false_status_is_no_success() {
    let body = r#"{"ResponseMetadata":{"RequestId":"r"},"Result":{"Status":false}}"#;
    let fault = decode(&call(Verb::Impose, Kind::User, &["1"]), 200, body).unwrap_err();
    assert_eq!((fault.kind, fault.request_id), (FaultKind::Refuse, Some("r".into())));
}

#[test]
fn an_error_counts_under_any_status() {
    let body = r#"{"ResponseMetadata":{"RequestId":"r","Error":{"CodeN":1,"Code":"InvalidParameter.UserIdBanned","Message":"All userId has been banned in the activity."}}}"#;
    for status in [200, 400, 500] {
        assert_eq!(
            decode(&call(Verb::Impose, Kind::User, &["1"]), status, body),
            Err(Fault {
                kind: FaultKind::AlreadySo,
                code: "InvalidParameter.UserIdBanned".into(),
                has_own_code: true,
                message: "All userId has been banned in the activity.".into(),
                request_id: Some("r".into()),
                culprit: None,
                after: 0,
            })
        );
    }
    let without_code = r#"{"ResponseMetadata":{"Error":{"Message":"no"}}}"#;
    let fault = decode(&call(Verb::Impose, Kind::User, &["1"]), 200, without_code).unwrap_err();
    assert_eq!((fault.kind, &*fault.code), (FaultKind::Refuse, "HTTP 200"));
}

#[test]
fn what_is_no_answer_of_livesaas_is_told_by_its_status() {
    for (status, body, kind) in [
        (200, "<html>", FaultKind::Retry),
        (200, "{}", FaultKind::Retry),
        (200, "[1]", FaultKind::Retry),
        (502, "<html>", FaultKind::Retry),
        (504, "", FaultKind::Retry),
        (500, r#"{"ResponseMetadata":{}}"#, FaultKind::Retry),
        (429, "", FaultKind::Throttled),
        (400, "bad", FaultKind::Refuse),
    ] {
        for verb in [Verb::Impose, Verb::Lift, LIST] {
            let fault = decode(&call(verb, Kind::User, &["1"]), status, body).unwrap_err();
            assert_eq!(fault.kind, kind, "{status} {body}");
            assert_eq!(fault.code, format!("HTTP {status}"));
            assert_eq!(fault.request_id.as_deref(), Some("of the header"));
        }
    }
}

#[test]
fn one_page_lists_users_and_devices() {
    let page = page(0, r#"{"UserIds":[9223372036854775807,"42"],"Cookies":["123","007",345]}"#);
    assert_eq!(
        ids(&page),
        ["user 9223372036854775807", "user 42", "device 123", "device 007", "device 345"]
    );
    assert_eq!(page.next, None);
    let first = &page.rows[0];
    assert_eq!(first.room, Some(Id::new(ACTIVITY)));
    assert_eq!((first.deny, first.lapse), (Deny::JOIN, Lapse::Open));
    assert_eq!((first.rule.as_ref(), first.created), (None, None));
}

#[test]
fn absent_lists_are_empty_and_ids_of_no_user_are_left_out() {
    for result in
        ["null", "{}", r#"{"UserIds":null,"Cookies":null}"#, r#"{"UserIds":[0,-1,1.5,null]}"#]
    {
        assert_eq!(page(0, result), Page { rows: Vec::new(), next: None }, "{result}");
    }
}

#[test]
fn a_list_of_another_shape_proves_nothing() {
    let body = r#"{"ResponseMetadata":{},"Result":{"UserIds":{"1":true}}}"#;
    let fault = decode(&call(LIST, Kind::User, &[]), 200, body).unwrap_err();
    assert_eq!(fault.kind, FaultKind::Retry);
}

#[test]
fn pages_go_on_while_either_list_is_full() {
    let list = |length: usize| vec!["1"; length].join(",");
    for (users, devices, next) in
        [(999, 999, None), (1000, 0, Some(5_u64)), (0, 1000, Some(5)), (1000, 1000, Some(5))]
    {
        let devices = list(devices);
        let result = format!(r#"{{"UserIds":[{}],"Cookies":[{devices}]}}"#, list(users));
        assert_eq!(page(4, &result).next, next.map(Cursor::from));
    }
}
