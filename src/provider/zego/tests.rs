//! Each call as ZEGO documents it, and each shape of an answer.

use std::time::Duration;

use super::wire::{decode, encode};
use super::{Zego, faults};
use crate::domain::{Deny, Id, Kind, Moment, Source, TargetName, Until};
use crate::provider::{
    Call, Cursor, Effect, Endpoint, Fault, FaultKind, Item, Method, Options, Reply, Response,
    Secrets, Session, Stamp, Target, Verb,
};

const SIGNED: &str = "AppId=12345&SignatureNonce=4fd24687296dd9f3&Timestamp=1615186943\
    &Signature=43e5cfcca828314675f91b001390566a&SignatureVersion=2.0";

const STAMP: Stamp = Stamp {
    now: Moment::from_millis(1_615_186_943_999),
    nonce: 0x4fd2_4687_296d_d9f3,
    sequence: 1_617_249_600_001,
};

fn session(test_environment: bool) -> Session {
    let mut secrets = Secrets::default();
    secrets.insert("server_secret", "9193cc662a4c0ec135ec71fb57194b38".into());
    let target = Target {
        name: TargetName::parse("zego").unwrap(),
        provider: &Zego,
        settings: [("app_id", "12345".into())].into(),
        endpoint: Endpoint::of_host("rtc-api.zego.im"),
        account: None,
        rate: None,
        options: Options { test_environment, ..Options::default() },
        moved_from: None,
        credentials: [].into(),
        source: Source { file: "ostracon.yaml".into(), line: 1, column: 1 },
    };
    Session::new(target.into(), secrets)
}

fn call(kind: Kind, verb: Verb, ids: &[&str]) -> Call {
    let of_user = kind == Kind::User;
    Call {
        verb,
        kind,
        room: of_user.then(|| Id::new("room 1")),
        deny: if of_user { Deny::JOIN } else { Deny::NOTHING },
        reason: of_user.then(|| "踢出用户-原因".into()),
        until: Until::Never,
        items: ids.iter().map(|id| Item { id: Id::new(*id), rule: None }).collect(),
        cursor: Cursor::START,
    }
}

fn response(status: u16, body: &str) -> Response {
    let request_id = Some("header".to_owned());
    let retry_after = Some(Duration::from_secs(3));
    Response { status, date: None, retry_after, request_id, body: body.into() }
}

#[test]
fn a_kick_names_its_room_its_users_and_its_reason_encoded_once() {
    let kick = call(Kind::User, Verb::Impose, &["a&b", "用户"]);
    let request = encode(&session(false), &kick, &STAMP);
    assert_eq!(
        request.query,
        format!(
            "Action=KickoutUser&{SIGNED}&RoomId=room%201&UserId%5B%5D=a%26b\
             &UserId%5B%5D=%E7%94%A8%E6%88%B7\
             &CustomReason=%E8%B8%A2%E5%87%BA%E7%94%A8%E6%88%B7-%E5%8E%9F%E5%9B%A0"
        )
    );
    assert_eq!((request.method, request.path.as_str()), (Method::Get, "/"));
    assert!(request.headers.is_empty() && request.body.is_empty());
    assert_eq!(request.endpoint.authority(), "rtc-api.zego.im");
}

#[test]
fn a_kick_without_a_reason_gives_none() {
    for reason in [None, Some("".into())] {
        let kick = Call { reason, ..call(Kind::User, Verb::Impose, &["a"]) };
        let query = encode(&session(false), &kick, &STAMP).query;
        assert_eq!(query, format!("Action=KickoutUser&{SIGNED}&RoomId=room%201&UserId%5B%5D=a"));
    }
}

#[test]
fn streams_are_forbidden_and_resumed_in_sequence() {
    for (verb, action) in [(Verb::Impose, "ForbidRTCStreams"), (Verb::Lift, "ResumeRTCStreams")] {
        let query =
            encode(&session(false), &call(Kind::Stream, verb, &["rtc01", "rtc_-2"]), &STAMP);
        assert_eq!(
            query.query,
            format!(
                "Action={action}&{SIGNED}&StreamId%5B%5D=rtc01&StreamId%5B%5D=rtc_-2\
                 &Sequence=1617249600001"
            )
        );
    }
}

#[test]
fn the_test_environment_prefixes_streams_and_nothing_else() {
    let stream = encode(&session(true), &call(Kind::Stream, Verb::Impose, &["test"]), &STAMP);
    assert_eq!(
        stream.query,
        format!(
            "Action=ForbidRTCStreams&{SIGNED}&IsTest=true\
             &StreamId%5B%5D=zegotest-12345-test&Sequence=1617249600001"
        )
    );
    let kick = encode(&session(true), &call(Kind::User, Verb::Impose, &["test"]), &STAMP);
    assert!(kick.query.contains("&IsTest=true&RoomId=room%201&UserId%5B%5D=test&"));
}

#[test]
fn a_small_nonce_still_has_sixteen_digits() {
    let stamp = Stamp { nonce: 0xab, ..STAMP };
    let query = encode(&session(false), &call(Kind::User, Verb::Impose, &["a"]), &stamp).query;
    assert!(query.contains("&SignatureNonce=00000000000000ab&"));
}

#[test]
fn a_call_that_zego_does_not_have_names_no_action() {
    let list = call(Kind::Stream, Verb::List, &[]);
    for call in [call(Kind::User, Verb::Lift, &["a"]), call(Kind::Ip, Verb::Impose, &["a"]), list] {
        assert!(encode(&session(false), &call, &STAMP).query.starts_with("Action=&"));
    }
}

#[test]
fn code_zero_is_done_whatever_the_status_and_the_data() {
    let kick = call(Kind::User, Verb::Impose, &["a"]);
    for (status, body, request_id) in [
        (
            200,
            r#"{"Code":0,"Message":"success","RequestId":"8825223157230377926"}"#,
            "8825223157230377926",
        ),
        (
            200,
            r#"{"Code":0,"Message":"ok","RequestId":12345678901234567,"Data":null}"#,
            "12345678901234567",
        ),
        (200, r#"{"Code":0}"#, "header"),
        (500, r#"{"Code":0,"RequestId":""}"#, "header"),
    ] {
        let reply = Reply { effect: Effect::Done, request_id: Some(request_id.to_owned()) };
        assert_eq!(decode(&kick, &response(status, body)), Ok(reply), "{body}");
    }
}

#[test]
fn a_refusal_carries_code_message_and_request_id() {
    let body = r#"{"Code":42003,"Message":"batch forbid failed","RequestId":"r-1","Data":null}"#;
    let forbid = call(Kind::Stream, Verb::Impose, &["a", "b"]);
    assert_eq!(
        decode(&forbid, &response(403, body)),
        Err(Fault {
            kind: FaultKind::Retry,
            code: "42003".to_owned(),
            has_own_code: true,
            message: "batch forbid failed".to_owned(),
            request_id: Some("r-1".to_owned()),
            culprit: None,
            after: 3,
        })
    );
}

#[test]
fn an_answer_is_judged_by_its_code_or_else_by_its_status() {
    for (status, body, kind) in [
        (200, r#"{"Code":206,"Message":"qps"}"#, FaultKind::Throttled),
        (500, r#"{"Code":104,"Message":"no room"}"#, FaultKind::AlreadySo),
        (200, r#"{"Code":77,"Message":"?"}"#, FaultKind::Refuse),
        (502, r#"{"Code":77,"Message":"?"}"#, FaultKind::Retry),
        (200, "", FaultKind::Retry),
        (200, "<html>", FaultKind::Retry),
        (200, r#"{"Code":"0"}"#, FaultKind::Retry),
        (200, r#"{"code":0}"#, FaultKind::Retry),
        (502, "Bad Gateway", FaultKind::Retry),
        (429, "", FaultKind::Throttled),
        (404, "", FaultKind::Refuse),
        (401, "", FaultKind::Stop { hint: faults::DENIED }),
    ] {
        let kick = call(Kind::User, Verb::Impose, &["a"]);
        let fault = decode(&kick, &response(status, body)).unwrap_err();
        assert_eq!(fault.kind, kind, "{status} {body}");
    }
}
