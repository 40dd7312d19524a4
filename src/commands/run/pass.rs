//! One pass of the service: plans everything that is ours, and lets what is to be done begin at
//! every account that is free.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tokio::time::Instant;

use super::Service;
use super::agenda::Left;
use super::board::Board;
use super::held::Held;
use super::metrics::Result as Came;
use super::underway::{Account, Part, Passed};
use crate::apply::{self, ApplyRequest, Shutdown};
use crate::commands::decide::Ready;
use crate::commands::execute::{Execution, credentials};
use crate::commands::first_records::first_records;
use crate::commands::leased_store::uuid;
use crate::commands::pass::check_clock;
use crate::domain::{Moment, TargetName};
use crate::error::Error;
use crate::exit::Exit;
use crate::plan::{Plan, Scope, TargetRecord};
use crate::report::count::counted;
use crate::store::{Accounts, Lease, Record, StateError};

impl Service<'_> {
    /// Plans, and lets what is to be done begin at the accounts that are free.
    pub(super) async fn pass(&mut self) {
        let ours = self.ours();
        let busy = self.underway.targets();
        // Another config means other accounts, or the same under other names: first all that is
        // under way by the one of before comes to its end.
        if ours.is_subset(&busy) || self.is_reconfigured && !self.underway.is_empty() {
            return;
        }
        self.is_reconfigured = false;
        match self.plan_and_begin(&ours, busy).await {
            Ok(()) => self.board.ready(),
            Err(error) => {
                let now = self.now();
                self.agenda.failed(now);
                self.board.metrics.passed(now, Came::Failed);
                self.board.not_ready(&error.message);
                // Whoever lost the state takes it again; whatever else is wrong, it stays ours.
                let is_lost = matches!(error.exit, Exit::State | Exit::Locked);
                match self.checkout.failure {
                    Some(_) => self.tell_of_files(),
                    None if is_lost => {}
                    None => self.say(&error.message),
                }
                if is_lost {
                    self.lose(&error.message).await;
                }
            }
        }
        self.board.metrics.due(self.next());
    }

    /// The targets whose accounts are ours.
    pub(super) fn ours(&self) -> BTreeSet<TargetName> {
        let Some(Held { lease, .. }) = &self.held else { return BTreeSet::new() };
        let is_ours = |account: String| match &lease.accounts {
            Accounts::All => true,
            Accounts::Only(held) => held.contains(&account),
        };
        let targets = self.checkout.files.config.targets.iter();
        let ours = targets.filter(|(_, target)| is_ours(target.rate_key()));
        ours.map(|(name, _)| name.clone()).collect()
    }

    async fn plan_and_begin(
        &mut self,
        ours: &BTreeSet<TargetName>,
        busy: BTreeSet<TargetName>,
    ) -> Result<(), Error> {
        let Some(ready) = self.plan(ours, &busy).await? else { return Ok(()) };
        let plan = Arc::clone(&ready.plan);
        let to_do = plan.operations.iter().filter(|operation| plan.permits(operation));
        let at: BTreeSet<TargetName> = to_do.map(|it| it.restriction.target.clone()).collect();
        let now = self.now();
        self.agenda.planned(ours);
        for target in
            ours.iter().filter(|it| !plan.spared.targets.contains(*it) && !at.contains(*it))
        {
            self.agenda.passed(target, now, plan.next_wakes.get(target).copied(), Left::Idle);
        }
        if !at.is_empty() || !plan.ended_orders.is_empty() {
            return self.carry_out(ready, &at).await;
        }
        let records: Vec<Record> = self
            .first_records(&ready)
            .filter(|record| is_news(record, &ready.snapshot.bound))
            .collect();
        if !records.is_empty() {
            self.write(records).await?;
        }
        self.board.metrics.passed(now, Came::Idle);
        self.count_rows().await;
        Ok(())
    }

    /// Plans; `None` if the state is not ours.
    async fn plan(
        &mut self,
        ours: &BTreeSet<TargetName>,
        busy: &BTreeSet<TargetName>,
    ) -> Result<Option<Ready>, Error> {
        let Some(held) = &self.held else { return Ok(None) };
        let begun = Instant::now();
        // The mark first: an order that comes in between is read, and looked at once more for
        // nothing.
        let read = held.ask(|state| Ok((state.orders_mark()?, state.snapshot()?)));
        let (orders_mark, mut snapshot) = read.await?;
        self.orders_mark = orders_mark;
        if held.is_alone() {
            // Those of earlier runs are over, and of ours the rate limiters know.
            snapshot.recent_calls.rates.clear();
        }
        let now = self.now();
        check_clock(&snapshot, false, now)?;
        let files = &self.checkout.files;
        let all = ours.len() == files.config.targets.len();
        // Guards count what is under way, and what is left alone, too.
        let scope = if all { Scope::Everything } else { Scope::Only(ours.clone()) };
        let planned = files.plan(&mut snapshot, &scope, now, &[]);
        let (mut plan, _, resolved) = match planned {
            Ok(planned) => planned,
            Err(error) => {
                let told = Error::new(error.exit, error.message.clone());
                self.checkout.reject(self.context, error);
                return Err(told);
            }
        };
        self.checkout.confirm();
        self.tell_of_guards(&plan);
        self.board.metrics.planned(&plan, begun.elapsed(), snapshot.orders.len());
        plan.spared = self.agenda.spared(now);
        plan.spared.targets.extend(busy.iter().cloned());
        // They may be many, and the plan has all of them that is needed from now on.
        snapshot.rows = Vec::new();
        let plan = Arc::new(plan);
        Ok(Some(Ready { plan, resolved, snapshot, observed: Vec::new(), orders_mark }))
    }

    fn first_records(&self, ready: &Ready) -> impl Iterator<Item = Record> {
        let Ready { plan, resolved, snapshot, .. } = ready;
        first_records(&self.checkout.files, plan, resolved, snapshot)
    }

    /// Says what a guard holds back, if any does.
    fn tell_of_guards(&mut self, plan: &Plan) {
        let number = plan.operations.iter().filter(|operation| !plan.permits(operation)).count();
        let held_back = (number > 0).then(|| {
            format!(
                "a guard holds back {}: the plan says which, and what allows it",
                counted(number as u64, "operation")
            )
        });
        self.board.held_back(held_back.clone());
        if let Some(held_back) = held_back {
            self.say(&held_back);
        }
    }

    /// Lets a plan be carried out at these targets, as a run of its own: at each account by itself.
    async fn carry_out(&mut self, ready: Ready, at: &BTreeSet<TargetName>) -> Result<(), Error> {
        let Some(held) = &self.held else { return Ok(()) };
        let lease = Lease { run: uuid(self.context.world), ..held.lease.clone() };
        let journal = held.journal.clone();
        let old_run = self.begin_run(&lease.run).await?;
        let plan = Arc::clone(&ready.plan);
        let first = self.first_records(&ready).collect();
        let execution = Execution {
            world: self.context.world,
            credentials: credentials(self.context, self.context.world, false),
            lease: &lease,
            shutdown: &Shutdown::default(),
            first,
            accounts: self.accounts.clone(),
            unpaced: false,
            progress: Arc::<Board>::clone(&self.board),
        };
        let mut request = execution.request(&self.checkout.files, ready, old_run);
        self.write(std::mem::take(&mut request.first)).await?;
        request.side_by_side = Some(request.targets.len());
        let now = self.now();
        for (account, targets) in self.by_account(at) {
            let part = Part::new(Arc::clone(&plan), targets);
            let is_here = |name: &TargetName| part.targets.contains(name);
            let targets = request.targets.iter().filter(|(name, _)| is_here(name));
            let targets = targets.map(|(name, target)| (name.clone(), Arc::clone(target)));
            let (targets, shutdown) = (targets.collect(), part.shutdown());
            let work = ApplyRequest { targets, shutdown, ..request.clone() };
            let work = apply::carry_out(work, journal.clone());
            self.underway.begin((&lease.run, account), part, now, work);
        }
        if at.is_empty() {
            self.finish_run(lease.run, Passed::default()).await?;
        }
        Ok(())
    }

    /// All targets of the accounts of these.
    fn by_account(&self, at: &BTreeSet<TargetName>) -> BTreeMap<Account, BTreeSet<TargetName>> {
        let mut accounts: BTreeMap<Account, BTreeSet<TargetName>> = BTreeMap::new();
        for (name, target) in &self.checkout.files.config.targets {
            accounts.entry(target.rate_key()).or_default().insert(name.clone());
        }
        accounts.retain(|_, targets| targets.iter().any(|target| at.contains(target)));
        accounts
    }

    /// Records that a run begins; when the newest one began that is long ago.
    async fn begin_run(&mut self, run: &str) -> Result<Option<Moment>, Error> {
        let world = self.context.world;
        let who = match self.who.take() {
            Some(who) => who,
            None => world.who(&self.context.global.dir).await,
        };
        self.who = Some(who.clone());
        let (run, now, pid) = (run.to_owned(), world.now(), world.process.pid);
        let Some(held) = &self.held else { return Ok(None) };
        let begin = held.ask(move |state| {
            let old_run = state.newest_run_by(now - apply::LONG_AGO)?;
            state.begin_run(&run, (&who, pid), now, None)?;
            Ok(old_run)
        });
        Ok(begin.await?)
    }

    async fn write(&self, records: Vec<Record>) -> Result<(), Error> {
        let Some(held) = &self.held else { return Ok(()) };
        let written = held.journal.write(records).await;
        written.map_err(|_unwritten| StateError::LeaseLost.into())
    }
}

/// Whether something is to be recorded that the state does not say.
fn is_news(record: &Record, bound: &BTreeMap<TargetName, TargetRecord>) -> bool {
    match record {
        Record::Bind(name, as_now) => bound.get(name) != Some(as_now),
        _ => true,
    }
}
