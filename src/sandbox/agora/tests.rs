//! Agora's service under hand-made requests.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::{CUSTOMER_ID, CUSTOMER_SECRET};
use crate::provider::Method;
use crate::sandbox::Incoming;
use crate::sandbox::trial::{Trial, bare, body};

fn request(method: Method, query: &str, body: &Value) -> Incoming {
    let basic = STANDARD.encode(format!("{CUSTOMER_ID}:{CUSTOMER_SECRET}"));
    let body = if body.is_null() { String::new() } else { body.to_string() };
    Incoming {
        headers: [
            ("authorization", format!("Basic {basic}")),
            ("content-type", "application/json".to_owned()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .to_vec(),
        body: body.into_bytes(),
        ..bare(method, "/dev/v1/kicking-rule", query)
    }
}

/// Sends a call, at least a tenth of a second after the one before.
fn send(trial: &Trial, method: Method, asked: &Value) -> (u16, Value) {
    trial.pass(100);
    let outgoing = trial.sandbox.answer(&request(method, "", asked));
    assert!(outgoing.header("x-request-id").is_some());
    (outgoing.status, body(&outgoing))
}

fn list(trial: &Trial) -> Vec<Value> {
    trial.pass(100);
    let outgoing = trial.sandbox.answer(&request(Method::Get, "appid=4855", &Value::Null));
    body(&outgoing)["rules"].as_array().unwrap().clone()
}

/// The documented sample without its empty `ip`.
fn sample() -> Value {
    json!({
        "appid": "4855", "cname": "channel1", "uid": 589_517_928, "time": 60,
        "privileges": ["join_channel"],
    })
}

#[test]
fn a_rule_is_made_listed_moved_and_deleted() {
    let trial = Trial::new();
    let (status, answer) = send(&trial, Method::Post, &sample());
    assert_eq!((status, answer), (200, json!({ "status": "success", "id": 1954 })));
    assert_eq!(
        list(&trial),
        [json!({
            "id": 1954, "appid": "4855", "uid": 589_517_928, "opid": 2954, "cname": "channel1",
            "ip": null, "ts": "2026-11-20T13:00:00.100Z", "privileges": ["join_channel"],
            "createAt": "2026-11-20T12:00:00.100Z", "updateAt": "2026-11-20T20:00:00.100Z",
        })]
    );
    let (_, answer) = send(
        &trial,
        Method::Put,
        &json!({ "appid": "4855", "id": 1954, "time_in_seconds": 86_400 }),
    );
    assert_eq!(answer["result"], json!({ "id": 1954, "ts": "2026-11-21T12:00:00.300Z" }));
    assert_eq!(
        trial.in_force(),
        [
            "agora 4855 room:channel1 user:589517928 deny:join until:2026-11-21T12:00:00.3Z rule:1954"
        ]
    );
    let (_, answer) = send(&trial, Method::Delete, &json!({ "appid": "4855", "id": 1954 }));
    assert_eq!(answer, json!({ "status": "success", "id": 1954 }));
    assert!(trial.in_force().is_empty());
    trial.expect_no_broken_rule();
}

#[test]
fn the_same_rule_made_twice_is_two_rules() {
    let trial = Trial::new();
    let ids = [(); 2].map(|()| send(&trial, Method::Post, &sample()).1["id"].clone());
    assert_eq!(ids, [json!(1954), json!(1955)]);
    assert_eq!(trial.in_force().len(), 2);
}

#[test]
fn each_documented_selector_has_its_kind() {
    let trial = Trial::new();
    for selector in [
        json!({ "ip": "203.0.113.7" }),
        json!({ "cname": "c" }),
        json!({ "uid": 1 }),
        json!({ "cname": "c", "uid": 4_294_967_295_u64 }),
    ] {
        let mut rule = selector.clone();
        rule["appid"] = json!("4855");
        rule["privileges"] = json!(["publish_video", "publish_audio"]);
        assert_eq!(send(&trial, Method::Post, &rule).0, 200, "{selector}");
    }
    let subjects: Vec<String> = trial
        .in_force()
        .iter()
        .map(|row| row.split(" until").next().unwrap().replace("agora 4855 ", ""))
        .collect();
    assert_eq!(
        subjects,
        [
            "channel:c deny:publish_audio+publish_video",
            "ip:203.0.113.7 deny:publish_audio+publish_video",
            "user:1 deny:publish_audio+publish_video",
            "room:c user:4294967295 deny:publish_audio+publish_video",
        ]
    );
    trial.expect_no_broken_rule();
}

#[test]
fn a_selector_that_is_empty_or_undocumented_is_refused() {
    let trial = Trial::new();
    for (name, value, rule) in [
        ("ip", json!(""), Some("`ip` is sent empty")),
        ("ip", json!(0), Some("`ip` is sent empty")),
        ("ip", json!("203.0.113.7"), Some("combination")),
        ("cname", json!(""), Some("`cname` is sent empty")),
        ("cname", json!("c".repeat(65)), None),
        ("uid", json!(0), Some("`uid` is sent empty")),
        ("uid", json!("589517928"), None),
        ("uid", json!(4_294_967_296_u64), None),
        ("privileges", json!([]), None),
        ("privileges", json!(["join"]), None),
        ("appid", json!(""), None),
    ] {
        let mut body = sample();
        body[name] = value;
        let broken = trial.sandbox.broken_rules().len();
        assert_eq!(send(&trial, Method::Post, &body).0, 400, "{body}");
        match rule {
            Some(rule) => trial.expect_broken_rule(rule),
            None => assert_eq!(trial.sandbox.broken_rules().len(), broken),
        }
    }
    let nobody = json!({ "appid": "4855", "privileges": ["join_channel"] });
    assert_eq!(send(&trial, Method::Post, &nobody).0, 400);
    trial.expect_broken_rule("combination");
    assert!(trial.in_force().is_empty());
}

#[test]
fn a_rule_without_time_puts_out_once_and_has_no_id() {
    let trial = Trial::new();
    let mut body = sample();
    body["time"] = json!(0);
    assert_eq!(send(&trial, Method::Post, &body).1["id"], 0);
    assert!(trial.in_force().is_empty());
    assert_eq!(trial.sandbox.kicks().len(), 1);
}

#[test]
fn a_lapsed_rule_is_listed_for_a_moment_and_gone_for_every_write() {
    let trial = Trial::new();
    send(&trial, Method::Post, &sample());
    trial.pass(3_600_000);
    assert!(trial.in_force().is_empty());
    let id = json!({ "appid": "4855", "id": 1954 });
    // At the very instant of its end.
    assert_eq!(trial.sandbox.answer(&request(Method::Put, "", &id)).status, 404);
    assert_eq!(list(&trial).len(), 1);
    assert_eq!(send(&trial, Method::Put, &id).0, 404);
    assert_eq!(send(&trial, Method::Delete, &id).0, 404);
    assert!(list(&trial).is_empty());
}

#[test]
fn a_list_may_leave_rules_out() {
    let trial = Trial::new();
    send(&trial, Method::Post, &sample());
    trial.sandbox.set_unlisted_rule(1954);
    assert!(list(&trial).is_empty());
    assert_eq!(trial.in_force().len(), 1);
    trial.sandbox.set_listed_rule(1954);
    assert_eq!(list(&trial).len(), 1);
    trial.sandbox.lose_rule(1954);
    assert!(trial.in_force().is_empty());
}

#[test]
fn a_rule_of_another_app_is_not_found() {
    let trial = Trial::new();
    send(&trial, Method::Post, &sample());
    for method in [Method::Put, Method::Delete] {
        assert_eq!(send(&trial, method, &json!({ "appid": "other", "id": 1954 })).0, 404);
        assert_eq!(send(&trial, method, &json!({ "appid": "4855", "id": 1 })).0, 404);
        assert_eq!(send(&trial, method, &json!({ "appid": "4855" })).0, 400);
    }
    assert_eq!(trial.in_force().len(), 1);
}

#[test]
fn headers_and_body_are_checked() {
    let trial = Trial::new();
    let good = request(Method::Post, "", &sample());
    let without = |name: &str| {
        let mut bad = good.clone();
        bad.headers.retain(|(known, _)| known != name);
        trial.sandbox.answer(&bad).status
    };
    assert_eq!(without("authorization"), 401);
    assert_eq!(without("content-type"), 415);
    let empty = Incoming { body: Vec::new(), ..good.clone() };
    assert_eq!(trial.sandbox.answer(&empty).status, 400);
    let elsewhere = Incoming { path: "/agora/dev/v1/other".into(), ..good };
    assert_eq!(trial.sandbox.answer(&elsewhere).status, 404);
    trial.expect_no_broken_rule();
    let in_query = request(Method::Delete, "appid=4855&id=1", &json!({ "appid": "4855", "id": 1 }));
    assert_eq!(trial.sandbox.answer(&in_query).status, 404);
    trial.expect_broken_rule("`id` is not documented");
}

#[test]
fn an_account_makes_ten_calls_a_second_whatever_the_app() {
    let trial = Trial::new();
    let status = |n: u32| {
        let app = format!("appid=app{n}");
        trial.sandbox.answer(&request(Method::Get, &app, &Value::Null)).status
    };
    let statuses: Vec<u16> = (0..11).map(status).collect();
    assert_eq!((statuses[9], statuses[10]), (200, 429));
    trial.expect_broken_rule("11 calls (all methods) arrived within one second, 10 are allowed");
    trial.pass(1000);
    assert_eq!(status(0), 200);
}
