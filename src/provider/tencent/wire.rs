//! Calls as HTTP requests, and answers back.
//!
//! Everything is a POST with who calls in the query and the call in JSON; the answer is an
//! envelope around a code.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};

use super::signature::Claim;
use super::{FACTS, faults};
use crate::domain::{Deny, Id, Kind, Lapse, Moment};
use crate::provider::query::Query;
use crate::provider::{
    Call, Effect, Fault, LONGEST_ANSWER, Listed, Method, Page, Reply, Request, Response, Session,
    Stamp, Verb, status,
};

/// How often the `UserSig` is made anew. It claims to be as old as the hour it is made in.
const SIG_PERIOD: i64 = 3600;

/// How long a `UserSig` holds: Tencent advises a day at least (public error codes, 70001).
const SIG_EXPIRE: i64 = 86_400;

/// Rows of a page, at most (`get_banned_member_list`).
const PAGE: u32 = 100;

/// Writes a call for the wire.
pub(super) fn encode(session: &Session, call: &Call, stamp: &Stamp) -> Request {
    let (path, timeout) = match call.verb {
        // Tencent numbers no rules: a ban with a new end is a ban.
        Verb::Impose | Verb::Renew => ("/v4/live_engine_http_srv/ban_member", FACTS.write_timeout),
        Verb::Lift => ("/v4/live_engine_http_srv/unban_member", FACTS.write_timeout),
        Verb::List => ("/v4/live_engine_http_srv/get_banned_member_list", FACTS.read_timeout),
    };
    Request {
        method: Method::Post,
        endpoint: session.target.endpoint.clone(),
        path: path.to_owned(),
        query: query(session, stamp),
        headers: vec![("content-type", "application/json".to_owned())],
        body: body(call, stamp).to_string().into_bytes(),
        timeout,
        longest_answer: LONGEST_ANSWER,
    }
}

/// The call in JSON, its fields in the order of the documented samples.
///
/// A ban without a reason sends an empty one, as the sample does: were the field left out, the
/// reason of an earlier ban might stay.
fn body(call: &Call, stamp: &Stamp) -> Value {
    let room = &call.room;
    let members: Vec<_> = call.items.iter().map(|item| &item.id).collect();
    match call.verb {
        Verb::Impose | Verb::Renew => {
            let capability = FACTS.capability(call.kind);
            json!({
                "RoomId": room,
                "MemberList_Account": members,
                "Reason": call.reason.as_deref().unwrap_or_default(),
                "Duration": capability.and_then(|capability| capability.expiry.term(call.until, stamp.now).seconds),
            })
        }
        Verb::Lift => json!({ "RoomId": room, "MemberList_Account": members }),
        Verb::List => {
            json!({ "RoomId": room, "Offset": call.cursor.number(), "Limit": PAGE })
        }
    }
}

fn query(session: &Session, stamp: &Stamp) -> String {
    let mut query = Query::default();
    query.push("sdkappid", session.target.setting("sdk_app_id"));
    query.push("identifier", session.target.setting("identifier"));
    // As it is: whether Tencent takes `%2A` for `*` is not documented.
    query.push_as_is("usersig", &user_sig(session, stamp.now));
    query.push("random", &(stamp.nonce & u64::from(u32::MAX)).to_string());
    query.push("contenttype", "json");
    query.into_text()
}

fn user_sig(session: &Session, now: Moment) -> Arc<str> {
    let period = now.seconds().div_euclid(SIG_PERIOD);
    session.token(period, || {
        let claim = Claim {
            identifier: session.target.setting("identifier"),
            app: session.target.setting("sdk_app_id"),
            time: period.saturating_mul(SIG_PERIOD),
            expire: SIG_EXPIRE,
        };
        claim.user_sig(session.secrets.expose("secret_key"))
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Envelope {
    action_status: Option<String>,
    error_code: i64,
    error_info: Option<String>,
    request_id: Option<String>,
}

/// A list, where the documented samples put it and where Tencent's own console reads it as well.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Listing {
    response: Option<Rows>,
    banned_account_list: Option<Vec<Member>>,
    next_offset: Option<i64>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Rows {
    banned_account_list: Option<Vec<Member>>,
    next_offset: Option<i64>,
}

#[derive(Deserialize)]
struct Member {
    #[serde(rename = "Member_Account")]
    account: String,
    #[serde(rename = "BannedUntil")]
    until: i64,
}

/// Reads the answer to a call. An envelope is believed whatever the HTTP status: Tencent
/// documents codes, and 200 for all of them.
pub(super) fn decode(call: &Call, response: &Response) -> Result<Reply, Fault> {
    let garbage = || status::fault(response, faults::DENIED);
    let envelope: Envelope =
        serde_json::from_slice(&response.body).map_err(|_not_an_envelope| garbage())?;
    let Envelope { action_status, error_code, error_info, request_id } = envelope;
    let request_id = request_id.filter(|id| !id.is_empty()).or(response.request_id.clone());
    if error_code != 0 {
        return Err(Fault {
            kind: status::weigh(faults::kind(call, error_code), response, faults::DENIED),
            code: error_code.to_string(),
            has_own_code: true,
            message: error_info.unwrap_or_default(),
            request_id,
            culprit: None,
            after: response.pause(),
        });
    }
    if action_status.as_deref() == Some("FAIL") {
        return Err(garbage());
    }
    let effect = match call.verb {
        Verb::Impose | Verb::Renew | Verb::Lift => Effect::Done,
        Verb::List => {
            let list = serde_json::from_slice(&response.body).map_err(|_not_a_list| garbage())?;
            Effect::Page(page(call, list))
        }
    };
    Ok(Reply { effect, request_id })
}

/// One page. It is the last if it has no rows or leads to 0. One that leads back leads to itself:
/// the reader sees that a back end which repeats itself has not shown its end.
fn page(call: &Call, list: Listing) -> Page {
    let data = list.response.unwrap_or_default();
    let members = data.banned_account_list.or(list.banned_account_list).unwrap_or_default();
    let next = data.next_offset.or(list.next_offset);
    let next = next.and_then(|next| u64::try_from(next).ok());
    let next = next.filter(|next| *next > 0 && !members.is_empty());
    let next = next.map(|next| next.max(call.cursor.number()).into());
    let rows = members.into_iter().map(|Member { account, until }| Listed {
        kind: Kind::User,
        id: Id::new(account),
        room: call.room.clone(),
        deny: Deny::JOIN,
        lapse: Lapse::At(Moment::from_seconds(until)),
        rule: None,
        created: None,
    });
    Page { rows: rows.collect(), next }
}
