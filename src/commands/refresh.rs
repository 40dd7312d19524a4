//! Reading what the targets hold: what `drift`, `import` and `--refresh` have in common.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Context;
use super::prepare::Files;
use crate::apply::{self, Failure, Survey, Surveyed, View};
use crate::domain::{Desired, Enforcement, Id, TargetName, Warning};
use crate::error::Error;
use crate::exit::Exit;
use crate::plan::Scope;
use crate::plan::drift::{Drift, believe, drift, foreign_warnings};
use crate::store::Snapshot;
use crate::world::{Credentials, World};

/// What one target showed, compared with the state.
pub(super) struct Found {
    pub(super) target: TargetName,
    pub(super) drift: Drift,
    pub(super) failures: Vec<(Option<Id>, Failure)>,
}

/// Where secrets are read: relative paths start from the workspace.
pub(super) fn credentials(context: &Context<'_>) -> Arc<dyn Credentials> {
    let directory = context.world.directory.join(&context.global.dir);
    Arc::new(World { directory, ..context.world.clone() })
}

/// Reads the targets in scope, and compares them with the state. Nothing is changed but what
/// `snapshot` says of calls: the lists count for the rates.
///
/// Lists are read in the rooms that the state or the policy knows, and in `rooms`.
pub(super) async fn survey(
    files: &Files,
    snapshot: &mut Snapshot,
    (world, credentials): (&World, Arc<dyn Credentials>),
    (scope, rooms): (&Scope, &[Id]),
) -> Result<Vec<Found>, Error> {
    let resolved = files.resolve(snapshot, &snapshot.rows_per_target())?;
    if let Some((from, to)) = resolved.moves.iter().next() {
        let message = format!("the state still has the restrictions of `{to}` under `{from}`");
        return Err(Error::new(Exit::Error, message).hint("`apply` once: it renames them"));
    }
    let mut places: BTreeMap<&TargetName, BTreeSet<Id>> = BTreeMap::new();
    let recorded = snapshot.rows.iter().map(|row| &row.restriction);
    let recorded = recorded.map(|it| (&it.target, it.room.as_ref()));
    let wanted = files.wanted.iter().flat_map(Desired::iter);
    for (target, room) in recorded.chain(wanted.map(|it| (&it.target, it.room.as_ref()))) {
        places.entry(target).or_default().extend(room.cloned());
    }
    let in_scope = files.config.targets.iter().filter(|(name, _)| scope.includes(name));
    let targets = in_scope.map(|(name, target)| {
        let mut rooms: BTreeSet<Id> = rooms.iter().cloned().collect();
        rooms.extend(places.remove(name).unwrap_or_default());
        (Arc::clone(target), rooms)
    });
    let Surveyed { mut views, newest_call, recent_calls } = apply::survey(Survey {
        world: world.clone(),
        credentials,
        targets: targets.collect(),
        newest_call: snapshot.newest_call,
        recent_calls: snapshot.recent_calls.clone(),
    })
    .await;
    (snapshot.newest_call, snapshot.recent_calls) = (newest_call, recent_calls);
    let now = world.now();
    let in_scope = files.config.targets.iter().filter(|(name, _)| scope.includes(name));
    let found = in_scope.map(|(name, target)| {
        let View { lists, failures, clock_ahead: _ } = views.remove(name).unwrap_or_default();
        let drift = drift(target, &lists, &snapshot.rows, now);
        Found { target: name.clone(), drift, failures }
    });
    Ok(found.collect())
}

/// Folds what was found into the snapshot that a plan is made from: the warnings about it, and
/// the rows that were changed, to be recorded by an apply.
pub(super) fn refresh(
    found: &[Found],
    snapshot: &mut Snapshot,
    world: &World,
) -> (Vec<Warning>, Vec<Enforcement>) {
    let (mut warnings, mut changed) = (Vec::new(), Vec::new());
    for Found { target, drift, failures } in found {
        changed.extend(believe(drift, &mut snapshot.rows, world.now()));
        warnings.extend(foreign_warnings(&drift.differences));
        warnings.extend(failures.iter().map(|(room, failure)| {
            let room = room.as_ref().map(|room| format!(" room `{room}`")).unwrap_or_default();
            let message = format!("`{target}`{room} could not be read: {}", failure.error);
            Warning { code: "not-read".into(), message, source: None }
        }));
    }
    (warnings, changed)
}
