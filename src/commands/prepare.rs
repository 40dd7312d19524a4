//! From files and state to a plan: what `plan` and `apply` have in common.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Context;
use super::whole_file::link_below;
use crate::domain::{
    Ack, BegunChange, Desired, GuardSettings, Guards, Limit, Moment, Protected, ProtectedKey,
    Restriction, Source, TargetName, Warning,
};
use crate::error::Error;
use crate::exit::Exit;
use crate::plan::document::Provenance;
use crate::plan::{self, Inputs, Plan, Resolved, Scope, TargetRecord, bindings};
use crate::policy::{self, Config, Memo, StateLocation, Workspace};
use crate::report::Pseudonyms;
use crate::store::{Accounts, Location, ServerUrl, Snapshot, StateError};

/// What the files say, as far as a plan needs it.
pub struct Files {
    /// The config.
    pub config: Config,
    /// What the policy wants; `None` when it was not read.
    pub wanted: Option<Desired>,
    /// What each entry says for people, for the audit log.
    pub metas: Arc<BTreeMap<Source, Arc<str>>>,
    protected: Protected,
    acks: Vec<Ack>,
    warnings: Vec<Warning>,
    entries: usize,
    policy_digest: String,
    config_digest: String,
}

impl Files {
    /// Reads the whole workspace.
    pub fn read(context: &Context<'_>) -> Result<Self, Error> {
        let loaded = policy::load(&context.global.dir, &context.permissions());
        Ok(Self::of(loaded.map_err(|diagnostics| Error::of_policy(&diagnostics))?))
    }

    /// The same, without parsing what `memo` knows of an earlier reading.
    pub fn read_with(context: &Context<'_>, memo: &mut Memo) -> Result<Self, Error> {
        let loaded = policy::load_with(&context.global.dir, &context.permissions(), memo);
        Ok(Self::of(loaded.map_err(|diagnostics| Error::of_policy(&diagnostics))?))
    }

    /// What a workspace that was read says.
    pub fn of(workspace: Workspace) -> Self {
        Self {
            config: workspace.config,
            wanted: Some(workspace.wanted),
            metas: Arc::new(workspace.metas),
            protected: workspace.protected,
            acks: workspace.acks,
            warnings: workspace.warnings,
            entries: workspace.entries,
            policy_digest: workspace.policy_digest,
            config_digest: workspace.config_digest,
        }
    }

    /// Reads the config only, for upkeep.
    pub fn read_config(context: &Context<'_>) -> Result<Self, Error> {
        let loaded = policy::load_config(&context.global.dir, &context.permissions());
        let (config, config_digest) =
            loaded.map_err(|diagnostics| Error::of_policy(&diagnostics))?;
        Ok(Self {
            config,
            wanted: None,
            metas: Arc::default(),
            protected: Protected::default(),
            acks: Vec::new(),
            warnings: Vec::new(),
            entries: 0,
            policy_digest: String::new(),
            config_digest,
        })
    }

    /// Whether the policy protects the subject of a restriction.
    pub fn protects(&self, restriction: &Restriction) -> bool {
        self.protected.covers(restriction).is_some()
    }

    /// The digests of the policy and of the config.
    pub fn digests(&self) -> (String, String) {
        (self.policy_digest.clone(), self.config_digest.clone())
    }

    /// Where the state is.
    pub fn state_location(&self, context: &Context<'_>) -> Result<Location, Error> {
        let path = match &self.config.state {
            // A link on the way would lead out of the workspace: it is refused as the state itself is.
            StateLocation::InWorkspace(path) => {
                let top = &context.global.dir;
                link_below(top, path).unwrap_or_else(|| top.join(path))
            }
            StateLocation::Given(path) => path.clone(),
            StateLocation::Server(url) => {
                return Ok(Location::Server(server_url(context, url)?));
            }
        };
        Ok(Location::File(path))
    }

    /// Which targets a plan is about.
    pub fn scope(&self, names: &[String]) -> Result<Scope, Error> {
        if names.is_empty() {
            return Ok(Scope::Everything);
        }
        let mut scope = BTreeSet::new();
        for name in names {
            let known = TargetName::parse(name)
                .filter(|target| self.config.targets.contains_key(target))
                .ok_or_else(|| {
                    let known: Vec<_> =
                        self.config.targets.keys().map(TargetName::as_str).collect();
                    Error::new(Exit::Usage, format!("there is no target `{name}`"))
                        .hint(format!("the config has: {}", known.join(", ")))
                })?;
            scope.insert(known);
        }
        Ok(Scope::Only(scope))
    }

    /// The accounts of the targets in scope: what a run needs a lease of.
    pub fn accounts(&self, scope: &Scope) -> Accounts {
        let targets = self.config.targets.iter().filter(|(name, _)| scope.includes(name));
        Accounts::Only(targets.map(|(_, target)| target.rate_key()).collect())
    }

    /// The targets, as the state would record them.
    pub fn bounds(&self) -> BTreeMap<TargetName, TargetRecord> {
        let targets = self.config.targets.iter();
        targets.map(|(name, target)| (name.clone(), TargetRecord::of(target))).collect()
    }

    /// Who is protected.
    pub fn protected(&self) -> &Protected {
        &self.protected
    }

    /// Tells whom the files name.
    pub fn tell_names(&self, names: &mut Pseudonyms) {
        for wanted in self.wanted.iter().flat_map(Desired::iter) {
            for id in &wanted.ids {
                names.learn_subject(wanted.kind, id);
            }
            if let Some(room) = &wanted.room {
                names.learn_room(room);
            }
        }
        for (kind, id, _) in self.protected.iter() {
            names.learn_subject(kind, id);
        }
    }

    /// Who was protected at the last apply and is so no longer; nobody where no policy was read.
    fn unprotected(&self, snapshot: &Snapshot) -> Vec<ProtectedKey> {
        if self.wanted.is_none() {
            return Vec::new();
        }
        self.protected.missing(&snapshot.protected)
    }

    /// Takes nothing of the state for certain; what may be left over of what it does not know.
    pub fn doubt(&self, snapshot: &mut Snapshot, now: Moment) -> Vec<Warning> {
        let wanted = self.wanted.as_ref();
        plan::doubt_everything(&self.config.targets, wanted, &mut snapshot.rows, now)
    }

    /// The guards, and the limits of orders, by their names.
    pub(super) fn guard_settings(&self) -> GuardSettings {
        let mut settings = self.config.guards.settings();
        settings.extend(self.config.orders.settings());
        settings
    }

    /// Makes the plan from a snapshot, and warns of what was found too. Rows of renamed targets
    /// get their new names in `snapshot`.
    pub fn plan(
        &self,
        snapshot: &mut Snapshot,
        scope: &Scope,
        now: Moment,
        found: &[Warning],
    ) -> Result<(Plan, Provenance, Resolved), Error> {
        let resolved = self.resolve(snapshot, &snapshot.rows_per_target())?;
        snapshot.rename(&resolved.moves);
        let knowledge = Knowledge { outline: snapshot, resolved: &resolved, found };
        let (plan, provenance) =
            self.with_inputs(&knowledge, scope, now, |inputs| plan::plan(inputs, &snapshot.rows));
        Ok((plan, provenance, resolved))
    }

    /// Whether every name still means what it meant; `rows` counts those of each target.
    pub fn resolve(
        &self,
        outline: &Snapshot,
        rows: &BTreeMap<TargetName, usize>,
    ) -> Result<Resolved, Error> {
        Ok(bindings::resolve(&self.config.targets, &outline.bound, rows)?)
    }

    /// Lets `make` make a plan of what the files say and the state knows.
    pub fn with_inputs<T>(
        &self,
        knowledge: &Knowledge<'_>,
        scope: &Scope,
        now: Moment,
        make: impl FnOnce(&Inputs<'_>) -> T,
    ) -> (T, Provenance) {
        let Knowledge { outline, resolved, found } = *knowledge;
        let mut warnings = self.warnings.clone();
        warnings.extend_from_slice(found);
        warnings.extend(clock_warning(outline, now));
        // An order is no change of the files, and none of their guards is its business.
        let unguarded =
            Guards { max_lifts: Limit::NONE, max_imposes: Limit::NONE, allow_empty: true };
        let (guards, unprotected) = match scope {
            Scope::Orders(_) => (&unguarded, Vec::new()),
            Scope::Everything | Scope::Only(_) => (&self.config.guards, self.unprotected(outline)),
        };
        let files = self.digests();
        let begun: Vec<&BegunChange> =
            outline.begun.iter().filter(|change| change.files == files).collect();
        let result = make(&Inputs {
            now,
            targets: &self.config.targets,
            scope,
            wanted: self.wanted.as_ref(),
            entries: self.entries,
            protected: &self.protected,
            unprotected: &unprotected,
            acks: &self.acks,
            begun: &begun,
            guards,
            orders: &outline.orders,
            warnings: &warnings,
        });
        let provenance = Provenance {
            policy_digest: self.policy_digest.clone(),
            config_digest: self.config_digest.clone(),
            state: outline.mark.clone(),
            changes: resolved.changes.clone(),
            guard_changes: plan::guard_changes(outline.guards.as_ref(), &self.guard_settings()),
            targets: self.bounds(),
        };
        (result, provenance)
    }
}

/// Reads the URL of a server; its password may be in the environment, or in the file that names.
pub fn server_url(context: &Context<'_>, text: &str) -> Result<ServerUrl, StateError> {
    ServerUrl::parse(text, &|name| context.world.variable(name).map(str::to_owned))
}

/// What is known besides the files and the rows.
#[derive(Clone, Copy)]
pub struct Knowledge<'a> {
    /// What the state knows; its rows are not looked at.
    pub outline: &'a Snapshot,
    /// How the names of the state and of the config go together.
    pub resolved: &'a Resolved,
    /// What reading the providers warned of.
    pub found: &'a [Warning],
}

/// Refuses a state that is not the one the config expects.
pub fn check_lineage(
    expected: Option<&str>,
    found: Option<&str>,
    location: &Location,
) -> Result<(), StateError> {
    match (expected, found) {
        (Some(expected), None) => {
            Err(StateError::Missing { location: location.clone(), lineage: expected.to_owned() })
        }
        (Some(expected), Some(found)) if expected != found => Err(StateError::OtherLineage {
            location: location.clone(),
            found: found.to_owned(),
            expected: expected.to_owned(),
        }),
        (Some(_), Some(_)) | (None, _) => Ok(()),
    }
}

/// How far the clock may be behind the newest run (design §3).
pub const CLOCK_MAY_LAG: jiff::SignedDuration = jiff::SignedDuration::from_secs(60);

/// How far the clock is behind the newest recorded run, if that is too far.
pub fn clock_lag(snapshot: &Snapshot, now: Moment) -> Option<(Moment, i64)> {
    let newest = snapshot.newest_run.filter(|newest| *newest - now > CLOCK_MAY_LAG)?;
    Some((newest, now.seconds_to(newest)))
}

fn clock_warning(snapshot: &Snapshot, now: Moment) -> Option<Warning> {
    let (newest, seconds) = clock_lag(snapshot, now)?;
    let message = format!(
        "the newest recorded run began at {newest}, {seconds} s after this plan's instant: either \
         clock may be wrong, and `apply` would refuse"
    );
    Some(Warning { code: "clock-behind".into(), message, source: None })
}

/// Tells whom the files name, for texts that speak of others than their own subjects. Where the
/// files cannot be read, no text is shown: nobody knows whom it names.
pub(super) fn tell_all_names(context: &Context<'_>, names: &mut Pseudonyms) {
    if let Ok(files) = Files::read(context) {
        files.tell_names(names);
        names.ready();
    }
}
