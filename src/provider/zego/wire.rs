//! Calls as HTTP requests, and answers back.
//!
//! Everything is a GET of `/` with all in the query; the answer is an envelope around a code.

use serde::Deserialize;
use serde_json::Value;

use super::{FACTS, faults, signature};
use crate::domain::Kind;
use crate::provider::query::Query;
use crate::provider::{
    Call, Effect, Fault, LONGEST_ANSWER, Method, Reply, Request, Response, Session, Stamp, Verb,
    status,
};

/// Writes a call for the wire.
pub(super) fn encode(session: &Session, call: &Call, stamp: &Stamp) -> Request {
    let target = &session.target;
    let app = target.setting("app_id");
    let mut query = Query::default();
    query.push("Action", action(call));
    push_signed(&mut query, session, stamp);
    if target.options.test_environment {
        query.push("IsTest", "true");
    }
    match call.kind {
        Kind::Stream => {
            // Only streams carry the prefix: the pages about rooms do not mention one.
            let prefix = if target.options.test_environment {
                format!("zegotest-{app}-")
            } else {
                String::new()
            };
            for item in &call.items {
                query.push("StreamId[]", &format!("{prefix}{}", item.id));
            }
            query.push("Sequence", &stamp.sequence.to_string());
        }
        Kind::User | Kind::Channel | Kind::Device | Kind::Ip => {
            query.push("RoomId", call.room.as_ref().map_or("", |room| room.as_str()));
            for item in &call.items {
                query.push("UserId[]", item.id.as_str());
            }
            if let Some(reason) = call.reason.as_deref().filter(|reason| !reason.is_empty()) {
                query.push("CustomReason", reason);
            }
        }
    }
    Request {
        method: Method::Get,
        endpoint: target.endpoint.clone(),
        path: "/".to_owned(),
        query: query.into_text(),
        headers: Vec::new(),
        body: Vec::new(),
        timeout: FACTS.write_timeout,
        longest_answer: LONGEST_ANSWER,
    }
}

/// The operation. No plan holds a call of the other kinds and verbs, since the facts have no capability
/// for them; if one did, ZEGO would refuse it for its empty action.
fn action(call: &Call) -> &'static str {
    match call.kind {
        Kind::User => match call.verb {
            Verb::Impose => "KickoutUser",
            Verb::Renew | Verb::Lift | Verb::List => "",
        },
        Kind::Stream => match call.verb {
            Verb::Impose => "ForbidRTCStreams",
            Verb::Lift => "ResumeRTCStreams",
            Verb::Renew | Verb::List => "",
        },
        Kind::Channel | Kind::Device | Kind::Ip => "",
    }
}

fn push_signed(query: &mut Query, session: &Session, stamp: &Stamp) {
    let app = session.target.setting("app_id");
    let nonce = format!("{:016x}", stamp.nonce);
    let seconds = stamp.now.seconds();
    let secret = session.secrets.expose("server_secret");
    query.push("AppId", app);
    query.push("SignatureNonce", &nonce);
    query.push("Timestamp", &seconds.to_string());
    query.push("Signature", &signature::sign(app, &nonce, secret, seconds));
    query.push("SignatureVersion", "2.0");
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Envelope {
    code: i64,
    message: Option<String>,
    request_id: Option<Value>,
}

/// Reads the answer to a call. An envelope is believed whatever the HTTP status: ZEGO documents
/// codes only.
pub(super) fn decode(call: &Call, response: &Response) -> Result<Reply, Fault> {
    let Ok(envelope) = serde_json::from_slice::<Envelope>(&response.body) else {
        return Err(status::fault(response, faults::DENIED));
    };
    let request_id = envelope.request_id.and_then(text).or_else(|| response.request_id.clone());
    if envelope.code == 0 {
        return Ok(Reply { effect: Effect::Done, request_id });
    }
    Err(Fault {
        kind: status::weigh(faults::kind(call.kind, envelope.code), response, faults::DENIED),
        code: envelope.code.to_string(),
        has_own_code: true,
        message: envelope.message.unwrap_or_default(),
        request_id,
        culprit: None,
        after: response.pause(),
    })
}

/// A request id is text in every example but looks like a number, so both are read.
fn text(id: Value) -> Option<String> {
    match id {
        Value::String(text) if !text.is_empty() => Some(text),
        Value::Number(number) => Some(number.to_string()),
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => {
            None
        }
    }
}
