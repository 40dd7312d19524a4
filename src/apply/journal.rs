//! Many calls in flight, one writer: groups what they record into transactions.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep_until};

use super::{Cause, Shutdown};
use crate::domain::Moment;
use crate::store::{HEARTBEAT_EVERY, Lease, Record, State, StateError, UNSURE_AFTER};
use crate::world::World;

/// Where the calls of a run record what they are about to do and what came of it.
#[derive(Clone, Debug)]
pub struct Journal {
    entries: mpsc::Sender<Entry>,
    asks: mpsc::UnboundedSender<Ask>,
    beat: Beat,
}

/// Something else that is done with the state, between two groups.
type Ask = Box<dyn FnOnce(&mut State) + Send>;

/// When the lease was last known to be ours, by a clock that nobody sets and by the one that other
/// machines compare with.
#[derive(Clone, Debug)]
struct Beat(Arc<Mutex<(Instant, Moment)>>);

impl Beat {
    fn at(now: Moment) -> Self {
        Self(Arc::new(Mutex::new((Instant::now(), now))))
    }

    /// The lease was ours when this much was written; it was asked for at `asked`.
    fn confirm(&self, asked: (Instant, Moment)) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = asked;
    }

    /// Whether nobody else can have taken the lease since.
    fn is_fresh(&self, now: Moment) -> bool {
        let (instant, moment) = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        instant.elapsed() < UNSURE_AFTER.unsigned_abs() && now - moment < UNSURE_AFTER
    }
}

/// The state could not be written: nothing more may be sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Unwritten;

#[derive(Debug)]
struct Entry {
    records: Vec<Record>,
    /// How long after the last transaction it may wait for others.
    apart: Duration,
    written: oneshot::Sender<Result<(), Unwritten>>,
}

/// The most entries that one transaction takes together: while it is written, the calls of the
/// one before are on their way.
const GROUP: usize = 128;

/// Transactions begin at least this far apart: what comes in between goes together. Whoever comes
/// after a pause does not wait.
const APART: Duration = Duration::from_millis(5);

/// The end of a piece of work may wait this long for others: nothing more is sent about it. A run
/// that is killed meanwhile leaves the call in doubt, as it leaves all those that are on their way.
const REPORTS_APART: Duration = Duration::from_millis(50);

/// How often a run looks for orders (design §8).
const LOOKS_APART: Duration = Duration::from_secs(1);

impl Journal {
    /// Records, together and durably.
    pub async fn write(&self, records: Vec<Record>) -> Result<(), Unwritten> {
        self.enter(records, APART).await
    }

    /// Records how a piece of work ended, together and durably, but in no hurry.
    pub async fn report(&self, records: Vec<Record>) -> Result<(), Unwritten> {
        self.enter(records, REPORTS_APART).await
    }

    async fn enter(&self, records: Vec<Record>, apart: Duration) -> Result<(), Unwritten> {
        let (written, answer) = oneshot::channel();
        let entry = Entry { records, apart, written };
        self.entries.send(entry).await.map_err(|_closed| Unwritten)?;
        answer.await.map_err(|_closed| Unwritten)?
    }

    /// Does something else with the state, between two groups of records.
    pub async fn ask<T: Send + 'static>(
        &self,
        what: impl FnOnce(&mut State) -> T + Send + 'static,
    ) -> Result<T, Unwritten> {
        let (answer, answered) = oneshot::channel();
        let ask: Ask = Box::new(move |state| {
            // Whoever no longer waits for the answer needs none.
            let _gone = answer.send(what(state));
        });
        self.asks.send(ask).map_err(|_closed| Unwritten)?;
        answered.await.map_err(|_closed| Unwritten)
    }

    /// Whether the lease is ours for certain: it was confirmed lately enough.
    pub fn holds_lease(&self, now: Moment) -> bool {
        self.beat.is_fresh(now)
    }

    /// Makes sure that the lease is still ours, and keeps it.
    pub async fn confirm(&self) -> Result<(), Unwritten> {
        self.write(Vec::new()).await
    }
}

/// The writer's half of a journal.
pub struct Writer {
    state: State,
    /// The mark of the orders that the run knows; `None` if somebody else looks for others.
    orders: Option<i64>,
    lease: Lease,
    entries: mpsc::Receiver<Entry>,
    asks: mpsc::UnboundedReceiver<Ask>,
    shutdown: Shutdown,
    world: World,
    beat: Beat,
}

/// A journal, and its writer, which must be run until the last journal is dropped; `orders` is the
/// mark of the orders that the run knows: where another comes, the run stops for a moment.
pub fn journal(
    (state, orders): (State, Option<i64>),
    lease: Lease,
    shutdown: Shutdown,
    world: World,
) -> (Journal, Writer) {
    let (sender, entries) = mpsc::channel(GROUP);
    let (asker, asks) = mpsc::unbounded_channel();
    let beat = Beat::at(world.now());
    let journal = Journal { entries: sender, asks: asker, beat: beat.clone() };
    (journal, Writer { state, orders, lease, entries, asks, shutdown, world, beat })
}

impl Writer {
    /// Writes what the journals send, until all of them are dropped, and keeps the lease alive.
    ///
    /// When a write fails the run stops, and everything after it is refused.
    pub async fn run(mut self) -> (State, Result<(), StateError>) {
        let every = HEARTBEAT_EVERY.unsigned_abs();
        let mut beat = interval_at(Instant::now() + every, every);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut look = interval_at(Instant::now() + LOOKS_APART, LOOKS_APART);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut result = Ok(());
        let mut group = Vec::with_capacity(GROUP);
        let mut last = Instant::now();
        loop {
            let due = due(&group, last);
            let room = GROUP - group.len();
            let step = tokio::select! {
                biased;
                // The heartbeat first: a busy run must be heard of too.
                _ = beat.tick(), if result.is_ok() => self.commit(&mut std::iter::empty()),
                _ = look.tick(), if result.is_ok() => self.look_for_orders(),
                Some(ask) = self.asks.recv(), if result.is_ok() => {
                    apart(|| ask(&mut self.state));
                    Ok(())
                }
                () = sleep_until(due), if !group.is_empty() => {
                    last = Instant::now();
                    self.write(&mut group, result.is_ok())
                }
                received = self.entries.recv_many(&mut group, room), if room > 0 => {
                    if received == 0 && group.is_empty() {
                        return (self.state, result);
                    }
                    // Nobody is left that could send more.
                    if received == 0 { self.write(&mut group, result.is_ok()) } else { Ok(()) }
                }
            };
            if let Err(error) = step {
                self.shutdown.request(Cause::StateLost);
                result = Err(error);
                // Whoever asked, or asks from now on, is not answered.
                self.asks.close();
                while self.asks.try_recv().is_ok() {}
            }
        }
    }

    /// Stops the run for a moment if an order was given or taken back since it was planned.
    fn look_for_orders(&self) -> Result<(), StateError> {
        let Some(known) = self.orders else { return Ok(()) };
        if apart(|| self.state.orders_mark())? != known {
            self.shutdown.request(Cause::Ordered);
        }
        Ok(())
    }

    fn write(&mut self, group: &mut Vec<Entry>, usable: bool) -> Result<(), StateError> {
        let mut records = group.iter().flat_map(|entry| &entry.records);
        let result = if usable { self.commit(&mut records) } else { Ok(()) };
        let answer = if usable && result.is_ok() { Ok(()) } else { Err(Unwritten) };
        for entry in group.drain(..) {
            // A call that no longer waits for its answer needs none.
            let _gone = entry.written.send(answer);
        }
        result
    }

    /// Writes records, and that the holder of the lease lives.
    fn commit(&mut self, records: &mut dyn Iterator<Item = &Record>) -> Result<(), StateError> {
        let asked = (Instant::now(), self.world.now());
        apart(|| self.state.commit_each(self.lease.fence, Some(asked.1), records))?;
        self.beat.confirm(asked);
        Ok(())
    }
}

/// Waits for the state without holding up what else goes on: a disk syncs for milliseconds, and a
/// server that went away is waited for. Where one thread is all there is, the rest waits too.
fn apart<T>(work: impl FnOnce() -> T) -> T {
    match Handle::current().runtime_flavor() {
        RuntimeFlavor::MultiThread => tokio::task::block_in_place(work),
        _ => work(),
    }
}

/// When a group is to be written, if the last one was at `last`: as soon as one of its entries
/// has waited long enough, or it is full.
fn due(group: &[Entry], last: Instant) -> Instant {
    let apart = group.iter().map(|entry| entry.apart).min().unwrap_or(APART);
    last + if group.len() < GROUP { apart } else { APART }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Who;
    use crate::store::Location;

    fn millis(number: u64) -> Duration {
        Duration::from_millis(number)
    }

    /// Sends an entry after a while; when it was durable.
    async fn durable(journal: &Journal, start: Instant, (after, reports): (u64, bool)) -> Duration {
        sleep_until(start + millis(after)).await;
        let written =
            if reports { journal.report(vec![]).await } else { journal.write(vec![]).await };
        assert_eq!(written, Ok(()));
        start.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn what_came_of_a_call_waits_for_others_and_what_is_to_be_sent_does_not() {
        let world = World::real();
        let mut state = State::write(&Location::Memory, "lineage").unwrap();
        let who = Who::default();
        state.begin_run("run", (&who, 1), world.now(), None).unwrap();
        let lease = state.take_lease("run", &world.process, world.now()).unwrap();
        let (journal, writer) = journal((state, Some(0)), lease, Shutdown::default(), world);
        let writer = tokio::spawn(writer.run());
        let start = Instant::now();
        let entries = [(0, true), (10, true), (60, true), (70, false), (71, false), (300, true)];
        let tasks = entries.map(|entry| {
            let journal = journal.clone();
            tokio::spawn(async move { durable(&journal, start, entry).await })
        });
        let mut times = Vec::new();
        for task in tasks {
            times.push(task.await.unwrap());
        }
        // The first two go together, the third goes with what is to be sent, and whoever comes
        // after a pause does not wait.
        assert_eq!(times, [50, 50, 70, 70, 75, 300].map(millis));
        drop(journal);
        assert!(writer.await.unwrap().1.is_ok());
    }
}
