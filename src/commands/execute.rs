//! Carrying out what was decided, with a state that is ours.

use std::sync::Arc;

use super::Context;
use super::decide::Ready;
use super::prepare::Files;
use super::rehearsal::SandboxCredentials;
use crate::apply::{self, ApplyRequest, ApplyResult, KnownAccounts, Outcome, Progress, Shutdown};
use crate::domain::Moment;
use crate::error::Error;
use crate::plan::Plan;
use crate::store::{Lease, Record, State, orders};
use crate::world::{Credentials, World};

/// With what a plan is carried out.
pub(super) struct Execution<'a> {
    pub(super) world: &'a World,
    pub(super) credentials: Arc<dyn Credentials>,
    pub(super) lease: &'a Lease,
    pub(super) shutdown: &'a Shutdown,
    /// What to record of the targets before anything else.
    pub(super) first: Vec<Record>,
    /// What earlier passes know.
    pub(super) accounts: KnownAccounts,
    pub(super) unpaced: bool,
    pub(super) progress: Arc<dyn Progress>,
}

impl Execution<'_> {
    /// Makes the calls of a plan, and records what comes of them; an error if that cannot be
    /// written.
    pub(super) async fn carry_out(
        self,
        files: &Files,
        ready: Ready,
        state: State,
    ) -> (State, Result<Outcome, Error>) {
        let old_run = match state.newest_run_by(self.world.now() - apply::LONG_AGO) {
            Ok(old_run) => old_run,
            Err(error) => return (state, Err(error.into())),
        };
        let request = self.request(files, ready, old_run);
        let ApplyResult { outcome, state, written } = apply::apply(request, state).await;
        (state, written.map(|()| outcome).map_err(Error::from))
    }

    /// What is to be done at every target; `old_run` began long ago.
    pub(super) fn request(
        self,
        files: &Files,
        ready: Ready,
        old_run: Option<Moment>,
    ) -> ApplyRequest {
        let Self { world, credentials, lease, shutdown, mut first, accounts, unpaced, progress } =
            self;
        let Ready { plan, snapshot, observed, orders_mark, resolved: _ } = ready;
        first.extend(observed);
        first.extend(ended_orders(&plan, &lease.run, world.now()));
        ApplyRequest {
            world: world.clone(),
            credentials,
            plan,
            metas: Arc::clone(&files.metas),
            targets: files.config.targets.clone(),
            side_by_side: None,
            first,
            lease: lease.clone(),
            newest_call: snapshot.newest_call,
            orders_mark,
            old_run,
            recent_calls: snapshot.recent_calls,
            accounts,
            unpaced,
            shutdown: shutdown.clone(),
            progress,
        }
    }
}

/// Where the secrets of targets are read.
pub(super) fn credentials(
    context: &Context<'_>,
    world: &World,
    sandbox: bool,
) -> Arc<dyn Credentials> {
    if sandbox {
        return Arc::new(SandboxCredentials);
    }
    let directory = world.directory.join(&context.global.dir);
    Arc::new(World { directory, ..world.clone() })
}

/// What to record of the orders that have ended.
fn ended_orders(plan: &Plan, run: &str, now: Moment) -> Vec<Record> {
    let ended = plan.ended_orders.iter();
    let records = ended.flat_map(|order| {
        let audit = orders::audit(order, run, now).into_iter().map(Record::Audit);
        std::iter::once(Record::Order(order.clone())).chain(audit)
    });
    records.collect()
}
