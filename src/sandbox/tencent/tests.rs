//! Tencent's service under hand-made requests.

use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::ZlibEncoder;
use serde_json::{Value, json};

use super::SECRET_KEY;
use crate::provider::Method;
use crate::sandbox::digest::hmac_sha256;
use crate::sandbox::trial::{Trial, bare, body};
use crate::sandbox::{Incoming, RepeatBan};

fn usersig(key: &str, time: i64, expire: i64) -> String {
    let text = format!(
        "TLS.identifier:admin\nTLS.sdkappid:88888888\nTLS.time:{time}\nTLS.expire:{expire}\n"
    );
    let token = json!({
        "TLS.ver": "2.0",
        "TLS.identifier": "admin",
        "TLS.sdkappid": 88_888_888,
        "TLS.time": time,
        "TLS.expire": expire,
        "TLS.sig": STANDARD.encode(hmac_sha256(key.as_bytes(), &text)),
    });
    let mut packed = ZlibEncoder::new(Vec::new(), Compression::default());
    packed.write_all(token.to_string().as_bytes()).unwrap();
    let base64 = STANDARD.encode(packed.finish().unwrap());
    base64.replace('+', "*").replace('/', "-").replace('=', "_")
}

fn signed(trial: &Trial, command: &str, body: &Value) -> Incoming {
    let usersig = usersig(SECRET_KEY, trial.now().seconds(), 86_400);
    let query = format!(
        "sdkappid=88888888&identifier=admin&usersig={usersig}&random=99999999&contenttype=json"
    );
    let path = format!("/v4/live_engine_http_srv/{command}");
    Incoming { body: body.to_string().into_bytes(), ..bare(Method::Post, &path, &query) }
}

fn answer(trial: &Trial, incoming: &Incoming) -> Value {
    let outgoing = trial.sandbox.answer(incoming);
    assert_eq!(outgoing.status, 200);
    body(&outgoing)
}

fn code(trial: &Trial, command: &str, body: &Value) -> u64 {
    answer(trial, &signed(trial, command, body))["ErrorCode"].as_u64().unwrap()
}

/// The documented sample.
fn sample(duration: i64) -> Value {
    let members = ["user1", "user2"];
    json!({ "RoomId": "test", "MemberList_Account": members, "Reason": "", "Duration": duration })
}

#[test]
fn the_documented_sample_bans_for_an_hour() {
    let trial = Trial::new();
    let answer = answer(&trial, &signed(&trial, "ban_member", &sample(3600)));
    assert_eq!(answer["ActionStatus"], "OK");
    assert!(answer["RequestId"].is_string());
    assert_eq!(
        trial.in_force(),
        [
            "tencent 88888888 room:test user:user1 deny:join until:2026-11-20T13:00:00Z",
            "tencent 88888888 room:test user:user2 deny:join until:2026-11-20T13:00:00Z",
        ]
    );
    trial.pass(3_600_000);
    assert!(trial.in_force().is_empty());
    trial.expect_no_broken_rule();
}

#[test]
fn a_repeated_ban_moves_the_end_or_keeps_it() {
    let ends = |repeat| {
        let trial = Trial::new();
        trial.sandbox.set_repeat_ban(repeat);
        assert_eq!(code(&trial, "ban_member", &sample(3600)), 0);
        assert_eq!(code(&trial, "ban_member", &sample(60)), 0);
        trial.in_force().iter().filter(|row| row.ends_with("T12:01:00Z")).count()
    };
    assert_eq!(ends(RepeatBan::MovesEnd), 2);
    assert_eq!(ends(RepeatBan::KeepsOldEnd), 0);
}

#[test]
fn a_ban_that_ran_out_is_made_anew_whatever_repeats_do() {
    let trial = Trial::new();
    trial.sandbox.set_repeat_ban(RepeatBan::KeepsOldEnd);
    assert_eq!(code(&trial, "ban_member", &sample(1)), 0);
    trial.pass(1000);
    assert_eq!(code(&trial, "ban_member", &sample(60)), 0);
    assert_eq!(trial.in_force().len(), 2);
}

#[test]
fn a_room_takes_its_bans_with_it() {
    let trial = Trial::new();
    assert_eq!(code(&trial, "ban_member", &sample(3600)), 0);
    trial.sandbox.set_missing_room("tencent", "test");
    assert!(trial.in_force().is_empty());
    assert_eq!(code(&trial, "ban_member", &sample(3600)), 100_004);
    trial.sandbox.set_existing_room("tencent", "test");
    assert_eq!(code(&trial, "ban_member", &sample(3600)), 0);
    assert_eq!(trial.in_force().len(), 2);
}

#[test]
fn unbanning_whoever_is_named_succeeds() {
    let trial = Trial::new();
    assert_eq!(code(&trial, "ban_member", &sample(3600)), 0);
    let body = json!({ "RoomId": "test", "MemberList_Account": ["user1", "nobody"] });
    assert_eq!(code(&trial, "unban_member", &body), 0);
    assert_eq!(trial.in_force().len(), 1);
}

#[test]
fn a_list_is_read_page_by_page_and_shows_bans_that_ran_out() {
    let trial = Trial::new();
    for first in (0..120).step_by(20) {
        let members: Vec<String> = (first..first + 20).map(|n| format!("u{n:03}")).collect();
        let body = json!({ "RoomId": "r", "MemberList_Account": members, "Duration": 60 });
        assert_eq!(code(&trial, "ban_member", &body), 0);
    }
    trial.pass(61_000);
    let page = |offset: u64| {
        let body = json!({ "RoomId": "r", "Offset": offset, "Limit": 100 });
        answer(&trial, &signed(&trial, "get_banned_member_list", &body))["Response"].clone()
    };
    let (first, second) = (page(0), page(100));
    assert_eq!(first["BannedAccountList"].as_array().unwrap().len(), 100);
    assert_eq!(first["NextOffset"], 100);
    assert_eq!(second["BannedAccountList"][19]["Member_Account"], "u119");
    assert_eq!(second["BannedAccountList"][19]["BannedUntil"], trial.now().seconds() - 1);
    assert_eq!(second["NextOffset"], 0);
    assert!(trial.in_force().is_empty());
}

#[test]
fn a_body_that_breaks_a_limit_is_refused_with_the_documented_code() {
    let trial = Trial::new();
    trial.sandbox.set_missing_room("tencent", "gone");
    let with = |name: &str, value: Value| {
        let mut body = sample(60);
        body[name] = value;
        body
    };
    for (body, expected) in [
        (with("RoomId", json!("gone")), 100_004),
        (with("RoomId", json!("r".repeat(49))), 100_002),
        (with("RoomId", json!("café")), 100_002),
        (with("RoomId", json!(7)), 100_002),
        (with("MemberList_Account", json!([])), 100_002),
        (with("MemberList_Account", json!(vec!["x"; 21])), 100_002),
        (with("MemberList_Account", json!(["a", 7])), 60015),
        (with("MemberList_Account", json!(["u".repeat(33)])), 100_002),
        (with("Reason", json!("é".repeat(101))), 100_002),
        (with("Duration", json!(0)), 100_002),
        (with("Duration", json!(-1)), 100_002),
        (with("Duration", json!("60")), 100_002),
        (with("Duration", json!(4_294_967_295_u64)), 100_002),
        (json!([]), 60003),
    ] {
        assert_eq!(code(&trial, "ban_member", &body), expected, "{body}");
    }
    assert!(trial.in_force().is_empty());
    assert_eq!(code(&trial, "ban_member", &with("Reason", json!("é".repeat(100)))), 0);
    assert_eq!(
        code(&trial, "get_banned_member_list", &json!({ "RoomId": "r", "Limit": 1 })),
        100_002
    );
    let much = json!({ "RoomId": "r", "Offset": 0, "Limit": 101 });
    assert_eq!(code(&trial, "get_banned_member_list", &much), 100_002);
    trial.expect_no_broken_rule();
    assert_eq!(code(&trial, "kick_user_out", &json!({})), 60009);
    trial.expect_broken_rule("not documented");
}

#[test]
fn the_query_and_the_token_are_checked() {
    let trial = Trial::new();
    let good = signed(&trial, "ban_member", &sample(60));
    let now = trial.now().seconds();
    let other_key = usersig("another key", now, 86_400);
    let expired = usersig(SECRET_KEY, now - 60, 60);
    let (_, rest) = good.query.split_once("usersig=").unwrap();
    let (token, _) = rest.split_once('&').unwrap();
    for (from, to, expected) in [
        ("sdkappid=88888888", "", 60012),
        ("sdkappid=88888888", "sdkappid=x", 60006),
        ("sdkappid=88888888", "sdkappid=1", 70014),
        ("identifier=admin", "identifier=root", 70013),
        ("contenttype=json", "contenttype=xml", 60002),
        ("random=99999999", "random=4294967296", 60002),
        (token, "eJyrVg", 70003),
        (token, other_key.as_str(), 70009),
        (token, expired.as_str(), 70001),
    ] {
        let bad = Incoming { query: good.query.replace(from, to), ..good.clone() };
        assert_eq!(answer(&trial, &bad)["ErrorCode"], expected, "{to}");
    }
    let get = Incoming { method: Method::Get, ..good.clone() };
    assert_eq!(answer(&trial, &get)["ErrorCode"], 60002);
    let encoded = Incoming { query: good.query.replace('*', "%2A"), ..good };
    assert_eq!(answer(&trial, &encoded)["ErrorCode"], 0);
}

#[test]
fn the_201st_call_of_a_second_is_refused() {
    let trial = Trial::new();
    let call = signed(&trial, "ban_member", &sample(60));
    let codes: Vec<Value> = (0..201).map(|_| answer(&trial, &call)["ErrorCode"].clone()).collect();
    assert_eq!((&codes[199], &codes[200]), (&json!(0), &json!(60007)));
    trial.expect_broken_rule("201 calls (all commands) arrived within one second, 200 are allowed");
    trial.pass(1000);
    assert_eq!(answer(&trial, &call)["ErrorCode"], 0);
    let unlimited = Trial::new();
    let sandbox = unlimited.sandbox.clone().unlimited();
    assert!((0..300).all(|_| body(&sandbox.answer(&call))["ErrorCode"] == 0));
    unlimited.expect_no_broken_rule();
}
