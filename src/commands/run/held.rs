//! The state while it is the service's: one writer, for the loop and for every call under way.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::Service;
use super::service::LOOK_EVERY;
use crate::apply::{Cause, Journal, KnownAccounts, Shutdown, WINDOW, journal};
use crate::commands::apply::give_back;
use crate::commands::leased_store::{self, LeasedStore};
use crate::plan::Scope;
use crate::store::{Accounts, Claim, Lease, State, StateError};
use crate::world::World;

/// The state while it is ours.
pub(super) struct Held {
    /// The right to change it.
    pub(super) lease: Lease,
    /// Where it is written.
    pub(super) journal: Journal,
    /// Pulled when it cannot be written any more, or is another's.
    pub(super) lost: Shutdown,
    since: Instant,
    writer: JoinHandle<(State, Result<(), StateError>)>,
}

impl Held {
    /// What was taken.
    pub(super) fn new(LeasedStore { state, lease }: LeasedStore, world: &World) -> Self {
        let lost = Shutdown::default();
        // The service looks for orders itself: its calls are stopped account by account.
        let (journal, writer) = journal((state, None), lease.clone(), lost.clone(), world.clone());
        Self { lease, journal, lost, since: Instant::now(), writer: tokio::spawn(writer.run()) }
    }

    /// Does something with the state.
    pub(super) async fn ask<T: Send + 'static>(
        &self,
        what: impl FnOnce(&mut State) -> Result<T, StateError> + Send + 'static,
    ) -> Result<T, StateError> {
        // Why it cannot be written is said when it is let go.
        self.journal.ask(what).await.unwrap_or(Err(StateError::LeaseLost))
    }

    /// Whether nobody else has called any account for so long that no rate counts such calls.
    pub(super) fn is_alone(&self) -> bool {
        self.lease.accounts == Accounts::All && self.since.elapsed() > WINDOW
    }

    /// Lets go of it; an error if something could not be written. Nothing may be under way any more.
    pub(super) async fn let_go(self) -> (State, Result<(), StateError>) {
        let Self { journal, writer, .. } = self;
        drop(journal);
        writer.await.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))
    }
}

impl Service<'_> {
    /// Takes the state, or more accounts of it, if nobody else has them; whether there are more
    /// than before.
    pub(super) async fn hold(&mut self) -> bool {
        let had = self.number_held();
        let wanted = self.checkout.files.accounts(&Scope::Everything);
        let world = self.context.world;
        if self.held.is_none() {
            let none = Accounts::Only(BTreeSet::new());
            match leased_store::take(&self.location, world, &none, Duration::ZERO).await {
                Ok(leased) => {
                    let run = &*leased.lease.run;
                    tracing::info!(target: "ostracon", run, "the state is ours");
                    self.held = Some(Held::new(leased, world));
                    self.accounts = KnownAccounts::default();
                }
                Err(error) => self.say(&error.message.clone()),
            }
        }
        if let Some(held) = &mut self.held
            && !held.lease.accounts.cover(&wanted)
        {
            let (lease, process, now) = (held.lease.clone(), world.process.clone(), world.now());
            let extended = held.ask(move |state| {
                let run = &*lease.run;
                let claim = Claim { run, process: &process, now, lineage: "", accounts: &wanted };
                state.extend_lease(&lease, &claim)
            });
            match extended.await {
                Ok(more) => held.lease = more,
                Err(error) => self.lose(&error.to_string()).await,
            }
        }
        let has = self.number_held();
        self.board.metrics.holds(has);
        if has == 0 {
            self.board.not_ready("another run holds the state");
        }
        has > had
    }

    /// Whether others hold accounts that the service wants.
    pub(super) fn lacks(&self) -> bool {
        let wanted = self.checkout.files.accounts(&Scope::Everything);
        self.held.as_ref().is_none_or(|held| !held.lease.accounts.cover(&wanted))
    }

    /// How many of the accounts are ours.
    fn number_held(&self) -> usize {
        let wanted = self.checkout.files.accounts(&Scope::Everything);
        match (self.held.as_ref().map(|held| &held.lease.accounts), wanted) {
            (None, _) => 0,
            (Some(Accounts::All), Accounts::Only(wanted)) => wanted.len().max(1),
            (Some(Accounts::All), Accounts::All) => 1,
            (Some(Accounts::Only(held)), _) => held.len(),
        }
    }

    /// The state is not ours any more, or cannot be written: once all that was under way has come to
    /// its end, it is taken again.
    pub(super) async fn lose(&mut self, why: &str) {
        self.come_to_rest(Cause::StateLost).await;
        let Some(held) = self.held.take() else { return };
        let (_closed, written) = held.let_go().await;
        let why = written.err().map_or_else(|| why.to_owned(), |error| error.to_string());
        self.board.metrics.holds(0);
        self.board.not_ready(&why);
        self.say(&why);
    }

    /// Looks now and then whether an order has come.
    pub(super) async fn has_orders(&mut self) -> bool {
        let Some(held) = &self.held else { return false };
        if self.looked_for_orders.elapsed() < LOOK_EVERY {
            return false;
        }
        self.looked_for_orders = Instant::now();
        match held.ask(|state| state.orders_mark()).await {
            Ok(mark) => mark != self.orders_mark,
            Err(error) => {
                self.lose(&error.to_string()).await;
                false
            }
        }
    }

    /// Gives the state back.
    pub(super) async fn give_back(&mut self) {
        let Some(held) = self.held.take() else { return };
        let lease = held.lease.clone();
        let (state, written) = held.let_go().await;
        if let Err(error) = written.and_then(|()| give_back(state, &lease, self.context.world)) {
            tracing::warn!(target: "ostracon", %error, "the state could not be given back");
        }
    }
}
