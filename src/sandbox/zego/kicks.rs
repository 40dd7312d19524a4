//! `KickoutUser`: users are put out, and may come back.

use super::{Refusal, refusal};
use crate::domain::Kind;
use crate::sandbox::query::Query;
use crate::sandbox::request_context::RequestContext;

/// The answer to kicks that come too fast.
pub(super) const TOO_FAST: Refusal = refusal(206, "app-level QPS limit");

/// "50 requests/s for all rooms of the `AppID`".
const PER_SECOND: usize = 50;
/// Users in one call.
const MOST_USERS: usize = 5;
/// The SDK reference: a room id has up to 128 bytes.
const LONGEST_ROOM: usize = 128;
/// The SDK reference says "up to 64" and "shorter than 64": the stricter one counts.
const LONGEST_USER: usize = 63;
/// Bytes of a decoded reason.
const LONGEST_REASON: usize = 256;

/// Kicks the users of one call. Users who are not there are kicked all the same.
pub(super) fn kick(context: &mut RequestContext<'_>, query: &Query) -> Result<(), Refusal> {
    let users: Vec<&str> = query.all("UserId[]").collect();
    context.noted.subjects = users.len();
    if context.is_too_fast("kicks", PER_SECOND) {
        return Err(TOO_FAST);
    }
    let room = query.one("RoomId").ok_or(refusal(2, "bad parameter: RoomId"))?;
    if users.is_empty() || users.iter().any(|user| user.is_empty()) {
        return Err(refusal(2, "bad parameter: UserId"));
    }
    if users.len() > MOST_USERS {
        return Err(refusal(50011, "user list too long"));
    }
    let reason = query.one("CustomReason").unwrap_or_default();
    let too_long = room.len() > LONGEST_ROOM
        || reason.len() > LONGEST_REASON
        || users.iter().any(|user| user.len() > LONGEST_USER);
    if too_long {
        return Err(refusal(3, "parameter too long"));
    }
    context.look_for_twins(&users);
    if context.is_missing(room) {
        return Err(refusal(104, "room does not exist"));
    }
    let app = context.noted.app.clone();
    for user in users {
        context.kicked(&app, Some(room), (Kind::User, user));
    }
    Ok(())
}
