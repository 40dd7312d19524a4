//! The plan of a whole workspace, from what the last one worked out: cost follows what changed.
//!
//! Whatever the cache cannot tell for sure is worked out anew, so that a plan is the same with it
//! and without, to the byte.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use super::prepare::{Files, Knowledge};
use super::stream::{Passed, Streamed, stream};
use super::{Context, store};
use crate::cache::{Basis, Calms, Folder, Memo};
use crate::domain::{Moment, Restriction, Wanted};
use crate::error::Error;
use crate::plan::document::Origin;
use crate::plan::{self, Diff, Plan, Quiet, Scope};
use crate::policy::{Before, Delta, only};

/// Makes the plan, from the cache as far as that helps.
pub(super) fn plan(context: &Context<'_>, now: Moment) -> Result<(Plan, Origin), Error> {
    let cache = Folder::of(&context.global.dir, &context.world.build);
    match of_change(context, &cache, now)? {
        Some(made) => Ok(made),
        None => of_all(context, &cache, now),
    }
}

/// More than this and a tenth of everything, and reading everything costs less.
const FEW: usize = 1000;

/// Makes the plan from the last one and from what changed since; `None` if that cannot be told,
/// or is too much.
fn of_change(
    context: &Context<'_>,
    cache: &Folder,
    now: Moment,
) -> Result<Option<(Plan, Origin)>, Error> {
    let Some(memo) = Memo::read(cache).filter(|memo| memo.now <= now) else { return Ok(None) };
    let sheet = LazyLock::new(|| memo.sheet(cache));
    let before = Before {
        config_digest: &memo.basis.config_digest,
        marks: &memo.basis.marks,
        files_of_id: &|print| sheet.as_ref().map(|sheet| sheet.files_of_id(print)),
        protected: &memo.protected,
        shelf: cache,
    };
    let Some(mut delta) = Delta::of(&context.global.dir, &context.leave(), before) else {
        return Ok(None);
    };
    let mut stirred = memo.restless();
    stirred.append(&mut delta.touched());
    if memo.wakes_by(now) {
        let Some(awake) = sheet.as_ref().and_then(|sheet| sheet.awake(now)) else {
            return Ok(None);
        };
        stirred.extend(awake);
    }
    if stirred.len() > FEW + memo.count() / 10 {
        return Ok(None);
    }
    let (mut wanted, (kept, due)) = if stirred.is_empty() {
        (Vec::new(), memo.undisturbed())
    } else {
        let Some(sheet) = &*sheet else { return Ok(None) };
        let asked = delta.asked(&sheet.speakers(&stirred), &stirred);
        let (Some(asked), Some(calm)) = (asked, sheet.undisturbed(&stirred)) else {
            return Ok(None);
        };
        (asked, calm)
    };
    wanted.extend(only(std::mem::take(&mut delta.wanted), &stirred));
    let gone: Vec<Wanted> = only(std::mem::take(&mut delta.before), &stirred).collect();
    let about = wanted.iter().chain(&gone).flat_map(Wanted::restrictions);
    let about: BTreeSet<Restriction> = about.chain(memo.restless.iter().cloned()).collect();

    let files = Files::of_delta(delta, wanted.into(), &memo);
    let Some(mut state) = store::read(context, &files)? else { return Ok(None) };
    let view = state.view()?;
    if view.stamp()?.is_none_or(|stamp| stamp != memo.basis.state) {
        return Ok(None);
    }
    let outline = view.outline()?;
    let resolved = files.resolve(&outline, &memo.basis.rows)?;
    let rows = view.rows_about(&about)?;
    let knowledge = Knowledge { outline: &outline, resolved: &resolved, found: &[] };
    let (plan, origin) = files.with_inputs(&knowledge, &Scope::Everything, now, |inputs| {
        let diff = plan::diff(inputs, rows.iter(), |_quiet| ());
        let (unchanged, next_due) = (diff.unchanged + kept, diff.next_due.min(due));
        let census = memo.census.clone();
        plan::complete(inputs, Diff { unchanged, next_due, census, ..diff })
    });
    Ok(Some((plan, origin)))
}

/// Makes the plan of everything, and remembers it.
fn of_all(context: &Context<'_>, cache: &Folder, now: Moment) -> Result<(Plan, Origin), Error> {
    let (files, marks, index) = Files::read_with(context, Some(cache))?;
    let state = store::read(context, &files)?;
    let mut calms = Calms::default();
    let see = |it: Quiet<'_>| calms.push(it);
    let Streamed { plan, origin, passed } = stream(&files, state, &Scope::Everything, now, see)?;
    if let Some(Passed { stamp, rows, census }) = passed {
        let config_digest = files.config_digest().to_owned();
        let memo = Memo {
            basis: Basis { config_digest, state: stamp, marks, rows },
            now,
            protected: files.protected().clone(),
            warnings: files.warnings().to_vec(),
            census,
            restless: plan.operations.iter().map(|it| it.restriction.clone()).collect(),
            calm: calms.totals,
        };
        memo.write(cache, &index, &calms);
        cache.sweep(&memo.files());
    }
    Ok((plan, origin))
}
