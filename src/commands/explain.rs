//! `explain`: everything that is known of one subject.

use super::Context;
use super::format::PageFormat;
use super::prepare::Files;
use super::store;
use super::view::links;
use crate::domain::{Desired, Enforcement, Id, Kind, Moment, Restriction, Wanted};
use crate::error::Error;
use crate::exit::Exit;
use crate::plan::Scope;
use crate::report::explain::{
    Coming, Explanation, InForce, Named, PastView, VERSION, explain_text,
};
use crate::report::html::explain_page;
use crate::store::{Event, Narrowed, SortOrder, State, StateError};

/// What `explain` takes.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Whom: an id, or a kind and an id as in `user:alice`
    pub subject: String,

    /// How it is shown
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: PageFormat,

    /// In HTML: where the repository's files can be read, as in
    /// `https://github.com/OWNER/REPO/blob/SHA`
    #[arg(long, value_name = "URL")]
    pub link_base: Option<String>,
}

/// How many earlier operations are shown.
const PAST: usize = 20;

/// Explains a subject.
pub fn run(context: &mut Context<'_>, args: &Args) -> Result<Exit, Error> {
    let files = Files::read(context)?;
    let mut snapshot = store::snapshot(context, &files)?;
    let now = context.world.now();
    let (plan, _, _) = files.plan(&mut snapshot, &Scope::Everything, now, &[])?;
    let asked = Asked::of(&args.subject);
    let past = match store::read(context, &files)? {
        Some(state) => past(&state, &asked)?,
        None => Vec::new(),
    };
    let named = named(&files, &asked);
    let operations = plan.operations.iter();
    let explanation = Explanation {
        format_version: VERSION,
        subject: &args.subject,
        entries: named
            .iter()
            .filter_map(|(restriction, it)| named_view(restriction, it, now))
            .collect(),
        orders: snapshot
            .orders
            .iter()
            .filter(|order| order.stands(now))
            .filter(|order| order.subjects.iter().any(|it| asked.is(it.kind, &it.id)))
            .collect(),
        protected: files
            .protected()
            .iter()
            .filter(|(kind, id, _)| asked.is(*kind, id))
            .map(|(_, _, protection)| &protection.source)
            .collect(),
        in_force: snapshot
            .rows
            .iter()
            .filter(|row| asked.names(&row.restriction))
            .map(in_force)
            .collect(),
        operations: operations
            .filter(|operation| asked.names(&operation.restriction))
            .map(|operation| Coming {
                operation: operation.into(),
                held_back: !plan.permits(operation),
            })
            .collect(),
        past: past.iter().map(past_view).collect(),
    };
    match args.format {
        PageFormat::Json => context.console.json(&explanation)?,
        PageFormat::Html => {
            let links = links(context, args.link_base.as_deref())?;
            context.console.out.text(&explain_page(&explanation, now, &links));
        }
        PageFormat::Text => {
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

    fn is(&self, kind: Kind, id: &Id) -> bool {
        self.kind.is_none_or(|asked| asked == kind) && id.as_str() == self.id
    }

    fn names(&self, restriction: &Restriction) -> bool {
        self.is(restriction.subject.kind, &restriction.subject.id)
    }
}

/// What the entries that name a subject ask for, in canonical order.
fn named<'a>(files: &'a Files, asked: &Asked<'_>) -> Vec<(Restriction, &'a Wanted)> {
    let wanted = files.wanted.iter().flat_map(Desired::iter);
    let restrictions = wanted.flat_map(|it| {
        let ids = it.ids.iter().filter(|id| asked.is(it.kind, id));
        ids.map(move |id| (it.restriction_of(id), it))
    });
    let mut named: Vec<_> = restrictions.collect();
    named.sort_by(|(a, one), (b, other)| {
        a.cmp(b).then_with(|| (one.until, &one.source).cmp(&(other.until, &other.source)))
    });
    named
}

fn named_view<'a>(
    restriction: &'a Restriction,
    wanted: &'a Wanted,
    now: Moment,
) -> Option<Named<'a>> {
    let Wanted { from, until, reason, entry, source, .. } = wanted;
    Some(Named {
        place: restriction.into(),
        entry: entry.as_deref(),
        source: source.as_ref()?,
        from: *from,
        until: *until,
        reason: reason.as_deref(),
        wanted_now: wanted.is_wanted_at(now),
    })
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
        rule: held.and_then(|held| held.rule.clone()),
        in_doubt_since: row.doubt.as_ref().map(|doubt| doubt.since),
        waiting_since: row.waiting,
    }
}

/// The newest events about a subject, newest first.
fn past(state: &State, asked: &Asked<'_>) -> Result<Vec<Event>, StateError> {
    let narrowed = Narrowed { subject: Some(asked.id.to_owned()), ..Narrowed::default() };
    let mut past = Vec::new();
    let _enough = state.history(&narrowed, SortOrder::NewestFirst, |event| {
        if asked.names(&event.restriction) {
            past.push(event.clone());
        }
        if past.len() < PAST { Ok(()) } else { Err(()) }
    })?;
    Ok(past)
}

fn past_view(event: &Event) -> PastView<'_> {
    PastView {
        at: event.at,
        run: &event.run,
        place: (&event.restriction).into(),
        action: &event.action,
        because: &event.because,
        outcome: &event.outcome,
        code: event.code.as_deref(),
        message: event.message.as_deref(),
        request_id: event.request_id.as_deref(),
    }
}
