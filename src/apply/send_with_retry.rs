//! Calls that belong to no step of a plan, driven to their ends: pages of a list, and repairs.

use std::future::Future;

use super::attempt::blame;
use super::outcome::Failure;
use super::paging::{Next, Paging};
use super::pause::Pause;
use super::retry_policy::{Answer, Attempts, Proof, RetryDecision};
use super::work::Work;
use crate::provider::{Call, Capability, Cursor, Effect, Listed, Verb};

/// Somebody who makes calls at one target.
pub(super) trait Caller: Sync {
    /// Makes an attempt and says what to do next; an error if nothing may be sent.
    fn call(
        &self,
        capability: &'static Capability,
        work: &mut Work,
        attempts: &mut Attempts,
    ) -> impl Future<Output = Result<(Answer, RetryDecision), Failure>> + Send;

    /// Pauses before the next attempt.
    fn pause(
        &self,
        capability: &'static Capability,
        pause: Pause,
    ) -> impl Future<Output = ()> + Send;
}

/// A list that was read.
pub(super) struct List {
    /// The rows, each once.
    pub(super) rows: Vec<Listed>,
    /// Whether its end was seen: pages may repeat themselves.
    pub(super) is_whole: bool,
}

/// Sends a call until it takes effect or cannot.
pub(super) async fn send_with_retry(
    caller: &impl Caller,
    capability: &'static Capability,
    work: &mut Work,
) -> Result<Proof, Failure> {
    let mut attempts = Attempts::default();
    loop {
        let (answer, decision) = caller.call(capability, work, &mut attempts).await?;
        match decision {
            RetryDecision::Proven(proof) => return Ok(proof),
            RetryDecision::Again { pause } => caller.pause(capability, pause).await,
            RetryDecision::Look
            | RetryDecision::Recreate
            | RetryDecision::Split(_)
            | RetryDecision::OneWaits(_)
            | RetryDecision::Waiting
            | RetryDecision::RoomAbsent
            | RetryDecision::GiveUp
            | RetryDecision::RoomFull
            | RetryDecision::Defer { hint: _ }
            | RetryDecision::Stop { hint: _ } => return Err(blame(&answer)),
        }
    }
}

/// Reads the list that a call's subjects would be in.
pub(super) async fn list(
    caller: &impl Caller,
    capability: &'static Capability,
    about: &Call,
) -> Result<List, Failure> {
    let mut paging = Paging::default();
    let mut cursor = Cursor::START;
    loop {
        let (verb, reason, items) = (Verb::List, None, Vec::new());
        let call = Call { verb, reason, items, cursor: cursor.clone(), ..about.clone() };
        let mut work = Work::new(call, Vec::new());
        let Some(Effect::Page(page)) =
            send_with_retry(caller, capability, &mut work).await?.into_effect()
        else {
            return Ok(List { rows: paging.into_rows(), is_whole: true });
        };
        match paging.take(page, cursor) {
            Next::Page(next) => cursor = next,
            next => return Ok(List { rows: paging.into_rows(), is_whole: next == Next::End }),
        }
    }
}
