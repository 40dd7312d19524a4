//! Agora's channel management: rules that take privileges away for a day at most.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::query::Query;
use super::request_context::RequestContext;
use super::service::Service;
use super::{InForce, Incoming, Outgoing, Sandbox};
use crate::domain::{Deny, Kind, Moment};
use crate::provider::Method;

mod fields;
mod gate;
mod rules;

const CUSTOMER_ID: &str = "ostracon-sandbox-customer";
const CUSTOMER_SECRET: &str = "ostracon-sandbox-customer-secret";

/// The only path there is.
const RULES: &str = "/dev/v1/kicking-rule";

/// The apps of Agora, each made by its first call.
#[derive(Default)]
pub(super) struct Agora {
    apps: BTreeMap<String, rules::Rules>,
    rules_made: i64,
    /// Rules that lists leave out.
    unlisted: BTreeSet<i64>,
}

/// Why a call is refused.
#[derive(PartialEq, Eq, Debug)]
struct Refusal {
    status: u16,
    message: &'static str,
}

const fn refusal(status: u16, message: &'static str) -> Refusal {
    Refusal { status, message }
}

const TOO_FAST: Refusal = refusal(429, "too many requests");
const NOT_FOUND: Refusal = refusal(404, "rule not found");

/// "10/s": per account, not per app; assumed shared by all four methods.
const PER_SECOND: usize = 10;

/// The id of the rule in the documented sample: ours come after it.
const SAMPLE_RULE: i64 = 1953;

impl Agora {
    fn handle(&mut self, context: &mut RequestContext<'_>) -> Result<Value, Refusal> {
        if context.path != RULES {
            return Err(refusal(404, "no such resource"));
        }
        gate::account(context)?.clone_into(&mut context.noted.app);
        if context.is_too_fast("all methods", PER_SECOND) {
            return Err(TOO_FAST);
        }
        if !context.incoming.announces_json() {
            return Err(refusal(415, "Content-Type must be application/json"));
        }
        match context.incoming.method {
            Method::Get => self.list(context),
            Method::Post => self.create(context),
            Method::Put => self.update(context),
            Method::Delete => self.delete(context),
        }
    }

    fn create(&mut self, context: &mut RequestContext<'_>) -> Result<Value, Refusal> {
        let known = ["appid", "cname", "uid", "ip", "time", "time_in_seconds", "privileges"];
        let body = gate::body(context, &known)?;
        context.noted.subjects = 1;
        let app = fields::app(&body)?;
        let subject = fields::subject(context, &body)?;
        let deny = fields::privileges(&body)?;
        let Some(span) = fields::span(&body)? else {
            // One-shot: everybody it fits is put out, and no rule stays. Seen to answer with id 0.
            context.kicked(&app, subject.room.as_deref(), (subject.kind, &subject.id));
            return Ok(json!({ "status": "success", "id": 0 }));
        };
        self.rules_made = self.rules_made.saturating_add(1);
        let id = SAMPLE_RULE.saturating_add(self.rules_made);
        self.apps
            .entry(app)
            .or_default()
            .create(id, rules::Rule::new(subject, deny, span, context.now));
        Ok(json!({ "status": "success", "id": id }))
    }

    fn list(&self, context: &mut RequestContext<'_>) -> Result<Value, Refusal> {
        let app = gate::app_of_list(context)?;
        let rules = self
            .apps
            .get(&app)
            .map(|rules| rules.list(&app, context.now, &self.unlisted))
            .unwrap_or_default();
        Ok(json!({ "status": "success", "rules": rules }))
    }

    fn update(&mut self, context: &mut RequestContext<'_>) -> Result<Value, Refusal> {
        let body = gate::body(context, &["appid", "id", "time", "time_in_seconds"])?;
        context.noted.subjects = 1;
        let (app, id) = (fields::app(&body)?, fields::rule_id(&body)?);
        let Some(span) = fields::span(&body)? else {
            context.broke("what 0 means in an update is documented two ways");
            return Err(refusal(400, "invalid time"));
        };
        let rules = self.apps.get_mut(&app).ok_or(NOT_FOUND)?;
        let end = rules.update(id, span, context.now).ok_or(NOT_FOUND)?;
        Ok(json!({ "status": "success", "result": { "id": id, "ts": rules::iso(end) } }))
    }

    fn delete(&mut self, context: &mut RequestContext<'_>) -> Result<Value, Refusal> {
        let body = gate::body(context, &["appid", "id"])?;
        context.noted.subjects = 1;
        let (app, id) = (fields::app(&body)?, fields::rule_id(&body)?);
        let rules = self.apps.get_mut(&app).ok_or(NOT_FOUND)?;
        if !rules.delete(id, context.now) {
            return Err(NOT_FOUND);
        }
        Ok(json!({ "status": "success", "id": id }))
    }

    /// Makes so many rules of a day, for users from `first` on.
    fn add_foreign_rules(&mut self, app: &str, first: u32, rules: u32, now: Moment) {
        let of_app = self.apps.entry(app.to_owned()).or_default();
        for uid in first..first.saturating_add(rules) {
            self.rules_made = self.rules_made.saturating_add(1);
            let id = SAMPLE_RULE.saturating_add(self.rules_made);
            let (kind, room) = (Kind::User, Some("elsewhere".to_owned()));
            let subject = fields::Subject { kind, id: uid.to_string(), room };
            let day = SignedDuration::from_hours(24);
            of_app.create(id, rules::Rule::new(subject, Deny::JOIN, day, now));
        }
    }

    /// Takes a rule away behind everybody's back.
    fn lose_rule(&mut self, id: i64) {
        for rules in self.apps.values_mut() {
            rules.lose(id);
        }
    }
}

impl Service for Agora {
    fn name(&self) -> &'static str {
        "agora"
    }

    fn credentials(&self) -> &'static [(&'static str, &'static str)] {
        &[("customer_id", CUSTOMER_ID), ("customer_secret", CUSTOMER_SECRET)]
    }

    fn claims(&self, path: &str, _query: &Query) -> bool {
        path == RULES
    }

    fn answer(&mut self, context: &mut RequestContext<'_>) -> Outgoing {
        context.incoming.method.name().clone_into(&mut context.noted.action);
        let done = self.handle(context);
        let outgoing = write(done);
        context.noted.code = outgoing.status.to_string();
        outgoing.with("x-request-id", format!("ostracon-sandbox-{}", context.number))
    }

    fn throttled(&self, _incoming: &Incoming, _now: Moment) -> Outgoing {
        write(Err(TOO_FAST))
    }

    /// The rules that have not lapsed.
    fn in_force(&self, now: Moment) -> Vec<InForce> {
        self.apps.iter().flat_map(|(app, rules)| rules.in_force(app, now)).collect()
    }
}

impl Sandbox {
    /// Leaves an Agora rule out of lists, as bad networks do. The rule stays in force.
    pub fn set_unlisted_rule(&self, rule: i64) {
        self.services().with(|agora: &mut Agora| {
            agora.unlisted.insert(rule);
        });
    }

    /// Lists an Agora rule again.
    pub fn set_listed_rule(&self, rule: i64) {
        self.services().with(|agora: &mut Agora| {
            agora.unlisted.remove(&rule);
        });
    }

    /// Makes so many Agora rules in an app as somebody else would, for users from `first` on.
    pub fn add_foreign_rules(&self, app: &str, first: u32, rules: u32) {
        let now = self.clock.now();
        self.services().with(|agora: &mut Agora| agora.add_foreign_rules(app, first, rules, now));
    }

    /// Takes an Agora rule away behind everybody's back.
    pub fn lose_rule(&self, rule: i64) {
        self.services().with(|agora: &mut Agora| agora.lose_rule(rule));
    }
}

fn write(done: Result<Value, Refusal>) -> Outgoing {
    match done {
        Ok(body) => Outgoing::json(200, &body),
        Err(Refusal { status, message }) => Outgoing::json(status, &json!({ "message": message })),
    }
}

#[cfg(test)]
mod tests;
