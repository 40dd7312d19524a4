//! Why a command ends early, and what a person can do about it.

use std::error::Error as StdError;
use std::io;

use crate::exit::Exit;
use crate::plan::BindingError;
use crate::plan::file::Refusal;
use crate::policy::{Diagnostic, render};
use crate::report::escape::Terminal;
use crate::store::StateError;

/// Why a command ends early.
#[derive(Debug)]
pub struct Error {
    /// How the program ends.
    pub exit: Exit,
    /// What happened: one clause.
    pub message: String,
    /// Why, outermost first.
    pub causes: Vec<String>,
    /// What a person can do about it.
    pub hint: Option<String>,
    /// Text to show before the error, as it is.
    pub preface: String,
}

impl Error {
    /// An error of this kind.
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        let (message, causes) = (message.into(), Vec::new());
        Self { exit, message, causes, hint: None, preface: String::new() }
    }

    /// With what a person can do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// With the chain of causes of `error`, itself included.
    #[must_use]
    pub fn caused_by(mut self, error: &dyn StdError) -> Self {
        let mut cause = Some(error);
        while let Some(error) = cause {
            self.causes.push(error.to_string());
            cause = error.source();
        }
        self
    }

    /// The same without what may name people: what is wrong in the files, or what differs.
    #[must_use]
    pub fn without_names(self) -> Self {
        if self.preface.is_empty() {
            return self;
        }
        let hint = Some("what is wrong is said without `--pseudonyms`".to_owned());
        Self { preface: String::new(), hint, ..self }
    }

    /// That of a workspace with these problems.
    pub fn of_policy(diagnostics: &[Diagnostic]) -> Self {
        let count = diagnostics.len();
        let problems =
            if count == 1 { "1 problem".to_owned() } else { format!("{count} problems") };
        let error = Self::new(Exit::Error, format!("the workspace has {problems}"));
        Self { preface: render(diagnostics), ..error }
    }
}

impl From<StateError> for Error {
    fn from(error: StateError) -> Self {
        let message = error.to_string();
        // A URL that is none is no state that could be damaged.
        let exit = if matches!(error, StateError::NotAUrl(_)) { Exit::Error } else { Exit::State };
        let state = Self::new(exit, message).hint(error.hint());
        match error.source() {
            Some(source) => state.caused_by(source),
            None => state,
        }
    }
}

impl From<BindingError> for Error {
    fn from(error: BindingError) -> Self {
        Self::new(Exit::Error, error.to_string()).hint(error.hint())
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        let message = format!("the plan file is refused: {refusal}");
        let error = Self::new(Exit::PlanRefused, message).hint(refusal.hint());
        match refusal {
            Refusal::Stale { moved: _, difference } => {
                let lines = difference.iter().map(|line| format!("{}\n", Terminal(line)));
                Self { preface: lines.collect(), ..error }
            }
            Refusal::Unreadable(_)
            | Refusal::Newer(_)
            | Refusal::Altered
            | Refusal::Expired(_)
            | Refusal::OtherState { .. } => error,
        }
    }
}

/// Output that cannot be written: quiet when the reader has gone, as `head` does.
impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        Self::new(Exit::Error, "cannot write the output").caused_by(&error)
    }
}
