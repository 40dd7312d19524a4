//! Tencent: bans users from the rooms of a live engine.
//!
//! Sources: the pages `ban_member` (2026-04-09), `unban_member` and `get_banned_member_list` of
//! the `live_engine_http_srv` REST API. A ban has a duration; there is no documented permanent value.

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

/// Tencent's `live_engine_http_srv`.
pub struct Tencent;

static FACTS: Facts = Facts {
    name: "tencent",
    title: "Tencent",
    settings: &[
        Setting {
            name: "sdk_app_id",
            kind: SettingKind::Number(u32::MAX as u64),
            identity: true,
            about: "SDKAppID, as the console shows it",
        },
        Setting {
            name: "identifier",
            // The UserSig libraries take at most 32 bytes.
            kind: SettingKind::Word(32),
            identity: false,
            about: "an App administrator account",
        },
    ],
    credentials: &["secret_key"],
    regions: &[
        Region { name: "cn", host: "console.tim.qq.com" },
        Region { name: "sgp", host: "adminapisgp.im.qcloud.com" },
        Region { name: "usa", host: "adminapiusa.im.qcloud.com" },
        Region { name: "idn", host: "adminapiidn.im.qcloud.com" },
    ],
    default_region: None,
    // Backup domains, and data centres that only the IM pages name.
    other_hosts: &[
        "adminapi.my-imcloud.com",
        "adminapisgp.my-imcloud.com",
        "adminapiusa.my-imcloud.com",
        "adminapiidn.my-imcloud.com",
        "adminapikr.im.qcloud.com",
        "adminapikr.my-imcloud.com",
        "adminapiger.im.qcloud.com",
        "adminapiger.my-imcloud.com",
        "adminapiind.im.qcloud.com",
        "adminapiind.my-imcloud.com",
        "adminapijpn.im.qcloud.com",
        "adminapijpn.my-imcloud.com",
    ],
    capabilities: &[Capability {
        kind: Kind::User,
        room: Presence::Required,
        room_id: IdRule::PrintableAscii(48),
        id: IdRule::PrintableAscii(32),
        wide: false,
        deny: Deny::JOIN,
        mechanism: Mechanism::Holds,
        // Ten years: no permanent value is documented, and an end past 32 bits may overflow.
        expiry: Expiry::Seconds { least: 1, most: 315_360_000 },
        reason: Some(ReasonRule { max_bytes: 200, kept: true, sent: true }),
        batch: 20,
        lane: 0,
        listing: Listing::CompletePerRoom,
        repeat: Repeat::MayKeepOldEnd,
        quota: None,
    }],
    // Whether each command has a rate of its own is not documented; assumed shared.
    one_kind_per_entry: false,
    lanes: &[Lane { name: "all calls", per_second: 200, per_second_in_test: 200 }],
    rate_is_per_account: false,
    has_test_environment: false,
    can_reassert: true,
    // Tencent's own back end gives up after 3 s and asks callers to wait longer than that.
    write_timeout: Duration::from_secs(10),
    read_timeout: Duration::from_secs(10),
};

impl Provider for Tencent {
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
