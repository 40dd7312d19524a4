//! ZEGO: kicks users out of rooms and forbids streams.
//!
//! Sources: the pages `KickoutUser`, `ForbidRTCStreams` and `ResumeRTCStreams` of ZEGO's Server API v2
//! (read August 2026). Kicks do not keep anybody out; forbidden streams cannot be listed and
//! stay until resumed.

use std::time::Duration;

use crate::domain::{Deny, Kind};
use crate::provider::{
    Call, Capability, Expiry, Facts, Fault, IdRule, Lane, Listing, Mechanism, Presence, Provider,
    ReasonRule, Region, Repeat, Reply, Request, Response, Session, Setting, SettingKind, Stamp,
};

mod faults;
mod signature;
#[cfg(test)]
mod tests;
mod wire;

/// The ZEGO Server API v2.
pub struct Zego;

static FACTS: Facts = Facts {
    name: "zego",
    title: "ZEGO",
    settings: &[Setting {
        name: "app_id",
        kind: SettingKind::Number(u32::MAX as u64),
        identity: true,
        about: "AppId, as the ZEGOCLOUD console shows it",
    }],
    credentials: &["server_secret"],
    regions: &[
        Region { name: "unified", host: "rtc-api.zego.im" },
        Region { name: "sha", host: "rtc-api-sha.zego.im" },
        Region { name: "hkg", host: "rtc-api-hkg.zego.im" },
        Region { name: "fra", host: "rtc-api-fra.zego.im" },
        Region { name: "lax", host: "rtc-api-lax.zego.im" },
        Region { name: "bom", host: "rtc-api-bom.zego.im" },
        Region { name: "sgp", host: "rtc-api-sgp.zego.im" },
    ],
    default_region: Some("unified"),
    other_hosts: &[],
    capabilities: &[USERS, STREAMS],
    one_kind_per_entry: false,
    lanes: &[
        // A rate of the test environment is documented for streams only.
        Lane { name: "kicks", per_second: 50, per_second_in_test: 50 },
        // Whether forbidding and resuming share the rate is not documented; assumed so.
        Lane { name: "streams", per_second: 20, per_second_in_test: 5 },
    ],
    rate_is_per_account: false,
    has_test_environment: true,
    can_reassert: false,
    // No time-out is documented; 10 s is what ZEGO's own samples use at most.
    write_timeout: Duration::from_secs(10),
    read_timeout: Duration::from_secs(10),
};

const USERS: Capability = Capability {
    kind: Kind::User,
    room: Presence::Required,
    room_id: IdRule::Text(128),
    // The SDK reference says both "up to 64" and "shorter than 64": 63 satisfies both.
    id: IdRule::Text(63),
    wide: false,
    deny: Deny::JOIN,
    mechanism: Mechanism::Kicks,
    expiry: Expiry::Open,
    reason: Some(ReasonRule { max_bytes: 256, kept: false, sent: true }),
    batch: 5,
    lane: 0,
    listing: Listing::Never,
    repeat: Repeat::Idempotent,
    quota: None,
};

const STREAMS: Capability = Capability {
    kind: Kind::Stream,
    room: Presence::Never,
    room_id: IdRule::Text(128),
    id: IdRule::Token(256),
    wide: false,
    deny: Deny::NOTHING,
    mechanism: Mechanism::Holds,
    expiry: Expiry::Open,
    // The provider is not told, but design §2.2 limits every ZEGO reason alike.
    reason: Some(ReasonRule { max_bytes: 256, kept: false, sent: false }),
    batch: 20,
    lane: 1,
    listing: Listing::Never,
    repeat: Repeat::Idempotent,
    quota: None,
};

impl Provider for Zego {
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
