//! The change digest: which set of guarded operations a person acknowledges.

use std::collections::BTreeSet;

use sha2::{Digest as _, Sha256};

use super::{Guard, Guarded, Inputs, Operation};
use crate::domain::hex::hex;
use crate::domain::{Ack, Action};

/// Gives each guard the digest of all that guards count here, and the word of whoever
/// acknowledged just that, or a change that was begun and of which this is left; and all that is
/// counted, each by the first bytes of its own digest.
///
/// Neither times nor the state count: the same change asked for tomorrow is the same change. A
/// change that has one operation more, or one fewer, is another.
pub(super) fn acknowledge(
    inputs: &Inputs<'_>,
    operations: &[Operation],
    mut guarded: Vec<Guarded>,
) -> (Vec<Guarded>, BTreeSet<u64>) {
    if guarded.is_empty() {
        return (guarded, BTreeSet::new());
    }
    let mut texts = BTreeSet::new();
    for held in &guarded {
        let counted = operations.iter().filter(|operation| held.counts(operation));
        texts.extend(counted.map(canonical));
        if held.guard == Guard::Protect {
            texts.extend(inputs.unprotected.iter().map(|key| format!("unprotect {key}")));
        }
    }
    let (mut all, mut each) = (Sha256::new(), BTreeSet::new());
    for text in texts {
        each.insert(first_bytes(&Sha256::digest(&text)));
        all.update(text);
        // No canonical text holds a line end.
        all.update("\n");
    }
    let digest = hex(&all.finalize());
    let find = |digest: &str| inputs.acks.iter().find(|ack| ack.digest == digest);
    let mut begun = inputs.begun.iter().filter(|change| each.is_subset(&change.operations));
    let ack = find(&digest).or_else(|| begun.find_map(|change| find(&change.digest)));
    for held in &mut guarded {
        held.change_digest.clone_from(&digest);
        held.acknowledged_by = ack.map(|Ack { who, .. }| who.clone());
    }
    (guarded, each)
}

fn first_bytes(digest: &[u8]) -> u64 {
    digest.iter().take(8).fold(0, |number, byte| (number << 8) | u64::from(*byte))
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
