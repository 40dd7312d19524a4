//! `orders`: which orders stand, and all about one.

use std::fmt::Write as _;

use schemars::JsonSchema;
use serde::Serialize;

use crate::commands::format::Format;
use crate::commands::{Context, store};
use crate::domain::{Moment, Order, Subject};
use crate::error::Error;
use crate::exit::Exit;
use crate::plan::document::FORMAT_VERSION;
use crate::report::escape::Terminal;

/// What `orders list` takes.
#[derive(Debug, clap::Args)]
pub struct ListArgs {
    /// Those that have ended too
    #[arg(long)]
    pub all: bool,

    /// How they are shown
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,
}

/// What `orders show` takes.
#[derive(Debug, clap::Args)]
pub struct ShowArgs {
    /// The order, by its id or the beginning of it
    #[arg(id = "order", value_name = "ID")]
    pub id: String,

    /// How it is shown
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,
}

/// What `orders list` and `orders show` print as JSON.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(
    title = "ostracon orders",
    description = "What `orders list --format json` and `orders show --format json` print. Every key \
                   is always there. Ignore unknown keys: 1.x only adds."
)]
pub struct Orders {
    /// The version of this format: 1.x only adds keys.
    #[schemars(regex(pattern = r"^1\.[0-9]+$"))]
    pub format_version: &'static str,
    /// The orders, as they were given.
    pub orders: Vec<Order>,
}

/// Lists orders.
pub(super) fn list(context: &mut Context<'_>, args: &ListArgs) -> Result<Exit, Error> {
    let now = context.world.now();
    let mut orders = store::required(context)?.orders()?;
    orders.retain(|order| args.all || order.stands(now));
    match args.format {
        Format::Json => {
            context.console.json(&Orders { format_version: FORMAT_VERSION, orders })?;
        }
        Format::Text => {
            context.console.report(|out| {
                if orders.is_empty() {
                    return writeln!(out, "No order stands.");
                }
                orders.iter().try_for_each(|order| writeln!(out, "{}", line(order, now)))
            })?;
        }
    }
    Ok(Exit::Done)
}

/// Shows one order.
pub(super) fn show(context: &mut Context<'_>, args: &ShowArgs) -> Result<Exit, Error> {
    let order = find(context, &args.id)?;
    match args.format {
        Format::Json => {
            context
                .console
                .json(&Orders { format_version: FORMAT_VERSION, orders: vec![order] })?;
        }
        Format::Text => context.console.report(|out| write!(out, "{}", text(&order)))?,
    }
    Ok(Exit::Done)
}

/// The one order whose id is this or begins so.
pub(super) fn find(context: &Context<'_>, id: &str) -> Result<Order, Error> {
    let mut found = store::required(context)?.orders()?;
    found.retain(|order| order.id.starts_with(id));
    match (found.pop(), found.len()) {
        (Some(order), 0) => Ok(order),
        (None, _) => {
            let message = format!("there is no order `{}`", Terminal(id));
            Err(Error::new(Exit::Error, message).hint("`ostracon orders list --all` lists them"))
        }
        (Some(_), others) => {
            let message = format!("{} orders have ids that begin so", others + 1);
            Err(Error::new(Exit::Error, message).hint("say more of it"))
        }
    }
}

fn line(order: &Order, now: Moment) -> String {
    let Order { id, kind, until, why, by, .. } = order;
    let state = match &order.ended {
        Some(end) => format!("{} {}", end.how, end.at),
        None if order.stands(now) => format!("until {until}"),
        None => format!("over since {until}"),
    };
    let why = Terminal(why);
    format!("{id}  {:<4}  {}  {state}  {why}, by {by}", kind.name(), Terminal(&whom(order)))
}

/// Whom an order is about, in a few words.
pub(super) fn whom(order: &Order) -> String {
    let mut text = order.target.to_string();
    if let Some(room) = &order.room {
        let _written = write!(text, "/room:{room}");
    }
    let subjects = order.subjects.iter().take(3);
    let subjects: Vec<String> =
        subjects.map(|Subject { kind, id }| format!("{kind}:{id}")).collect();
    let _written = write!(text, "/{}", subjects.join(","));
    match order.subjects.len().checked_sub(3) {
        None | Some(0) => text,
        Some(more) => format!("{text} and {more} more"),
    }
}

fn text(order: &Order) -> String {
    let Order { id, kind, until, why, given, by, ended, .. } = order;
    let mut lines = vec![
        ("order", id.to_string()),
        ("what", format!("{kind} of {} at {}", order.subjects.len(), order.target)),
        ("given", format!("{given} by {by}")),
        ("until", until.to_string()),
        ("why", why.to_string()),
    ];
    lines.extend(order.restrictions().map(|it| ("whom", it.to_string())));
    lines.extend(order.meta.iter().map(|(key, value)| ("meta", format!("{key}: {value}"))));
    if let Some(end) = ended {
        let why = end.why.as_deref().map(|why| format!(": {why}")).unwrap_or_default();
        lines.push(("ended", format!("{} {}{why}", end.at, end.how)));
    }
    let mut text = String::new();
    for (name, value) in lines {
        let _written = writeln!(text, "{name:<6} {}", Terminal(&value));
    }
    text
}
