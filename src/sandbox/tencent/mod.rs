//! Tencent's `live_engine_http_srv`: bans users from rooms, for a time.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::query::Query;
use super::request_context::RequestContext;
use super::service::Service;
use super::{InForce, Incoming, Outgoing, Sandbox};
use crate::domain::Moment;
use crate::provider::Method;

mod members;
mod rooms;
mod usersig;

/// The secret key of every app.
const SECRET_KEY: &str = "ostracon-sandbox-secret-key";

/// The apps of Tencent, each made by its first call.
#[derive(Default)]
pub(super) struct Tencent {
    apps: BTreeMap<u32, rooms::Rooms>,
    repeat: RepeatBan,
}

/// What happens when somebody is banned who is banned already: it is not documented.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum RepeatBan {
    /// The end moves, as its siblings in the IM product do.
    #[default]
    MovesEnd,
    /// The old end stays.
    KeepsOldEnd,
}

/// Why a call is refused.
#[derive(PartialEq, Eq, Debug)]
struct Refusal {
    code: u32,
    message: &'static str,
}

const fn refusal(code: u32, message: &'static str) -> Refusal {
    Refusal { code, message }
}

const TOO_FAST: Refusal = refusal(60007, "REST call frequency exceeded");

/// "200 queries/sec."; assumed shared by all commands.
const PER_SECOND: usize = 200;

const COMMANDS: &str = "/v4/live_engine_http_srv/";
const PARAMETERS: [&str; 5] = ["sdkappid", "identifier", "usersig", "random", "contenttype"];

impl Tencent {
    fn handle(&mut self, context: &mut RequestContext<'_>) -> Result<Option<Value>, Refusal> {
        let command = context.path.strip_prefix(COMMANDS).ok_or(refusal(60009, "wrong path"))?;
        let query = Query::parse(&context.incoming.query);
        let app = admit(context, &query)?;
        if context.is_too_fast("all commands", PER_SECOND) {
            return Err(TOO_FAST);
        }
        let body = read_body(context)?;
        let rooms = self.apps.entry(app).or_default();
        match command {
            "ban_member" => rooms.ban(context, &body, self.repeat).map(|()| None),
            "unban_member" => rooms.unban(context, &body).map(|()| None),
            "get_banned_member_list" => rooms.list(context, &body).map(Some),
            _ => {
                context.broke("the command is not documented, or not emulated");
                Err(refusal(60009, "wrong path"))
            }
        }
    }
}

impl Service for Tencent {
    fn name(&self) -> &'static str {
        "tencent"
    }

    fn credentials(&self) -> &'static [(&'static str, &'static str)] {
        &[("secret_key", SECRET_KEY)]
    }

    fn claims(&self, path: &str, _query: &Query) -> bool {
        path.starts_with("/v4/")
    }

    /// Answers a request: with HTTP 200, whatever the outcome.
    fn answer(&mut self, context: &mut RequestContext<'_>) -> Outgoing {
        let command = context.path.rsplit('/').next().unwrap_or_default();
        command.clone_into(&mut context.noted.action);
        let done = self.handle(context);
        let code = done.as_ref().map_or_else(|refusal| refusal.code, |_| 0);
        context.noted.code = code.to_string();
        write(done, context.number)
    }

    fn throttled(&self, _incoming: &Incoming, _now: Moment) -> Outgoing {
        write(Err(TOO_FAST), 0)
    }

    /// The bans that have not run out.
    fn in_force(&self, now: Moment) -> Vec<InForce> {
        self.apps.iter().flat_map(move |(app, rooms)| rooms.in_force(*app, now)).collect()
    }

    /// Dissolves a room in every app.
    fn close(&mut self, room: &str) {
        for rooms in self.apps.values_mut() {
            rooms.close(room);
        }
    }
}

impl Sandbox {
    /// Sets what a repeated ban does at Tencent.
    pub fn set_repeat_ban(&self, repeat: RepeatBan) {
        self.services().with(|tencent: &mut Tencent| tencent.repeat = repeat);
    }
}

/// Checks what every call must bring; answers its app.
fn admit(context: &mut RequestContext<'_>, query: &Query) -> Result<u32, Refusal> {
    context.broke_all(&query.oddities(&PARAMETERS));
    if context.incoming.method != Method::Post {
        return Err(refusal(60002, "the method must be POST"));
    }
    let app = query.one("sdkappid").ok_or(refusal(60012, "sdkappid missing"))?;
    let app: u32 = app.parse().map_err(|_not_a_number| refusal(60006, "sdkappid invalid"))?;
    context.noted.app = app.to_string();
    if query.one("contenttype") != Some("json") {
        return Err(refusal(60002, "contenttype must be json"));
    }
    let random = query.one("random").and_then(|text| text.parse::<u32>().ok());
    random.ok_or(refusal(60002, "random must be an unsigned 32-bit number"))?;
    let identifier = query.one("identifier").ok_or(refusal(60004, "identifier missing"))?;
    let usersig = query.one("usersig").ok_or(refusal(60004, "usersig missing"))?;
    usersig::check(usersig, app, identifier, context.now)?;
    Ok(app)
}

fn read_body(context: &mut RequestContext<'_>) -> Result<Map<String, Value>, Refusal> {
    if context.incoming.body.is_empty() {
        context.broke("the body must not be empty");
    }
    context.incoming.object().ok_or(refusal(60003, "the body is not a JSON object"))
}

fn write(done: Result<Option<Value>, Refusal>, number: u64) -> Outgoing {
    let (status, code, message, data) = match done {
        Ok(data) => ("OK", 0, "", data),
        Err(Refusal { code, message }) => ("FAIL", code, message, None),
    };
    let mut body = json!({
        "ActionStatus": status,
        "ErrorInfo": message,
        "ErrorCode": code,
        "RequestId": format!("Id-ostracon-sandbox-O-Seq-{number}"),
    });
    if let (Value::Object(fields), Some(data)) = (&mut body, data) {
        fields.insert("Response".to_owned(), data);
    }
    Outgoing::json(200, &body)
}

#[cfg(test)]
mod tests;
