//! Changes of the state: intents before calls, outcomes after them.

use std::collections::BTreeSet;

use super::{AuditRow, ReadPolicy};
use crate::domain::{
    BegunChange, Enforcement, GuardSettings, Id, Kind, Moment, Order, ProtectedKey, Restriction,
    TargetName,
};
use crate::plan::TargetRecord;

/// One change of the state.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Record {
    /// A call is about to be sent.
    Intent(Intent),
    /// What came of a call.
    Answered(Answered),
    /// What is known of a restriction now.
    Put(Enforcement),
    /// Nothing is held of a restriction any more.
    Drop(Restriction),
    /// What was done, for the audit log.
    Audit(AuditRow),
    /// An order as it is now.
    Order(Order),
    /// Who is protected.
    Protect(BTreeSet<ProtectedKey>),
    /// A target as the config describes it.
    Bind(TargetName, TargetRecord),
    /// A target without rows is gone from the config.
    Unbind(TargetName),
    /// The guards of the config.
    Guards(GuardSettings),
    /// The policy that was read.
    Policy(ReadPolicy),
    /// A change that was acknowledged is begun.
    BeginChange(BegunChange),
    /// The change of this digest is no longer what the files ask for.
    AbandonChange(String),
    /// A target's rows go on under another name.
    Rename {
        /// The name they had.
        from: TargetName,
        /// The name they get.
        to: TargetName,
    },
}

/// A call that is about to be sent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Intent {
    /// Its number: higher than that of every earlier call.
    pub call: i64,
    /// The run.
    pub run: String,
    /// Where it goes.
    pub target: TargetName,
    /// Who shares its rate.
    pub rate_key: String,
    /// Which of the documented rates it counts for.
    pub lane: usize,
    /// What it does.
    pub verb: &'static str,
    /// To what kind of subjects.
    pub kind: Kind,
    /// In which room.
    pub room: Option<Id>,
    /// To how many.
    pub subjects: usize,
    /// When this was written.
    pub at: Moment,
}

/// What came of a call.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answered {
    /// Its number.
    pub call: i64,
    /// The run.
    pub run: String,
    /// When it was sent; `None` if it never was.
    pub sent: Option<Moment>,
    /// When this was known.
    pub at: Moment,
    /// What came of it, in a word.
    pub outcome: &'static str,
    /// The provider's code.
    pub code: Option<String>,
    /// The provider's message.
    pub message: Option<String>,
    /// The provider's id of the request.
    pub request_id: Option<String>,
}
