//! Asking a person whether a plan is to be carried out.

use super::Context;
use crate::error::Error;
use crate::exit::Exit;
use crate::plan::Plan;

/// Asks; an error unless the answer is yes.
pub(super) async fn approve(context: &mut Context<'_>, plan: &Plan) -> Result<(), Error> {
    let console = &mut *context.console;
    if console.out.have_failed() {
        return Err(Error::new(Exit::Error, "the plan could not be shown: nothing was done"));
    }
    let what = if plan.is_held_back() { "Do the upkeep alone" } else { "Apply this plan" };
    console.err.say(&format!("{what}? Only `yes` is taken for it: "));
    // A person may think for long: the lease is kept, and signals are heard, meanwhile.
    let mut answers = std::mem::replace(&mut console.answers, Box::new(std::io::empty()));
    let asked = tokio::task::spawn_blocking(move || {
        let mut answer = String::new();
        let read = answers.read_line(&mut answer);
        (answers, read.map(|_| answer))
    });
    let (answers, answer) =
        asked.await.map_err(|error| Error::new(Exit::Error, "cannot ask").caused_by(&error))?;
    console.answers = answers;
    if answer?.trim_end_matches(['\r', '\n']) == "yes" {
        Ok(())
    } else {
        Err(Error::new(Exit::Error, "not approved: nothing was done"))
    }
}
