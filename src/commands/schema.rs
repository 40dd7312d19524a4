//! `schema`: prints a JSON Schema.

use clap::ValueEnum;
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::Value;

use super::Context;
use super::orders::Orders;
use crate::error::Error;
use crate::exit::Exit;
use crate::plan::document::Document;
use crate::policy;
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

    /// With `policy`: that of this workspace, by its config: which targets there are, and what
    /// each of them takes
    #[arg(long)]
    pub targets: bool,
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
pub fn run(context: &mut Context<'_>, args: &Args) -> Result<Exit, Error> {
    let text = if args.targets { of_workspace(context, args.of)? } else { text(args.of) };
    context.console.out.text(&text);
    Ok(Exit::Done)
}

fn of_workspace(context: &Context<'_>, of: Subject) -> Result<String, Error> {
    if of != Subject::Policy {
        let error = Error::new(Exit::Usage, "`--targets` goes with `schema policy` alone");
        return Err(error.hint("only policy files name targets"));
    }
    let loaded = policy::load_config(&context.global.dir, &context.permissions());
    let (config, _digest) = loaded.map_err(|problems| Error::of_policy(&problems))?;
    Ok(printed(&policy::schema::policy_of(&config)))
}

/// The schema of a subject, as `schemas/` holds it.
pub fn text(of: Subject) -> String {
    let schema = match of {
        Subject::Config => policy::schema::config(),
        Subject::Policy => policy::schema::policy(),
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
    printed(&schema)
}

fn printed(schema: &Value) -> String {
    format!("{schema:#}\n")
}

/// The schema of what is written, not of what may be read: a key that can be null is there too.
fn of_output<T: JsonSchema>() -> Value {
    let generator = SchemaSettings::draft2020_12().for_serialize().into_generator();
    Value::from(generator.into_root_schema_for::<T>())
}
