//! Deciding what to do: plans, compares with what was saved, shows, asks.

use std::sync::Arc;

use super::Context;
use super::approval::approve;
use super::format::Format;
use super::pass::{Begun, Run};
use super::prepare::Files;
use super::refresh::{self, survey};
use super::signals::unless_shut_down;
use super::view::show_text;
use crate::error::Error;
use crate::plan::file::{self, SavedPlan};
use crate::plan::{Plan, Resolved, Scope};
use crate::report::{Folding, Review};
use crate::store::{Record, Snapshot};

/// What to do with a state that was taken.
pub(super) enum Decision {
    /// Carry this out.
    Go(Box<Ready>),
    /// There is nothing to carry out.
    Stop(Arc<Plan>),
}

/// A plan that may be carried out.
pub(super) struct Ready {
    pub(super) plan: Arc<Plan>,
    pub(super) resolved: Resolved,
    pub(super) snapshot: Snapshot,
    /// What the providers showed otherwise than recorded.
    pub(super) observed: Vec<Record>,
    /// The mark of the orders that the plan knows.
    pub(super) orders_mark: i64,
}

impl Run<'_> {
    /// Plans, shows, compares, asks.
    pub(super) async fn decide(
        &self,
        context: &mut Context<'_>,
        files: &Files,
        (mut snapshot, orders_mark): (Snapshot, i64),
        (saved, begun): (Option<SavedPlan>, &Begun),
    ) -> Result<Decision, Error> {
        let Self { args, world, shutdown, .. } = *self;
        let goes_on = begun.goes_on();
        // What nobody has seen is not done because of an order that came: that is done alone.
        let scope = match self.only {
            Some(order) => Scope::Orders(vec![order.clone()]),
            None if begun.is_as_seen(files) => files.scope(&args.target)?,
            None => Scope::Orders(snapshot.orders.clone()),
        };
        let mut left_over = if args.after_restore && !goes_on {
            files.doubt(&mut snapshot, world.now())
        } else {
            Vec::new()
        };
        let (mut found, observed) = if (args.refresh || args.after_restore) && !goes_on {
            let through = (world, refresh::credentials(context));
            let reading = survey(files, &mut snapshot, through, (&scope, &[]));
            let found = unless_shut_down(shutdown, reading).await?;
            refresh::refresh(&found, &mut snapshot, world)
        } else {
            (Vec::new(), Vec::new())
        };
        found.append(&mut left_over);
        let (plan, provenance, resolved) =
            files.plan(&mut snapshot, &scope, world.now(), &found)?;
        if let Some(saved) = saved {
            file::compare(&saved, &plan, &provenance)?;
        }
        if args.format == Format::Text && !goes_on && self.only.is_none() {
            let names = context.pseudonyms()?;
            let veiled = names.map(|mut names| {
                files.tell_names(&mut names);
                names.plan(&plan, &provenance)
            });
            let review = Review::of(veiled.as_ref().unwrap_or(&plan), &provenance);
            show_text(context, &review, Folding::Folded)?;
        }
        let plan = Arc::new(plan);
        let to_do = plan.operations.iter().any(|operation| plan.permits(operation));
        let protects = !plan.is_held_back() && files.newly_protected(&snapshot).is_some();
        // Why the clock was accepted is recorded with a run.
        let guards = files.newly_guarded(&snapshot).is_some();
        let nothing_to_record =
            plan.ended_orders.is_empty() && !protects && !guards && args.accept_clock.is_none();
        if !to_do && nothing_to_record && resolved.changes.is_empty() && observed.is_empty() {
            return Ok(Decision::Stop(plan));
        }
        if !args.auto_approve && to_do && !goes_on {
            unless_shut_down(shutdown, approve(context, &plan)).await?;
        }
        // Whatever ends this run early, the next one must not believe the backup.
        let doubts_all = args.after_restore && !goes_on;
        let doubted = snapshot.rows.iter().filter(|row| doubts_all && row.doubt.is_some());
        let observed = doubted.cloned().chain(observed).map(Record::Put).collect();
        Ok(Decision::Go(Box::new(Ready { plan, resolved, snapshot, observed, orders_mark })))
    }
}
