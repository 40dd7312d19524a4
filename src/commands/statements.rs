//! `history --format dsa`: a statement of reasons for each restriction that was imposed; and
//! `validate --dsa`: whether the entries say what these need.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::io;

use super::Context;
use crate::console::Console;
use crate::domain::{Restriction, Source};
use crate::error::Error;
use crate::exit::Exit;
use crate::policy::{Diagnostic, Severity, Workspace};
use crate::report::Pseudonyms;
use crate::report::count::{counted, grouped};
use crate::report::dsa::{self, AT_MOST, Case, Made, Statement, Statements, is_known, statement};
use crate::report::escape::{Terminal, TerminalWord};
use crate::store::{Event, HistoryFilter, SortOrder, State};

/// How many entries with something missing are named.
const MOST_NAMED: usize = 100;

/// What was made so far.
#[derive(Default)]
struct Work {
    /// What is imposed and not lifted since: to impose it again is no new decision.
    standing: BTreeSet<Restriction>,
    /// What each order says for people: the log has that with the order, not with what it did.
    orders: BTreeMap<String, String>,
    batch: Vec<Statement>,
    written: u64,
    exempt: u64,
    /// What is missing, by entry and place.
    incomplete: BTreeMap<(Option<String>, Option<String>), Lack>,
}

/// What the statements of one entry lack.
#[derive(Default)]
struct Lack {
    statements: u64,
    words: BTreeSet<String>,
}

/// Writes the statements that can be made, a hundred a line; then says what the others lack.
pub(super) fn write(
    context: &mut Context<'_>,
    state: &State,
    (filter, names): (&HistoryFilter, Option<&Pseudonyms>),
    defaults: &[(String, String)],
) -> Result<Exit, Error> {
    check_keys(defaults)?;
    let console = &mut *context.console;
    let mut work = Work::default();
    // Whether something was imposed before is known from all that came before.
    let whole = HistoryFilter { run: None, since: None, ..filter.clone() };
    state.history(&whole, SortOrder::OldestFirst, |event| -> io::Result<()> {
        if !work.is_imposed_by(event) || !is_asked_for(event, filter) {
            return Ok(());
        }
        let event = work.with_meta(event);
        let veiled = names.map(|names| names.event(&event));
        work.add(veiled.as_ref().unwrap_or(&event), defaults);
        if work.batch.len() < AT_MOST { Ok(()) } else { work.flush(console) }
    })??;
    work.flush(console)?;
    work.end(console)
}

/// Refuses keys that no statement has.
pub(super) fn check_keys(defaults: &[(String, String)]) -> Result<(), Error> {
    let Some((key, _)) = defaults.iter().find(|(key, _)| !is_known(key)) else { return Ok(()) };
    let message = format!("`--set {key}=…`: that is no key of a statement");
    Err(Error::new(Exit::Usage, message).hint("docs/dsa.md lists the keys"))
}

/// What keeps the entries of a workspace from having statements, each at its place.
pub(super) fn lacking(workspace: &Workspace, defaults: &[(String, String)]) -> Vec<Diagnostic> {
    let mut lacks: BTreeMap<&Source, BTreeSet<String>> = BTreeMap::new();
    for wanted in workspace.wanted.iter() {
        let Some(source) = &wanted.source else { continue };
        let meta = workspace.metas.get(source).map(|meta| &**meta);
        for restriction in wanted.restrictions() {
            let case = Case { restriction: &restriction, until: wanted.until, meta };
            let words = dsa::lacking(case, defaults);
            if !words.is_empty() {
                lacks.entry(source).or_default().extend(words);
            }
        }
    }
    let diagnostic = |(source, words): (&Source, BTreeSet<String>)| Diagnostic {
        severity: Severity::Error,
        code: "statement-incomplete",
        message: words.into_iter().collect::<Vec<_>>().join("; "),
        place: Some(source.into()),
        excerpt: None,
        label: None,
        help: Some("docs/dsa.md lists the keys of `meta`".to_owned()),
    };
    lacks.into_iter().map(diagnostic).collect()
}

fn is_asked_for(event: &Event, filter: &HistoryFilter) -> bool {
    filter.run.as_ref().is_none_or(|run| *run == event.run)
        && filter.since.is_none_or(|since| since <= event.at)
}

impl Work {
    /// Whether an event imposes what was not imposed already.
    fn is_imposed_by(&mut self, event: &Event) -> bool {
        match (&*event.action, &*event.outcome) {
            ("impose", "done") => self.standing.insert(event.restriction.clone()),
            // What was imposed elsewhere was decided elsewhere.
            ("adopt", "done") => {
                self.standing.insert(event.restriction.clone());
                false
            }
            ("lift" | "forget", "done") => {
                self.standing.remove(&event.restriction);
                false
            }
            (_, "ordered") => {
                let said = event.source.clone().zip(event.meta.clone());
                self.orders.extend(said);
                false
            }
            _ => false,
        }
    }

    /// The event with what its entry, or its order, says for people.
    fn with_meta<'e>(&self, event: &'e Event) -> Cow<'e, Event> {
        let of_order = event.source.as_ref().and_then(|source| self.orders.get(source));
        match of_order {
            Some(meta) if event.meta.is_none() => {
                Cow::Owned(Event { meta: Some(meta.clone()), ..event.clone() })
            }
            Some(_) | None => Cow::Borrowed(event),
        }
    }

    fn add(&mut self, event: &Event, defaults: &[(String, String)]) {
        match statement(event, defaults) {
            Made::Statement(statement) => self.batch.push(statement),
            Made::Exempt => self.exempt += 1,
            Made::Incomplete(words) => {
                let place = (event.entry.clone(), event.source.clone());
                let lack = self.incomplete.entry(place).or_default();
                lack.statements += 1;
                lack.words.extend(words);
            }
        }
    }

    fn flush(&mut self, console: &mut Console) -> io::Result<()> {
        if !self.batch.is_empty() {
            console.json_line(&Statements { statements: &self.batch })?;
            self.written += self.batch.len() as u64;
            self.batch.clear();
        }
        Ok(())
    }

    fn end(self, console: &mut Console) -> Result<Exit, Error> {
        let Self { standing: _, orders: _, batch: _, written, exempt, incomplete } = self;
        let exempt = match exempt {
            0 => String::new(),
            count => format!(", {} exempt", grouped(count)),
        };
        console.err.say(&format!("{}{exempt}.\n", counted(written, "statement")));
        let missing: u64 = incomplete.values().map(|lack| lack.statements).sum();
        if missing == 0 {
            return Ok(Exit::Done);
        }
        let mut preface: String =
            incomplete.iter().take(MOST_NAMED).map(|(place, lack)| lack.line(place)).collect();
        if incomplete.len() > MOST_NAMED {
            let more = grouped((incomplete.len() - MOST_NAMED) as u64);
            preface.extend(["… and ", &*more, " more\n"]);
        }
        let message = format!("{} cannot be made", counted(missing, "more statement"));
        let hint = "what the audit log does not say can be said with `--set KEY=VALUE`, one subject \
                    or run at a time; docs/dsa.md lists the keys";
        Err(Error { preface, ..Error::new(Exit::Error, message).hint(hint) })
    }
}

impl Lack {
    fn line(&self, (entry, source): &(Option<String>, Option<String>)) -> String {
        let entry = entry.as_ref().map(|entry| format!("entry {}", TerminalWord(entry)));
        let source = source.as_ref().map(|source| Terminal(source).to_string());
        let mut place: Vec<_> = [entry, source].into_iter().flatten().collect();
        if place.is_empty() {
            place.push("no entry".to_owned());
        }
        let words: Vec<_> = self.words.iter().map(|words| Terminal(words).to_string()).collect();
        let count = counted(self.statements, "statement");
        format!("error: {} ({count}): {}\n", place.join(" at "), words.join("; "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Moment, Until};

    fn event(action: &str, outcome: &str) -> Event {
        Event {
            seq: 1,
            at: Moment::FIRST,
            run: "run".to_owned(),
            who: None,
            note: None,
            call: None,
            restriction: "t/room:r/user:alice".parse().unwrap(),
            action: action.to_owned(),
            because: "recovered".to_owned(),
            until: Until::Never,
            entry: None,
            source: None,
            meta: None,
            reason: None,
            told: None,
            outcome: outcome.to_owned(),
            code: None,
            message: None,
            request_id: None,
        }
    }

    #[test]
    fn what_stands_is_imposed_once_whoever_began_it() {
        for (events, imposed) in [
            (&[("impose", "done"), ("impose", "done")][..], &[true, false][..]),
            (&[("impose", "in_doubt"), ("impose", "done")], &[false, true]),
            (&[("adopt", "done"), ("impose", "done")], &[false, false]),
            (&[("impose", "done"), ("lift", "failed"), ("impose", "done")], &[true, false, false]),
            (&[("impose", "done"), ("lift", "done"), ("impose", "done")], &[true, false, true]),
            (&[("adopt", "done"), ("forget", "done"), ("impose", "done")], &[false, false, true]),
            (&[("impose", "ordered"), ("impose", "done")], &[false, true]),
            (&[("impose", "done"), ("renew", "done"), ("amend", "done")], &[true, false, false]),
        ] {
            let mut work = Work::default();
            let mut is_imposed =
                |(action, outcome): &(&str, &str)| work.is_imposed_by(&event(action, outcome));
            assert_eq!(
                events.iter().map(&mut is_imposed).collect::<Vec<_>>(),
                imposed,
                "{events:?}"
            );
        }
    }
}
