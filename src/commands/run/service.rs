//! The loop: what woke the service, the files, a pass, when next.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::{Instant, sleep};

use super::Nudge;
use super::agenda::Agenda;
use super::board::Board;
use super::checkout::{Checkout, Look};
use super::held::Held;
use super::underway::{Ended, Underway};
use crate::apply::{Cause, KnownAccounts, Shutdown};
use crate::commands::Context;
use crate::commands::apply::check_lineage_at;
use crate::domain::{Moment, Who};
use crate::error::Error;
use crate::exit::Exit;
use crate::store::Location;

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
    /// What was under way somewhere has made room for something else.
    Freed,
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
    shutdown: Shutdown,
    inbox: UnboundedReceiver<Nudge>,
    /// How often the files are looked at.
    every: Duration,
    /// When they were last.
    looked: Instant,
    /// When orders were looked for last.
    pub(super) looked_for_orders: Instant,
    /// Who acts, and by which commit of the files; unknown once they have changed.
    pub(super) who: Option<Who>,
    pub(super) location: Location,
    pub(super) checkout: Checkout,
    /// Whether the config is another than that of what is under way.
    pub(super) is_reconfigured: bool,
    /// What was said last of what is wrong: nothing is said twice.
    said: Option<String>,
    pub(super) held: Option<Held>,
    /// What is known of the accounts as long as the state is ours.
    pub(super) accounts: KnownAccounts,
    /// The mark of the orders that the last plan knew.
    pub(super) orders_mark: i64,
    pub(super) agenda: Agenda,
    pub(super) underway: Underway,
    pub(super) board: Arc<Board>,
}

impl<'a> Service<'a> {
    /// A service about a workspace. An error if there is nothing to begin with: no config, or
    /// another state than it names.
    pub fn new(
        context: &'a Context<'a>,
        every: Duration,
        (shutdown, inbox): (Shutdown, UnboundedReceiver<Nudge>),
    ) -> Result<Self, Error> {
        let checkout = Checkout::open(context)?;
        let location = checkout.files.state_location(context)?;
        check_lineage_at(&location, &checkout.files)?;
        Ok(Self {
            context,
            shutdown,
            inbox,
            every,
            looked: Instant::now(),
            looked_for_orders: Instant::now(),
            who: None,
            location,
            checkout,
            is_reconfigured: false,
            said: None,
            held: None,
            accounts: KnownAccounts::default(),
            orders_mark: 0,
            agenda: Agenda::default(),
            underway: Underway::default(),
            board: Arc::default(),
        })
    }

    /// Goes to work whenever something wakes it, until it is told to end.
    pub async fn keep_time(&mut self) -> Result<Exit, Error> {
        self.tell_of_files();
        let mut woken = Wake::Begin;
        while woken != Wake::End {
            let is_other = self.look_at_files(woken);
            let has_more = self.hold().await;
            if woken == Wake::Order {
                self.agenda.forgive();
                self.underway.shutdown(Cause::Ordered);
            }
            let is_time = matches!(woken, Wake::Begin | Wake::Due | Wake::Order | Wake::Freed);
            if has_more || is_other || is_time {
                self.pass().await;
            }
            woken = self.until_woken().await;
        }
        let cause = self.shutdown.cause().unwrap_or(Cause::Interrupted);
        self.come_to_rest(cause).await;
        self.give_back().await;
        Ok(if cause == Cause::Terminated { Exit::Terminated } else { Exit::Interrupted })
    }

    pub(super) fn now(&self) -> Moment {
        self.context.world.now()
    }

    /// Looks at the files if they may have changed; whether they say something else now.
    fn look_at_files(&mut self, woken: Wake) -> bool {
        let anew = woken == Wake::Nudged(Nudge::Reload);
        if !matches!(woken, Wake::Nudged(_)) {
            return false;
        }
        self.looked = Instant::now();
        if anew {
            // Secrets stand elsewhere than in the files.
            self.accounts.forget_targets();
        }
        let (_, config_before) = self.checkout.files.digests();
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
                self.is_reconfigured |= self.checkout.files.digests().1 != config_before;
                self.underway.shutdown(Cause::Preempted);
                tracing::info!(target: "ostracon", "the files have changed");
            }
            Look::Broken => {}
        }
        self.tell_of_files();
        matches!(look, Look::Changed { .. })
    }

    /// Says what is wrong with the files, if anything is.
    pub(super) fn tell_of_files(&mut self) {
        self.board.files(self.checkout.failure.clone());
        if let Some(failure) = self.checkout.failure.clone() {
            let kept = if self.checkout.keeps_up_only() {
                "until they can be read there is upkeep only"
            } else {
                "the last that could be read stay in force"
            };
            self.say(&format!("{failure}: {kept}"));
        }
    }

    /// Says what is wrong, if that has not just been said.
    pub(super) fn say(&mut self, what: &str) {
        if self.said.as_deref() != Some(what) {
            tracing::warn!(target: "ostracon", "{what}");
            self.said = Some(what.to_owned());
        }
    }

    /// Begins nothing more, and waits for all that is under way.
    pub(super) async fn come_to_rest(&mut self, cause: Cause) {
        self.underway.shutdown(cause);
        loop {
            tokio::select! {
                ended = self.underway.ended() => match ended {
                    // What cannot be written any more is said by whoever lets go of the state.
                    Some(ended) => drop(self.ended(ended).await),
                    None => return,
                },
                () = sleep(LOOK_EVERY) => self.board.alive(),
            }
        }
    }

    /// Waits until there is something to do.
    async fn until_woken(&mut self) -> Wake {
        let begun = Instant::now();
        loop {
            self.board.alive();
            // Before anything that may wake it again and again.
            if self.has_orders().await {
                return Wake::Order;
            }
            let now = self.now();
            if self.agenda.takes_files(now) || self.looked.elapsed() >= self.every {
                return Wake::Nudged(Nudge::Files);
            }
            self.underway.stop_for_what_is_due(now);
            let due = self.next();
            if due.is_some_and(|due| due <= now) {
                return Wake::Due;
            }
            let next = due.into_iter().chain(self.underway.next()).chain(self.agenda.files()).min();
            let until_next = next.and_then(|next| Duration::try_from(next - now).ok());
            let lost = self.held.as_ref().map(|held| held.lost.clone());
            tokio::select! {
                biased;
                () = self.shutdown.requested() => return Wake::End,
                () = pulled(lost) => self.lose("the state was lost").await,
                Some(ended) = self.underway.ended() => if self.note_ends(ended).await {
                    return Wake::Freed;
                },
                Some(nudge) = self.inbox.recv() => return self.settled(nudge).await,
                () = sleep(until_next.unwrap_or(LOOK_EVERY).min(LOOK_EVERY)) => {}
            }
            if begun.elapsed() >= CLAIM_EVERY && self.lacks() {
                return Wake::Claim;
            }
        }
    }

    /// Notes what came of what was under way at one account, and at all that have ended meanwhile;
    /// whether there is more to do.
    async fn note_ends(&mut self, first: Ended) -> bool {
        let (mut next, mut again) = (Some(first), false);
        while let Some(ended) = next {
            match self.ended(ended).await {
                Ok(more) => again |= more,
                Err(error) => self.lose(&error.message).await,
            }
            next = self.underway.try_ended();
        }
        again
    }

    /// When there is something to do where nothing is under way.
    pub(super) fn next(&self) -> Option<Moment> {
        let (ours, busy) = (self.ours(), self.underway.targets());
        let waits = self.is_reconfigured && !self.underway.is_empty();
        if waits || ours.is_subset(&busy) {
            return None;
        }
        self.agenda.next(|target| ours.contains(target) && !busy.contains(target))
    }

    /// Waits until nobody changes the files any more.
    async fn settled(&mut self, first: Nudge) -> Wake {
        let begun = Instant::now();
        let mut nudge = first;
        while begun.elapsed() < SETTLED_AT_LAST {
            tokio::select! {
                biased;
                () = self.shutdown.requested() => return Wake::End,
                Some(next) = self.inbox.recv() => {
                    nudge = if nudge == Nudge::Reload { nudge } else { next };
                }
                () = sleep(SETTLED_AFTER) => break,
            }
        }
        Wake::Nudged(nudge)
    }
}

/// Waits until a shutdown is requested, if one can be.
async fn pulled(shutdown: Option<Shutdown>) {
    match shutdown {
        Some(shutdown) => shutdown.requested().await,
        None => std::future::pending().await,
    }
}
