//! What makes a run stop before its work is done.

use std::sync::Arc;

use tokio::sync::watch;

/// Why a run stops before its work is done.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cause {
    /// Somebody gave an order: it goes first, and then the rest goes on.
    Ordered,
    /// Something else is more urgent, or the files ask for something else now: it is planned anew.
    Preempted,
    /// The deadline it was given has come.
    Deadline,
    /// It was interrupted from the keyboard (SIGINT).
    Interrupted,
    /// It was told to end (SIGTERM).
    Terminated,
    /// The state cannot be written any more, or another run took it over.
    StateLost,
}

impl Cause {
    /// Whether the run goes on after that, by another plan.
    pub const fn is_for_a_moment(self) -> bool {
        matches!(self, Self::Ordered | Self::Preempted)
    }
}

/// A request to stop, which every part of a run looks at before it sends anything.
#[derive(Clone, Debug)]
pub struct Shutdown(Arc<watch::Sender<Option<Cause>>>);

impl Default for Shutdown {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(None)))
    }
}

impl Shutdown {
    /// Asks for it; the first cause stays, except that a lost state overrides every other, and
    /// every other one after which the run goes on.
    pub fn request(&self, cause: Cause) {
        self.0.send_if_modified(|requested| {
            let first = requested.is_none_or(Cause::is_for_a_moment) || cause == Cause::StateLost;
            if first {
                *requested = Some(cause);
            }
            first
        });
    }

    /// Takes it back, if the run is to be planned anew and go on; whether it is.
    pub fn go_on(&self) -> bool {
        self.0.send_if_modified(|requested| {
            let goes_on = requested.is_some_and(Cause::is_for_a_moment);
            if goes_on {
                *requested = None;
            }
            goes_on
        })
    }

    /// Why the run stops, if it does.
    pub fn cause(&self) -> Option<Cause> {
        *self.0.borrow()
    }

    /// Waits until that is requested.
    pub async fn requested(&self) {
        let mut receiver = self.0.subscribe();
        // An error means that the sender is gone, which `self` rules out.
        let _pulled = receiver.wait_for(Option::is_some).await;
    }
}
