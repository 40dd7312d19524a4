//! One run at a time: taking the state for a run, and giving it back.

use std::future::Future;
use std::time::Duration;

use crate::domain::Moment;
use crate::error::Error;
use crate::exit::Exit;
use crate::report::escape::Terminal;
use crate::store::{
    Accounts, Claim, HEARTBEAT_EVERY, Holder, Lease, Location, State, StateError, Taken,
};
use crate::world::World;

/// A state that is ours for the length of a run.
pub(super) struct LeasedStore {
    /// The state.
    pub(super) state: State,
    /// The right to change it.
    pub(super) lease: Lease,
}

/// How often a lock that is held is tried again.
const TRY_EVERY: Duration = Duration::from_millis(200);

/// How long a state may be locked without a lease: as long as it takes to write one down.
const IN_BETWEEN: Duration = Duration::from_secs(2);

/// Takes the state for a run, waiting for another run at most `patience`.
pub(super) async fn take(
    location: &Location,
    world: &World,
    accounts: &Accounts,
    patience: Duration,
) -> Result<LeasedStore, Error> {
    let run = uuid(world);
    let begun = tokio::time::Instant::now();
    let mut waits = false;
    loop {
        let (process, lineage) = (&world.process, uuid(world));
        let claim = Claim { run: &run, process, now: world.now(), lineage: &lineage, accounts };
        let holders = match State::take(location, &claim)? {
            Taken::Ours(state, lease) => return Ok(LeasedStore { state, lease }),
            Taken::Held(holders) => holders,
        };
        // A lock without a lease is being taken or given back at this moment.
        let patience = if holders.is_empty() { patience.max(IN_BETWEEN) } else { patience };
        if begun.elapsed() >= patience {
            return Err(locked(&holders, world.now()));
        }
        if !std::mem::replace(&mut waits, true) {
            let run = holders.into_iter().next().map(|holder| holder.run).unwrap_or_default();
            tracing::info!(target: "ostracon", run, "waiting for another run");
        }
        tokio::time::sleep(TRY_EVERY).await;
    }
}

/// Keeps the lease alive while `work` is under way; the state, whether the lease was kept, and what
/// the work came to.
pub(super) async fn keep<T>(
    mut state: State,
    lease: &Lease,
    world: &World,
    work: impl Future<Output = T>,
) -> (State, Result<(), StateError>, T) {
    let (working, mut over) = tokio::sync::oneshot::channel::<()>();
    let (lease, world) = (lease.clone(), world.clone());
    let keeper = tokio::spawn(async move {
        let every = HEARTBEAT_EVERY.unsigned_abs();
        let mut kept = Ok(());
        loop {
            tokio::select! {
                // The work is done, and its end of the channel gone.
                _ = &mut over => return (state, kept),
                () = tokio::time::sleep(every), if kept.is_ok() => {
                    kept = state.heartbeat(&lease, world.now());
                }
            }
        }
    });
    let done = work.await;
    drop(working);
    match keeper.await {
        Ok((state, kept)) => (state, kept, done),
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}

fn locked(holders: &[Holder], now: Moment) -> Error {
    let Some(first) = holders.first() else {
        return Error::new(Exit::Locked, "another run holds the state")
            .hint("wait for it, or give this run a `--lock-timeout`");
    };
    let says = |holder: &Holder| {
        let Holder { run, user, host, pid, since, heartbeat } = holder;
        let (user, host) = (Terminal(user), Terminal(host));
        let silent = heartbeat.seconds_to(now);
        format!(
            "run {run} holds the state: {user} on {host}, process {pid}, since {since}, last \
             heard of {silent} s ago"
        )
    };
    let mut error = Error::new(Exit::Locked, says(first)).hint(format!(
        "wait for it, or give this run a `--lock-timeout`; if it is dead on another \
         machine, it expires within 60 s, or at once by `ostracon unlock {}`",
        first.run
    ));
    error.causes = holders.iter().skip(1).map(says).collect();
    error
}

/// A UUID of version 7: the instant, then chance.
pub(super) fn uuid(world: &World) -> String {
    let millis = world.now().millis().unsigned_abs() & 0xffff_ffff_ffff;
    let (one, two) = (world.random.bits(), world.random.bits());
    let high = (u128::from(millis) << 80) | (0x7 << 76) | (u128::from(one & 0xfff) << 64);
    let low = (0b10_u128 << 62) | u128::from(two >> 2);
    let hex = format!("{:032x}", high | low);
    let parts = [(0, 8), (8, 12), (12, 16), (16, 20), (20, 32)];
    let parts = parts.map(|(start, end)| hex.get(start..end).unwrap_or_default());
    parts.join("-")
}
