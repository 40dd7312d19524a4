//! One change of one restriction, with its reason and the means to bring it about.

use std::sync::Arc;

use crate::domain::{
    Action, Because, Doubt, Enforcement, Lapse, Restriction, RuleId, Source, Until,
};
use crate::provider::Verb;

/// One change of one restriction.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Operation {
    /// What is done.
    pub action: Action,
    /// Why.
    pub because: Because,
    /// Whether time alone asks for it.
    pub upkeep: bool,
    /// What it is done to.
    pub restriction: Restriction,
    /// Until when it will hold; for a lift or forget, until when it was to hold.
    pub until: Until,
    /// The reason that goes with it.
    pub reason: Option<Arc<str>>,
    /// The `id` of the entry that governs it, if it has one.
    pub entry: Option<Arc<str>>,
    /// Where that entry stands; `None` when no entry wants it any more.
    pub source: Option<Source>,
    /// The order that asks for it, if it is one.
    pub order: Option<Arc<str>>,
    /// How it is brought about.
    pub means: Means,
    /// Whether the provider said "not yet" last time, so that it goes last.
    pub waited: bool,
    /// The doubt that an earlier run left about it.
    pub doubted: Option<Doubt>,
    /// The row as the state has it; `None` for what is new.
    pub recorded: Option<Arc<Enforcement>>,
    /// The operation, by its index, that must be done before this one: the replacement of what
    /// this one lifts.
    pub after: Option<usize>,
}

impl Operation {
    /// Whether it ends somebody's restriction without time asking for it: what guards count.
    pub fn is_guarded_lift(&self) -> bool {
        let Some(row) = &self.recorded else { return false };
        if self.upkeep || self.order.is_some() || !row.may_be_in_force() {
            return false;
        }
        match self.action {
            Action::Lift | Action::Forget => true,
            Action::Amend => self.until < row.until,
            Action::Impose | Action::Renew | Action::Kick => false,
        }
    }

    /// When what the provider holds ends there, for ordering renewals.
    pub fn lapse(&self) -> Option<Lapse> {
        Some(self.recorded.as_ref()?.held.as_ref()?.lapse)
    }
}

/// How an operation is brought about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Means {
    /// By recording it: the provider has nothing to be told.
    Record,
    /// By a call.
    Call {
        /// What the call does.
        verb: Verb,
        /// The provider's id of the rule it is about.
        rule: Option<RuleId>,
    },
}
