//! The loop: what woke the service, the files, a pass, when next.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::{Instant, sleep};

use super::Nudge;
use super::agenda::Agenda;
use super::board::Board;
use super::checkout::{Checkout, Look};
use crate::apply::{Cause, Halt, KnownAccounts};
use crate::commands::Context;
use crate::commands::apply::{check_lineage_at, give_back};
use crate::commands::tenancy::{self, Tenancy};
use crate::domain::{Moment, Who};
use crate::error::Error;
use crate::exit::Exit;
use crate::plan::Scope;
use crate::store::{Accounts, Claim, HEARTBEAT_EVERY, Location, StateError};

/// Why the service goes to work.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Wake {
    /// It begins, or has the state anew.
    Begin,
    /// The files may have changed, or are to be read anew.
    Nudged(Nudge),
    /// Its time has come.
    Due,
    /// Somebody gave an order.
    Order,
    /// Others hold the state, or some of it, and may not any more.
    Claim,
    /// It is told to end.
    End,
}

/// How often orders are looked for while nothing else is to do: each second at least (design §8).
pub(super) const LOOK_EVERY: Duration = Duration::from_millis(500);

/// How often accounts are tried again that others hold.
const CLAIM_EVERY: Duration = Duration::from_secs(3);

/// Files are read once nothing has changed for this long.
const SETTLED_AFTER: Duration = Duration::from_millis(50);

/// Files that never come to rest are read after this long all the same.
const SETTLED_AT_LAST: Duration = Duration::from_secs(2);

/// When files that were being changed are looked at again.
const BUSY_FOR: jiff::SignedDuration = jiff::SignedDuration::from_millis(250);

/// A service that keeps time.
pub struct Service<'a> {
    pub(super) context: &'a Context<'a>,
    pub(super) halt: Halt,
    pub(super) inbox: UnboundedReceiver<Nudge>,
    /// How often the files are looked at.
    pub(super) every: Duration,
    /// When they were last.
    pub(super) looked: Instant,
    /// When orders were looked for last.
    pub(super) looked_for_orders: Instant,
    /// When others were last let know that we live.
    pub(super) beaten: Instant,
    /// Who acts, and by which commit of the files; unknown once they have changed.
    pub(super) who: Option<Who>,
    /// How many passes in a row were interrupted while something was in doubt.
    pub(super) hurried: u32,
    /// What came during a pass.
    pub(super) pending: Option<Nudge>,
    pub(super) location: Location,
    pub(super) checkout: Checkout,
    /// What was said last of what is wrong: nothing is said twice.
    pub(super) said: Option<String>,
    pub(super) tenure: Option<Tenancy>,
    /// What is known of the accounts as long as the state is ours.
    pub(super) accounts: KnownAccounts,
    /// The mark of the orders that the last plan knew.
    pub(super) orders_mark: i64,
    pub(super) agenda: Agenda,
    pub(super) board: Arc<Board>,
}

impl<'a> Service<'a> {
    /// A service about a workspace. An error if there is nothing to begin with: no config, or
    /// another state than it names.
    pub fn new(
        context: &'a Context<'a>,
        every: Duration,
        (halt, inbox): (Halt, UnboundedReceiver<Nudge>),
    ) -> Result<Self, Error> {
        let checkout = Checkout::open(context)?;
        let location = checkout.files.state_location(context)?;
        check_lineage_at(&location, &checkout.files)?;
        Ok(Self {
            context,
            halt,
            inbox,
            every,
            looked: Instant::now(),
            looked_for_orders: Instant::now(),
            beaten: Instant::now(),
            who: None,
            hurried: 0,
            pending: None,
            location,
            checkout,
            said: None,
            tenure: None,
            accounts: KnownAccounts::default(),
            orders_mark: 0,
            agenda: Agenda::default(),
            board: Arc::default(),
        })
    }

    /// Goes to work whenever something wakes it, until it is told to end.
    pub async fn keep_time(&mut self) -> Result<Exit, Error> {
        self.tell_of_files();
        let mut woken = Wake::Begin;
        while woken != Wake::End {
            let has_more = self.hold().await;
            let is_other = self.look_at_files(woken);
            if woken == Wake::Order {
                self.agenda.forgive();
            }
            let is_time = matches!(woken, Wake::Begin | Wake::Due | Wake::Order);
            let mut again = has_more || is_other || is_time;
            while again && self.halt.cause().is_none() {
                again = self.pass().await;
                self.look_at_pending();
            }
            woken = self.until_woken().await;
        }
        self.give_back();
        Ok(match self.halt.cause() {
            Some(Cause::Terminated) => Exit::Terminated,
            _ => Exit::Interrupted,
        })
    }

    pub(super) fn now(&self) -> Moment {
        self.context.world.now()
    }

    /// Takes the state, or more accounts of it, if nobody else has them; whether there are more
    /// than before.
    async fn hold(&mut self) -> bool {
        let had = self.held();
        let wanted = self.checkout.files.accounts(&Scope::Everything);
        if self.tenure.is_none() {
            let none = Accounts::Only(BTreeSet::new());
            let world = self.context.world;
            match tenancy::take(&self.location, world, &none, Duration::ZERO).await {
                Ok(tenure) => {
                    tracing::info!(target: "ostracon", run = tenure.lease.run, "the state is ours");
                    self.tenure = Some(tenure);
                    self.accounts = KnownAccounts::default();
                }
                Err(error) => self.say(&error.message.clone()),
            }
        }
        if let Some(Tenancy { state, lease }) = &mut self.tenure
            && !lease.accounts.cover(&wanted)
        {
            let (process, now) = (&self.context.world.process, self.context.world.now());
            let run = &*lease.run;
            let claim = Claim { run, process, now, lineage: "", accounts: &wanted };
            match state.extend_lease(lease, &claim) {
                Ok(more) => *lease = more,
                Err(error) => self.lose(&error),
            }
        }
        let has = self.held();
        self.board.metrics.holds(has);
        if has == 0 {
            self.board.not_ready("another run holds the state");
        }
        has > had
    }

    /// Whether others hold accounts that the service wants.
    fn lacks(&self) -> bool {
        let wanted = self.checkout.files.accounts(&Scope::Everything);
        self.tenure.as_ref().is_none_or(|tenure| !tenure.lease.accounts.cover(&wanted))
    }

    /// How many of the accounts are ours.
    fn held(&self) -> usize {
        let wanted = self.checkout.files.accounts(&Scope::Everything);
        match (self.tenure.as_ref().map(|tenure| &tenure.lease.accounts), wanted) {
            (None, _) => 0,
            (Some(Accounts::All), Accounts::Only(wanted)) => wanted.len().max(1),
            (Some(Accounts::All), Accounts::All) => 1,
            (Some(Accounts::Only(held)), _) => held.len(),
        }
    }

    /// Looks at the files if they may have changed; whether they say something else now.
    fn look_at_files(&mut self, woken: Wake) -> bool {
        let anew = woken == Wake::Nudged(Nudge::Reload);
        if !matches!(woken, Wake::Nudged(_)) {
            return false;
        }
        self.looked = Instant::now();
        let look = self.checkout.look(self.context, anew);
        match look {
            Look::Same => return false,
            Look::Busy => self.agenda.look_at_files(self.now() + BUSY_FOR),
            Look::Changed { config } => {
                self.said = None;
                self.who = None;
                if config {
                    self.agenda.forgive();
                } else {
                    self.agenda.edited();
                }
                tracing::info!(target: "ostracon", "the files have changed");
            }
            Look::Broken => {}
        }
        self.tell_of_files();
        matches!(look, Look::Changed { .. })
    }

    /// Says what is wrong with the files, if anything is.
    pub(super) fn tell_of_files(&mut self) {
        self.board.files(self.checkout.trouble.clone());
        if let Some(trouble) = self.checkout.trouble.clone() {
            let kept = if self.checkout.keeps_up_only() {
                "until they can be read there is upkeep only"
            } else {
                "the last that could be read stay in force"
            };
            self.say(&format!("{trouble}: {kept}"));
        }
    }

    /// Says what is wrong, if that has not just been said.
    pub(super) fn say(&mut self, what: &str) {
        if self.said.as_deref() != Some(what) {
            tracing::warn!(target: "ostracon", "{what}");
            self.said = Some(what.to_owned());
        }
    }

    /// The state is not ours any more, or cannot be had.
    fn lose(&mut self, error: &StateError) {
        self.tenure = None;
        self.board.metrics.holds(0);
        self.board.not_ready(&error.to_string());
        self.say(&error.to_string());
    }

    /// Looks at the files if somebody has asked for that during a pass.
    fn look_at_pending(&mut self) {
        if let Some(nudge) = self.pending.take() {
            self.look_at_files(Wake::Nudged(nudge));
        }
    }

    /// Waits until there is something to do.
    async fn until_woken(&mut self) -> Wake {
        let begun = Instant::now();
        loop {
            self.board.alive();
            // Before anything that may wake it again and again.
            match self.look_at_state() {
                Ok(true) => return Wake::Order,
                Ok(false) => {}
                Err(error) => self.lose(&error),
            }
            let due = self.agenda.next();
            let now = self.now();
            if self.agenda.takes_files(now) || self.looked.elapsed() >= self.every {
                return Wake::Nudged(Nudge::Files);
            }
            if due.is_some_and(|due| due <= now) {
                return Wake::Due;
            }
            let until_due = due.and_then(|due| Duration::try_from(due - now).ok());
            tokio::select! {
                biased;
                () = self.halt.pulled() => return Wake::End,
                Some(nudge) = self.inbox.recv() => return self.settled(nudge).await,
                () = sleep(until_due.unwrap_or(LOOK_EVERY).min(LOOK_EVERY)) => {}
            }
            if begun.elapsed() >= CLAIM_EVERY && self.lacks() {
                return Wake::Claim;
            }
        }
    }

    /// Looks now and then whether an order has come, and lets others know that we live.
    fn look_at_state(&mut self) -> Result<bool, StateError> {
        let now = self.context.world.now();
        let Some(Tenancy { state, lease }) = &mut self.tenure else { return Ok(false) };
        if self.beaten.elapsed() >= HEARTBEAT_EVERY.unsigned_abs() {
            self.beaten = Instant::now();
            state.heartbeat(lease, now)?;
        }
        if self.looked_for_orders.elapsed() < LOOK_EVERY {
            return Ok(false);
        }
        self.looked_for_orders = Instant::now();
        Ok(state.orders_mark()? != self.orders_mark)
    }

    /// Waits until nobody changes the files any more.
    async fn settled(&mut self, first: Nudge) -> Wake {
        let begun = Instant::now();
        let mut nudge = first;
        while begun.elapsed() < SETTLED_AT_LAST {
            tokio::select! {
                biased;
                () = self.halt.pulled() => return Wake::End,
                Some(next) = self.inbox.recv() => {
                    nudge = if nudge == Nudge::Reload { nudge } else { next };
                }
                () = sleep(SETTLED_AFTER) => break,
            }
        }
        Wake::Nudged(nudge)
    }

    /// Gives the state back.
    fn give_back(&mut self) {
        let Some(Tenancy { state, lease }) = self.tenure.take() else { return };
        if let Err(error) = give_back(state, &lease, self.context.world) {
            tracing::warn!(target: "ostracon", %error, "the state could not be given back");
        }
    }
}
