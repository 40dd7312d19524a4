//! Volcengine's service under hand-made requests.

use serde_json::{Value, json};

use super::signature::{Authorization, sign};
use super::{ACCESS_KEY_ID, SECRET_ACCESS_KEY};
use crate::provider::Method;
use crate::sandbox::Incoming;
use crate::sandbox::digest::sha256_hex;
use crate::sandbox::trial::{Trial, bare, body};

const UPDATE: &str = "Action=UpdateActivityUserBanStatus&Version=2023-08-01";
const ALL: &str = "content-type;host;x-content-sha256;x-date";

/// Signs a request as `account`; the headers it needs are added.
fn signed(trial: &Trial, account: &str, request: Incoming, headers: &str) -> Incoming {
    let now = trial.now().to_string();
    let stamp = now.replace(['-', ':'], "");
    let date = stamp.split('T').next().unwrap();
    let header = |signature: &str| {
        format!(
            "HMAC-SHA256 Credential={account}/{date}/cn-north-1/livesaas/request, \
             SignedHeaders={headers}, Signature={signature}"
        )
    };
    let mut request = request;
    request.headers = [
        ("content-type", "application/json".to_owned()),
        ("x-content-sha256", sha256_hex(&request.body)),
        ("x-date", stamp.clone()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .to_vec();
    let unsigned = header("");
    let authorization = Authorization::read(&unsigned).unwrap();
    let signature = sign(&request, &authorization, &stamp, SECRET_ACCESS_KEY).unwrap();
    request.headers.push(("authorization".to_owned(), header(&signature)));
    request
}

fn update(trial: &Trial, body: &Value) -> Incoming {
    let request = bare(Method::Post, "/", UPDATE);
    let request = Incoming { body: body.to_string().into_bytes(), ..request };
    signed(trial, ACCESS_KEY_ID, request, ALL)
}

/// Status and code of the answer to an update.
fn outcome(trial: &Trial, asked: &Value) -> (u16, String) {
    read(trial, &update(trial, asked))
}

fn read(trial: &Trial, incoming: &Incoming) -> (u16, String) {
    let outgoing = trial.sandbox.answer(incoming);
    let answer = body(&outgoing);
    let code = answer["ResponseMetadata"]["Error"]["Code"].as_str().unwrap_or("ok").to_owned();
    (outgoing.status, code)
}

fn ok() -> (u16, String) {
    (200, "ok".to_owned())
}

fn refused(code: &str) -> (u16, String) {
    (400, code.to_owned())
}

fn users(status: i64, users: &[i64]) -> Value {
    json!({ "ActivityId": 1_819_171_234_140_099_i64, "BanType": 0, "BanStatus": status, "UserIds": users })
}

#[test]
fn users_and_devices_are_banned_until_somebody_undoes_it() {
    let trial = Trial::new();
    let mut both = users(1, &[i64::MAX, 1_820_211_234_043_371]);
    both["Cookies"] = json!(["345"]);
    let answer = body(&trial.sandbox.answer(&update(&trial, &both)));
    assert_eq!(answer["Result"]["Status"], true);
    assert_eq!(answer["ResponseMetadata"]["SystemTime"], trial.now().seconds());
    let place = "volcengine AKLTOSTRACONSANDBOX room:1819171234140099";
    assert_eq!(
        trial.in_force(),
        [
            format!("{place} device:345 deny:join"),
            format!("{place} user:1820211234043371 deny:join"),
            format!("{place} user:9223372036854775807 deny:join"),
        ]
    );
    assert_eq!(outcome(&trial, &users(0, &[i64::MAX, 7])), ok());
    assert_eq!(trial.in_force().len(), 2);
    trial.expect_no_broken_rule();
}

#[test]
fn all_already_so_is_an_error_and_some_already_so_is_none() {
    let trial = Trial::new();
    let unbanned = refused("InvalidParameter.UserIdUnbanned");
    assert_eq!(outcome(&trial, &users(0, &[1])), unbanned);
    assert_eq!(outcome(&trial, &users(1, &[1])), ok());
    assert_eq!(outcome(&trial, &users(1, &[1])), refused("InvalidParameter.UserIdBanned"));
    assert_eq!(outcome(&trial, &users(1, &[1, 2])), ok());
    let device = json!({ "ActivityId": 1, "BanType": 0, "BanStatus": 1, "Cookies": ["a"] });
    assert_eq!(outcome(&trial, &device), ok());
    assert_eq!(outcome(&trial, &device), refused("InvalidParameter.CookieBanned"));
}

#[test]
fn nothing_is_applied_when_one_user_is_unknown() {
    let trial = Trial::new();
    trial.sandbox.set_unregistered(2);
    let outgoing = trial.sandbox.answer(&update(&trial, &users(1, &[1, 2])));
    let error = body(&outgoing)["ResponseMetadata"]["Error"].clone();
    assert_eq!(error["Code"], "InvalidParameter.UserIdNotRegistered");
    assert_eq!(error["Message"], "UserId 2 is not registered in the activity.");
    assert!(trial.in_force().is_empty());
    trial.sandbox.set_registered(2);
    assert_eq!(outcome(&trial, &users(1, &[1, 2])), ok());
}

#[test]
fn limits_and_quota_are_kept() {
    let trial = Trial::new();
    trial.sandbox.set_quota(51);
    let (most, too_many): (Vec<i64>, Vec<i64>) = ((1..=50).collect(), (1..=51).collect());
    assert_eq!(outcome(&trial, &users(1, &too_many)), refused("InvalidParameter.ArrayOverLimit"));
    assert_eq!(outcome(&trial, &users(1, &most)), ok());
    assert_eq!(outcome(&trial, &users(1, &[50, 51])), ok());
    let full = refused("QuotaExceeded.UserIdOverLimit");
    assert_eq!(outcome(&trial, &users(1, &[51, 52])), full);
    trial.sandbox.set_missing_room("volcengine", "1819171234140099");
    assert_eq!(outcome(&trial, &users(0, &[1])), refused("InvalidParameter.ActivityNotExist"));
    assert!(trial.in_force().is_empty());
}

#[test]
fn ids_are_whole_numbers_of_64_bits() {
    let trial = Trial::new();
    let ban = |activity: Value, users: Value| {
        outcome(
            &trial,
            &json!({ "ActivityId": activity, "BanType": 0, "BanStatus": 1, "UserIds": users }),
        )
    };
    let activity = refused("InvalidParameter.ActivityIdInvalid");
    assert_eq!(ban(json!("1"), json!([1])), activity);
    assert_eq!(ban(json!(1.0), json!([1])), activity);
    assert_eq!(ban(json!(0), json!([1])), activity);
    // The documented 500 for a mistake of the caller's.
    let invalid = (500, "InvalidParameter.UserIdsInvalid".to_owned());
    assert_eq!(ban(json!(1), json!(["1"])), invalid);
    assert_eq!(ban(json!(1), json!([9_223_372_036_854_775_808_u64])), invalid);
    assert_eq!(ban(json!(1), json!([])), refused("MissingParameter"));
}

#[test]
fn the_kind_of_ban_must_be_said() {
    let trial = Trial::new();
    let body = json!({ "ActivityId": 1, "BanStatus": 1, "UserIds": [1] });
    assert_eq!(outcome(&trial, &body), ok());
    trial.expect_broken_rule("`BanType` 0 must be given");
    let kick = json!({ "ActivityId": 1, "BanType": 1, "UserIds": [2] });
    assert_eq!(outcome(&trial, &kick), ok());
    assert_eq!(trial.sandbox.kicks().len(), 1);
    assert_eq!(trial.in_force().len(), 1);
    let odd = json!({ "ActivityId": 1, "BanType": 0, "BanStatus": 2, "UserIds": [1] });
    assert_eq!(outcome(&trial, &odd), (500, "InvalidParameter.BanStatusInvalid".to_owned()));
}

#[test]
fn a_list_pages_both_kinds_at_once() {
    let trial = Trial::new();
    assert_eq!(outcome(&trial, &users(1, &[3, 1, 2])), ok());
    let list = |page: &str| {
        let query = format!(
            "Action=GetActivityBanUsers&ActivityId=1819171234140099{page}&Version=2023-08-01"
        );
        let request = bare(Method::Get, "/", &query);
        let headers = "host;x-content-sha256;x-date";
        body(&trial.sandbox.answer(&signed(&trial, ACCESS_KEY_ID, request, headers)))["Result"]
            .clone()
    };
    assert_eq!(list(""), json!({ "UserIds": [1, 2, 3], "Cookies": [] }));
    assert_eq!(list("&PageItemCount=2&PageNo=2"), json!({ "UserIds": [3], "Cookies": [] }));
    assert_eq!(list("&PageNo=0"), Value::Null);
    assert_eq!(list("&PageItemCount=1001"), Value::Null);
}

#[test]
fn a_signature_is_checked_in_every_part() {
    let trial = Trial::new();
    let good = update(&trial, &users(1, &[1]));
    let replace = |name: &str, from: &str, to: &str| {
        let mut bad = good.clone();
        for (known, value) in &mut bad.headers {
            if known == name {
                *value = value.replace(from, to);
            }
        }
        read(&trial, &bad).1
    };
    assert_eq!(replace("authorization", "Signature=", "Signature=0"), "SignatureDoesNotMatch");
    assert_eq!(replace("authorization", "AKLT", "AKIA"), "InvalidAccessKey");
    assert_eq!(replace("authorization", "livesaas", "rtc"), "InvalidCredential");
    assert_eq!(replace("authorization", "HMAC-", ""), "InvalidAuthorization");
    assert_eq!(replace("x-date", "2026", "2025"), "InvalidTimestamp");
    assert_eq!(replace("content-type", "json", "xml"), "SignatureDoesNotMatch");
    assert_eq!(replace("x-content-sha256", "", "0"), "SignatureDoesNotMatch");
    let other_body = Incoming { body: b"{}".to_vec(), ..good.clone() };
    assert_eq!(read(&trial, &other_body).1, "SignatureDoesNotMatch");
    let other_host = Incoming { host: "example.com".into(), ..good.clone() };
    assert_eq!(read(&trial, &other_host).1, "SignatureDoesNotMatch");
    let unsigned = Incoming { headers: Vec::new(), ..good.clone() };
    assert_eq!(read(&trial, &unsigned), (401, "MissingAuthenticationToken".into()));
    trial.expect_no_broken_rule();
    let request = Incoming { headers: Vec::new(), ..good.clone() };
    let hostless = signed(&trial, ACCESS_KEY_ID, request, "x-content-sha256;x-date");
    assert_eq!(read(&trial, &hostless).1, "InvalidAuthorization");
    trial.expect_broken_rule("`host` and `x-date` must be among");
    trial.pass(900_001);
    assert_eq!(read(&trial, &good), refused("InvalidTimestamp"));
}

#[test]
fn actions_versions_and_methods_are_those_documented() {
    let trial = Trial::new();
    let ask = |method, query: &str| {
        read(&trial, &signed(&trial, ACCESS_KEY_ID, bare(method, "/", query), ALL))
    };
    let elsewhere = bare(Method::Get, "/volcengine/other", UPDATE);
    let elsewhere = signed(&trial, ACCESS_KEY_ID, elsewhere, ALL);
    assert_eq!(read(&trial, &elsewhere), (404, "ServiceNotFound".into()));
    let unknown = (404, "InvalidActionOrVersion".to_owned());
    assert_eq!(ask(Method::Get, "Action=Nothing&Version=2023-08-01"), unknown);
    assert_eq!(ask(Method::Post, "Action=UpdateActivityUserBanStatus&Version=1"), unknown);
    assert_eq!(ask(Method::Get, UPDATE), (405, "MethodNotAllowed".into()));
}

#[test]
fn the_31st_call_of_an_account_within_a_second_is_refused() {
    let trial = Trial::new();
    let answers: Vec<_> = (1..=31).map(|id| outcome(&trial, &users(1, &[id]))).collect();
    assert_eq!(answers[29], ok());
    assert_eq!(answers[30], (429, "AccountFlowLimitExceeded".into()));
    trial.expect_broken_rule("31 calls (all actions) arrived within one second, 30 are allowed");
    let request = Incoming {
        body: users(1, &[1]).to_string().into_bytes(),
        ..bare(Method::Post, "/volcengine/", UPDATE)
    };
    let elsewhere = signed(&trial, "AKLTOSTRACONSANDBOX-2", request, ALL);
    assert_eq!(read(&trial, &elsewhere), ok());
}
