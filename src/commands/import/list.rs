//! Making policy of a list: read, sort, write, and say what came of it.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use super::super::Context;
use super::super::prepare::Files;
use super::entries::{Common, Sorted, Terms, sort};
use super::mapping::{Field, Mapping};
use super::place::{Made, numbered, paths};
use super::table::{self, Shape, Table};
use super::{Args, denied};
use crate::domain::{Id, Kind, TargetName};
use crate::error::Error;
use crate::exit::Exit;
use crate::policy::{Severity, render};
use crate::provider::{Capability, Presence};
use crate::report::count::{counted, grouped};
use crate::report::escape::Terminal;
use crate::report::policy_yaml::{Entry, entries_yaml};

/// The most entries of one file: a reviewer can still open it.
const MOST_ENTRIES: usize = 1000;

/// The longest list that is read, in bytes: a million rows of a hundred characters, and more.
const LONGEST: u64 = 256 << 20;

/// Makes policy of a list.
pub(super) fn run(context: &mut Context<'_>, args: &Args, from: &Path) -> Result<Exit, Error> {
    let usage = |message: String| Error::new(Exit::Usage, message);
    paths(context, &args.out, 1)?;
    let list = &args.list;
    let mapping = Mapping::new(&list.map, &list.set, &list.only).map_err(usage)?;
    let shape = Shape::of(from, list.no_header).ok_or_else(|| {
        usage(format!("cannot read `{}`", from.display()))
            .hint("lists are `.csv`, or `.jsonl` with one JSON object a line")
    })?;
    let files = Files::read(context)?;
    let capabilities = capabilities(&files, args, &mapping)?;
    let text = read(from)?;
    let wanted: BTreeSet<&str> = mapping.named().collect();
    let Table { columns, rows } =
        table::read(&text, shape, &wanted.iter().copied().collect::<Vec<_>>());
    if let Some(columns) = columns {
        check_columns(&columns, &wanted).map_err(usage)?;
    }
    let name: Arc<str> = from.display().to_string().into();
    let now = context.world.now();
    let zone = list.zone.as_deref();
    let terms =
        Terms { mapping: &mapping, capabilities: &capabilities, kind: list.kind, now, zone };
    let mut sorted = sort(&name, &rows, &terms, |restriction| files.protects(restriction));
    if !sorted.problems.is_empty() && !list.skip_bad {
        let problems = counted(sorted.problems.len() as u64, "problem");
        let error = Error::new(Exit::Error, format!("the list has {problems}"));
        let error = error.hint("correct it, or leave such rows out with `--skip-bad`");
        return Err(Error { preface: render(&sorted.problems), ..error });
    }
    sorted.problems.iter_mut().for_each(|problem| problem.severity = Severity::Warning);
    context.console.err.say(&render(&sorted.problems));
    let entries = entries(&sorted, &terms);
    let made = texts(&entries, from)?;
    if !entries.is_empty() {
        Made::new(context, &args.out, &made)?.keep();
    }
    say(context, args, &sorted, (entries.len(), made.len()))?;
    Ok(Exit::Done)
}

/// How each target restricts such subjects; wrong usage where it cannot, or not like this.
fn capabilities(
    files: &Files,
    args: &Args,
    mapping: &Mapping,
) -> Result<Vec<(TargetName, &'static Capability)>, Error> {
    files.scope(&args.target)?;
    let kind = args.list.kind;
    let names: BTreeSet<&str> = args.target.iter().map(String::as_str).collect();
    let targets = files.config.targets.iter();
    let targets = targets.filter(|(name, _)| names.contains(name.as_str()));
    let mut capabilities = Vec::new();
    for (name, target) in targets {
        let usage = |message: String| Err(Error::new(Exit::Usage, message));
        let facts = target.provider.facts();
        let Some(capability) = facts.capability(kind) else {
            let kinds: Vec<_> =
                facts.capabilities.iter().map(|capability| capability.kind.to_string()).collect();
            let message = format!("{} cannot restrict a {kind} (target `{name}`)", facts.title);
            let hint = format!("it restricts: {}; say so with `--kind`", kinds.join(", "));
            return usage(message).map_err(|error: Error| error.hint(hint));
        };
        if capability.wide && !args.list.wide {
            let message = format!("a ban of a {kind} reaches everybody there (target `{name}`)");
            let error = Error::new(Exit::Usage, message);
            return Err(error.hint("say `--wide` if that is meant"));
        }
        let has_room = mapping.fills(&Field::Room);
        if capability.room == Presence::Required && !has_room {
            return usage(format!("`{name}` restricts in rooms: map or set `room`"));
        }
        if capability.room == Presence::Never && has_room {
            return usage(format!("`{name}` restricts a {kind} everywhere: leave `room` out"));
        }
        capabilities.push((name.clone(), capability));
    }
    Ok(capabilities)
}

#[expect(clippy::disallowed_methods, reason = "lists from elsewhere are read here")]
fn read(from: &Path) -> Result<String, Error> {
    use std::io::Read as _;
    let message = || format!("cannot read the list `{}`", from.display());
    let failed = |error: std::io::Error| Error::new(Exit::Error, message()).caused_by(&error);
    let file = std::fs::File::open(from).map_err(failed)?;
    let mut bytes = Vec::new();
    file.take(LONGEST + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > LONGEST {
        let error = Error::new(Exit::Error, message());
        return Err(error.hint("it is larger than 256 MiB: make several of it"));
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let before = error.as_bytes().iter().take(valid).filter(|byte| **byte == b'\n').count();
        Error::new(Exit::Error, message()).hint(format!("line {} is not UTF-8", before + 1))
    })?;
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}

fn check_columns(columns: &[String], wanted: &BTreeSet<&str>) -> Result<(), String> {
    let names = || columns.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    for column in wanted {
        match columns.iter().filter(|name| name == column).count() {
            0 => return Err(format!("the list has no column `{column}`, only {}", names())),
            1 => {}
            _ => return Err(format!("the list has more than one column `{column}`")),
        }
    }
    Ok(())
}

/// The entries, in an order that does not depend on that of the rows.
fn entries<'a>(sorted: &'a Sorted, terms: &'a Terms<'_>) -> Vec<Entry<'a>> {
    let entry = |common: &'a Common, subjects: Vec<&'a Id>| {
        let Common { id, room, from, until, reason, meta } = common;
        Entry {
            id: id.as_deref(),
            targets: terms.capabilities.iter().map(|(target, _)| target).collect(),
            room: room.as_ref(),
            kind: terms.kind,
            subjects,
            deny: terms
                .capabilities
                .first()
                .map_or(crate::domain::Deny::JOIN, |(_, capability)| denied(capability)),
            wide: terms.capabilities.iter().any(|(_, capability)| capability.wide),
            reason: reason.as_deref(),
            from: *from,
            until: *until,
            meta: meta.iter().map(|(key, value)| (key.as_str(), &**value)).collect(),
        }
    };
    let mut entries = Vec::with_capacity(sorted.entries.len());
    for (common, subjects) in &sorted.entries {
        if terms.kind == Kind::Channel {
            entries.extend(subjects.iter().map(|subject| entry(common, vec![subject])));
        } else {
            entries.push(entry(common, subjects.iter().collect()));
        }
    }
    entries
}

fn texts(entries: &[Entry<'_>], from: &Path) -> Result<Vec<String>, Error> {
    let name = from.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let text = |entries: &[Entry<'_>]| {
        let mut text = format!("# From `{}` by `ostracon import`.\n", Terminal(&name));
        entries_yaml(entries, &mut text).map_err(std::io::Error::other)?;
        Ok(text)
    };
    entries.chunks(MOST_ENTRIES).map(text).collect()
}

fn say(
    context: &mut Context<'_>,
    args: &Args,
    sorted: &Sorted,
    (entries, files): (usize, usize),
) -> Result<(), Error> {
    let Sorted { problems, left_out, ended, repeated, protected, entries: subjects } = sorted;
    for (count, what) in [
        (problems.len() as u64, "no policy can say"),
        (*left_out, "`--only` does not ask for"),
        (*ended, "have ended already"),
        (*repeated, "name somebody whom another row names too: the latest end counts"),
        (*protected, "name somebody who is protected"),
    ] {
        if count > 0 {
            let rows = counted(count, "row");
            context.console.err.say(&format!("note: {rows} left out that {what}\n"));
        }
    }
    let subjects: usize = subjects.values().map(BTreeSet::len).sum();
    let subjects = counted(subjects as u64, "subject");
    let entries = counted(entries as u64, "entry");
    let out = args.out.display().to_string();
    context.console.result(|to| match files {
        0 => writeln!(to, "Imported: nothing, no row is left."),
        1 => writeln!(to, "Imported: {subjects} in {entries} into `{}`.", Terminal(&out)),
        files => {
            let first = numbered(&args.out, 1, files.to_string().len()).display().to_string();
            let (files, first) = (grouped(files as u64), Terminal(&first));
            writeln!(to, "Imported: {subjects} in {entries} into {files} files, `{first}` first.")
        }
    })?;
    Ok(())
}
