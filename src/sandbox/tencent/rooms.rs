//! The rooms of one Tencent app, and who is banned from them.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use serde_json::{Map, Value, json};

use super::{Refusal, RepeatBan, members, refusal};
use crate::domain::{Deny, Kind, Lapse, Moment};
use crate::sandbox::InForce;
use crate::sandbox::request_context::RequestContext;

/// Rooms with the users who are, or once were, banned from them.
#[derive(Default)]
pub(super) struct Rooms(BTreeMap<String, BTreeMap<String, Ban>>);

/// One ban. It stays in the books when it has run out, as the real list shows such rows too.
struct Ban {
    end: Moment,
    reason: Option<String>,
}

/// "Ban Reason, max 200 bytes".
const LONGEST_REASON: usize = 200;
/// Rows of one page.
const MOST_ROWS: u64 = 100;

impl Rooms {
    /// `ban_member`.
    pub(super) fn ban(
        &mut self,
        context: &mut RequestContext<'_>,
        body: &Map<String, Value>,
        repeat: RepeatBan,
    ) -> Result<(), Refusal> {
        let known = ["RoomId", "MemberList_Account", "Reason", "Duration"];
        members::check_names(context, body, &known);
        let members = members::members(context, body)?;
        let reason = read_reason(body)?;
        let end = read_end(body, context.now)?;
        let room = members::room(context, body)?;
        let bans = self.0.entry(room).or_default();
        for member in members {
            let standing = bans.get(&member).is_some_and(|ban| ban.end > context.now);
            if standing && repeat == RepeatBan::KeepsOldEnd {
                continue;
            }
            bans.insert(member, Ban { end, reason: reason.clone() });
        }
        Ok(())
    }

    /// `unban_member`. Who is not banned is unbanned all the same.
    pub(super) fn unban(
        &mut self,
        context: &mut RequestContext<'_>,
        body: &Map<String, Value>,
    ) -> Result<(), Refusal> {
        members::check_names(context, body, &["RoomId", "MemberList_Account"]);
        let members = members::members(context, body)?;
        let room = members::room(context, body)?;
        if let Some(bans) = self.0.get_mut(&room) {
            for member in members {
                bans.remove(&member);
            }
        }
        Ok(())
    }

    /// `get_banned_member_list`.
    pub(super) fn list(
        &self,
        context: &mut RequestContext<'_>,
        body: &Map<String, Value>,
    ) -> Result<Value, Refusal> {
        members::check_names(context, body, &["RoomId", "Offset", "Limit"]);
        let room = members::room(context, body)?;
        let number = |name: &str| body.get(name).and_then(Value::as_u64);
        let offset = number("Offset").ok_or(refusal(100_002, "invalid parameter: Offset"))?;
        let limit = number("Limit").filter(|limit| (1..=MOST_ROWS).contains(limit));
        let limit = limit.ok_or(refusal(100_002, "invalid parameter: Limit"))?;
        let nobody = BTreeMap::new();
        let bans = self.0.get(&room).unwrap_or(&nobody);
        let start = usize::try_from(offset).unwrap_or(usize::MAX);
        let count = usize::try_from(limit).unwrap_or(usize::MAX);
        let rows: Vec<Value> = bans
            .iter()
            .skip(start)
            .take(count)
            .map(|(member, ban)| {
                // Whole seconds; a ban does not end before the second that is shown.
                let until = ban.end.seconds() + i64::from(ban.end.millis() % 1000 != 0);
                json!({ "Member_Account": member, "BannedUntil": until })
            })
            .collect();
        let reached = start.saturating_add(rows.len());
        let next = if reached < bans.len() { reached } else { 0 };
        Ok(json!({ "BannedAccountList": rows, "NextOffset": next }))
    }

    /// Dissolves a room, and its bans with it.
    pub(super) fn close(&mut self, room: &str) {
        self.0.remove(room);
    }

    /// The bans that have not run out.
    pub(super) fn in_force(&self, app: u32, now: Moment) -> impl Iterator<Item = InForce> {
        self.0.iter().flat_map(move |(room, bans)| {
            bans.iter().filter(move |(_, ban)| ban.end > now).map(move |(member, ban)| InForce {
                provider: "tencent",
                app: app.to_string(),
                room: Some(room.clone()),
                kind: Kind::User,
                subject: member.clone(),
                deny: Deny::JOIN,
                end: Lapse::At(ban.end),
                reason: ban.reason.clone(),
                rule: None,
            })
        })
    }
}

fn read_reason(body: &Map<String, Value>) -> Result<Option<String>, Refusal> {
    let invalid = refusal(100_002, "invalid parameter: Reason");
    match body.get("Reason") {
        None => Ok(None),
        Some(Value::String(reason)) if reason.is_empty() => Ok(None),
        Some(Value::String(reason)) if reason.len() <= LONGEST_REASON => Ok(Some(reason.clone())),
        Some(_) => Err(invalid),
    }
}

/// When a ban of this duration ends, seconds being all that a duration and a list can say.
fn read_end(body: &Map<String, Value>, now: Moment) -> Result<Moment, Refusal> {
    let invalid = refusal(100_002, "invalid parameter: Duration");
    let Some(duration) = body.get("Duration").and_then(Value::as_i64) else { return Err(invalid) };
    // The twin field of the IM product has 32 bits, and so has an end in Unix seconds.
    let last = i64::from(u32::MAX);
    if duration < 1 || now.seconds().saturating_add(duration) > last {
        return Err(invalid);
    }
    Ok(now + SignedDuration::from_secs(duration))
}
