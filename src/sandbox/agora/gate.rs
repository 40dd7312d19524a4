//! What every Agora call must bring: an account, and a body or a query of known names.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use super::{CUSTOMER_ID, CUSTOMER_SECRET};
use super::{Refusal, refusal};
use crate::sandbox::query::Query;
use crate::sandbox::request_context::RequestContext;
use crate::sandbox::service::names_account;

/// The account that calls, which is the customer id.
pub(super) fn account(context: &RequestContext<'_>) -> Result<String, Refusal> {
    let basic = context.incoming.header("authorization").and_then(|it| it.strip_prefix("Basic "));
    let decoded = basic.and_then(|text| STANDARD.decode(text).ok());
    let decoded = decoded.and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default();
    match decoded.split_once(':') {
        Some((id, CUSTOMER_SECRET)) if names_account(id, CUSTOMER_ID) => Ok(id.to_owned()),
        Some(_) | None => Err(refusal(401, "invalid customer id or secret")),
    }
}

/// The body of a write. Everything goes into it, and nothing into the query.
pub(super) fn body(
    context: &mut RequestContext<'_>,
    known: &[&str],
) -> Result<Map<String, Value>, Refusal> {
    let query = Query::parse(&context.incoming.query);
    context.broke_all(&query.oddities(&[]));
    let body = context.incoming.object().ok_or(refusal(400, "invalid body"))?;
    for name in body.keys().filter(|name| !known.contains(&name.as_str())) {
        context.broke(&format!("the field `{}` is not documented here", name.escape_debug()));
    }
    Ok(body)
}

/// The app of a list: the only parameter, and in the query.
pub(super) fn app_of_list(context: &mut RequestContext<'_>) -> Result<String, Refusal> {
    let query = Query::parse(&context.incoming.query);
    context.broke_all(&query.oddities(&["appid"]));
    if !context.incoming.body.is_empty() {
        context.broke("a list has no body");
    }
    query.one("appid").map(str::to_owned).ok_or(refusal(400, "invalid appid"))
}
