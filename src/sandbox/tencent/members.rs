//! The fields that Tencent's commands share: a room and a list of members.

use serde_json::{Map, Value};

use super::{Refusal, refusal};
use crate::sandbox::request_context::RequestContext;

/// Members in one call.
const MOST_MEMBERS: usize = 20;
/// Bytes of a room id (client error −2105) and of a user id (the `UserSig` libraries).
const LONGEST_ROOM: usize = 48;
const LONGEST_MEMBER: usize = 32;

/// The room of a call, which must exist.
pub(super) fn room(
    context: &RequestContext<'_>,
    body: &Map<String, Value>,
) -> Result<String, Refusal> {
    let room = body.get("RoomId").and_then(Value::as_str).unwrap_or_default();
    if !is_printable(room, LONGEST_ROOM) {
        return Err(refusal(100_002, "invalid parameter: RoomId"));
    }
    if context.is_missing(room) {
        return Err(refusal(100_004, "the room does not exist"));
    }
    Ok(room.to_owned())
}

/// The members of a call.
pub(super) fn members(
    context: &mut RequestContext<'_>,
    body: &Map<String, Value>,
) -> Result<Vec<String>, Refusal> {
    let invalid = refusal(100_002, "invalid parameter: MemberList_Account");
    let Some(list) = body.get("MemberList_Account").and_then(Value::as_array) else {
        return Err(invalid);
    };
    context.noted.subjects = list.len();
    let members = list.iter().map(|member| member.as_str().map(str::to_owned));
    let members: Option<Vec<String>> = members.collect();
    let members = members.ok_or(refusal(60015, "an account is not a string"))?;
    let legal = (1..=MOST_MEMBERS).contains(&members.len())
        && members.iter().all(|member| is_printable(member, LONGEST_MEMBER));
    if !legal {
        return Err(invalid);
    }
    context.look_for_twins(&members);
    Ok(members)
}

/// Notes fields that no page names.
pub(super) fn check_names(
    context: &mut RequestContext<'_>,
    body: &Map<String, Value>,
    known: &[&str],
) {
    for name in body.keys().filter(|name| !known.contains(&name.as_str())) {
        context.broke(&format!("the field `{}` is not documented", name.escape_debug()));
    }
}

fn is_printable(text: &str, longest: usize) -> bool {
    (1..=longest).contains(&text.len()) && text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}
