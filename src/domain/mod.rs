//! Layer 0: the words of the contract as types. No IO, no clock, no provider.

pub mod ack;
pub mod action;
pub mod deny;
pub mod desired;
pub mod enforcement;
pub mod guards;
pub mod hex;
pub mod id;
pub mod json;
pub mod moment;
pub mod protected;
mod reading;
pub mod restriction;
mod rule_id;
pub mod source;
mod visible;
pub mod wanted;
pub mod warning;
pub mod who;

pub use ack::Ack;
pub use action::{Action, Because};
pub use deny::Deny;
pub use desired::Desired;
pub use enforcement::{Doubt, Enforcement, Evidence, Held, Lapse, Twin, Untils};
pub use guards::{GuardSettings, Guards, Limit};
pub use id::{Id, TargetName};
pub use moment::{Moment, Until};
pub use protected::{Protected, ProtectedKey, Protection};
pub use restriction::{Kind, NotARestriction, Restriction, Subject};
pub use rule_id::RuleId;
pub use source::Source;
pub use visible::acts_or_hides;
pub use wanted::Wanted;
pub use warning::Warning;
pub use who::Who;
