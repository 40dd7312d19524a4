//! The change digest: which set of guarded operations a person acknowledges.

use std::collections::BTreeSet;

use sha2::{Digest as _, Sha256};

use super::{Guard, Guarded, Inputs, Operation};
use crate::domain::hex::hex;
use crate::domain::{Ack, Action};

/// Gives each guard the digest of all that guards count here, and the word of whoever
/// acknowledged just that.
///
/// Neither times nor the state count: the same change asked for tomorrow is the same change. A
/// change that has one operation more, or one fewer, is another.
pub(super) fn acknowledge(
    inputs: &Inputs<'_>,
    operations: &[Operation],
    mut guarded: Vec<Guarded>,
) -> Vec<Guarded> {
    if guarded.is_empty() {
        return guarded;
    }
    let mut texts = BTreeSet::new();
    for held in &guarded {
        let counted = operations.iter().filter(|operation| held.counts(operation));
        texts.extend(counted.map(canonical));
        if held.guard == Guard::Protect {
            texts.extend(inputs.unprotected.iter().map(|key| format!("unprotect {key}")));
        }
    }
    let mut all = Sha256::new();
    for text in texts {
        all.update(text);
        // No canonical text holds a line end.
        all.update("\n");
    }
    let digest = hex(&all.finalize());
    let ack = inputs.acks.iter().find(|ack| ack.digest == digest);
    for held in &mut guarded {
        held.change_digest.clone_from(&digest);
        held.acknowledged_by = ack.map(|Ack { who, .. }| who.clone());
    }
    guarded
}

impl Guarded {
    /// Whether this guard counts an operation.
    fn counts(&self, operation: &Operation) -> bool {
        let here = self.target.as_ref().is_none_or(|it| *it == operation.restriction.target);
        here && match self.guard {
            Guard::AllowEmpty | Guard::MaxLifts => operation.is_guarded_lift(),
            Guard::MaxImposes => operation.action == Action::Impose && !operation.upkeep,
            Guard::Protect => false,
        }
    }
}

/// What is done to what, in words that time does not change: a lift that has become a matter of
/// forgetting is still the same.
fn canonical(operation: &Operation) -> String {
    let word = match operation.action {
        Action::Lift | Action::Forget => "lift",
        Action::Amend => "shorten",
        Action::Impose | Action::Renew | Action::Kick => "impose",
    };
    format!("{word} {}", operation.restriction)
}

/// The file that acknowledges a change: where it goes, and what it says.
pub fn file(digest: &str) -> (String, String) {
    let text =
        format!("digest: \"{digest}\"\nwho:    # who answers for it\nwhy:    # why it is right\n");
    (format!("acks/{digest}.yaml"), text)
}
