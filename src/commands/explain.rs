//! `explain`: everything that is known of one subject.

use super::Context;
use super::format::PageFormat;
use super::prepare::Files;
use super::store;
use super::view::links;
use crate::domain::{Desired, Enforcement, Id, Kind, Moment, Order, Restriction, Source, Wanted};
use crate::error::Error;
use crate::exit::Exit;
use crate::plan::{Operation, Scope};
use crate::report::Pseudonyms;
use crate::report::explain::{
    Coming, Explanation, InForce, Named, PastView, VERSION, explain_text,
};
use crate::report::html::explain_page;
use crate::store::{Event, HistoryFilter, Snapshot, SortOrder, State, StateError};

/// What `explain` takes.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Whom: an id, a kind and an id as in `user:alice`, or a pseudonym if its key is at hand
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
    let asked = who(context, &args.subject, &files, &snapshot);
    let asked = Asked::of(asked.as_deref().unwrap_or(&args.subject));
    let past = match store::read(context, &files)? {
        Some(state) => past(&state, &asked)?,
        None => Vec::new(),
    };
    let is_asked = |operation: &&Operation| asked.names(&operation.restriction);
    let coming = plan.operations.iter().filter(is_asked);
    let rows = snapshot.rows.iter().filter(|row| asked.names(&row.restriction));
    let protected = files.protected().iter().filter(|(kind, id, _)| asked.is(*kind, id));
    let mut facts = Facts {
        subject: args.subject.clone(),
        named: named(&files, &asked),
        orders: snapshot
            .orders
            .iter()
            .filter(|order| order.stands(now))
            .filter(|order| order.subjects.iter().any(|it| asked.is(it.kind, &it.id)))
            .cloned()
            .collect(),
        protected: protected.map(|(_, _, protection)| protection.source.clone()).collect(),
        rows: rows.cloned().collect(),
        coming: coming.map(|it| (it.clone(), !plan.permits(it))).collect(),
        past,
    };
    if let Some(mut names) = context.pseudonyms()? {
        files.tell_names(&mut names);
        names.learn(snapshot.rows.iter().map(|row| &row.restriction));
        for order in &snapshot.orders {
            names.learn(order.restrictions().collect::<Vec<_>>().iter());
        }
        names.learn(facts.past.iter().map(|event| &event.restriction));
        names.ready();
        facts = facts.veiled(&names);
    }
    let explanation = facts.explanation(now);
    match args.format {
        PageFormat::Json => context.console.json(&explanation)?,
        PageFormat::Html => {
            let links = links(context, args.link_base.as_deref())?;
            context.console.out.text(&explain_page(&explanation, now, &links));
        }
        PageFormat::Text => {
            let colors = context.console.colors();
            context.console.report(|out| explain_text(&explanation, colors, out))?;
        }
    }
    Ok(Exit::Done)
}

/// Whom a pseudonym stands for, if it is one, the key is at hand and somebody has that name.
fn who(context: &Context<'_>, text: &str, files: &Files, snapshot: &Snapshot) -> Option<String> {
    let names = Pseudonyms::is_one(text).then(|| context.key()).flatten()?;
    let wanted = files.wanted.iter().flat_map(Desired::iter);
    let wanted = wanted.flat_map(|it| it.ids.iter().map(|id| (it.kind, id)));
    let protected = files.protected().iter().map(|(kind, id, _)| (kind, id));
    let rows = snapshot.rows.iter().map(|row| &row.restriction.subject);
    let rows = rows.map(|subject| (subject.kind, &subject.id));
    let mut all = wanted.chain(protected).chain(rows);
    let found = all.find(|(kind, id)| names.of(*kind, id).as_str() == text);
    found.map(|(kind, id)| format!("{kind}:{id}"))
}

/// What is known of a subject.
struct Facts<'a> {
    subject: String,
    named: Vec<(Restriction, Entry<'a>)>,
    orders: Vec<Order>,
    protected: Vec<Source>,
    rows: Vec<Enforcement>,
    /// What the next run does, and whether a guard holds it back.
    coming: Vec<(Operation, bool)>,
    past: Vec<Event>,
}

/// What an entry says, and where.
struct Entry<'a> {
    wanted: &'a Wanted,
    reason: Option<String>,
    id: Option<String>,
    source: Option<Source>,
}

impl<'a> Facts<'a> {
    fn veiled(self, names: &Pseudonyms) -> Self {
        let text = |text: String| names.text(&text);
        let veiled = |(restriction, entry): (Restriction, Entry<'a>)| {
            let source = entry.source.map(|it| names.source(&it));
            let (reason, id) = (entry.reason.map(text), entry.id.map(text));
            (names.restriction(&restriction), Entry { reason, id, source, ..entry })
        };
        let of_entries = self.named.iter().map(|(restriction, _)| restriction);
        let of_rows = self.rows.iter().map(|row| &row.restriction);
        let of_events = self.past.iter().map(|event| &event.restriction);
        let mut subjects = of_entries.chain(of_rows).chain(of_events).map(|it| &it.subject);
        let subject = subjects.next().map(|it| names.of(it.kind, &it.id).to_string());
        Self {
            subject: subject.unwrap_or_else(|| "nobody who is known".to_owned()),
            named: self.named.into_iter().map(veiled).collect(),
            orders: self.orders.iter().map(|order| names.order(order)).collect(),
            protected: self.protected.iter().map(|source| names.source(source)).collect(),
            rows: self.rows.iter().map(|row| names.row(row)).collect(),
            coming: self.coming.iter().map(|(it, held)| (names.operation(it), *held)).collect(),
            past: self.past.iter().map(|event| names.event(event)).collect(),
        }
    }

    fn explanation(&self, now: Moment) -> Explanation<'_> {
        let coming = |(operation, held_back): &(Operation, bool)| Coming {
            operation: operation.into(),
            held_back: *held_back,
        };
        Explanation {
            format_version: VERSION,
            subject: &self.subject,
            entries: self
                .named
                .iter()
                .filter_map(|(it, entry)| named_view(it, entry, now))
                .collect(),
            orders: self.orders.iter().collect(),
            protected: self.protected.iter().collect(),
            in_force: self.rows.iter().map(in_force).collect(),
            operations: self.coming.iter().map(coming).collect(),
            past: self.past.iter().map(past_view).collect(),
        }
    }
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
fn named<'a>(files: &'a Files, asked: &Asked<'_>) -> Vec<(Restriction, Entry<'a>)> {
    let wanted = files.wanted.iter().flat_map(Desired::iter);
    let restrictions = wanted.flat_map(|it| {
        let ids = it.ids.iter().filter(|id| asked.is(it.kind, id));
        ids.map(move |id| (it.restriction_of(id), it))
    });
    let mut named: Vec<_> = restrictions.collect();
    named.sort_by(|(a, one), (b, other)| {
        a.cmp(b).then_with(|| (one.until, &one.source).cmp(&(other.until, &other.source)))
    });
    let entry = |wanted: &'a Wanted| Entry {
        wanted,
        reason: wanted.reason.as_deref().map(str::to_owned),
        id: wanted.entry.as_deref().map(str::to_owned),
        source: wanted.source.clone(),
    };
    named.into_iter().map(|(restriction, wanted)| (restriction, entry(wanted))).collect()
}

fn named_view<'a>(
    restriction: &'a Restriction,
    entry: &'a Entry<'_>,
    now: Moment,
) -> Option<Named<'a>> {
    let Entry { wanted, reason, id, source } = entry;
    Some(Named {
        place: restriction.into(),
        entry: id.as_deref(),
        source: source.as_ref()?,
        from: wanted.from,
        until: wanted.until,
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
    let filter = HistoryFilter { subject: Some(asked.id.to_owned()), ..HistoryFilter::default() };
    let mut past = Vec::new();
    let _enough = state.history(&filter, SortOrder::NewestFirst, |event| {
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
