//! `schema`: prints a JSON Schema.

use clap::ValueEnum;
use serde_json::Value;

use super::Context;
use crate::error::Error;
use crate::exit::Exit;
use crate::plan::document::Document;
use crate::report::outcome::OutcomeView;

/// What `schema` takes.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Of what
    pub of: Subject,
}

/// What there is a schema of.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Subject {
    /// `ostracon.yaml`
    Config,
    /// Policy files
    Policy,
    /// `plan --format json`
    Plan,
    /// `apply --format json`
    Outcome,
}

/// Prints the schema.
pub fn run(context: &mut Context<'_>, args: &Args) -> Result<Exit, Error> {
    context.console.out.write_all(text(args.of).as_bytes())?;
    Ok(Exit::Done)
}

/// The schema of a subject, as `schemas/` holds it.
pub fn text(of: Subject) -> String {
    let schema = match of {
        Subject::Config => crate::policy::schema::config(),
        Subject::Policy => crate::policy::schema::policy(),
        Subject::Plan => Value::from(schemars::schema_for!(Document<'static>)),
        Subject::Outcome => Value::from(schemars::schema_for!(OutcomeView<'static>)),
    };
    format!("{schema:#}\n")
}
