//! The activities of one Volcengine account, and who is banned from them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::fields::{self, Change, Update};
use super::{Limits, Refusal, gateway, refusal};
use crate::domain::{Deny, Kind, Lapse};
use crate::sandbox::InForce;
use crate::sandbox::query::Query;
use crate::sandbox::request_context::RequestContext;

/// Activities with their bans.
#[derive(Default)]
pub(super) struct Activities(BTreeMap<i64, Bans>);

/// The bans of one activity.
#[derive(Default)]
struct Bans {
    users: BTreeSet<i64>,
    devices: BTreeSet<String>,
}

/// How the errors about one kind of subject are called.
struct Errors {
    banned: (&'static str, &'static str),
    unbanned: (&'static str, &'static str),
    quota: (&'static str, &'static str),
}

const USER_ERRORS: Errors = Errors {
    banned: ("InvalidParameter.UserIdBanned", "All userId has been banned in the activity."),
    unbanned: ("InvalidParameter.UserIdUnbanned", "All userId has been unbanned in the activity."),
    quota: ("QuotaExceeded.UserIdOverLimit", "UserId has exceeded the quota."),
};

const DEVICE_ERRORS: Errors = Errors {
    banned: ("InvalidParameter.CookieBanned", "All cookie has been banned in the activity."),
    unbanned: ("InvalidParameter.CookieUnbanned", "All cookie has been unbanned in the activity."),
    quota: ("QuotaExceeded.CookieOverLimit", "Cookie has exceeded the quota."),
};

/// Rows of one page, and how many there are if the call does not say.
const MOST_ROWS: usize = 1000;

impl Activities {
    /// `UpdateActivityUserBanStatus`: everything is checked before anything is changed.
    pub(super) fn update(
        &mut self,
        context: &mut RequestContext<'_>,
        limits: &Limits,
    ) -> Result<Value, Refusal> {
        let update = Update::read(context)?;
        check_activity(context, update.activity)?;
        if let Some(user) = update.users.iter().find(|id| limits.unregistered.contains(id)) {
            let message = format!("UserId {user} is not registered in the activity.");
            return Err(refusal(400, "InvalidParameter.UserIdNotRegistered", message));
        }
        if update.change == Change::Kick {
            let (app, room) = (context.noted.app.clone(), update.activity.to_string());
            for user in &update.users {
                context.kicked(&app, Some(&room), (Kind::User, &user.to_string()));
            }
            for device in &update.devices {
                context.kicked(&app, Some(&room), (Kind::Device, device));
            }
        } else {
            let bans = self.0.entry(update.activity).or_default();
            let quota = limits.quota;
            check(&bans.users, &update.users, (update.change, quota), &USER_ERRORS)?;
            check(&bans.devices, &update.devices, (update.change, quota), &DEVICE_ERRORS)?;
            change(&mut bans.users, update.users, update.change);
            change(&mut bans.devices, update.devices, update.change);
        }
        Ok(json!({ "Status": true }))
    }

    /// `GetActivityBanUsers`: both lists are paged at once.
    pub(super) fn list(
        &self,
        context: &RequestContext<'_>,
        query: &Query,
    ) -> Result<Value, Refusal> {
        let activity = query.one("ActivityId");
        let activity = activity.ok_or_else(|| gateway(400, 100_002, "MissingParameter"))?;
        let activity = fields::activity(activity.parse().ok())?;
        check_activity(context, activity)?;
        let number = |name: &str, default: usize, most: usize, code: &'static str| {
            let number = query.one(name).map_or(Some(default), |text| text.parse().ok());
            let number = number.filter(|number| (1..=most).contains(number));
            number.ok_or_else(|| refusal(500, code, format!("{name} is invalid.")))
        };
        let page = number("PageNo", 1, usize::MAX, "InvalidParameter.PageNoInvalid")?;
        let code = "InvalidParameter.PageItemCountInvalid";
        let count = number("PageItemCount", MOST_ROWS, MOST_ROWS, code)?;
        let start = page.saturating_sub(1).saturating_mul(count);
        let nobody = Bans::default();
        let Bans { users, devices } = self.0.get(&activity).unwrap_or(&nobody);
        Ok(json!({
            "UserIds": users.iter().skip(start).take(count).collect::<Vec<_>>(),
            "Cookies": devices.iter().skip(start).take(count).collect::<Vec<_>>(),
        }))
    }

    /// Deletes an activity, and its bans with it.
    pub(super) fn close(&mut self, activity: &str) {
        self.0.retain(|id, _| id.to_string() != activity);
    }

    /// The bans of every activity.
    pub(super) fn in_force(&self, account: &str) -> impl Iterator<Item = InForce> {
        self.0.iter().flat_map(move |(activity, Bans { users, devices })| {
            let users = users.iter().map(|id| (Kind::User, id.to_string()));
            let devices = devices.iter().map(|id| (Kind::Device, id.clone()));
            users.chain(devices).map(move |(kind, subject)| InForce {
                provider: "volcengine",
                app: account.to_owned(),
                room: Some(activity.to_string()),
                kind,
                subject,
                deny: Deny::JOIN,
                end: Lapse::Open,
                reason: None,
                rule: None,
            })
        })
    }
}

fn check_activity(context: &RequestContext<'_>, activity: i64) -> Result<(), Refusal> {
    if context.is_missing(&activity.to_string()) {
        let message = "The activity does not exist.";
        return Err(refusal(400, "InvalidParameter.ActivityNotExist", message));
    }
    Ok(())
}

/// Checks the subjects of one kind: not all may be as asked already, and the quota must hold.
fn check<T: Ord>(
    banned: &BTreeSet<T>,
    asked: &[T],
    (change, quota): (Change, usize),
    errors: &Errors,
) -> Result<(), Refusal> {
    if asked.is_empty() {
        return Ok(());
    }
    let fresh = asked.iter().filter(|id| !banned.contains(id)).collect::<BTreeSet<_>>().len();
    let (code, message) = match change {
        Change::Ban if fresh == 0 => errors.banned,
        Change::Ban if banned.len().saturating_add(fresh) > quota => errors.quota,
        Change::Unban if asked.iter().all(|id| !banned.contains(id)) => errors.unbanned,
        Change::Ban | Change::Unban | Change::Kick => return Ok(()),
    };
    Err(refusal(400, code, message))
}

fn change<T: Ord>(banned: &mut BTreeSet<T>, asked: Vec<T>, change: Change) {
    match change {
        Change::Ban => banned.extend(asked),
        Change::Unban => {
            for id in asked {
                banned.remove(&id);
            }
        }
        Change::Kick => {}
    }
}
