//! Giving an order, and seeing to it that it is carried out.

use std::time::Duration;

use jiff::SignedDuration;

use super::draft::span;
use super::list::whom;
use crate::apply::{Outcome, Shutdown, Tally};
use crate::commands::approval::approve;
use crate::commands::format::Format;
use crate::commands::leased_store::{self, LeasedStore};
use crate::commands::pass::Run;
use crate::commands::prepare::Files;
use crate::commands::signals::watch_signals;
use crate::commands::view::show_text;
use crate::commands::{Context, apply, store};
use crate::domain::{Order, OrderFate, OrderKind};
use crate::error::Error;
use crate::exit::Exit;
use crate::plan::document::Provenance;
use crate::plan::{Plan, Scope};
use crate::report::escape::Terminal;
use crate::report::{Folding, Review};
use crate::store::{Accounts, Lease, Location, State};

/// How an order is given.
#[derive(Debug, clap::Args)]
pub struct Common {
    /// Do not ask
    #[arg(long)]
    pub auto_approve: bool,

    /// Wait this long until it is done, where another run has to do it
    #[arg(long, value_name = "SPAN", default_value = "30s", value_parser = span)]
    pub wait: SignedDuration,

    /// How the outcome is shown
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,
}

/// How often it is looked whether another run has done it.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// Gives an order, unless the files say the same already, and carries it out.
pub(super) async fn give(
    context: &mut Context<'_>,
    common: &Common,
    (files, mut order): (Files, Order),
) -> Result<Exit, Error> {
    order.by = context.world.who(&context.global.dir).await;
    let (plan, provenance) = planned(context, &files, &order)?;
    let is_said = plan.ended_orders.iter().any(|it| {
        it.id == order.id && it.ended.as_ref().is_some_and(|end| end.how == OrderFate::Absorbed)
    });
    if is_said && plan.operations.is_empty() {
        let done = nothing_done(&order);
        if common.format == Format::Text {
            let whom = Terminal(&whom(&order)).to_string();
            let so = match order.kind {
                OrderKind::Ban => "is banned by the files for as long already",
                OrderKind::Lift => "is not banned",
            };
            context.console.result(|out| writeln!(out, "{whom} {so}: nothing was ordered."))?;
        } else {
            apply::report(context, common.format, &done, &plan)?;
        }
        return Ok(Exit::Done);
    }
    carry_out(context, common, (files, order), (plan, provenance)).await
}

/// Takes back an order, and does what the files say instead.
pub(super) async fn take_back(
    context: &mut Context<'_>,
    common: &Common,
    (files, order): (Files, Order),
) -> Result<Exit, Error> {
    let planned = planned(context, &files, &order)?;
    carry_out(context, common, (files, order), planned).await
}

/// Writes down what has become of an order, and does what follows from it.
async fn carry_out(
    context: &mut Context<'_>,
    common: &Common,
    (files, order): (Files, Order),
    (plan, provenance): (Plan, Provenance),
) -> Result<Exit, Error> {
    if !common.auto_approve && !context.console.terminal.answers {
        return Err(Error::new(Exit::Usage, "there is no terminal to ask on")
            .hint("say `--auto-approve` to order it without being asked"));
    }
    let location = files.state_location(context)?;
    let accounts = files.accounts(&Scope::Orders(vec![order.clone()]));
    apply::check_lineage_at(&location, &files)?;
    if common.format == Format::Text {
        show_text(context, &Review::of(&plan, &provenance), Folding::Folded)?;
    }
    if !common.auto_approve {
        approve(context, &plan).await?;
    }
    let shutdown = Shutdown::default();
    let signals = tokio::spawn(watch_signals(shutdown.clone()));
    let done =
        until_done(context, common, &Task { files, location, accounts, order, plan, shutdown })
            .await;
    signals.abort();
    done
}

/// What is to be done.
struct Task {
    files: Files,
    location: Location,
    accounts: Accounts,
    order: Order,
    plan: Plan,
    shutdown: Shutdown,
}

/// Notes the order and carries it out, or lets the run that holds the state do it.
async fn until_done(
    context: &mut Context<'_>,
    common: &Common,
    task: &Task,
) -> Result<Exit, Error> {
    let Task { files, location, accounts, order, plan, shutdown } = task;
    let world = context.world.clone();
    let who = context.world.who(&context.global.dir).await;
    let deadline = tokio::time::Instant::now() + common.wait.unsigned_abs();
    let mut is_noted = false;
    loop {
        let taken = leased_store::take(location, &world, accounts, Duration::ZERO).await;
        let held = match taken {
            Ok(LeasedStore { mut state, lease }) => {
                if !is_noted {
                    state.note_order(order, (&who, world.process.pid), world.now())?;
                }
                return at_once(context, common, task, (state, lease)).await;
            }
            Err(error) if error.exit == Exit::Locked => error,
            Err(error) => return Err(error),
        };
        if !is_noted {
            let Some(mut state) = State::beside(location)? else { continue };
            state.note_order(order, (&who, world.process.pid), world.now())?;
            is_noted = true;
            tracing::info!(target: "ostracon", order = &*order.id, "noted; {}", held.message);
        }
        if planned(context, files, order)?.0.operations.is_empty() {
            let mut outcome = nothing_done(order);
            outcome.tally.done = plan.operations.len() as u64;
            apply::report(context, common.format, &outcome, plan)?;
            return Ok(Exit::Done);
        }
        if tokio::time::Instant::now() >= deadline || shutdown.cause().is_some() {
            let mut outcome = nothing_done(order);
            outcome.tally.deferred = plan.operations.len() as u64;
            apply::report(context, common.format, &outcome, plan)?;
            let message = format!("the order is noted, and not done yet: {}", held.message);
            tracing::warn!(target: "ostracon", order = &*order.id, "{message}");
            return Ok(Exit::Unfinished);
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Carries it out with a state that is ours.
async fn at_once(
    context: &mut Context<'_>,
    common: &Common,
    task: &Task,
    (state, lease): (State, Lease),
) -> Result<Exit, Error> {
    let world = context.world.clone();
    let args = apply::Args::quiet(common.format);
    let run = Run {
        args: &args,
        world: &world,
        location: &task.location,
        lease: &lease,
        shutdown: &task.shutdown,
        only: Some(&task.order),
    };
    let (state, ended) = run.converge(context, state, None).await;
    let closed = apply::give_back(state, &lease, &world);
    let ended = ended.and_then(|ended| closed.map(|()| ended).map_err(Error::from))?;
    apply::report(context, common.format, &ended.outcome, &ended.plan)?;
    Ok(ended.exit)
}

/// What is left to do about an order, as the state is now.
fn planned(
    context: &Context<'_>,
    files: &Files,
    order: &Order,
) -> Result<(Plan, Provenance), Error> {
    let mut snapshot = store::snapshot(context, files)?;
    snapshot.orders.retain(|other| other.id != order.id);
    if order.ended.is_none() {
        snapshot.orders.push(order.clone());
    }
    let scope = Scope::Orders(vec![order.clone()]);
    let (plan, provenance, _) = files.plan(&mut snapshot, &scope, context.world.now(), &[])?;
    Ok((plan, provenance))
}

fn nothing_done(order: &Order) -> Outcome {
    Outcome {
        run: order.id.to_string(),
        tally: Tally::default(),
        problems: Vec::new(),
        stopped: Vec::new(),
        cause: None,
    }
}
