//! What ends a run early: signals, and its deadline.

use std::future::Future;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};

use crate::apply::{Cause, Shutdown};
use crate::error::Error;
use crate::exit::Exit;

/// What `work` comes to, unless a signal comes first: then nothing was done.
pub(super) async fn unless_shut_down<T>(
    shutdown: &Shutdown,
    work: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    tokio::select! {
        biased;
        result = work => result,
        () = shutdown.requested() => {
            let exit = match shutdown.cause() {
                Some(Cause::Terminated) => Exit::Terminated,
                Some(
                    Cause::Interrupted
                    | Cause::Deadline
                    | Cause::StateLost
                    | Cause::Ordered
                    | Cause::Preempted,
                )
                | None => Exit::Interrupted,
            };
            Err(Error::new(exit, "stopped by a signal: nothing was done"))
        }
    }
}

/// Requests a shutdown when a signal comes.
pub(super) async fn watch_signals(shutdown: Shutdown) {
    let (Ok(mut interrupt), Ok(mut terminate), Ok(mut hangup)) = (
        signal(SignalKind::interrupt()),
        signal(SignalKind::terminate()),
        signal(SignalKind::hangup()),
    ) else {
        return;
    };
    shutdown.request(tokio::select! {
        _ = interrupt.recv() => Cause::Interrupted,
        _ = terminate.recv() => Cause::Terminated,
        // Its terminal is gone: it ends as cleanly as when it is told to.
        _ = hangup.recv() => Cause::Terminated,
    });
}

/// Requests a shutdown when the time is over, if there is a limit to it.
pub(super) async fn watch_deadline(shutdown: Shutdown, deadline: Option<Duration>) {
    if let Some(deadline) = deadline {
        tokio::time::sleep(deadline).await;
        shutdown.request(Cause::Deadline);
    }
}
