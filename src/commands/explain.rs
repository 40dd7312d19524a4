//! `explain`: everything that is known of one subject.

use clap::ValueEnum;

use super::Context;
use super::prepare::Files;
use super::store;
use crate::domain::{Enforcement, Kind, Subject, Wanted};
use crate::error::Error;
use crate::exit::Exit;
use crate::plan::Scope;
use crate::report::explain::{
    Coming, Explanation, InForce, Named, PastView, VERSION, explain_text,
};
use crate::state::Past;

/// What `explain` takes.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Whom: an id, or a kind and an id as in `user:alice`
    pub subject: String,

    /// How it is shown
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,
}

/// How an explanation is shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Format {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// How many earlier operations are shown.
const PAST: u32 = 20;

/// Explains a subject.
pub fn run(context: &mut Context<'_>, args: &Args) -> Result<Exit, Error> {
    let files = Files::read(context)?;
    let mut snapshot = store::snapshot(context, &files)?;
    let now = context.world.now();
    let (plan, _, _) = files.plan(&mut snapshot, &Scope::Everything, now, &[])?;
    let asked = Asked::of(&args.subject);
    let past = match store::read(context, &files)? {
        Some(state) => state.past(asked.kind, asked.id, PAST)?,
        None => Vec::new(),
    };
    let wanted = files.wanted.iter().flatten();
    let operations = plan.operations.iter();
    let explanation = Explanation {
        format_version: VERSION,
        subject: &args.subject,
        entries: wanted
            .filter(|wanted| asked.is(&wanted.restriction.subject))
            .map(|wanted| Named { wanted_now: wanted.is_wanted_at(now), ..named(wanted) })
            .collect(),
        protected: files
            .protected()
            .iter()
            .filter(|(kind, id, _)| asked.is(&Subject { kind: *kind, id: (*id).clone() }))
            .map(|(_, _, source)| source)
            .collect(),
        in_force: snapshot
            .rows
            .iter()
            .filter(|row| asked.is(&row.restriction.subject))
            .map(in_force)
            .collect(),
        operations: operations
            .filter(|operation| asked.is(&operation.restriction.subject))
            .map(|operation| Coming {
                operation: operation.into(),
                held_back: !plan.permits(operation),
            })
            .collect(),
        past: past.iter().map(past_view).collect(),
    };
    match args.format {
        Format::Json => {
            let text = serde_json::to_string_pretty(&explanation).map_err(std::io::Error::from)?;
            context.console.out.write_all(format!("{text}\n").as_bytes())?;
        }
        Format::Text => {
            let paint = context.console.paint();
            context.console.result(|out| explain_text(&explanation, paint, out))?;
        }
    }
    Ok(Exit::Done)
}

/// Whom somebody asks for.
struct Asked<'a> {
    kind: Option<Kind>,
    id: &'a str,
}

impl<'a> Asked<'a> {
    fn of(text: &'a str) -> Self {
        let named = text.split_once(':');
        match named.and_then(|(kind, id)| Some((Kind::parse(kind)?, id))) {
            Some((kind, id)) => Self { kind: Some(kind), id },
            None => Self { kind: None, id: text },
        }
    }

    fn is(&self, subject: &Subject) -> bool {
        self.kind.is_none_or(|kind| kind == subject.kind) && subject.id.as_str() == self.id
    }
}

fn named(wanted: &Wanted) -> Named<'_> {
    let Wanted { restriction, from, until, reason, entry, source } = wanted;
    Named {
        place: restriction.into(),
        entry: entry.as_deref(),
        source,
        from: *from,
        until: *until,
        reason: reason.as_deref(),
        wanted_now: false,
    }
}

fn in_force(row: &Enforcement) -> InForce<'_> {
    let held = row.held.as_ref();
    InForce {
        place: (&row.restriction).into(),
        until: row.until,
        since: held.map(|held| held.since),
        written: held.map(|held| held.written),
        lapse: held.and_then(|held| held.lapse.at()),
        evidence: held.map(|held| held.evidence),
        rule: held.and_then(|held| held.rule),
        in_doubt_since: row.doubt.map(|doubt| doubt.since),
        waiting_since: row.waiting,
    }
}

fn past_view(past: &Past) -> PastView<'_> {
    let Past { at, run, restriction, action, because, outcome, code, message, request_id } = past;
    PastView {
        at: *at,
        run,
        place: restriction.into(),
        action,
        because,
        outcome,
        code: code.as_deref(),
        message: message.as_deref(),
        request_id: request_id.as_deref(),
    }
}
