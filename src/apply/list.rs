//! Calls that belong to no step of the plan: pages of a list, and repairs.

use super::attempt::{Attempt, NotMade, trouble};
use super::line::{Line, Work};
use super::outcome::Trouble;
use super::paging::{Next, Paging};
use super::settle::{Pause, Tries, Verdict, back_off, settle};
use crate::provider::{Call, Effect, Listed, Verb};

impl Line {
    /// Reads the whole list that a call's subjects would be in.
    pub(super) async fn list(&self, about: &Call) -> Result<Vec<Listed>, Trouble> {
        let mut paging = Paging::default();
        let mut cursor = 0;
        loop {
            let call = Call {
                verb: Verb::List { cursor },
                reason: None,
                items: Vec::new(),
                ..about.clone()
            };
            let work = Work { call, operations: Vec::new() };
            // A list of what is gone is an empty list.
            let Some(Effect::Page(page)) = self.insist(&work).await? else { break };
            match paging.take(page, cursor) {
                Next::Page(next) => cursor = next,
                Next::End | Next::Stuck => break,
            }
        }
        Ok(paging.into_rows())
    }

    /// Sends a call until it takes effect or cannot; its operations get no fate from it.
    ///
    /// `None` when what was asked for was so already.
    pub(super) async fn insist(&self, work: &Work) -> Result<Option<Effect>, Trouble> {
        let stopped = || Trouble {
            error: "the run was stopped before this could be settled".to_owned(),
            code: None,
            request_id: None,
        };
        let form = self.form(&work.call).ok_or_else(stopped)?;
        let mut tries = Tries::default();
        loop {
            if self.is_over() {
                return Err(stopped());
            }
            let attempt = match self.attempt(work).await {
                Ok(attempt) => attempt,
                Err(NotMade::Over | NotMade::Unwritten) => return Err(stopped()),
            };
            self.check_clock(&attempt);
            let verdict = settle(form, &work.call, &attempt.answer, &mut tries);
            let verdict = self.afford(verdict, &attempt, tries);
            self.record(vec![self.answered(&attempt)]).await;
            match verdict {
                Verdict::Done(effect) => return Ok(Some(effect)),
                Verdict::AlreadySo => return Ok(None),
                Verdict::Again { pause: Pause::None } => {}
                Verdict::Again { pause: Pause::BackOff { attempt } } => {
                    self.sleep(back_off(attempt, self.shared.world.random.bits())).await;
                }
                Verdict::Again { pause: Pause::Throttled { attempt, after } } => {
                    let pause = back_off(attempt, self.shared.world.random.bits());
                    let lane = self.paces.get(form.lane);
                    if let Some(pace) = lane {
                        pace.throttle(after.unwrap_or_default().max(pause));
                    }
                }
                Verdict::Stop { hint } => {
                    self.stop(error_of(&attempt), hint);
                    return Err(error_of(&attempt));
                }
                Verdict::Look
                | Verdict::Recreate
                | Verdict::Split(_)
                | Verdict::OneWaits(_)
                | Verdict::Waiting
                | Verdict::RoomAbsent
                | Verdict::Failed
                | Verdict::RoomFull
                | Verdict::InDoubt => return Err(error_of(&attempt)),
            }
        }
    }
}

fn error_of(attempt: &Attempt) -> Trouble {
    match &attempt.answer {
        Err(refused) => trouble(refused),
        Ok(_) => Trouble { error: "not settled".to_owned(), code: None, request_id: None },
    }
}
