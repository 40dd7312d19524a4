//! Taking foreign restrictions over, into a policy file and into the state, without a call that
//! changes anything.

use std::collections::BTreeMap;

use super::super::Context;
use super::super::leased_store::{self, LeasedStore};
use super::super::prepare::{Files, check_lineage};
use super::super::refresh::{self, Found, survey};
use super::Args;
use super::place::{Made, paths};
use crate::domain::{Enforcement, Evidence, Held, Id, Lapse, Moment, Restriction, Until, Who};
use crate::error::Error;
use crate::exit::Exit;
use crate::plan::drift::Finding;
use crate::provider::{Capability, Listed};
use crate::report::count::counted;
use crate::report::escape::Terminal;
use crate::report::policy_yaml::policy_yaml;
use crate::store::{AuditRow, Lease, Record, Snapshot, State};

/// Takes foreign restrictions over.
pub(super) async fn run(context: &mut Context<'_>, args: &Args) -> Result<Exit, Error> {
    paths(context, &args.out, 1)?;
    // Only to find the state: what decides is read anew once the state is ours.
    let files = Files::read(context)?;
    let location = files.state_location(context)?;
    let found = State::read(&location)?.map(|state| state.lineage()).transpose()?;
    check_lineage(files.config.lineage.as_deref(), found.as_deref(), &location)?;
    let accounts = files.accounts(&files.scope(&args.target)?);
    let LeasedStore { state, lease } =
        leased_store::take(&location, context.world, &accounts, args.lock_timeout).await?;
    let (mut state, imported) = take_over(context, args, state, &lease).await;
    state.release(&lease, context.world.uptime().as_ref())?;
    state.close()?;
    imported
}

async fn take_over(
    context: &mut Context<'_>,
    args: &Args,
    mut state: State,
    lease: &Lease,
) -> (State, Result<Exit, Error>) {
    let read = Files::read(context)
        .and_then(|files| Ok((files.scope(&args.target)?, state.snapshot()?, files)));
    let (scope, mut snapshot, files) = match read {
        Ok(read) => read,
        Err(error) => return (state, Err(error)),
    };
    let rooms: Vec<Id> = args.room.iter().map(|room| Id::new(room.as_str())).collect();
    let through = (context.world, refresh::credentials(context));
    let reading = survey(&files, &mut snapshot, through, (&scope, &rooms));
    let (mut state, kept, found) = leased_store::keep(state, lease, context.world, reading).await;
    let imported = match found.and_then(|found| kept.map(|()| found).map_err(Error::from)) {
        Ok(found) => {
            let state = (&mut state, lease);
            record_found(context, args, (&files, &snapshot, &found), state).await
        }
        Err(error) => Err(error),
    };
    (state, imported)
}

async fn record_found(
    context: &mut Context<'_>,
    args: &Args,
    (files, snapshot, found): (&Files, &Snapshot, &[Found]),
    (state, lease): (&mut State, &Lease),
) -> Result<Exit, Error> {
    let Sorted { rows, passed_over } = sort(files, found, snapshot, context.world.now());
    for sentence in &passed_over {
        context.console.err.say(&format!("warning: {}\n", Terminal(sentence)));
    }
    if !rows.is_empty() {
        // Both or neither: a policy without the rows would impose everything anew.
        let made = Made::new(context, &args.out, &[policy(files, &rows)?])?;
        let who = context.world.who(&context.global.dir).await;
        record(context, args, (&rows, &who), (state, lease, files))?;
        made.keep();
    }
    let count = counted(rows.len() as u64, "restriction");
    let out = args.out.display().to_string();
    context.console.result(|to| match rows.len() {
        0 => writeln!(to, "Imported: nothing foreign was found."),
        _ => writeln!(to, "Imported: {count} into `{}`.", Terminal(&out)),
    })?;
    let unread = found.iter().any(|found| !found.failures.is_empty());
    Ok(if unread { Exit::Unfinished } else { Exit::Done })
}

/// What was found, sorted out.
struct Sorted {
    /// What is taken over.
    rows: Vec<Enforcement>,
    /// What is not, and why.
    passed_over: Vec<String>,
}

fn sort(files: &Files, found: &[Found], snapshot: &Snapshot, now: Moment) -> Sorted {
    let mut rows: BTreeMap<&Restriction, &Listed> = BTreeMap::new();
    let mut passed_over = Vec::new();
    for Found { target, drift, failures } in found {
        for (room, failure) in failures {
            let room = room.as_ref().map(|room| format!(" room `{room}`")).unwrap_or_default();
            passed_over.push(format!("`{target}`{room} could not be read: {}", failure.error));
        }
        for difference in drift.differences.iter().filter(|it| it.finding == Finding::Foreign) {
            let (restriction, Some(listed)) = (&difference.restriction, &difference.listed) else {
                continue;
            };
            if let Some(why) = obstacle(files, restriction, snapshot) {
                passed_over.push(format!("`{restriction}` is left alone: {why}"));
            } else if let Some(other) = rows.insert(restriction, listed) {
                // One of several rules that say the same: the last to end counts.
                if other.lapse > listed.lapse {
                    rows.insert(restriction, other);
                }
                passed_over.push(format!("a second rule for `{restriction}` is left alone"));
            }
        }
    }
    let rows = rows.into_iter().map(|(restriction, listed)| adopted(restriction, listed, now));
    Sorted { rows: rows.collect(), passed_over }
}

/// Why a foreign restriction cannot be taken over.
fn obstacle(files: &Files, restriction: &Restriction, snapshot: &Snapshot) -> Option<&'static str> {
    let known = snapshot.rows.binary_search_by(|row| row.restriction.cmp(restriction));
    if known.is_ok() {
        return Some("the state knows another one of this name");
    }
    if files.protects(restriction) {
        return Some("its subject is protected");
    }
    let is_legal = capability(files, restriction).is_some_and(|capability| {
        let room = restriction.room.as_ref().is_none_or(|room| {
            capability.names_room()
                && capability.room_id.parse(room.as_str()).is_ok_and(|it| it == *room)
        });
        let subject = &restriction.subject.id;
        room && capability.id.parse(subject.as_str()).is_ok_and(|it| it == *subject)
    });
    (!is_legal).then_some("no policy can name it")
}

fn capability(files: &Files, restriction: &Restriction) -> Option<&'static Capability> {
    let target = files.config.targets.get(&restriction.target)?;
    target.provider.facts().capability(restriction.subject.kind)
}

/// The row of a restriction that is held as a list shows it.
fn adopted(restriction: &Restriction, listed: &Listed, now: Moment) -> Enforcement {
    Enforcement {
        restriction: restriction.clone(),
        until: match listed.lapse {
            Lapse::At(at) => Until::At(at),
            Lapse::Open => Until::Never,
        },
        reason: None,
        entry: None,
        held: Some(Held {
            since: listed.created.unwrap_or(now).min(now),
            written: now,
            lapse: listed.lapse,
            rule: listed.rule.clone(),
            evidence: Evidence::Adopted,
            seen: Some(now),
            twin: None,
        }),
        doubt: None,
        waiting: None,
    }
}

/// The policy file.
fn policy(files: &Files, rows: &[Enforcement]) -> Result<String, Error> {
    let entries: Vec<_> = rows.iter().map(|row| (row.restriction.clone(), row.until)).collect();
    let mut text = "# Taken over from the providers by `ostracon import`.\n".to_owned();
    let is_wide =
        |restriction: &Restriction| capability(files, restriction).is_some_and(|it| it.wide);
    policy_yaml(&entries, is_wide, &mut text).map_err(std::io::Error::other)?;
    Ok(text)
}

fn record(
    context: &Context<'_>,
    args: &Args,
    (rows, who): (&[Enforcement], &Who),
    (state, lease, files): (&mut State, &Lease, &Files),
) -> Result<(), Error> {
    let now = context.world.now();
    let audit = |row: &Enforcement| AuditRow {
        at: now,
        run: lease.run.clone(),
        call: None,
        restriction: row.restriction.clone(),
        action: "adopt",
        because: "by_hand",
        until: row.until,
        entry: None,
        source: Some(args.out.display().to_string()),
        meta: None,
        reason: None,
        told: None,
        outcome: "done",
        code: None,
        message: None,
        request_id: None,
    };
    let binds = files.bounds().into_iter().map(|(name, bound)| Record::Bind(name, bound));
    let rows = rows.iter().flat_map(|row| [Record::Put(row.clone()), Record::Audit(audit(row))]);
    let records: Vec<Record> = binds.chain(rows).collect();
    state.begin_run(&lease.run, (who, context.world.process.pid), now, Some("import"))?;
    state.commit(lease.fence, &records)?;
    state.finish_run(&lease.run, context.world.now(), "")?;
    Ok(())
}
