//! The last look before a call is sent, in one breath with the sending.
//!
//! A call may wait long for its turn, and the whole process may be stopped meanwhile. So whoever
//! wants to send looks once more, when everything it had to wait for is in its hands: only
//! [`Clearance::take`] makes what [`exchange`] needs, and nothing is awaited between the two.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

use super::rate_limiter::{Permit, RateLimiter};
use super::retry_policy::{self, Refused};
use crate::domain::Moment;
use crate::provider::{Call, Endpoint, Reply, Session, Stamp};
use crate::world::{Http, Slot, World};

/// All that a call has to wait for: that its turn is near, a connection, its turn.
#[must_use]
pub(super) struct Waited<'a> {
    slot: Slot,
    permit: Option<Permit<'a>>,
}

impl<'a> Waited<'a> {
    /// Waits.
    pub(super) async fn take(
        http: &dyn Http,
        endpoint: &Endpoint,
        limiter: Option<&'a Arc<RateLimiter>>,
    ) -> Self {
        // Whoever waits long for its turn does so without a connection.
        let near = match limiter {
            Some(limiter) => limiter.near().await,
            None => None,
        };
        let slot = http.slot(endpoint).await;
        let permit = match limiter {
            Some(limiter) => Some(limiter.permit().await),
            None => None,
        };
        drop(near);
        Self { slot, permit }
    }
}

/// The right to send one call now.
#[must_use]
pub(super) struct Clearance<'a> {
    stamp: Stamp,
    waited: Waited<'a>,
}

impl<'a> Clearance<'a> {
    /// Takes the right to send call `number`, if the `look` at this very instant allows it; the
    /// what it waited for is given back otherwise.
    pub(super) fn take<E>(
        world: &World,
        number: i64,
        waited: Waited<'a>,
        look: impl FnOnce(Moment) -> Result<(), E>,
    ) -> Result<Self, (E, Waited<'a>)> {
        let stamp = Stamp { now: world.now(), nonce: world.random.bits(), sequence: number };
        match look(stamp.now) {
            Ok(()) => Ok(Self { stamp, waited }),
            Err(error) => Err((error, waited)),
        }
    }

    /// The clock at sending.
    pub(super) fn sent(&self) -> Moment {
        self.stamp.now
    }
}

/// What came back, and how far the provider's clock is ahead, in seconds.
pub(super) type Exchanged = (retry_policy::Answer, Option<i64>);

/// Sends a call, and ends its turn. Nothing is sent where its connection was closed meanwhile: what
/// it waited for comes back with another one, for one more look.
pub(super) async fn exchange<'a>(
    world: &World,
    session: &Session,
    call: &Call,
    Clearance { stamp, waited: Waited { slot, permit } }: Clearance<'a>,
) -> Result<Exchanged, Waited<'a>> {
    let (number, provider) = (stamp.sequence, session.target.provider);
    let request = provider.encode(session, call, &stamp);
    tracing::debug!(target: "ostracon", call = number, ?request, subjects = call.items.len(), "sending");
    let mut sending = world.http.send(request, slot);
    // The turn ends when the request has been handed over, not before: this task may be kept
    // from running meanwhile, and what is late would arrive together with the next.
    let handed_over = poll_fn(|context| Poll::Ready(sending.as_mut().poll(context))).await;
    drop(permit);
    let response = match handed_over {
        Poll::Ready(response) => response,
        Poll::Pending => sending.await,
    };
    let response = response.map_err(|slot| Waited { slot, permit: None })?;
    let (answer, clock_ahead) = match response {
        Ok(response) => {
            let ahead = response.date.map(|date| date.seconds() - world.now().seconds());
            let answer = provider.decode(call, &response);
            (answer.map(Reply::cut).map_err(|fault| Refused::Fault(fault.cut())), ahead)
        }
        Err(no_answer) => (Err(Refused::NoAnswer(no_answer)), None),
    };
    tracing::debug!(target: "ostracon", call = number, outcome = super::attempt::outcome(&answer), "answered");
    Ok((answer, clock_ahead))
}
