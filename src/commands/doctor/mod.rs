//! `doctor`: whether everything is in place for the next run.

mod server;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::format::Format;
use super::prepare::{Files, clock_lag};
use super::{Context, refresh, store};
use crate::apply::{Failure, Survey, Surveyed, View, survey as read_lists};
use crate::domain::{Desired, Id, Moment, TargetName};
use crate::error::Error;
use crate::exit::Exit;
use crate::plan::term::CLOCK_TOLERANCE;
use crate::plan::{Plan, Scope};
use crate::provider::{LONGEST_ANSWER, Lane, Listing, Mechanism, Method, Request, Target};
use crate::report::count::{counted, grouped};
use crate::report::doctor::{Check, Grade, doctor_text, doctor_view};
use crate::report::escape::Terminal;
use crate::report::span::relative_time;
use crate::store::{Snapshot, Usage};

/// What `doctor` takes.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// How it is shown
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,
}

/// Looks at everything a run needs.
pub fn run(context: &mut Context<'_>, args: &Args) -> Result<Exit, Error> {
    super::block_on(run_within(context, args))?
}

/// Looks at everything a run needs, within the caller's runtime.
pub async fn run_within(context: &mut Context<'_>, args: &Args) -> Result<Exit, Error> {
    let files = Files::read(context)?;
    let mut checks = Vec::new();
    let known = examine_state(context, &files, &mut checks)?;
    examine_targets(context, &files, &known, &mut checks).await;
    let exit =
        if checks.iter().any(|check| check.grade == Grade::Bad) { Exit::Error } else { Exit::Done };
    let console = &mut *context.console;
    match args.format {
        Format::Json => {
            console.json(&doctor_view(&checks))?;
        }
        Format::Text => {
            let colors = console.colors();
            console.report(|out| doctor_text(&checks, colors, out))?;
        }
    }
    Ok(exit)
}

/// What is known before any target is asked.
struct Known {
    snapshot: Snapshot,
    usage: BTreeMap<(String, usize), Usage>,
}

/// A check of the whole.
fn check(what: &'static str, grade: Grade, said: impl Into<String>) -> Check {
    Check { target: None, what, grade, said: said.into(), measured: BTreeMap::new() }
}

/// The same with a count, which is best at 0.
fn count(what: &'static str, grade: Grade, count: usize, said: &str) -> Check {
    let measured = BTreeMap::from([("count", i64::try_from(count).unwrap_or(i64::MAX))]);
    let (grade, said) = match count {
        0 => (Grade::Good, "none".to_owned()),
        count => (grade, format!("{}{said}", grouped(count as u64))),
    };
    Check { measured, ..check(what, grade, said) }
}

/// The state: whether it is sound, and what it says is to be done.
fn examine_state(
    context: &Context<'_>,
    files: &Files,
    checks: &mut Vec<Check>,
) -> Result<Known, Error> {
    let now = context.world.now();
    let Some(mut state) = store::read(context, files)? else {
        let said = "there is none yet: the first `apply` makes it";
        checks.push(check("state", Grade::Good, said));
        return Ok(Known { snapshot: Snapshot::empty(), usage: BTreeMap::new() });
    };
    let before = context.world.now();
    if let Some(server) = state.server()? {
        checks.extend(server::checks(&server, (before, context.world.now())));
    }
    let (flaws, _) = state.verify()?;
    checks.extend(flaws.iter().map(|flaw| check("state", Grade::Bad, flaw.to_string())));
    let (snapshot, usage) = (state.snapshot()?, state.usage(now)?);
    if flaws.is_empty() {
        let rows = counted(snapshot.rows.len() as u64, "restriction");
        checks.push(check("state", Grade::Good, format!("sound, {rows}")));
    }
    if let Some((newest, seconds)) = clock_lag(&snapshot, now) {
        let said = format!("{seconds} s behind the newest run, which began at {newest}");
        let measured = BTreeMap::from([("behind_seconds", seconds)]);
        checks.push(Check { measured, ..check("clock", Grade::Bad, said) });
    }
    let doubts = snapshot.rows.iter().filter(|row| row.doubt.is_some()).count();
    checks.push(count("in doubt", Grade::Odd, doubts, ": the next run settles them"));
    let mut planned = snapshot.clone();
    let (Plan { next_due, .. }, ..) = files.plan(&mut planned, &Scope::Everything, now, &[])?;
    let overdue = overdue_lifts(files, &planned, now);
    checks.push(count("overdue lifts", Grade::Bad, overdue, ": run `apply --upkeep`"));
    let due = match (next_due.at, next_due.because) {
        (Some(at), because) => {
            let why = because.map(|because| format!(": {}", because.words())).unwrap_or_default();
            format!("{at} ({}){why}", relative_time(now, at))
        }
        (None, _) => "nothing".to_owned(),
    };
    checks.push(check("next due", Grade::Good, due));
    Ok(Known { snapshot, usage })
}

/// How many restrictions should have ended and are still held.
fn overdue_lifts(files: &Files, snapshot: &Snapshot, now: Moment) -> usize {
    let is_overdue = |row: &&crate::domain::Enforcement| {
        let target = files.config.targets.get(&row.restriction.target);
        let capability =
            target.and_then(|it| it.provider.facts().capability(row.restriction.subject.kind));
        let holds = capability.is_some_and(|capability| capability.mechanism == Mechanism::Holds);
        let is_held = row.held.as_ref().is_some_and(|held| !held.lapse.has_passed(now));
        holds && is_held && row.until.has_passed(now)
    };
    snapshot.rows.iter().filter(is_overdue).count()
}

/// The targets: whether they answer, know us, and agree about the time.
async fn examine_targets(
    context: &Context<'_>,
    files: &Files,
    Known { snapshot, usage }: &Known,
    checks: &mut Vec<Check>,
) {
    let room = |name: &TargetName| -> Option<Id> {
        let recorded = snapshot.rows.iter().map(|row| &row.restriction);
        let recorded = recorded.map(|it| (&it.target, it.room.as_ref()));
        let wanted = files.wanted.iter().flat_map(Desired::iter);
        let mut all = recorded.chain(wanted.map(|it| (&it.target, it.room.as_ref())));
        all.find_map(|(target, room)| room.filter(|_| target == name).cloned())
    };
    // One list of each target is enough: it needs the credentials, and changes nothing.
    let targets = files.config.targets.iter();
    let targets =
        targets.map(|(name, target)| (Arc::clone(target), room(name).into_iter().collect()));
    let Surveyed { mut views, .. } = read_lists(Survey {
        world: context.world.clone(),
        credentials: refresh::credentials(context),
        targets: targets.collect(),
        newest_call: snapshot.newest_call,
        recent_calls: snapshot.recent_calls.clone(),
    })
    .await;
    for (name, target) in &files.config.targets {
        let view = views.remove(name).unwrap_or_default();
        examine(context, target, view, checks).await;
        checks.extend(rates(target, usage));
    }
}

/// How a target's rates were used lately.
fn rates(target: &Target, usage: &BTreeMap<(String, usize), Usage>) -> Vec<Check> {
    let lanes = target.provider.facts().lanes;
    let lane = |(index, lane): (usize, &Lane)| {
        let used = usage.get(&(target.rate_key(), index)).copied().unwrap_or_default();
        let Usage { hour, minute, second, busiest } = used;
        let rate = target.lane_rate(index);
        let name = if lanes.len() > 1 { format!("{}: ", lane.name) } else { String::new() };
        let (calls, minutes) = (counted(hour, "call"), grouped(minute));
        let said = match hour {
            0 => format!("{name}no call in the last hour; {rate} a second are allowed"),
            _ => format!(
                "{name}{calls} in the last hour, {minutes} in the last minute, {second} in the \
                 last second; at most {busiest} in one of {rate} allowed"
            ),
        };
        let grade = if busiest > u64::from(rate) { Grade::Odd } else { Grade::Good };
        let numbers = [("hour", hour), ("minute", minute), ("second", second)];
        let numbers = numbers.into_iter().chain([("busiest_second", busiest)]);
        let mut measured: BTreeMap<&'static str, i64> =
            numbers.map(|(name, value)| (name, i64::try_from(value).unwrap_or(i64::MAX))).collect();
        measured.insert("may_hold", rate.into());
        Check { target: Some(target.name.clone()), measured, ..check("rate", grade, said) }
    };
    lanes.iter().enumerate().map(lane).collect()
}

async fn examine(context: &Context<'_>, target: &Target, view: View, checks: &mut Vec<Check>) {
    let mut check = |what, grade, said: String| {
        let name = Some(target.name.clone());
        checks.push(Check { target: name, what, grade, said, measured: BTreeMap::new() });
    };
    let View { lists, failures, mut clock_ahead } = view;
    let credentials = refresh::credentials(context);
    let present = credentials.read(target).await;
    match (&present, lists.is_empty(), failures.first()) {
        (Err(error), ..) => check("credentials", Grade::Bad, error.to_string()),
        (Ok(_), false, _) => check("credentials", Grade::Good, "accepted".to_owned()),
        (Ok(_), true, Some((_, Failure { error, code, .. }))) => {
            let code = code.as_ref().map(|code| format!(" ({code})")).unwrap_or_default();
            check("credentials", Grade::Bad, format!("not accepted: {error}{code}"));
        }
        (Ok(_), true, None) => {
            let why = match crate::apply::read::listable(target)
                .map(|capability| capability.listing)
            {
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
        Some(0) => (Grade::Good, "agrees with the provider's".to_owned()),
        Some(ahead) => {
            let side = if ahead > 0 { "behind" } else { "ahead of" };
            let said = format!("{} s {side} the provider's", ahead.unsigned_abs());
            if ahead.abs() > CLOCK_TOLERANCE.as_secs() {
                (Grade::Bad, format!("{said}: a run would stop"))
            } else {
                (Grade::Good, said)
            }
        }
    };
    check("clock", grade, said);
    if let (Some(ahead), Some(last)) = (clock_ahead, checks.last_mut()) {
        last.measured.insert("behind_seconds", ahead);
    }
}

/// Sends a request without an action or a signature: any answer at all shows that the endpoint
/// is there, and what time it is.
async fn knock(context: &Context<'_>, target: &Target) -> Result<Option<i64>, String> {
    let request = Request {
        method: Method::Get,
        endpoint: target.endpoint.clone(),
        path: "/".to_owned(),
        query: String::new(),
        headers: Vec::new(),
        body: Vec::new(),
        timeout: target.provider.facts().read_timeout,
        longest_answer: LONGEST_ANSWER,
    };
    let http = &context.world.http;
    let mut slot = http.slot(&target.endpoint).await;
    let answer = loop {
        match http.send(request.clone(), slot).await {
            Ok(answer) => break answer,
            Err(again) => slot = again,
        }
    };
    match answer {
        Ok(response) => {
            let now = context.world.now().seconds();
            Ok(response.date.map(|date| date.seconds() - now))
        }
        Err(no_answer) => Err(Terminal(no_answer.why()).to_string()),
    }
}
