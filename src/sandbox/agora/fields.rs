//! The fields of a rule, read and checked.

use std::net::IpAddr;

use jiff::SignedDuration;
use serde_json::{Map, Number, Value};

use super::{Refusal, refusal};
use crate::domain::{Deny, Kind};
use crate::sandbox::request_context::RequestContext;

/// Whom a rule is for.
pub(super) struct Subject {
    pub(super) kind: Kind,
    pub(super) id: String,
    pub(super) room: Option<String>,
}

/// A channel name has up to 64 bytes.
const LONGEST_CHANNEL: usize = 64;
/// How long a rule holds if the call does not say.
const DEFAULT_SECONDS: i64 = 3600;

/// The app.
pub(super) fn app(body: &Map<String, Value>) -> Result<String, Refusal> {
    let app = body.get("appid").and_then(Value::as_str).filter(|app| !app.is_empty());
    app.map(str::to_owned).ok_or(refusal(400, "invalid appid"))
}

/// The id of a rule: a number, or, as older pages have it, a text.
pub(super) fn rule_id(body: &Map<String, Value>) -> Result<i64, Refusal> {
    let id = match body.get("id") {
        Some(Value::Number(number)) => number.as_i64(),
        Some(Value::String(text)) => text.parse().ok(),
        Some(Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_)) | None => None,
    };
    id.filter(|id| *id > 0).ok_or(refusal(400, "invalid id"))
}

/// Whom the rule is for: one of the four documented combinations.
pub(super) fn subject(
    context: &mut RequestContext<'_>,
    body: &Map<String, Value>,
) -> Result<Subject, Refusal> {
    for name in ["ip", "cname", "uid"] {
        let unset = match body.get(name) {
            Some(Value::String(text)) => text.is_empty() || text == "0",
            Some(Value::Number(number)) => number.as_i64() == Some(0),
            Some(Value::Null) => true,
            Some(Value::Bool(_) | Value::Array(_) | Value::Object(_)) | None => false,
        };
        if unset {
            context.broke(&format!("`{name}` is sent empty or 0, where it must be left out"));
            return Err(refusal(400, "a selector is empty"));
        }
    }
    let uid = body.get("uid").map(uid).transpose()?;
    let ip = body.get("ip").map(ip).transpose()?;
    let channel = body.get("cname").map(channel).transpose()?;
    match (ip, channel, uid) {
        (Some(id), None, None) => Ok(Subject { kind: Kind::Ip, id, room: None }),
        (None, Some(id), None) => Ok(Subject { kind: Kind::Channel, id, room: None }),
        (None, room, Some(id)) => Ok(Subject { kind: Kind::User, id, room }),
        (Some(_), Some(_), _) | (Some(_), None, Some(_)) | (None, None, None) => {
            context.broke("the combination of `ip`, `cname` and `uid` is not documented");
            Err(refusal(400, "invalid combination of ip, cname and uid"))
        }
    }
}

fn uid(value: &Value) -> Result<String, Refusal> {
    let uid = value.as_u64().filter(|uid| (1..=u64::from(u32::MAX)).contains(uid));
    uid.map(|uid| uid.to_string()).ok_or(refusal(400, "invalid uid"))
}

fn ip(value: &Value) -> Result<String, Refusal> {
    let address = value.as_str().and_then(|text| text.parse::<IpAddr>().ok());
    address.map(|address| address.to_string()).ok_or(refusal(400, "invalid ip"))
}

fn channel(value: &Value) -> Result<String, Refusal> {
    let name = value.as_str().filter(|name| name.len() <= LONGEST_CHANNEL);
    name.map(str::to_owned).ok_or(refusal(400, "invalid cname"))
}

/// What the rule denies.
pub(super) fn privileges(body: &Map<String, Value>) -> Result<Deny, Refusal> {
    let invalid = refusal(400, "invalid privileges");
    let Some(names) = body.get("privileges").and_then(Value::as_array) else { return Err(invalid) };
    let known = names.iter().map(|name| privilege(name.as_str().unwrap_or_default()));
    let deny = known
        .collect::<Option<Vec<_>>>()
        .map(|privileges| privileges.into_iter().fold(Deny::NOTHING, Deny::union));
    deny.filter(|deny| !deny.is_empty()).ok_or(invalid)
}

fn privilege(name: &str) -> Option<Deny> {
    match name {
        "join_channel" => Some(Deny::JOIN),
        "publish_audio" => Some(Deny::PUBLISH_AUDIO),
        "publish_video" => Some(Deny::PUBLISH_VIDEO),
        _ => None,
    }
}

/// How long the rule is to hold, clamped without a word; `None` for no time at all.
pub(super) fn span(body: &Map<String, Value>) -> Result<Option<SignedDuration>, Refusal> {
    let (value, unit, least, most) = match (body.get("time_in_seconds"), body.get("time")) {
        // Seconds win where both are given.
        (Some(seconds), _) => (seconds, 1, 10, 86_430),
        (None, Some(minutes)) => (minutes, 60, 1, 1440),
        (None, None) => return Ok(Some(SignedDuration::from_secs(DEFAULT_SECONDS))),
    };
    let number = value.as_number().and_then(round_up);
    match number.ok_or(refusal(400, "invalid time"))? {
        0 => Ok(None),
        number => Ok(Some(SignedDuration::from_secs(number.clamp(least, most) * unit))),
    }
}

/// A number that is not negative, rounded up: between 0 and 1 is not 0.
fn round_up(number: &Number) -> Option<i64> {
    if let Some(whole) = number.as_i64() {
        return (whole >= 0).then_some(whole);
    }
    let text = number.to_string();
    let (whole, fraction) = text.split_once('.')?;
    if text.starts_with('-') || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let more = i64::from(fraction.bytes().any(|byte| byte != b'0'));
    whole.parse::<i64>().ok()?.checked_add(more)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_time_is_clamped_as_documented() {
        let hour = Some(SignedDuration::from_hours(1));
        let seconds = |seconds| Some(SignedDuration::from_secs(seconds));
        for (body, expected) in [
            (json!({}), Ok(hour)),
            (json!({ "time": 60 }), Ok(hour)),
            (json!({ "time": 0.5 }), Ok(seconds(60))),
            (json!({ "time": 2000 }), Ok(seconds(86_400))),
            (json!({ "time": 60, "time_in_seconds": 30 }), Ok(seconds(30))),
            (json!({ "time_in_seconds": 3 }), Ok(seconds(10))),
            (json!({ "time_in_seconds": 10.5 }), Ok(seconds(11))),
            (json!({ "time_in_seconds": 100_000 }), Ok(seconds(86_430))),
            (json!({ "time_in_seconds": 0 }), Ok(None)),
            (json!({ "time_in_seconds": 0.0 }), Ok(None)),
            (json!({ "time_in_seconds": -1 }), Err(refusal(400, "invalid time"))),
            (json!({ "time_in_seconds": "30" }), Err(refusal(400, "invalid time"))),
        ] {
            assert_eq!(span(body.as_object().unwrap()), expected, "{body}");
        }
    }
}
