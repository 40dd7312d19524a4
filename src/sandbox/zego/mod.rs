//! ZEGO's Server API v2: kicks users, forbids and resumes streams.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::query::Query;
use super::request_context::RequestContext;
use super::service::Service;
use super::{InForce, Incoming, Outgoing};
use crate::domain::Moment;
use crate::provider::Method;

mod gate;
mod kicks;
mod streams;

/// `ServerSecret` of every app.
const SERVER_SECRET: &str = "ostracon-sandbox-server-secret00";

/// The apps of ZEGO, each made by its first call.
#[derive(Default)]
pub(super) struct Zego(BTreeMap<u32, App>);

/// One app.
#[derive(Default)]
struct App {
    nonces: gate::Nonces,
    streams: streams::Streams,
}

/// Why a call is refused.
#[derive(Debug)]
struct Refusal {
    code: u32,
    message: &'static str,
}

const fn refusal(code: u32, message: &'static str) -> Refusal {
    Refusal { code, message }
}

/// The documented actions that are emulated.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Action {
    Kickout,
    Streams(streams::Order),
}

impl Action {
    fn parse(name: &str) -> Option<Self> {
        if name == "KickoutUser" {
            return Some(Self::Kickout);
        }
        streams::Order::parse(name).map(Self::Streams)
    }

    /// The parameters of the action besides the common ones.
    const fn parameters(self) -> &'static [&'static str] {
        match self {
            Self::Kickout => &["RoomId", "UserId[]", "CustomReason"],
            Self::Streams(order) => order.parameters(),
        }
    }
}

impl Zego {
    fn handle(
        &mut self,
        context: &mut RequestContext<'_>,
        query: &Query,
    ) -> Result<Action, Refusal> {
        if context.incoming.method != Method::Get || context.path != "/" {
            context.broke("every emulated action is a GET of `/`");
            return Err(refusal(2, "bad parameter"));
        }
        let app_id = query.one("AppId").and_then(|text| text.parse::<u32>().ok());
        let app_id = app_id.ok_or(refusal(100_000_001, "AppId badly formed"))?;
        context.noted.app = app_id.to_string();
        let app = self.0.entry(app_id).or_default();
        gate::admit(context, query, app_id, &mut app.nonces)?;
        let name = query.one("Action").ok_or(refusal(100_000_006, "Action empty"))?;
        let action = Action::parse(name).ok_or(refusal(100_000_007, "Action unsupported"))?;
        let known: Vec<&str> = gate::COMMON.iter().chain(action.parameters()).copied().collect();
        context.broke_all(&query.oddities(&known));
        let environment = gate::Environment::read(query)?;
        match action {
            Action::Kickout => kicks::kick(context, query)?,
            Action::Streams(order) => app.streams.obey(context, query, order, environment)?,
        }
        Ok(action)
    }
}

impl Service for Zego {
    fn name(&self) -> &'static str {
        "zego"
    }

    fn credentials(&self) -> &'static [(&'static str, &'static str)] {
        &[("server_secret", SERVER_SECRET)]
    }

    fn claims(&self, _path: &str, query: &Query) -> bool {
        query.one("Action").is_some() || query.one("AppId").is_some()
    }

    fn answer(&mut self, context: &mut RequestContext<'_>) -> Outgoing {
        let query = Query::parse(&context.incoming.query);
        let action = query.one("Action").unwrap_or_default().to_owned();
        context.noted.action.clone_from(&action);
        let done = self.handle(context, &query);
        let mut body = match &done {
            Ok(Action::Kickout) => json!({ "Code": 0, "Message": "success" }),
            Ok(Action::Streams(_)) => json!({ "Code": 0, "Message": "ok", "Data": null }),
            Err(Refusal { code, message }) => json!({ "Code": code, "Message": message }),
        };
        if let Value::Object(fields) = &mut body {
            // Text, although it looks like a number.
            let number = 1_000_000_000_000_000_000_u64.saturating_add(context.number);
            fields.insert("RequestId".to_owned(), number.to_string().into());
        }
        context.noted.code = done.map_or_else(|refusal| refusal.code, |_| 0).to_string();
        Outgoing::json(200, &body)
    }

    /// Each family of actions has a code of its own.
    fn throttled(&self, incoming: &Incoming, _now: Moment) -> Outgoing {
        let query = Query::parse(&incoming.query);
        let refusal = match query.one("Action").and_then(Action::parse) {
            Some(Action::Streams(_)) => streams::TOO_FAST,
            Some(Action::Kickout) | None => kicks::TOO_FAST,
        };
        let Refusal { code, message } = refusal;
        Outgoing::json(200, &json!({ "Code": code, "Message": message, "RequestId": "0" }))
    }

    /// The streams that are forbidden. Kicks leave nothing in force.
    fn in_force(&self, _now: Moment) -> Vec<InForce> {
        self.0.iter().flat_map(|(app, books)| books.streams.in_force(*app)).collect()
    }
}

#[cfg(test)]
mod tests;
