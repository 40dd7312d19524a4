//! Volcengine: bans users and devices from the activities of livesaas.
//!
//! Sources: the pages `UpdateActivityUserBanStatus` (2025-01-24, and the revision of July 2025 that
//! added `BanType`) and `GetActivityBanUsers`. A ban has no end and no reason there; somebody who
//! never entered an activity cannot be banned from it.

use std::time::Duration;

use crate::domain::{Deny, Kind};
use crate::provider::{
    Call, Capability, Expiry, Facts, Fault, IdRule, Lane, Listing, Mechanism, Presence, Provider,
    Quota, Region, Repeat, Reply, Request, Response, Session, Stamp,
};

mod faults;
mod signature;
#[cfg(test)]
mod tests;
mod wire;

/// Volcengine's livesaas.
pub struct Volcengine;

/// Activity and user ids are a `Long`: 64 bits with a sign.
const LONG: IdRule = IdRule::Number(i64::MAX as u64);

static FACTS: Facts = Facts {
    name: "volcengine",
    title: "Volcengine",
    settings: &[],
    credentials: &["access_key_id", "secret_access_key"],
    regions: &[Region { name: "cn-north-1", host: "livesaas.volcengineapi.com" }],
    default_region: Some("cn-north-1"),
    // The shared gateway, which Volcengine's own Python client uses.
    other_hosts: &["open.volcengineapi.com"],
    capabilities: &[
        Capability {
            kind: Kind::User,
            room: Presence::Required,
            room_id: LONG,
            id: LONG,
            wide: false,
            deny: Deny::JOIN,
            mechanism: Mechanism::Holds,
            expiry: Expiry::Open,
            reason: None,
            batch: 50,
            lane: 0,
            listing: Listing::CompletePerRoom,
            repeat: Repeat::Idempotent,
            quota: QUOTA,
        },
        Capability {
            kind: Kind::Device,
            room: Presence::Required,
            room_id: LONG,
            id: IdRule::Text(64),
            wide: false,
            deny: Deny::JOIN,
            mechanism: Mechanism::Holds,
            expiry: Expiry::Open,
            reason: None,
            batch: 50,
            lane: 0,
            listing: Listing::CompletePerRoom,
            repeat: Repeat::Idempotent,
            quota: QUOTA,
        },
    ],
    one_kind_per_entry: false,
    lanes: &[Lane { name: "all calls", per_second: 30, per_second_in_test: 30 }],
    rate_is_per_account: true,
    has_test_environment: false,
    can_reassert: false,
    // The official Java client waits 5 s to connect and 30 s for an answer.
    write_timeout: Duration::from_secs(15),
    read_timeout: Duration::from_secs(15),
};

/// The revision of July 2025 says 50,000 of each kind, the page of January 2025 said 1,000; a
/// target whose activities still hold fewer says so with `quota:`.
const QUOTA: Option<Quota> = Some(Quota { per_room: 50_000 });

impl Provider for Volcengine {
    fn facts(&self) -> &'static Facts {
        &FACTS
    }

    fn encode(&self, session: &Session, call: &Call, stamp: &Stamp) -> Request {
        wire::encode(session, call, stamp)
    }

    fn decode(&self, call: &Call, response: &Response) -> Result<Reply, Fault> {
        wire::decode(call, response)
    }
}
