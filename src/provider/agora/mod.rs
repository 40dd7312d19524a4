//! Agora: kicking rules for users, channels and IP addresses.
//!
//! Sources: the channel-management page "Create rule" and its siblings for update, delete and
//! list (Docs-Source, August 2026). A rule holds for a day at most and is numbered by the server;
//! lists may leave rules out.

use std::time::Duration;

use crate::domain::{Deny, Kind};
use crate::provider::{
    Call, Capability, Expiry, Facts, Fault, IdRule, Lane, Listing, Mechanism, Presence, Provider,
    Region, Repeat, Reply, Request, Response, Session, Setting, SettingKind, Stamp,
};

mod faults;
mod list;
mod rule;
mod signature;
#[cfg(test)]
mod tests;
mod wire;

/// Agora's channel management.
pub struct Agora;

const CHANNEL: IdRule = IdRule::Text(64);

static FACTS: Facts = Facts {
    name: "agora",
    title: "Agora",
    settings: &[Setting {
        name: "app_id",
        kind: SettingKind::Word(64),
        identity: true,
        about: "App ID of the project, as the console shows it",
    }],
    credentials: &["customer_id", "customer_secret"],
    regions: &[
        Region { name: "global", host: "api.agora.io" },
        Region { name: "cn", host: "api.sd-rtn.com" },
    ],
    default_region: Some("global"),
    other_hosts: &[
        "api-us-west-1.agora.io",
        "api-us-east-1.agora.io",
        "api-ap-southeast-1.agora.io",
        "api-ap-northeast-1.agora.io",
        "api-eu-west-1.agora.io",
        "api-eu-central-1.agora.io",
        "api-cn-east-1.agora.io",
        "api-cn-north-1.agora.io",
        "api-us-west-1.sd-rtn.com",
        "api-us-east-1.sd-rtn.com",
        "api-ap-southeast-1.sd-rtn.com",
        "api-ap-northeast-1.sd-rtn.com",
        "api-eu-west-1.sd-rtn.com",
        "api-eu-central-1.sd-rtn.com",
        "api-cn-east-1.sd-rtn.com",
        "api-cn-north-1.sd-rtn.com",
    ],
    capabilities: &[
        capability(Kind::User, Presence::Optional, IdRule::Number(u32::MAX as u64), false),
        capability(Kind::Channel, Presence::Never, CHANNEL, true),
        capability(Kind::Ip, Presence::Never, IdRule::Ip, true),
    ],
    one_kind_per_entry: true,
    // Per account, all four methods together; whether they share it is not documented.
    lanes: &[Lane { name: "all calls", per_second: 10, per_second_in_test: 10 }],
    rate_is_per_account: true,
    has_test_environment: false,
    can_reassert: false,
    // "20 seconds or higher … no less than 5": stated for creating, used for every write.
    write_timeout: Duration::from_secs(20),
    read_timeout: Duration::from_secs(20),
};

const fn capability(kind: Kind, room: Presence, id: IdRule, wide: bool) -> Capability {
    Capability {
        kind,
        room,
        room_id: CHANNEL,
        id,
        wide,
        deny: Deny::EVERYTHING,
        mechanism: Mechanism::Holds,
        // A day. The server takes 30 s more and clamps the rest in silence.
        expiry: Expiry::Seconds { least: 10, most: 86_400 },
        reason: None,
        batch: 1,
        lane: 0,
        listing: Listing::MayOmitPerApp,
        repeat: Repeat::Duplicates,
        quota: None,
    }
}

impl Provider for Agora {
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
