//! ZEGO's service under hand-made requests.

use super::SERVER_SECRET;
use super::gate::sign;
use crate::domain::Kind;
use crate::provider::Method;
use crate::sandbox::trial::{Trial, bare, body};
use crate::sandbox::{Incoming, Kicked, Seen};

const APP: u32 = 123_456_789;

/// A call as it should be: `nonce` must differ from call to call.
fn signed(trial: &Trial, nonce: u64, business: &str) -> Incoming {
    let nonce = format!("{nonce:016x}");
    let seconds = trial.now().seconds();
    let signature = sign(APP, &nonce, SERVER_SECRET, seconds);
    let query = format!(
        "{business}&AppId={APP}&SignatureNonce={nonce}&Timestamp={seconds}\
         &Signature={signature}&SignatureVersion=2.0"
    );
    bare(Method::Get, "/", &query)
}

fn code(trial: &Trial, incoming: &Incoming) -> u64 {
    let outgoing = trial.sandbox.answer(incoming);
    assert_eq!(outgoing.status, 200);
    body(&outgoing)["Code"].as_u64().unwrap()
}

#[test]
fn a_kick_succeeds_for_whoever_is_named_and_leaves_nothing_in_force() {
    let trial = Trial::new();
    let call = "Action=KickoutUser&RoomId=live%2042&UserId%5B%5D=alice&UserId[]=bob";
    let answer = body(&trial.sandbox.answer(&signed(&trial, 1, call)));
    assert_eq!((&answer["Code"], &answer["Message"]), (&0.into(), &"success".into()));
    assert!(answer["RequestId"].is_string() && answer.get("Data").is_none());
    assert_eq!(code(&trial, &signed(&trial, 2, call)), 0);
    let alice = Kicked {
        provider: "zego",
        app: APP.to_string(),
        room: Some("live 42".into()),
        kind: Kind::User,
        subject: "alice".into(),
    };
    assert_eq!(trial.sandbox.kicks().get(&alice), Some(&2));
    assert!(trial.in_force().is_empty());
    trial.expect_no_broken_rule();
}

#[test]
fn the_log_says_what_each_call_asked_for_and_got() {
    let trial = Trial::new();
    let call = "Action=KickoutUser&RoomId=r&UserId[]=alice&UserId[]=alice";
    code(&trial, &signed(&trial, 1, call));
    trial
        .expect_broken_rule("zego 123456789 KickoutUser at 2026-11-20T12:00:00Z: `alice` is named");
    code(&trial, &signed(&trial, 2, "Action=KickoutUser&RoomId=r"));
    let seen = trial.sandbox.seen();
    let row = |action: &str, subjects, code: &str| Seen {
        at: trial.now(),
        provider: "zego",
        app: APP.to_string(),
        action: action.to_owned(),
        subjects,
        code: code.to_owned(),
    };
    assert_eq!(seen, [row("KickoutUser", 2, "0"), row("KickoutUser", 0, "2")]);
}

#[test]
fn a_kick_that_breaks_a_limit_is_refused_with_the_documented_code() {
    let trial = Trial::new();
    trial.sandbox.set_missing_room("zego", "gone");
    let users = |count| "&UserId[]=x".repeat(count);
    for (nonce, (business, expected)) in (0_u64..).zip([
        (format!("Action=KickoutUser&RoomId=r{}", users(6)), 50011),
        ("Action=KickoutUser&RoomId=r".to_owned(), 2),
        ("Action=KickoutUser&UserId[]=x".to_owned(), 2),
        ("Action=KickoutUser&RoomId=gone&UserId[]=x".to_owned(), 104),
        (format!("Action=KickoutUser&RoomId={}&UserId[]=x", "r".repeat(129)), 3),
        (format!("Action=KickoutUser&RoomId=r&UserId[]={}", "u".repeat(64)), 3),
        // 86 characters, 258 bytes.
        (
            format!(
                "Action=KickoutUser&RoomId=r&UserId[]=x&CustomReason={}",
                "%E8%B8%A2".repeat(86)
            ),
            3,
        ),
        ("Action=Kickout".to_owned(), 100_000_007),
        ("Action=".to_owned(), 100_000_006),
    ]) {
        assert_eq!(code(&trial, &signed(&trial, nonce, &business)), expected, "{business}");
    }
}

#[test]
fn every_common_parameter_is_checked() {
    let trial = Trial::new();
    let good = signed(&trial, 1, "Action=KickoutUser&RoomId=r&UserId[]=x");
    let seconds = trial.now().seconds();
    let late = seconds - 601;
    for (from, to, expected) in [
        ("AppId=123456789", "AppId=x".to_owned(), 100_000_001),
        ("&Timestamp=", "&Other=".to_owned(), 100_000_002),
        (&format!("Timestamp={seconds}"), "Timestamp=soon".to_owned(), 100_000_003),
        (&format!("Timestamp={seconds}"), format!("Timestamp={late}"), 100_000_004),
        (&format!("Timestamp={seconds}"), format!("Timestamp={}", seconds + 1), 100_000_005),
        ("&SignatureNonce=", "&Other=".to_owned(), 100_000_008),
        ("&Signature=", "&Other=".to_owned(), 100_000_009),
        ("&SignatureVersion=2.0", String::new(), 100_000_013),
        ("&SignatureVersion=2.0", "&SignatureVersion=1.0".to_owned(), 100_000_014),
    ] {
        let bad = Incoming { query: good.query.replace(from, &to), ..good.clone() };
        assert_eq!(code(&trial, &bad), expected, "{to}");
    }
    assert_eq!(code(&trial, &good), 0);
    trial.expect_no_broken_rule();
    // Ten minutes is what is tolerated, and a nonce is good once.
    trial.pass(600_000);
    assert_eq!(code(&trial, &good), 100_000_005);
    trial.expect_broken_rule("was used before");
}

#[test]
fn arrays_without_brackets_are_not_seen() {
    let trial = Trial::new();
    let call = signed(&trial, 1, "Action=KickoutUser&RoomId=r&UserId=x");
    assert_eq!(code(&trial, &call), 2);
    trial.expect_broken_rule("`UserId` is not documented");
}

#[test]
fn streams_are_forbidden_until_they_are_resumed() {
    let trial = Trial::new();
    let forbid = "Action=ForbidRTCStreams&StreamId[]=rtc01&StreamId[]=rtc02&Sequence=1000";
    let answer = body(&trial.sandbox.answer(&signed(&trial, 1, forbid)));
    assert_eq!((&answer["Code"], &answer["Message"]), (&0.into(), &"ok".into()));
    assert!(answer["Data"].is_null() && answer.get("Data").is_some());
    assert_eq!(trial.in_force(), ["zego 123456789 stream:rtc01", "zego 123456789 stream:rtc02"]);
    let resume = "Action=ResumeRTCStreams&StreamId[]=rtc01&StreamId[]=unknown&Sequence=1001";
    assert_eq!(code(&trial, &signed(&trial, 2, resume)), 0);
    let single = "Action=ForbidRTCStream&StreamId=rtc03&Sequence=1001";
    assert_eq!(code(&trial, &signed(&trial, 3, single)), 0);
    assert_eq!(trial.in_force(), ["zego 123456789 stream:rtc02", "zego 123456789 stream:rtc03"]);
    trial.expect_no_broken_rule();
}

#[test]
fn a_sequence_that_does_not_rise_within_ten_seconds_has_no_effect() {
    let trial = Trial::new();
    let forbid = "Action=ForbidRTCStreams&StreamId[]=a&Sequence=1000";
    let resume = "Action=ResumeRTCStreams&StreamId[]=a&Sequence=1000";
    assert_eq!(code(&trial, &signed(&trial, 1, forbid)), 0);
    trial.pass(10_000);
    assert_eq!(code(&trial, &signed(&trial, 2, resume)), 0);
    trial.expect_broken_rule("sequence 1000 of `a` follows 1000");
    assert_eq!(trial.in_force().len(), 1);
    trial.pass(1);
    assert_eq!(code(&trial, &signed(&trial, 3, resume)), 0);
    assert!(trial.in_force().is_empty());
}

#[test]
fn stream_ids_follow_the_naming_rules() {
    let trial = Trial::new();
    let many = "&StreamId[]=s".repeat(21);
    for (nonce, (business, expected)) in (0_u64..).zip([
        (format!("Action=ForbidRTCStreams&Sequence=1{many}"), 30006),
        ("Action=ForbidRTCStreams&Sequence=1".to_owned(), 30006),
        ("Action=ForbidRTCStreams&Sequence=1&StreamId[]=a%20b".to_owned(), 30006),
        ("Action=ForbidRTCStream&Sequence=1&StreamId=a.b".to_owned(), 30009),
        (format!("Action=ForbidRTCStream&Sequence=1&StreamId={}", "s".repeat(257)), 30009),
        ("Action=ForbidRTCStreams&StreamId[]=a".to_owned(), 2),
    ]) {
        assert_eq!(code(&trial, &signed(&trial, nonce, &business)), expected, "{business}");
    }
    assert!(trial.in_force().is_empty());
}

#[test]
fn streams_of_the_test_environment_carry_its_prefix() {
    let trial = Trial::new();
    let bare_id = "Action=ForbidRTCStreams&IsTest=true&Sequence=1&StreamId[]=test";
    assert_eq!(code(&trial, &signed(&trial, 1, bare_id)), 30006);
    trial.expect_broken_rule("starts with `zegotest-123456789-`");
    let full = "Action=ForbidRTCStreams&IsTest=TRUE&Sequence=1&StreamId[]=zegotest-123456789-test";
    assert_eq!(code(&trial, &signed(&trial, 2, full)), 0);
}

#[test]
fn every_family_of_actions_has_its_own_rate() {
    let trial = Trial::new();
    let kick = "Action=KickoutUser&RoomId=r&UserId[]=x";
    let forbid = "Action=ForbidRTCStreams&StreamId[]=a&Sequence=";
    let codes: Vec<u64> = (0..51).map(|n| code(&trial, &signed(&trial, n, kick))).collect();
    assert_eq!((codes[49], codes[50]), (0, 206));
    let stream = |n: u64| code(&trial, &signed(&trial, 1000 + n, &format!("{forbid}{n}")));
    let codes: Vec<u64> = (0..21).map(stream).collect();
    assert_eq!((codes[19], codes[20]), (0, 30002));
    trial.expect_broken_rule("21 calls (streams) arrived within one second, 20 are allowed");
    trial.pass(1000);
    assert_eq!(stream(21), 0);
    let in_test = |n: u64| {
        let id = "StreamId[]=zegotest-123456789-a";
        let call = format!("Action=ForbidRTCStreams&IsTest=true&{id}&Sequence={n}");
        code(&trial, &signed(&trial, 2000 + n, &call))
    };
    assert_eq!((0..6).map(in_test).collect::<Vec<_>>(), [0, 0, 0, 0, 0, 30002]);
}
