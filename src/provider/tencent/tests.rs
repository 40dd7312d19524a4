//! Each call as Tencent documents it, and each shape of an answer.

use std::time::Duration;

use super::signature::tests::unzip;
use super::wire::{decode, encode};
use super::{Tencent, faults};
use crate::domain::{Deny, Id, Kind, Lapse, Moment, Source, TargetName, Until};
use crate::provider::{
    Call, Cursor, Effect, Endpoint, FaultKind, Item, Listed, Method, Options, Page, Reply,
    Response, Secrets, Session, Stamp, Target, Verb,
};

/// Half past an hour, and half a second.
const NOW: Moment = Moment::from_millis(1_700_001_000_500);
const HOUR: i64 = 1_699_999_200;
const STAMP: Stamp = Stamp { now: NOW, nonce: 0xdead_beef_0000_002a, sequence: 1 };

fn session(identifier: &str) -> Session {
    let mut secrets = Secrets::default();
    let key = "5bd2850fff3ecb11d7c805251c51ee463a25727bddc2385f3fa8bfee1bb93b5e";
    secrets.insert("secret_key", key.into());
    let target = Target {
        name: TargetName::parse("tencent").unwrap(),
        provider: &Tencent,
        settings: [("sdk_app_id", "1400000000".into()), ("identifier", identifier.into())].into(),
        endpoint: Endpoint::of_host("adminapisgp.im.qcloud.com"),
        account: None,
        rate: None,
        options: Options::default(),
        moved_from: None,
        credentials: [].into(),
        source: Source { file: "ostracon.yaml".into(), line: 1, column: 1 },
    };
    Session::new(target.into(), secrets)
}

fn call(verb: Verb, ids: &[&str]) -> Call {
    Call {
        verb,
        kind: Kind::User,
        room: Some(Id::new("live-42")),
        deny: Deny::JOIN,
        reason: None,
        until: Until::At(NOW + jiff::SignedDuration::from_millis(3_599_001)),
        items: ids.iter().map(|id| Item { id: Id::new(*id), rule: None }).collect(),
        cursor: Cursor::START,
    }
}

fn body(call: &Call) -> String {
    String::from_utf8(encode(&session("administrator"), call, &STAMP).body).unwrap()
}

fn response(status: u16, body: &str) -> Response {
    let request_id = Some("header".to_owned());
    let retry_after = Some(Duration::from_secs(3));
    Response { status, date: None, retry_after, request_id, body: body.into() }
}

/// The one value of this name in a query.
fn value<'a>(query: &'a str, name: &str) -> &'a str {
    let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.find(|(key, _)| *key == name).unwrap().1
}

#[test]
fn a_ban_is_the_documented_request() {
    let mut ban = call(Verb::Impose, &["user1", "9007199254740993"]);
    ban.reason = Some("辱骂 \"x\"".into());
    let request = encode(&session("administrator"), &ban, &STAMP);
    assert_eq!(request.method, Method::Post);
    assert_eq!(request.path, "/v4/live_engine_http_srv/ban_member");
    assert_eq!(request.endpoint.authority(), "adminapisgp.im.qcloud.com");
    assert_eq!(request.headers, [("content-type", "application/json".to_owned())]);
    let usersig = value(&request.query, "usersig");
    assert_eq!(
        request.query,
        format!(
            "sdkappid=1400000000&identifier=administrator&usersig={usersig}\
             &random=42&contenttype=json"
        )
    );
    assert_eq!(
        body(&ban),
        "{\"RoomId\":\"live-42\",\"MemberList_Account\":[\"user1\",\"9007199254740993\"],\
         \"Reason\":\"辱骂 \\\"x\\\"\",\"Duration\":3600}"
    );
}

#[test]
fn a_ban_without_a_reason_clears_it_and_one_for_ever_lasts_ten_years() {
    for verb in [Verb::Impose, Verb::Renew] {
        let ban = Call { until: Until::Never, ..call(verb, &["a"]) };
        assert_eq!(
            body(&ban),
            r#"{"RoomId":"live-42","MemberList_Account":["a"],"Reason":"","Duration":315360000}"#
        );
    }
}

#[test]
fn an_unban_and_a_list_are_the_documented_requests() {
    let unban = call(Verb::Lift, &["a", "b"]);
    assert_eq!(body(&unban), r#"{"RoomId":"live-42","MemberList_Account":["a","b"]}"#);
    let list = Call { cursor: 200.into(), ..call(Verb::List, &[]) };
    assert_eq!(body(&list), r#"{"RoomId":"live-42","Offset":200,"Limit":100}"#);
    let path = |call| encode(&session("a"), call, &STAMP).path;
    assert_eq!(path(&unban), "/v4/live_engine_http_srv/unban_member");
    assert_eq!(path(&list), "/v4/live_engine_http_srv/get_banned_member_list");
}

#[test]
fn the_user_sig_is_made_anew_each_hour_and_names_the_identifier_as_it_is() {
    let session = session("admin@1+2");
    let sig = |seconds| {
        let stamp = Stamp { now: Moment::from_seconds(seconds), ..STAMP };
        let query = encode(&session, &call(Verb::Lift, &["a"]), &stamp).query;
        assert_eq!(value(&query, "identifier"), "admin%401%2B2");
        unzip(value(&query, "usersig"))
    };
    let first = sig(HOUR);
    assert_eq!(first["TLS.identifier"], "admin@1+2");
    assert_eq!(first["TLS.sdkappid"], 1_400_000_000);
    assert_eq!(first["TLS.time"], HOUR);
    assert_eq!(first["TLS.expire"], 86_400);
    assert_eq!(sig(HOUR + 3599), first);
    assert_eq!(sig(HOUR + 3600)["TLS.time"], HOUR + 3600);
    assert_eq!(sig(HOUR), first);
}

#[test]
fn an_ok_is_done() {
    let ok =
        r#"{"ActionStatus":"OK","ErrorInfo":"","ErrorCode":0,"RequestId":"Id-8c98-O-Seq-52720"}"#;
    for verb in [Verb::Impose, Verb::Lift] {
        let reply = Reply { effect: Effect::Done, request_id: Some("Id-8c98-O-Seq-52720".into()) };
        assert_eq!(decode(&call(verb, &["a"]), &response(200, ok)), Ok(reply));
    }
    let odd = response(502, r#"{"ErrorCode":0,"Response":"","NextOffset":"x"}"#);
    let reply = Reply { effect: Effect::Done, request_id: Some("header".into()) };
    assert_eq!(decode(&call(Verb::Impose, &["a"]), &odd), Ok(reply));
}

fn decode_page(cursor: u64, body: &str) -> Page {
    match decode(&Call { cursor: cursor.into(), ..call(Verb::List, &[]) }, &response(200, body))
        .unwrap()
        .effect
    {
        Effect::Page(page) => page,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_page_is_read_inside_the_response_and_beside_it() {
    let row = Listed {
        kind: Kind::User,
        id: Id::new("user1"),
        room: Some(Id::new("live-42")),
        deny: Deny::JOIN,
        lapse: Lapse::At(Moment::from_seconds(1_719_300_627)),
        rule: None,
        created: None,
    };
    let rows = r#"[{"Member_Account":"user1","BannedUntil":1719300627,"Reason":"x"}]"#;
    for body in [
        format!(r#"{{"ErrorCode":0,"Response":{{"BannedAccountList":{rows},"NextOffset":1}}}}"#),
        format!(r#"{{"ErrorCode":0,"BannedAccountList":{rows},"NextOffset":1}}"#),
        format!(r#"{{"ErrorCode":0,"Response":null,"BannedAccountList":{rows},"NextOffset":1}}"#),
        format!(r#"{{"ErrorCode":0,"Response":{{"NextOffset":1}},"BannedAccountList":{rows}}}"#),
    ] {
        let page = Page { rows: vec![row.clone()], next: Some(1.into()) };
        assert_eq!(decode_page(0, &body), page, "{body}");
    }
}

#[test]
fn a_list_ends_where_it_has_no_rows_or_leads_to_zero() {
    let rows = r#"[{"Member_Account":"a","BannedUntil":1}]"#;
    for (list, next, expected) in [
        (rows, "101", Some(101)),
        (rows, "100", Some(100)),
        (rows, "7", Some(100)),
        (rows, "0", None),
        (rows, "-1", None),
        (rows, "null", None),
        ("[]", "200", None),
        ("null", "200", None),
    ] {
        let body = format!(
            r#"{{"ErrorCode":0,"Response":{{"BannedAccountList":{list},"NextOffset":{next}}}}}"#
        );
        assert_eq!(decode_page(100, &body).next, expected.map(Cursor::from), "{body}");
    }
    assert_eq!(decode_page(0, r#"{"ErrorCode":0}"#), Page { rows: vec![], next: None });
}

#[test]
fn a_refusal_carries_code_message_and_request_id() {
    let body = r#"{"ActionStatus":"FAIL","ErrorCode":60010,"ErrorInfo":"no","RequestId":"r-1"}"#;
    let fault = decode(&call(Verb::Impose, &["a"]), &response(200, body)).unwrap_err();
    assert!(matches!(fault.kind, FaultKind::Stop { .. }));
    assert_eq!((fault.code.as_str(), fault.message.as_str()), ("60010", "no"));
    assert_eq!(fault.request_id.as_deref(), Some("r-1"));
}

#[test]
fn an_answer_is_judged_by_its_code_or_else_by_its_status() {
    for (status, body, kind) in [
        (200, r#"{"ErrorCode":60007}"#, FaultKind::Throttled),
        (200, r#"{"ErrorCode":100004,"RequestId":""}"#, FaultKind::WaitForRoom),
        (502, r#"{"ErrorCode":100004}"#, FaultKind::WaitForRoom),
        (200, r#"{"ErrorCode":123456}"#, FaultKind::Refuse),
        (502, r#"{"ErrorCode":123456}"#, FaultKind::Retry),
        (200, r#"{"ErrorCode":0,"ActionStatus":"FAIL"}"#, FaultKind::Retry),
        (200, r#"{"ActionStatus":"OK"}"#, FaultKind::Retry),
        (200, "", FaultKind::Retry),
        (502, "Bad Gateway", FaultKind::Retry),
        (429, "", FaultKind::Throttled),
        (413, "", FaultKind::Refuse),
        (403, "", FaultKind::Stop { hint: faults::DENIED }),
    ] {
        let fault = decode(&call(Verb::Impose, &["a"]), &response(status, body)).unwrap_err();
        assert_eq!(fault.kind, kind, "{status} {body}");
    }
}

#[test]
fn a_list_with_an_unreadable_row_is_not_taken_for_a_shorter_one() {
    for row in ["{}", r#"{"Member_Account":"a"}"#, r#"{"Member_Account":1,"BannedUntil":1}"#] {
        let body = format!(r#"{{"ErrorCode":0,"Response":{{"BannedAccountList":[{row}]}}}}"#);
        let list = call(Verb::List, &[]);
        let fault = decode(&list, &response(200, &body)).unwrap_err();
        assert_eq!(fault.kind, FaultKind::Retry, "{body}");
    }
}
