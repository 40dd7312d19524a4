//! Many calls in flight, one writer: groups what they record into transactions.

use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep_until};

use super::{Cause, Halt};
use crate::state::lease::HEARTBEAT_EVERY;
use crate::state::{Lease, Record, State, StateError};
use crate::world::World;

/// Where the calls of a run record what they are about to do and what came of it.
#[derive(Clone, Debug)]
pub struct Journal(mpsc::Sender<Entry>);

/// The state could not be written: nothing more may be sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Unwritten;

#[derive(Debug)]
struct Entry {
    records: Vec<Record>,
    written: oneshot::Sender<Result<(), Unwritten>>,
}

/// The most entries that one transaction takes together: while it is written, the calls of the
/// one before are on their way.
const GROUP: usize = 128;

/// Transactions begin at least this far apart: what comes in between goes together. Whoever comes
/// after a pause does not wait.
const APART: Duration = Duration::from_millis(5);

impl Journal {
    /// Records, together and durably.
    pub async fn write(&self, records: Vec<Record>) -> Result<(), Unwritten> {
        let (written, answer) = oneshot::channel();
        let entry = Entry { records, written };
        self.0.send(entry).await.map_err(|_closed| Unwritten)?;
        answer.await.map_err(|_closed| Unwritten)?
    }
}

/// The writer's half of a journal.
#[derive(Debug)]
pub struct Writer {
    state: State,
    lease: Lease,
    entries: mpsc::Receiver<Entry>,
    halt: Halt,
    world: World,
}

/// A journal, and its writer, which must be run until the last journal is dropped.
pub fn journal(state: State, lease: Lease, halt: Halt, world: World) -> (Journal, Writer) {
    let (sender, entries) = mpsc::channel(GROUP);
    (Journal(sender), Writer { state, lease, entries, halt, world })
}

impl Writer {
    /// Writes what the journals send, until all of them are dropped, and keeps the lease alive.
    ///
    /// When a write fails the run is halted, and everything after it is refused.
    pub async fn run(mut self) -> (State, Result<(), StateError>) {
        let every = HEARTBEAT_EVERY.unsigned_abs();
        let mut beat = interval_at(Instant::now() + every, every);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut result = Ok(());
        let mut group = Vec::with_capacity(GROUP);
        let mut next = Instant::now();
        loop {
            let entries = async {
                sleep_until(next).await;
                self.entries.recv_many(&mut group, GROUP).await
            };
            let step = tokio::select! {
                biased;
                // The heartbeat first: a busy run must be heard of too.
                _ = beat.tick(), if result.is_ok() => {
                    self.state.heartbeat(&self.lease, self.world.now())
                }
                received = entries => {
                    if received == 0 {
                        return (self.state, result);
                    }
                    next = Instant::now() + APART;
                    self.write(&mut group, result.is_ok())
                }
            };
            if let Err(error) = step {
                self.halt.pull(Cause::StateLost);
                result = Err(error);
            }
        }
    }

    fn write(&mut self, group: &mut Vec<Entry>, usable: bool) -> Result<(), StateError> {
        let mut records = group.iter().flat_map(|entry| &entry.records);
        let result =
            if usable { self.state.commit_each(self.lease.fence, &mut records) } else { Ok(()) };
        let answer = if usable && result.is_ok() { Ok(()) } else { Err(Unwritten) };
        for entry in group.drain(..) {
            // A call that no longer waits for its answer needs none.
            let _gone = entry.written.send(answer);
        }
        result
    }
}
