//! What can go wrong between a client and a provider, chosen request by request.

use std::time::Duration;

use super::Incoming;

/// What becomes of one request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum InjectedFault {
    /// It is answered.
    Answer,
    /// It never leaves the client; over HTTP, where that cannot be played, as [`InjectedFault::LoseRequest`].
    Unreachable,
    /// It never leaves the client for lack of handles; over HTTP as [`InjectedFault::LoseRequest`].
    Starved,
    /// It is lost on its way: no effect, no answer.
    LoseRequest,
    /// It takes effect, and the answer is lost.
    LoseAnswer,
    /// A gateway refuses it with this status: no effect.
    Status(u16),
    /// It takes effect, and a gateway puts this status in the answer's place.
    LateStatus(u16),
    /// It takes effect, and the answer, of status 200, cannot be read.
    Garbage,
    /// The provider answers that calls come too fast, and says when to come again if this says so:
    /// no effect.
    Throttle(Option<Duration>),
    /// The provider says this instead: no effect.
    Say {
        /// The status.
        status: u16,
        /// The body.
        body: &'static str,
    },
    /// It takes effect at once, and the answer comes this much later.
    Delay(Duration),
}

/// Something that chooses the fate of every request: any closure over an [`Incoming`] does.
pub trait FaultInjector: Send {
    /// The fate of this request.
    fn decide(&mut self, incoming: &Incoming) -> InjectedFault;
}

impl<F: FnMut(&Incoming) -> InjectedFault + Send> FaultInjector for F {
    fn decide(&mut self, incoming: &Incoming) -> InjectedFault {
        self(incoming)
    }
}
