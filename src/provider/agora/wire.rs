//! Calls as HTTP requests, and answers back.

use serde_json::{Map, Value};

use super::list::{Body, Rules};
use super::{FACTS, faults, rule, signature};
use crate::domain::{Kind, Moment, RuleId};
use crate::provider::query::Query;
use crate::provider::{
    Call, Effect, Fault, FaultKind, LONGEST_ANSWER, Method, Page, Reply, Request, Response,
    Session, Stamp, Verb, status,
};

/// Writes a call for the wire.
pub(super) fn encode(session: &Session, call: &Call, stamp: &Stamp) -> Request {
    let app = session.target.setting("app_id");
    let mut query = Query::default();
    let (method, body) = match call.verb {
        Verb::Impose => (Method::Post, create(app, call, stamp)),
        Verb::Renew => (Method::Put, update(app, call, stamp)),
        Verb::Lift => (Method::Delete, delete(app, call)),
        Verb::List => {
            query.push("appid", app);
            (Method::Get, Map::new())
        }
    };
    let body =
        if body.is_empty() { Vec::new() } else { Value::Object(body).to_string().into_bytes() };
    let headers = vec![
        ("accept", "application/json".to_owned()),
        ("authorization", signature::authorization(&session.secrets)),
        // Wanted in every request, also in one without a body: 415 otherwise.
        ("content-type", "application/json".to_owned()),
    ];
    Request {
        method,
        endpoint: session.target.endpoint.clone(),
        path: "/dev/v1/kicking-rule".to_owned(),
        query: query.into_text(),
        headers,
        body,
        timeout: match call.verb {
            Verb::Impose | Verb::Renew | Verb::Lift => FACTS.write_timeout,
            Verb::List => FACTS.read_timeout,
        },
        longest_answer: match call.verb {
            Verb::Impose | Verb::Renew | Verb::Lift => LONGEST_ANSWER,
            Verb::List => LONGEST_LIST,
        },
    }
}

/// Leaves out each selector that is not set: the documents forbid `0`, and an empty one may one
/// day be taken at its word.
fn create(app: &str, call: &Call, stamp: &Stamp) -> Map<String, Value> {
    let mut body = Map::new();
    insert(&mut body, "appid", app.into());
    let id = call.items.first().map_or("", |item| item.id.as_str());
    match call.kind {
        Kind::Channel => insert(&mut body, "cname", id.into()),
        Kind::Ip => insert(&mut body, "ip", id.into()),
        // Besides channels and addresses the facts allow only users.
        Kind::User | Kind::Device | Kind::Stream => {
            if let Some(room) = &call.room {
                insert(&mut body, "cname", room.as_str().into());
            }
            insert(&mut body, "uid", number(id));
        }
    }
    insert_seconds(&mut body, call, stamp);
    let privileges = rule::PRIVILEGES.into_iter();
    let denied = privileges.filter(|(deny, _)| call.deny.contains(*deny)).map(|(_, name)| name);
    insert(&mut body, "privileges", denied.collect());
    body
}

fn update(app: &str, call: &Call, stamp: &Stamp) -> Map<String, Value> {
    let mut body = delete(app, call);
    insert_seconds(&mut body, call, stamp);
    body
}

/// Names one rule. Without its number the body says 0, which is no rule's: whatever the server
/// makes of a body that names none, it must not be that it deletes them all.
fn delete(app: &str, call: &Call) -> Map<String, Value> {
    let rule = call.items.first().and_then(|item| item.rule.as_ref());
    let mut body = Map::new();
    insert(&mut body, "appid", app.into());
    insert(&mut body, "id", rule.and_then(RuleId::number).unwrap_or(0).into());
    body
}

/// Always seconds: `time` counts minutes, and the wild is full of programs that mistake it.
fn insert_seconds(body: &mut Map<String, Value>, call: &Call, stamp: &Stamp) {
    let term =
        FACTS.capability(call.kind).map(|capability| capability.expiry.term(call.until, stamp.now));
    if let Some(seconds) = term.and_then(|term| term.seconds) {
        insert(body, "time_in_seconds", seconds.into());
    }
}

fn insert(body: &mut Map<String, Value>, key: &str, value: Value) {
    body.insert(key.to_owned(), value);
}

/// A user id as a bare number. The facts allow no other text.
fn number(id: &str) -> Value {
    id.parse::<u32>().map_or_else(|_not_a_number| id.into(), Value::from)
}

/// A list has no pages and is one answer: room for half a million rules as they are written today.
const LONGEST_LIST: usize = 256 * 1024 * 1024;

/// Reads the answer to a call.
pub(super) fn decode(call: &Call, response: &Response) -> Result<Reply, Fault> {
    let body: Body = serde_json::from_slice(&response.body).unwrap_or_default();
    let Body { fields: body, rules } = body;
    let fault = faults::fault(call, response, message(&body).as_deref());
    let status = body.get("status").and_then(Value::as_str);
    if !status::is_success(response)
        || status.is_some_and(|status| !status.eq_ignore_ascii_case("success"))
    {
        return Err(fault);
    }
    let effect = match status {
        Some(_) => effect(call, &body, rules),
        // Garbage after sending: who knows what was done.
        None => Err((FaultKind::Retry, "the answer is a success without a `status`")),
    };
    match effect {
        Ok(effect) => Ok(Reply { effect, request_id: response.request_id.clone() }),
        Err((kind, message)) => Err(Fault { kind, message: message.to_owned(), ..fault }),
    }
}

fn effect(
    call: &Call,
    body: &Map<String, Value>,
    rules: Rules,
) -> Result<Effect, (FaultKind, &'static str)> {
    match call.verb {
        Verb::Impose => match body.get("id").and_then(rule::integer) {
            Some(id) if id > 0 => Ok(Effect::Created(id.into())),
            // Reported from the field: `id` 0, nobody out, nothing in the list. So nothing is in
            // doubt, and to ask again at once would only repeat it: somebody has to be told.
            Some(_) => {
                Err((FaultKind::Refuse, "the provider made no rule: the `id` is not positive"))
            }
            // A rule may well be there, and its number has to be looked up.
            None => Err((FaultKind::Retry, "the answer is a success without an `id`")),
        },
        Verb::Renew => Ok(ends(body).map_or(Effect::Done, Effect::Ends)),
        Verb::Lift => Ok(Effect::Done),
        // All rules: there are no further pages.
        Verb::List => match rules {
            Rules::Read(rows) => Ok(Effect::Page(Page { rows, next: None })),
            Rules::NotAList => Err((FaultKind::Retry, "the `rules` of the answer are not a list")),
        },
    }
}

/// The end of a renewed rule: the only one that a write tells.
fn ends(body: &Map<String, Value>) -> Option<Moment> {
    Moment::parse(body.get("result")?.get("ts")?.as_str()?)
}

/// What the body says went wrong: `message`, `reason` or both.
fn message(body: &Map<String, Value>) -> Option<String> {
    let said = ["message", "reason"].map(|key| body.get(key).and_then(Value::as_str));
    let said: Vec<_> = said.into_iter().flatten().filter(|text| !text.is_empty()).collect();
    (!said.is_empty()).then(|| said.join(": "))
}
