//! What a run sends beside the steps of its plan: it is recorded like them.

use super::attempt::{NotMade, blame};
use super::outcome::Failure;
use super::pause::Pause;
use super::retry_policy::{Answer, Attempts, Proof, RetryDecision, decide};
use super::send_with_retry::{Caller, list, send_with_retry};
use super::shared_list::Rows;
use super::target_executor::TargetExecutor;
use super::work::Work;
use crate::provider::{Call, Capability, Listed};

impl TargetExecutor {
    /// Reads the list that a call's subjects would be in, as far as it can be read.
    pub(super) async fn list(&self, about: &Call) -> Result<Vec<Listed>, Failure> {
        let capability = self.capability(about).ok_or_else(stopped)?;
        Ok(list(self, capability, about).await?.rows)
    }

    /// The same of a list that holds the whole app, read once for all who ask at the same time.
    pub(super) async fn shared_list(&self, about: &Call) -> Rows {
        self.of_app.rows(|| self.list(about)).await
    }

    /// Sends a call until it takes effect or cannot; its operations get no fate from it.
    pub(super) async fn send_with_retry(&self, work: &mut Work) -> Result<Proof, Failure> {
        let capability = self.capability(&work.call).ok_or_else(stopped)?;
        send_with_retry(self, capability, work).await
    }
}

impl Caller for TargetExecutor {
    async fn call(
        &self,
        capability: &'static Capability,
        work: &mut Work,
        attempts: &mut Attempts,
    ) -> Result<(Answer, RetryDecision), Failure> {
        if self.is_over() {
            return Err(stopped());
        }
        let attempt = match self.attempt(work).await {
            Ok(attempt) => attempt,
            Err(NotMade::Over | NotMade::Unwritten | NotMade::Untimely) => return Err(stopped()),
        };
        self.check_clock(&attempt);
        let decision = decide(capability, &work.call, &attempt.answer, attempts);
        let decision = self.afford(decision, &attempt);
        self.record(vec![self.answered(&attempt)]).await;
        if let RetryDecision::Stop { hint } = &decision {
            self.stop(blame(&attempt.answer), *hint);
        }
        if let RetryDecision::Defer { hint } = &decision {
            self.defer(blame(&attempt.answer), *hint);
        }
        Ok((attempt.answer, decision))
    }

    async fn pause(&self, capability: &'static Capability, pause: Pause) {
        self.rest(capability, pause).await;
    }
}

fn stopped() -> Failure {
    let error = "the run was stopped before this could be settled".to_owned();
    Failure { error, code: None, request_id: None }
}
