//! `backport`: brings what was ordered into the files, as a person would write it.

mod edit;
mod flow;

use std::collections::BTreeMap;
use std::path::Path;

use super::prepare::Files;
use super::{Context, store, whole_file};
use crate::domain::{Desired, Id, Kind, Moment, Order, OrderKind, Restriction, Until, Wanted};
use crate::error::Error;
use crate::exit::Exit;
use crate::plan::Scope;
use crate::policy::{self, Workspace};
use crate::report::escape::Terminal;
use crate::report::policy_yaml::{Entry, entries_yaml};
use crate::report::unified::unified_diff;

/// What `backport` takes.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The policy file, in the workspace, that takes the bans
    #[arg(long, value_name = "FILE", default_value = "bans/orders.yaml")]
    pub out: String,

    /// Change nothing; exit 2 if something that was ordered is not in the files
    #[arg(long)]
    pub check: bool,
}

/// Brings what was ordered into the files, and shows what it changed.
pub fn run(context: &mut Context<'_>, args: &Args) -> Result<Exit, Error> {
    check_name(&args.out)?;
    let files = Files::read(context)?;
    let orders = not_in_files(context, &files)?;
    if args.check {
        let exit = if orders.is_empty() { Exit::Done } else { Exit::Changes };
        context.console.result(|out| {
            orders.iter().try_for_each(|order| {
                let Order { id, kind, by, .. } = order;
                let by = by.to_string();
                writeln!(out, "order {id} ({kind}, by {}) is not in the files yet", Terminal(&by))
            })
        })?;
        return Ok(exit);
    }
    let mut work = Work { context, files: &files, edited: BTreeMap::new(), by_hand: Vec::new() };
    for order in &orders {
        match order.kind {
            OrderKind::Ban => work.add(order, &args.out)?,
            OrderKind::Lift => work.take_out(order)?,
        }
    }
    let Work { edited, by_hand, .. } = work;
    let mut changed = Vec::new();
    for (name, new) in edited {
        let old = text_of(&context.global.dir, &name)?;
        whole_file::put_below(&context.global.dir, &name, &new)?;
        changed.push((name, old, new));
    }
    let nothing = changed.is_empty() && by_hand.is_empty();
    let colors = context.console.colors();
    context.console.result(|out| {
        for (name, old, new) in &changed {
            unified_diff((name, old, new), colors, out)?;
        }
        by_hand.iter().try_for_each(|what| writeln!(out, "By hand: {}", Terminal(what)))?;
        if nothing { writeln!(out, "Everything that was ordered is in the files.") } else { Ok(()) }
    })?;
    if by_hand.is_empty() { Ok(Exit::Done) } else { Ok(Exit::Error) }
}

/// The orders that stand, and that the files do not say yet.
fn not_in_files(context: &Context<'_>, files: &Files) -> Result<Vec<Order>, Error> {
    let now = context.world.now();
    let mut snapshot = store::snapshot(context, files)?;
    let (plan, _, _) = files.plan(&mut snapshot, &Scope::Everything, now, &[])?;
    let mut orders = snapshot.orders;
    orders.retain(|order| {
        order.stands(now) && plan.ended_orders.iter().all(|ended| ended.id != order.id)
    });
    Ok(orders)
}

/// What all entries ask for, so that two workspaces can be compared.
type Asked = Vec<(Restriction, Option<Moment>, Until, Option<String>)>;

fn asked(desired: &Desired) -> Asked {
    let of = |wanted: &Wanted| {
        let (from, until) = (wanted.from, wanted.until);
        let reason = wanted.reason.as_deref().map(str::to_owned);
        wanted
            .restrictions()
            .map(|restriction| (restriction, from, until, reason.clone()))
            .collect::<Vec<_>>()
    };
    let mut asked: Asked = desired.iter().flat_map(of).collect();
    asked.sort();
    asked
}

/// Edits that were made so far, each of which was seen to do what it was to do.
struct Work<'a, 'c> {
    context: &'a Context<'c>,
    files: &'a Files,
    edited: BTreeMap<String, String>,
    by_hand: Vec<String>,
}

impl Work<'_, '_> {
    /// The workspace as it is with what was edited.
    fn workspace(&self, edited: BTreeMap<String, String>) -> Option<Workspace> {
        policy::load_edited(&self.context.global.dir, &self.context.permissions(), edited).ok()
    }

    fn text(&self, name: &str) -> Result<String, Error> {
        if let Some(text) = self.edited.get(name) {
            return Ok(text.clone());
        }
        text_of(&self.context.global.dir, name)
    }

    /// Takes an edit over if the files then ask for just what they should.
    fn keep(&mut self, name: &str, text: String, expected: &Asked) -> bool {
        let mut edited = self.edited.clone();
        edited.insert(name.to_owned(), text);
        let is_right =
            self.workspace(edited.clone()).is_some_and(|it| asked(&it.wanted) == *expected);
        if is_right {
            self.edited = edited;
        }
        is_right
    }

    fn now_asked(&self) -> Asked {
        self.workspace(self.edited.clone()).map(|it| asked(&it.wanted)).unwrap_or_default()
    }

    /// Adds what a ban asks for.
    fn add(&mut self, order: &Order, out: &str) -> Result<(), Error> {
        let mut text = self.text(out)?;
        let mut expected = self.now_asked();
        for wanted in order.wanted() {
            let section = if wanted.kind == Kind::Stream { "forbidden_streams" } else { "bans" };
            let entry = self.entry(order, &wanted)?;
            let Ok(longer) = edit::with(&text, section, &entry) else {
                self.by_hand.push(format!("`{out}` cannot be added to: order {}", order.id));
                return Ok(());
            };
            text = longer;
            let of = |id: &Id| {
                let reason = wanted.reason.as_deref().map(str::to_owned);
                (wanted.restriction_of(id), None, wanted.until, reason)
            };
            expected.extend(wanted.ids.iter().map(of));
        }
        expected.sort();
        if !self.keep(out, text, &expected) {
            self.by_hand.push(format!("`{out}` cannot be added to: order {}", order.id));
        }
        Ok(())
    }

    /// An entry that says what a ban does, and who ordered it when.
    fn entry(&self, order: &Order, wanted: &Wanted) -> Result<String, Error> {
        let (by, given) = (order.by.to_string(), order.given.to_string());
        let mut meta: Vec<(&str, &str)> =
            order.meta.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        meta.extend([("order", &*order.id), ("ordered_by", &*by), ("ordered_at", &*given)]);
        let target = self.files.config.targets.get(&wanted.target);
        let capability = target.and_then(|it| it.provider.facts().capability(wanted.kind));
        let entry = Entry {
            id: None,
            targets: vec![&wanted.target],
            room: wanted.room.as_ref(),
            kind: wanted.kind,
            subjects: wanted.ids.iter().collect(),
            deny: wanted.deny,
            wide: capability.is_some_and(|capability| capability.wide),
            reason: wanted.reason.as_deref(),
            from: None,
            until: wanted.until,
            meta,
        };
        let mut text = String::new();
        entries_yaml(&[entry], &mut text)
            .map_err(|error| Error::new(Exit::Error, "cannot write the entry").caused_by(&error))?;
        // Without the heading of its section.
        Ok(text.split_once('\n').map_or(String::new(), |(_, entry)| entry.to_owned()))
    }

    /// Takes those out whom a lift is about, one by one.
    fn take_out(&mut self, order: &Order) -> Result<(), Error> {
        let mut tried = Vec::new();
        loop {
            let Some(workspace) = self.workspace(self.edited.clone()) else { return Ok(()) };
            let named = workspace.wanted.iter().flat_map(|wanted| {
                let about = wanted.restrictions().filter(|it| order.is_about(it));
                about.filter_map(move |it| Some((it, wanted, wanted.source.clone()?)))
            });
            let mut left = named.filter(|(it, _, source)| {
                !tried.iter().any(|(other, at)| other == it && at == source)
            });
            let Some((restriction, wanted, source)) = left.next() else { return Ok(()) };
            drop(left);
            let name = source.file.to_string();
            let at = (source.line as usize, source.column as usize);
            let subject = (restriction.subject.kind, restriction.subject.id.as_str());
            let mut expected = asked(&workspace.wanted);
            let reason = wanted.reason.as_deref().map(str::to_owned);
            let gone = (restriction.clone(), wanted.from, wanted.until, reason);
            if let Ok(place) = expected.binary_search(&gone) {
                expected.remove(place);
            }
            let shorter = edit::without(&self.text(&name)?, at, subject);
            let is_done = shorter.is_ok_and(|text| self.keep(&name, text, &expected));
            if !is_done {
                self.by_hand.push(format!("{restriction} stands in {source}: order {}", order.id));
                tried.push((restriction, source));
            }
        }
    }
}

/// What stands in a file of the workspace, if it is there.
fn text_of(directory: &Path, name: &str) -> Result<String, Error> {
    let text = policy::text_of(directory, name);
    Ok(text.map_err(|diagnostic| Error::of_policy(&[*diagnostic]))?.unwrap_or_default())
}

/// Refuses a file that is no policy file of the workspace.
fn check_name(name: &str) -> Result<(), Error> {
    if policy::is_policy_path(Path::new(name)) {
        return Ok(());
    }
    let message = format!("`{}` is no place for a policy file", Terminal(name));
    Err(Error::new(Exit::Usage, message).hint("name a `.yaml` file inside the workspace"))
}
