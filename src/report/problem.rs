//! What went wrong, why, and what can be done about it.

use std::error::Error;
use std::fmt::{self, Write};

use super::escape::Terminal;
use super::style::{ColorChoice, Style};

/// A problem as a person reads it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Problem {
    /// What went wrong.
    pub message: String,
    /// Why, each because of the next.
    pub causes: Vec<String>,
    /// What can be done about it.
    pub hints: Vec<String>,
}

impl Problem {
    /// The problem that an error and its sources tell of.
    pub fn of(error: &dyn Error, hints: Vec<String>) -> Self {
        let mut causes = Vec::new();
        let mut source = error.source();
        while let Some(cause) = source {
            causes.push(cause.to_string());
            source = cause.source();
        }
        Self { message: error.to_string(), causes, hints }
    }

    /// Writes it: one line for the message, one a cause, one a hint.
    pub fn write(&self, colors: ColorChoice, out: &mut dyn Write) -> fmt::Result {
        let Self { message, causes, hints } = self;
        writeln!(out, "{} {}", colors.style(Style::Failure, "Error:"), Terminal(message))?;
        match causes.as_slice() {
            [] => {}
            [cause] => {
                writeln!(
                    out,
                    "{} {}",
                    colors.style(Style::Heading, "Caused by:"),
                    Terminal(cause)
                )?;
            }
            many => {
                writeln!(out, "{}", colors.style(Style::Heading, "Caused by:"))?;
                for (position, cause) in many.iter().enumerate() {
                    writeln!(out, "  {}: {}", position + 1, Terminal(cause))?;
                }
            }
        }
        for hint in hints {
            writeln!(out, "{} {}", colors.style(Style::Change, "Hint:"), Terminal(hint))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("cannot open the state")]
    struct Outer(#[source] Inner);

    #[derive(Debug, thiserror::Error)]
    #[error("cannot read `{0}`")]
    struct Inner(String, #[source] fmt::Error);

    fn text(problem: &Problem) -> String {
        let mut text = String::new();
        problem.write(ColorChoice::Off, &mut text).unwrap();
        text
    }

    #[test]
    fn an_error_is_printed_with_its_causes_and_hints() {
        let error = Outer(Inner("state.db".to_owned(), fmt::Error));
        let problem = Problem::of(&error, vec!["run `ostracon apply` first".to_owned()]);
        assert_eq!(
            text(&problem),
            "Error: cannot open the state\n\
             Caused by:\n  \
               1: cannot read `state.db`\n  \
               2: an error occurred when formatting an argument\n\
             Hint: run `ostracon apply` first\n"
        );
    }

    #[test]
    fn what_a_stranger_wrote_cannot_forge_a_line() {
        let error = Inner("a\nHint: \u{1b}[2Jsend money".to_owned(), fmt::Error);
        assert_eq!(
            text(&Problem::of(&error, Vec::new())),
            "Error: cannot read `a\\u{a}Hint: \\u{1b}[2Jsend money`\n\
             Caused by: an error occurred when formatting an argument\n"
        );
    }
}
