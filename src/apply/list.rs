//! What a run sends beside the steps of its plan: it is recorded like them.

use super::attempt::{NotMade, blame};
use super::insist::{Caller, insist, list};
use super::line::Line;
use super::outcome::Trouble;
use super::pause::Pause;
use super::settle::{Answer, Proof, Tries, Verdict, settle};
use super::shared_list::Rows;
use super::work::Work;
use crate::provider::{Call, Capability, Listed};

impl Line {
    /// Reads the list that a call's subjects would be in, as far as it can be read.
    pub(super) async fn list(&self, about: &Call) -> Result<Vec<Listed>, Trouble> {
        let capability = self.capability(about).ok_or_else(stopped)?;
        Ok(list(self, capability, about).await?.rows)
    }

    /// The same of a list that holds the whole app, read once for all who ask at the same time.
    pub(super) async fn shared_list(&self, about: &Call) -> Rows {
        self.of_app.rows(|| self.list(about)).await
    }

    /// Sends a call until it takes effect or cannot; its operations get no fate from it.
    pub(super) async fn insist(&self, work: &mut Work) -> Result<Proof, Trouble> {
        let capability = self.capability(&work.call).ok_or_else(stopped)?;
        insist(self, capability, work).await
    }
}

impl Caller for Line {
    async fn call(
        &self,
        capability: &'static Capability,
        work: &mut Work,
        tries: &mut Tries,
    ) -> Result<(Answer, Verdict), Trouble> {
        if self.is_over() {
            return Err(stopped());
        }
        let attempt = match self.attempt(work).await {
            Ok(attempt) => attempt,
            Err(NotMade::Over | NotMade::Unwritten | NotMade::Untimely) => return Err(stopped()),
        };
        self.check_clock(&attempt);
        let verdict = settle(capability, &work.call, &attempt.answer, tries);
        let verdict = self.afford(verdict, &attempt);
        self.record(vec![self.answered(&attempt)]).await;
        if let Verdict::Stop { hint } = &verdict {
            self.stop(blame(&attempt.answer), *hint);
        }
        if let Verdict::Defer { hint } = &verdict {
            self.defer(blame(&attempt.answer), *hint);
        }
        Ok((attempt.answer, verdict))
    }

    async fn pause(&self, capability: &'static Capability, pause: Pause) {
        self.rest(capability, pause).await;
    }
}

fn stopped() -> Trouble {
    let error = "the run was stopped before this could be settled".to_owned();
    Trouble { error, code: None, request_id: None }
}
