//! `schema`: prints a JSON Schema.

use clap::ValueEnum;
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::Value;

use super::Context;
use super::orders::Orders;
use crate::exit::Exit;
use crate::plan::document::Document;
use crate::report::doctor::DoctorView;
use crate::report::drift::DriftView;
use crate::report::enforcement::{EnforcementView, ListView};
use crate::report::event::EventView;
use crate::report::explain::Explanation;
use crate::report::outcome::OutcomeView;
use crate::report::status::Status;

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
    /// `drift --format json`
    Drift,
    /// `doctor --format json`
    Doctor,
    /// `status --format json`
    Status,
    /// Each line of `history --format jsonl`
    History,
    /// `state list --format json`
    StateList,
    /// `state show --format json`, and each line of `state export`
    Restriction,
    /// `explain --format json`
    Explanation,
    /// `orders list --format json` and `orders show --format json`
    Orders,
    /// Each line of `history --format dsa`
    Dsa,
}

/// Prints the schema.
pub fn run(context: &mut Context<'_>, args: &Args) -> Exit {
    context.console.out.text(&text(args.of));
    Exit::Done
}

/// The schema of a subject, as `schemas/` holds it.
pub fn text(of: Subject) -> String {
    let schema = match of {
        Subject::Config => crate::policy::schema::config(),
        Subject::Policy => crate::policy::schema::policy(),
        Subject::Plan => of_output::<Document>(),
        Subject::Outcome => of_output::<OutcomeView<'static>>(),
        Subject::Drift => of_output::<DriftView<'static>>(),
        Subject::Doctor => of_output::<DoctorView<'static>>(),
        Subject::Status => of_output::<Status<'static>>(),
        Subject::History => of_output::<EventView<'static>>(),
        Subject::StateList => of_output::<ListView<'static>>(),
        Subject::Restriction => of_output::<EnforcementView<'static>>(),
        Subject::Explanation => of_output::<Explanation<'static>>(),
        Subject::Orders => of_output::<Orders>(),
        Subject::Dsa => crate::report::dsa::schema(),
    };
    format!("{schema:#}\n")
}

/// The schema of what is written, not of what may be read: a key that can be null is there too.
fn of_output<T: JsonSchema>() -> Value {
    let generator = SchemaSettings::draft2020_12().for_serialize().into_generator();
    Value::from(generator.into_root_schema_for::<T>())
}
