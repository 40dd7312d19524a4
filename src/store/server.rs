//! What a server says of itself and of the state on it.

use crate::domain::Moment;

/// The oldest server that a state can be on: its major version.
pub const OLDEST_SERVER: i64 = 14;

/// The server that a state is on, as whoever asked sees it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Server {
    /// Its version, as in `15.8`.
    pub version: String,
    /// The number before the first point.
    pub major: i64,
    /// As whom it knows us.
    pub role: String,
    /// What that role may do.
    pub rights: Rights,
    /// What time it is there.
    pub now: Moment,
    /// What it is behind, if it is a standby.
    pub standby: Option<Standby>,
    /// How many bytes the audit log takes there, with its indexes.
    pub audit_bytes: u64,
    /// Rows of the audit log, as the server estimates them.
    pub audit_rows: u64,
    /// Rows of it that are dead and still take room: those of transactions that were taken back.
    pub audit_dead: u64,
}

/// How far a standby has what its primary has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Standby {
    /// How many milliseconds ago what it has was all there was, as far as it knows.
    pub lag: i64,
    /// Whether it hears of its primary.
    pub follows: bool,
}

/// What a role may do with a state.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Rights {
    /// Everything: it may bring the tables up to date.
    Owner,
    /// Apply, and give orders.
    Writer,
    /// Plan and look.
    Reader,
}
