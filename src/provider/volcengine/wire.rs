//! Calls as HTTP requests, and answers back.

use serde_json::{Value, json};

use super::{FACTS, faults, signature};
use crate::domain::{Deny, Id, Kind, Lapse};
use crate::provider::query::Query;
use crate::provider::{
    Call, Effect, Fault, FaultKind, LONGEST_ANSWER, Listed, Method, Page, Reply, Request, Response,
    Session, Stamp, Verb, status,
};

const VERSION: &str = "2023-08-01";

/// Rows of each kind in one page, the most there can be.
const PAGE: usize = 1000;

/// Writes a call for the wire.
pub(super) fn encode(session: &Session, call: &Call, stamp: &Stamp) -> Request {
    let (method, query, body) = match call.verb {
        Verb::Impose | Verb::Renew => (Method::Post, update(), change(call, 1)),
        Verb::Lift => (Method::Post, update(), change(call, 0)),
        Verb::List => (Method::Get, list(call), Vec::new()),
    };
    let (headers, timeout) = match method {
        Method::Get => (Vec::new(), FACTS.read_timeout),
        Method::Post | Method::Put | Method::Delete => {
            (vec![("content-type", "application/json".to_owned())], FACTS.write_timeout)
        }
    };
    let endpoint = session.target.endpoint.clone();
    let (path, longest_answer) = ("/".to_owned(), LONGEST_ANSWER);
    let request = Request { method, endpoint, path, query, headers, body, timeout, longest_answer };
    signature::sign(request, &session.secrets, stamp.now)
}

fn update() -> String {
    let mut query = Query::default();
    query.push("Action", "UpdateActivityUserBanStatus");
    query.push("Version", VERSION);
    query.into_text()
}

/// Sorted by name, as the signature wants it.
fn list(call: &Call) -> String {
    let mut query = Query::default();
    query.push("Action", "GetActivityBanUsers");
    query.push("ActivityId", activity(call));
    query.push("PageItemCount", &PAGE.to_string());
    query.push("PageNo", &call.cursor.number().saturating_add(1).to_string());
    query.push("Version", VERSION);
    query.into_text()
}

/// Says `BanType` though 0 is surely the default: 1 would be a mere kick.
fn change(call: &Call, ban_status: u8) -> Vec<u8> {
    let ids = call.items.iter().map(|item| item.id.as_str());
    let (key, ids): (_, Value) = match call.kind {
        Kind::Device => ("Cookies", ids.collect()),
        // Besides devices the facts allow only users.
        Kind::User | Kind::Channel | Kind::Ip | Kind::Stream => {
            ("UserIds", ids.map(long).collect())
        }
    };
    let activity = long(activity(call));
    json!({ "ActivityId": activity, "BanStatus": ban_status, "BanType": 0, key: ids })
        .to_string()
        .into_bytes()
}

fn activity(call: &Call) -> &str {
    call.room.as_ref().map_or("", Id::as_str)
}

/// An id as a bare number, exact in all 64 bits. The facts allow no other text.
fn long(id: &str) -> Value {
    id.parse::<i64>().map_or_else(|_not_a_number| id.into(), Value::from)
}

/// Reads the answer to a call.
pub(super) fn decode(call: &Call, response: &Response) -> Result<Reply, Fault> {
    let body: Value = serde_json::from_slice(&response.body).unwrap_or_default();
    let request_id = text(&body, "/ResponseMetadata/RequestId").map(str::to_owned);
    let request_id = request_id.or_else(|| response.request_id.clone());
    let effect = effect(call, response, &body)
        .map_err(|fault| Fault { request_id: request_id.clone(), ..fault })?;
    Ok(Reply { effect, request_id })
}

fn effect(call: &Call, response: &Response, body: &Value) -> Result<Effect, Fault> {
    // An error may come under HTTP 200 too, so it is looked for first.
    let error = body.pointer("/ResponseMetadata/Error").filter(|error| !error.is_null());
    if let Some(error) = error {
        let message = text(error, "/Message").unwrap_or_default();
        let by_status = format!("HTTP {}", response.status);
        let code = text(error, "/Code").unwrap_or(&by_status);
        return Err(faults::fault(call, code, message, response));
    }
    let garbage = || status::fault(response, faults::DENIED);
    let is_envelope = body.pointer("/ResponseMetadata").is_some_and(Value::is_object);
    if !status::is_success(response) || !is_envelope {
        return Err(garbage());
    }
    match call.verb {
        Verb::Impose | Verb::Renew | Verb::Lift => done(response, body),
        Verb::List => page(call, body).map(Effect::Page).ok_or_else(garbage),
    }
}

/// `Status` is documented to be true; what a false one would mean is not.
fn done(response: &Response, body: &Value) -> Result<Effect, Fault> {
    match body.pointer("/Result/Status") {
        Some(Value::Bool(false)) => Err(Fault {
            kind: FaultKind::Refuse,
            message: "the answer is a success whose `Status` is false".to_owned(),
            ..status::fault(response, faults::DENIED)
        }),
        _ => Ok(Effect::Done),
    }
}

/// One page of both lists; `None` if it is not of the documented shape.
fn page(call: &Call, body: &Value) -> Option<Page> {
    let users = array(body, "/Result/UserIds")?;
    let devices = array(body, "/Result/Cookies")?;
    // What breaks the rule for ids of its kind can be nothing of ours.
    let row = |kind, id| {
        Some(Listed {
            kind,
            id: FACTS.capability(kind)?.id.parse(&plain(id)?).ok()?,
            room: call.room.clone(),
            deny: Deny::JOIN,
            lapse: Lapse::Open,
            rule: None,
            created: None,
        })
    };
    let rows = users.iter().filter_map(|id| row(Kind::User, id));
    let rows = rows.chain(devices.iter().filter_map(|id| row(Kind::Device, id))).collect();
    // There is no total: a page is the last one when both of its lists are short of full.
    let more = users.len() >= PAGE || devices.len() >= PAGE;
    Some(Page { rows, next: more.then(|| call.cursor.number().saturating_add(1).into()) })
}

/// A list, empty where it is absent or null.
fn array<'a>(body: &'a Value, pointer: &str) -> Option<&'a [Value]> {
    match body.pointer(pointer) {
        None | Some(Value::Null) => Some(&[]),
        Some(value) => value.as_array().map(Vec::as_slice),
    }
}

/// An id that came as text or as a number.
fn plain(id: &Value) -> Option<String> {
    id.as_str().map(str::to_owned).or_else(|| id.as_i64().map(|number| number.to_string()))
}

fn text<'a>(value: &'a Value, pointer: &str) -> Option<&'a str> {
    value.pointer(pointer)?.as_str()
}
