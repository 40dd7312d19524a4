//! One request played to its end: its fate, its answer, and how long that takes.

use std::sync::PoisonError;
use std::time::Duration;

use super::{Incoming, InjectedFault, Outgoing, Sandbox, dated};

/// Why a request got no answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Cut {
    /// It never left the client.
    Before,
    /// It never left the client, which had no handle for it.
    Starved,
    /// The connection was closed after it was sent.
    After,
}

impl Sandbox {
    /// Plays a request: whatever effect it has, it has at once; only the answer takes time.
    pub(super) async fn play(&self, incoming: &Incoming) -> Result<Outgoing, Cut> {
        let fate = self.injector.lock().unwrap_or_else(PoisonError::into_inner).decide(incoming);
        let mut pause = self.services().settings.latency;
        if let InjectedFault::Delay(delay) = fate {
            pause = pause.saturating_add(delay);
        }
        let played = self.meet(incoming, fate);
        if pause > Duration::ZERO {
            tokio::time::sleep(pause).await;
        }
        played
    }

    fn meet(&self, incoming: &Incoming, fate: InjectedFault) -> Result<Outgoing, Cut> {
        let now = self.clock.now();
        match fate {
            InjectedFault::Answer | InjectedFault::Delay(_) => Ok(self.answer(incoming)),
            InjectedFault::Unreachable => Err(Cut::Before),
            InjectedFault::Starved => Err(Cut::Starved),
            InjectedFault::LoseRequest => Err(Cut::After),
            InjectedFault::LoseAnswer => {
                self.answer(incoming);
                Err(Cut::After)
            }
            InjectedFault::Status(status) => Ok(dated(Outgoing::page(status, "gateway"), now)),
            InjectedFault::LateStatus(status) => {
                self.answer(incoming);
                Ok(dated(Outgoing::page(status, "gateway"), now))
            }
            InjectedFault::Garbage => {
                self.answer(incoming);
                Ok(dated(Outgoing::page(200, "\u{1b}[31m{\"Code\":"), now))
            }
            InjectedFault::Say { status, body } => Ok(dated(Outgoing::raw(status, body), now)),
            InjectedFault::Throttle(after) => {
                let outgoing = dated(self.services().throttled(incoming, now), now);
                Ok(match after {
                    Some(after) => outgoing.with("retry-after", after.as_secs().to_string()),
                    None => outgoing,
                })
            }
        }
    }
}
