//! What the last plan worked out, so that the next need not: `.ostracon/cache`.
//!
//! The cache speeds `plan` up and is never asked for anything else: `apply` and `validate` read
//! everything anew. It is disposable: whoever deletes it loses time. It is never believed over a
//! file: what it says is keyed by the digests of the bytes it was made from, and what does not fit
//! is not used. It names people, so only its owner can read it.
//!
//! Three things are in it: what each policy file says ([`crate::policy::Shelf`]), a [`Memo`] of the
//! last plan of the whole, from which a plan of what changed is made, and a [`Sheet`] of what that
//! plan found about each restriction.

mod calm;
mod column;
mod folder;
mod memo;
mod sheet;
mod written;

pub use calm::{Calms, Totals};
pub use folder::Folder;
pub use memo::{Basis, Memo};
pub use sheet::Sheet;
