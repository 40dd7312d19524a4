//! Restrictions about which there is nothing to do, and for how long that stays so.

use super::NextDue;
use crate::domain::{Moment, Restriction};

/// A restriction about which there is nothing to do.
///
/// Until `wake` time alone changes nothing about it: neither what is to be done, nor when the
/// next run is due because of it.
#[derive(Clone, Copy, Debug)]
pub struct Quiet<'a> {
    /// The restriction.
    pub restriction: &'a Restriction,
    /// Whether it is recorded, and as it should be; else it is only wanted later, or no more.
    pub is_kept: bool,
    /// The first instant at which time changes something.
    pub wake: Option<Moment>,
    /// When the next run is due because of it.
    pub due: NextDue,
}
