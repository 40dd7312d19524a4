//! `doctor`: whether everything is in place for the next run.

use std::sync::Arc;

use super::prepare::Files;
use super::state::list::Format;
use super::{Context, store, survey};
use crate::apply::{Survey, Surveyed, Trouble, View, survey as read_lists};
use crate::domain::{Id, Moment, TargetName};
use crate::error::Error;
use crate::exit::Exit;
use crate::plan::term::CLOCK_TOLERANCE;
use crate::plan::{Plan, Scope};
use crate::provider::{Grip, Listing, Method, NoAnswer, Request, Target};
use crate::report::doctor::{Check, Grade, doctor_text, doctor_view};
use crate::report::escape::Terminal;
use crate::state::Snapshot;

/// What `doctor` takes.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// How it is shown
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,
}

/// Looks at everything a run needs.
pub fn run(context: &mut Context<'_>, args: &Args) -> Result<Exit, Error> {
    super::runtime()?.block_on(run_within(context, args))
}

/// Looks at everything a run needs, within the caller's runtime.
pub async fn run_within(context: &mut Context<'_>, args: &Args) -> Result<Exit, Error> {
    let files = Files::read(context)?;
    let mut checks = Vec::new();
    let snapshot = examine_state(context, &files, &mut checks)?;
    examine_targets(context, &files, &snapshot, &mut checks).await;
    let exit =
        if checks.iter().any(|check| check.grade == Grade::Bad) { Exit::Error } else { Exit::Done };
    let console = &mut *context.console;
    match args.format {
        Format::Json => {
            serde_json::to_writer_pretty(&mut console.out, &doctor_view(&checks))
                .map_err(std::io::Error::from)?;
            console.out.write_all(b"\n")?;
        }
        Format::Text => {
            let paint = console.paint();
            console.result(|out| doctor_text(&checks, paint, out))?;
        }
    }
    Ok(exit)
}

/// The state: whether it is sound, and what it says is to be done.
fn examine_state(
    context: &Context<'_>,
    files: &Files,
    checks: &mut Vec<Check>,
) -> Result<Snapshot, Error> {
    let mut check =
        |what, grade, said: String| checks.push(Check { target: None, what, grade, said });
    let Some(mut state) = store::read(context, files)? else {
        check("state", Grade::Good, "there is none yet: the first `apply` makes it".to_owned());
        return Ok(Snapshot::empty());
    };
    let (flaws, _) = state.verify()?;
    for flaw in &flaws {
        check("state", Grade::Bad, flaw.to_string());
    }
    let snapshot = state.snapshot()?;
    if flaws.is_empty() {
        check("state", Grade::Good, format!("sound, {} restrictions", snapshot.rows.len()));
    }
    let doubts = snapshot.rows.iter().filter(|row| row.doubt.is_some()).count();
    let grade = if doubts == 0 { Grade::Good } else { Grade::Odd };
    check("in doubt", grade, format!("{doubts}: settled by the next run"));
    let now = context.world.now();
    let mut planned = snapshot.clone();
    let (Plan { next_due, .. }, ..) = files.plan(&mut planned, &Scope::Everything, now, &[])?;
    let overdue = overdue_lifts(files, &planned, now);
    let grade = if overdue == 0 { Grade::Good } else { Grade::Bad };
    check("overdue lifts", grade, overdue.to_string());
    let due = match (next_due.at, next_due.because) {
        (Some(at), Some(because)) => format!("{at}: {}", because.words()),
        (Some(at), None) => at.to_string(),
        (None, _) => "nothing".to_owned(),
    };
    check("next due", Grade::Good, due);
    Ok(snapshot)
}

/// How many restrictions should have ended and are still held.
fn overdue_lifts(files: &Files, snapshot: &Snapshot, now: Moment) -> usize {
    let is_overdue = |row: &&crate::domain::Enforcement| {
        let target = files.config.targets.get(&row.restriction.target);
        let form = target.and_then(|it| it.provider.facts().form(row.restriction.subject.kind));
        let holds = form.is_some_and(|form| form.grip == Grip::Holds);
        let is_held = row.held.as_ref().is_some_and(|held| !held.lapse.has_passed(now));
        holds && is_held && row.until.has_passed(now)
    };
    snapshot.rows.iter().filter(is_overdue).count()
}

/// The targets: whether they answer, know us, and agree about the time.
async fn examine_targets(
    context: &Context<'_>,
    files: &Files,
    snapshot: &Snapshot,
    checks: &mut Vec<Check>,
) {
    let room = |name: &TargetName| -> Option<Id> {
        let recorded = snapshot.rows.iter().map(|row| &row.restriction);
        let wanted = files.wanted.iter().flatten().map(|wanted| &wanted.restriction);
        let mut of_target = recorded.chain(wanted).filter(|it| it.target == *name);
        of_target.find_map(|it| it.room.clone())
    };
    // One list of each target is enough: it needs the credentials, and changes nothing.
    let targets = files.config.targets.iter();
    let targets =
        targets.map(|(name, target)| (Arc::clone(target), room(name).into_iter().collect()));
    let Surveyed { mut views, .. } = read_lists(Survey {
        world: context.world.clone(),
        credentials: survey::credentials(context),
        targets: targets.collect(),
        newest_call: snapshot.newest_call,
        recent_calls: snapshot.recent_calls.clone(),
    })
    .await;
    for (name, target) in &files.config.targets {
        let view = views.remove(name).unwrap_or_default();
        examine(context, target, view, checks).await;
    }
}

async fn examine(context: &Context<'_>, target: &Target, view: View, checks: &mut Vec<Check>) {
    let mut check = |what, grade, said: String| {
        checks.push(Check { target: Some(target.name.clone()), what, grade, said });
    };
    let View { lists, troubles, mut clock_ahead } = view;
    let credentials = survey::credentials(context);
    let present = credentials.read(target).await;
    match (&present, lists.is_empty(), troubles.first()) {
        (Err(error), ..) => check("credentials", Grade::Bad, error.to_string()),
        (Ok(_), false, _) => check("credentials", Grade::Good, "accepted".to_owned()),
        (Ok(_), true, Some((_, Trouble { error, code, .. }))) => {
            let code = code.as_ref().map(|code| format!(" ({code})")).unwrap_or_default();
            check("credentials", Grade::Bad, format!("not accepted: {error}{code}"));
        }
        (Ok(_), true, None) => {
            let why = match crate::apply::read::listable(target).map(|form| form.listing) {
                None | Some(Listing::Never) => "nothing can be read here without a change",
                Some(Listing::CompletePerRoom | Listing::MayOmitPerApp) => "no room is known yet",
            };
            check("credentials", Grade::Odd, format!("present, not tried: {why}"));
        }
    }
    if clock_ahead.is_none() {
        match knock(context, target).await {
            Ok(ahead) => clock_ahead = ahead,
            Err(error) => {
                check("endpoint", Grade::Bad, format!("{}: {error}", target.endpoint));
                return;
            }
        }
    }
    check("endpoint", Grade::Good, format!("{} answers", target.endpoint));
    let (grade, said) = match clock_ahead {
        None => (Grade::Odd, "the answer has no date".to_owned()),
        Some(ahead) if ahead.abs() > CLOCK_TOLERANCE.as_secs() => {
            (Grade::Bad, format!("the provider's is {ahead} s ahead: a run would stop"))
        }
        Some(ahead) => (Grade::Good, format!("the provider's is {ahead} s ahead")),
    };
    check("clock", grade, said);
}

/// Sends a request without an action or a signature: any answer at all shows that the endpoint
/// is there, and what time it is.
async fn knock(context: &Context<'_>, target: &Target) -> Result<Option<i64>, String> {
    let request = Request {
        method: Method::Get,
        endpoint: target.endpoint.clone(),
        path: "/",
        query: String::new(),
        headers: Vec::new(),
        body: Vec::new(),
        timeout: target.provider.facts().read_timeout,
    };
    match context.world.http.send(request).await {
        Ok(response) => {
            let now = context.world.now().seconds();
            Ok(response.date.map(|date| date.seconds() - now))
        }
        Err(NoAnswer::NotSent(error) | NoAnswer::Unknown(error)) => {
            Err(Terminal(&error).to_string())
        }
    }
}
