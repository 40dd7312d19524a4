//! The body of `UpdateActivityUserBanStatus`, read and checked.

use serde_json::{Map, Value};

use super::{Refusal, gateway, refusal};
use crate::sandbox::request_context::RequestContext;

/// What a call asks for.
pub(super) struct Update {
    pub(super) activity: i64,
    pub(super) change: Change,
    pub(super) users: Vec<i64>,
    pub(super) devices: Vec<String>,
}

/// What is to become of users and devices.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Change {
    Ban,
    Unban,
    Kick,
}

/// Users in one call, and devices in one call.
const MOST: usize = 50;

impl Update {
    /// Reads the body of a call.
    pub(super) fn read(context: &mut RequestContext<'_>) -> Result<Self, Refusal> {
        if !context.incoming.announces_json() {
            context.broke("the body must be announced as `application/json`");
        }
        let body = context.incoming.object();
        let body = body.ok_or_else(|| gateway(400, 100_002, "MissingParameter"))?;
        let known = ["ActivityId", "BanStatus", "BanType", "UserIds", "Cookies"];
        for name in body.keys().filter(|name| !known.contains(&name.as_str())) {
            context.broke(&format!("the field `{}` is not documented", name.escape_debug()));
        }
        let activity = activity(body.get("ActivityId").and_then(Value::as_i64))?;
        let users = list(&body, "UserIds", "InvalidParameter.UserIdsInvalid", Value::as_i64)?;
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let devices = list(&body, "Cookies", "InvalidParameter.CookiesInvalid", text)?;
        context.noted.subjects = users.len().saturating_add(devices.len());
        if users.is_empty() && devices.is_empty() {
            return Err(gateway(400, 100_002, "MissingParameter"));
        }
        if users.len() > MOST || devices.len() > MOST {
            let message = "The array length exceeds the limit.";
            return Err(refusal(400, "InvalidParameter.ArrayOverLimit", message));
        }
        context.look_for_twins(&users);
        context.look_for_twins(&devices);
        Ok(Self { activity, change: change(context, &body)?, users, devices })
    }
}

/// The id of an activity, if it is one.
pub(super) fn activity(id: Option<i64>) -> Result<i64, Refusal> {
    let invalid = || refusal(400, "InvalidParameter.ActivityIdInvalid", "ActivityId is invalid.");
    id.filter(|id| *id > 0).ok_or_else(invalid)
}

fn change(context: &mut RequestContext<'_>, body: &Map<String, Value>) -> Result<Change, Refusal> {
    let number = |name: &str| body.get(name).and_then(Value::as_i64);
    match (number("BanType"), number("BanStatus")) {
        (Some(1), _) => Ok(Change::Kick),
        (Some(0), Some(1)) => Ok(Change::Ban),
        (Some(0), Some(0)) => Ok(Change::Unban),
        (None, Some(status @ (0 | 1))) if !body.contains_key("BanType") => {
            // Callers of before July 2025 leave it out and mean a ban; what it means now is not
            // documented.
            context.broke("`BanType` 0 must be given for what is to last");
            Ok(if status == 1 { Change::Ban } else { Change::Unban })
        }
        // A mistake of the caller's that comes with a status of the server's: so documented.
        (None | Some(0), _) => {
            Err(refusal(500, "InvalidParameter.BanStatusInvalid", "BanStatus is invalid."))
        }
        (Some(_), _) => Err(refusal(500, "InvalidParameter.BanTypeInvalid", "BanType is invalid.")),
    }
}

/// An array whose every item must be of one type; empty if there is none.
fn list<T>(
    body: &Map<String, Value>,
    name: &str,
    code: &'static str,
    read: impl Fn(&Value) -> Option<T>,
) -> Result<Vec<T>, Refusal> {
    let invalid = || refusal(500, code, format!("{name} is invalid."));
    match body.get(name) {
        None => Ok(Vec::new()),
        Some(Value::Array(items)) => {
            items.iter().map(read).collect::<Option<_>>().ok_or_else(invalid)
        }
        Some(_) => Err(invalid()),
    }
}
