//! Layer 1: the providers. Each is a table of [`Facts`] and two pure functions.
//!
//! This file is the registry: a fifth provider is a folder beside the others, its `mod` line and
//! its line in [`REGISTRY`]. Nothing outside a provider's folder may ask for its name.

pub mod agora;
pub mod call;
pub mod endpoint;
pub mod facts;
pub mod fault;
pub mod id_rule;
mod query;
pub mod request;
pub mod session;
mod status;
pub mod target;
pub mod tencent;
pub mod volcengine;
pub mod zego;

pub use call::{Call, Cursor, Effect, Item, Listed, Page, Reply, Verb};
pub use endpoint::Endpoint;
pub use facts::{
    Capability, Expiry, Facts, Lane, Listing, Mechanism, Presence, Quota, ReasonRule, Region,
    Repeat, Setting, SettingKind, Term,
};
pub use fault::{Fault, FaultKind, NoAnswer};
pub use id_rule::IdRule;
pub use request::{LONGEST_ANSWER, Method, Request, Response};
pub use session::{Secrets, Session, Stamp};
pub use target::{CredentialSource, Options, Target};

/// One provider: what it can do, and how its calls look on the wire.
pub trait Provider: Sync {
    /// Everything about the provider that is not wire format.
    fn facts(&self) -> &'static Facts;

    /// Writes a call as an HTTP request, signed with the time, nonce and sequence of `stamp`.
    ///
    /// Pure: the same arguments give the same request. Every attempt needs a stamp of its own.
    fn encode(&self, session: &Session, call: &Call, stamp: &Stamp) -> Request;

    /// Reads the answer to a call.
    fn decode(&self, call: &Call, response: &Response) -> Result<Reply, Fault>;
}

/// Every provider, in alphabetical order.
pub static REGISTRY: [&dyn Provider; 4] =
    [&agora::Agora, &tencent::Tencent, &volcengine::Volcengine, &zego::Zego];

/// The provider of this name, as in `provider:` of a target.
pub fn find(name: &str) -> Option<&'static dyn Provider> {
    REGISTRY.into_iter().find(|provider| provider.facts().name == name)
}
