//! The lease: one run at a time, for everybody who shares the state.

use std::collections::BTreeSet;

use jiff::SignedDuration;

use super::State;
use crate::domain::Moment;
use crate::world::Process;

/// A lease whose holder has not been heard of for this long has expired (design §5).
pub const EXPIRES_AFTER: SignedDuration = SignedDuration::from_secs(60);

/// A holder who has not been confirmed for this long sends nothing before it is (design §7).
pub const UNSURE_AFTER: SignedDuration = SignedDuration::from_secs(45);

/// How often a holder is heard of: three times before it would expire.
pub const HEARTBEAT_EVERY: SignedDuration = SignedDuration::from_secs(15);

/// The right to change the state.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Lease {
    /// The run that holds it.
    pub run: String,
    /// Its number: higher than that of every earlier lease.
    pub fence: i64,
    /// What it covers.
    pub accounts: Accounts,
}

/// What a lease covers: accounts, each by who shares its rate ([`crate::provider::Target::rate_key`]).
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Accounts {
    /// The whole state.
    All,
    /// These.
    Only(BTreeSet<String>),
}

impl Accounts {
    /// Whether all of these are among them.
    pub fn cover(&self, others: &Self) -> bool {
        match (self, others) {
            (Self::All, _) => true,
            (Self::Only(_), Self::All) => false,
            (Self::Only(ours), Self::Only(others)) => others.is_subset(ours),
        }
    }
}

/// Who holds the lease.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Holder {
    /// The run.
    pub run: String,
    /// The account.
    pub user: String,
    /// The machine.
    pub host: String,
    /// The process.
    pub pid: u32,
    /// Since when.
    pub since: Moment,
    /// When it was last heard of.
    pub heartbeat: Moment,
}

/// Who asks for the lease, and for what.
#[derive(Clone, Copy, Debug)]
pub struct Claim<'a> {
    /// The run.
    pub run: &'a str,
    /// Where it runs.
    pub process: &'a Process,
    /// When it asks.
    pub now: Moment,
    /// The lineage of the state, if this makes it.
    pub lineage: &'a str,
    /// What it is to cover at least.
    pub accounts: &'a Accounts,
}

/// What comes of asking for the lease.
#[derive(Debug)]
pub enum Taken {
    /// It is ours, and so is the state.
    Ours(State, Lease),
    /// Runs that live hold it, or some of it; which ones, as far as that is known.
    Held(Vec<Holder>),
}
