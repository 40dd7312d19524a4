//! Volcengine's livesaas: bans users and devices from activities until somebody undoes it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::query::Query;
use super::request_context::RequestContext;
use super::service::Service;
use super::{InForce, Incoming, Outgoing, Sandbox};
use crate::domain::Moment;
use crate::provider::Method;

mod activities;
mod fields;
mod signature;

const ACCESS_KEY_ID: &str = "AKLTOSTRACONSANDBOX";
const SECRET_ACCESS_KEY: &str = "ostracon-sandbox-secret-access-key==";

/// The accounts of Volcengine, by access key id, each made by its first call.
#[derive(Default)]
pub(super) struct Volcengine {
    accounts: BTreeMap<String, activities::Activities>,
    limits: Limits,
}

/// What an activity takes.
struct Limits {
    /// How many users, and how many devices, it bans.
    quota: usize,
    /// Users whom no activity knows.
    unregistered: BTreeSet<i64>,
}

impl Default for Limits {
    fn default() -> Self {
        // The revision of July 2025.
        Self { quota: 50_000, unregistered: BTreeSet::new() }
    }
}

/// Why a call is refused.
#[derive(PartialEq, Eq, Debug)]
struct Refusal {
    status: u16,
    /// The number of the code, where the public list has one.
    number: Option<u32>,
    code: &'static str,
    message: String,
}

/// A refusal by the gateway, from the public list of codes.
fn gateway(status: u16, number: u32, code: &'static str) -> Refusal {
    Refusal { status, number: Some(number), code, message: format!("{code}.") }
}

/// A refusal by livesaas itself.
fn refusal(status: u16, code: &'static str, message: impl Into<String>) -> Refusal {
    Refusal { status, number: None, code, message: message.into() }
}

/// "Thirty times a second per user", which means the account; assumed shared by both actions.
const PER_SECOND: usize = 30;

const VERSION: &str = "2023-08-01";

impl Volcengine {
    fn handle(
        &mut self,
        context: &mut RequestContext<'_>,
        query: &Query,
    ) -> Result<Value, Refusal> {
        let account = signature::check(context)?;
        account.clone_into(&mut context.noted.app);
        if context.is_too_fast("all actions", PER_SECOND) {
            return Err(too_fast());
        }
        if context.path != "/" {
            return Err(gateway(404, 100_007, "ServiceNotFound"));
        }
        if query.one("Version") != Some(VERSION) {
            return Err(gateway(404, 100_008, "InvalidActionOrVersion"));
        }
        let activities = self.accounts.entry(account).or_default();
        match (query.one("Action"), context.incoming.method) {
            (Some("UpdateActivityUserBanStatus"), Method::Post) => {
                context.broke_all(&query.oddities(&["Action", "Version"]));
                activities.update(context, &self.limits)
            }
            (Some("GetActivityBanUsers"), Method::Get) => {
                let known = ["Action", "Version", "ActivityId", "PageNo", "PageItemCount"];
                context.broke_all(&query.oddities(&known));
                activities.list(context, query)
            }
            (Some("UpdateActivityUserBanStatus" | "GetActivityBanUsers"), _) => {
                Err(refusal(405, "MethodNotAllowed", "MethodNotAllowed."))
            }
            _ => Err(gateway(404, 100_008, "InvalidActionOrVersion")),
        }
    }
}

impl Service for Volcengine {
    fn name(&self) -> &'static str {
        "volcengine"
    }

    fn credentials(&self) -> &'static [(&'static str, &'static str)] {
        &[("access_key_id", ACCESS_KEY_ID), ("secret_access_key", SECRET_ACCESS_KEY)]
    }

    fn claims(&self, _path: &str, query: &Query) -> bool {
        query.one("Version").is_some()
    }

    fn answer(&mut self, context: &mut RequestContext<'_>) -> Outgoing {
        let query = Query::parse(&context.incoming.query);
        let action = query.one("Action").unwrap_or_default().to_owned();
        context.noted.action.clone_from(&action);
        let done = self.handle(context, &query);
        let code = done.as_ref().map_or_else(|refusal| refusal.code, |_| "0");
        code.clone_into(&mut context.noted.code);
        write(done, &action, context.now, context.number)
    }

    fn throttled(&self, incoming: &Incoming, now: Moment) -> Outgoing {
        let query = Query::parse(&incoming.query);
        write(Err(too_fast()), query.one("Action").unwrap_or_default(), now, 0)
    }

    /// The bans of every activity.
    fn in_force(&self, _now: Moment) -> Vec<InForce> {
        let accounts = self.accounts.iter();
        accounts.flat_map(|(account, activities)| activities.in_force(account)).collect()
    }

    /// Deletes an activity in every account.
    fn close(&mut self, activity: &str) {
        for activities in self.accounts.values_mut() {
            activities.close(activity);
        }
    }
}

impl Sandbox {
    /// Makes a user one who never entered any Volcengine activity.
    pub fn set_unregistered(&self, user: i64) {
        self.services().with(|it: &mut Volcengine| {
            it.limits.unregistered.insert(user);
        });
    }

    /// Makes a user known to every Volcengine activity, as every user is at first.
    pub fn set_registered(&self, user: i64) {
        self.services().with(|it: &mut Volcengine| {
            it.limits.unregistered.remove(&user);
        });
    }

    /// Sets how many users, and how many devices, a Volcengine activity bans at most.
    pub fn set_quota(&self, quota: usize) {
        self.services().with(|it: &mut Volcengine| it.limits.quota = quota);
    }
}

fn too_fast() -> Refusal {
    refusal(429, "AccountFlowLimitExceeded", "The account has exceeded its flow limit.")
}

fn write(done: Result<Value, Refusal>, action: &str, now: Moment, number: u64) -> Outgoing {
    let mut metadata = json!({
        "RequestId": format!("{:014}0000000000{number:08X}", now.millis()),
        "Action": action,
        "Version": VERSION,
        "Service": "livesaas",
        "Region": "cn-north-1",
    });
    match done {
        Ok(result) => {
            if let Value::Object(fields) = &mut metadata {
                fields.insert("SystemTime".to_owned(), now.seconds().into());
            }
            Outgoing::json(200, &json!({ "ResponseMetadata": metadata, "Result": result }))
        }
        Err(Refusal { status, number, code, message }) => {
            let mut error = json!({ "Code": code, "Message": message });
            if let (Value::Object(fields), Some(number)) = (&mut error, number) {
                fields.insert("CodeN".to_owned(), number.into());
            }
            if let Value::Object(fields) = &mut metadata {
                fields.insert("Error".to_owned(), error);
            }
            Outgoing::json(status, &json!({ "ResponseMetadata": metadata }))
        }
    }
}

#[cfg(test)]
mod tests;
