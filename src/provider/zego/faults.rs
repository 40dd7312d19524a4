//! What each documented code means, in one table.
//!
//! Source: "Return codes" of ZEGO's Server API v2 and the pages of the three calls, with the older
//! list where it knows more (read August 2026). The same number means different things to rooms
//! and to media, so each row says whose code it is.

use crate::domain::Kind;
use crate::provider::FaultKind;

/// What a person can do when HTTP itself says 401 or 403.
pub(super) const DENIED: &str = "check `app_id`, `server_secret` and `endpoint`";

/// What to do about a code; `None` for one that is not documented.
pub(super) fn kind(kind: Kind, code: i64) -> Option<FaultKind> {
    let family = match kind {
        Kind::Stream => Family::Media,
        Kind::User | Kind::Channel | Kind::Device | Kind::Ip => Family::Room,
    };
    let mut rows = TABLE.iter().filter(|row| row.family == family || row.family == Family::All);
    rows.find(|row| row.codes.contains(&code)).map(|row| row.kind.clone())
}

/// Whose codes they are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Family {
    /// The gateway's, and what both lists have alike.
    All,
    /// Those of `KickoutUser`.
    Room,
    /// Those of `ForbidRTCStreams` and `ResumeRTCStreams`.
    Media,
}

struct Row {
    family: Family,
    codes: &'static [i64],
    kind: FaultKind,
}

const fn row(family: Family, codes: &'static [i64], kind: FaultKind) -> Row {
    Row { family, codes, kind }
}

const THROTTLED: FaultKind = FaultKind::Throttled;
const WRONG_APP: FaultKind = FaultKind::Stop { hint: "check `app_id`: ZEGO knows no such app" };
const WRONG_SECRET: FaultKind =
    FaultKind::Stop { hint: "check `server_secret`: it must be the ServerSecret of this `app_id`" };
const WRONG_ENVIRONMENT: FaultKind = FaultKind::Stop {
    hint: "check `test_environment`: the app has no such environment (only those created by 2021-11-16 have one for tests)",
};
const MALFORMED: FaultKind = FaultKind::Stop {
    hint: "ZEGO cannot read the request: check that `endpoint` and the proxies before it pass queries unchanged",
};

static TABLE: &[Row] = &[
    // Wrong Host header.
    row(Family::All, &[100_000_000], FaultKind::Stop { hint: "check `region` and `endpoint`" }),
    // Badly formed AppId; no ServerSecret for it; no configuration of it.
    row(Family::All, &[100_000_001, 100_000_010, 100_000_011], WRONG_APP),
    // Timestamp empty or malformed; Action empty or unsupported; nonce or signature empty;
    // SignatureVersion empty or unsupported.
    row(Family::All, &[100_000_002, 100_000_003, 100_000_006, 100_000_007], MALFORMED),
    row(Family::All, &[100_000_008, 100_000_009, 100_000_013, 100_000_014], MALFORMED),
    // Signature more than 10 minutes old.
    row(Family::All, &[100_000_004], FaultKind::SignAgain),
    row(Family::All, &[100_000_005], WRONG_SECRET),
    // HTTP body unreadable; internal error of the gateway.
    row(Family::All, &[100_000_012, 100_000_015], FaultKind::Retry),
    row(Family::All, &[100_000_016], WRONG_ENVIRONMENT),
    row(
        Family::All,
        &[100_000_017],
        FaultKind::Stop { hint: "enable the service for this app in the ZEGOCLOUD console" },
    ),
    // Unknown CDN: of other calls.
    row(Family::All, &[4], FaultKind::Refuse),
    // Too many requests a second for one call, by the older list.
    row(Family::All, &[7], THROTTLED),
    // Failed, once "server busy".
    row(Family::All, &[1], FaultKind::Retry),
    // Bad parameter.
    row(Family::All, &[2], FaultKind::Refuse),
    // Parameter too long; not decoded; several users on one stream; too many users in one call.
    row(Family::Room, &[3, 8, 1012, 50_011], FaultKind::Refuse),
    row(
        Family::Room,
        &[9],
        FaultKind::Stop { hint: "ask ZEGO support to enable this call for the app" },
    ),
    // The room does not exist, in four spellings: nobody to kick.
    row(Family::Room, &[104, 5018, 5024, 50_001], FaultKind::AlreadySo),
    // The user does not exist; is not online; the user's stream does not exist.
    row(Family::Room, &[105, 50_003, 138], FaultKind::AlreadySo),
    // Stream information not set or not deleted; list not read.
    row(Family::Room, &[123, 124, 154], FaultKind::Retry),
    // Rates of the app and of the room.
    row(Family::Room, &[206, 207], THROTTLED),
    // Messages: of other calls.
    row(Family::Room, &[121, 122, 151, 1008, 5201, 5202, 50_012, 50_013], FaultKind::Refuse),
    // Rules of users, which are not used here: too many of them; the one to delete is gone.
    row(Family::Room, &[50_123], FaultKind::Quota),
    row(Family::Room, &[50_124], FaultKind::AlreadySo),
    // Authentication failed; check the signature.
    row(Family::Media, &[3, 5003, 40_005], WRONG_SECRET),
    row(Family::Media, &[1010, 5007, 30_002], THROTTLED),
    row(Family::Media, &[3000, 30_005], WRONG_APP),
    // Internal errors.
    row(Family::Media, &[3001, 5000, 5001, 5002, 5006, 30_003], FaultKind::Retry),
    // The timestamp is wrong, "make a new one".
    row(Family::Media, &[3002], FaultKind::SignAgain),
    row(
        Family::Media,
        &[3003],
        FaultKind::Stop { hint: "ask ZEGO support: the app has no token configured" },
    ),
    row(Family::Media, &[30_004], WRONG_ENVIRONMENT),
    // The list of stream ids is invalid; an id is against the naming rules.
    row(Family::Media, &[30_006, 30_009], FaultKind::Refuse),
    // A live or channel was not saved or does not exist; "retry if it exists".
    row(Family::Media, &[41_001, 41_002, 41_003], FaultKind::Retry),
    // Forbidding and resuming failed: one stream, and a batch.
    row(Family::Media, &[42_001, 42_002, 42_003, 42_004], FaultKind::Retry),
    // Dispatch, CDN, recording, and answers of the state query: of other calls.
    row(
        Family::Media,
        &[1001, 1002, 1003, 1005, 1006, 5004, 5005, 30_001, 30_010, 30_011, 41_004, 41_006, 43_001],
        FaultKind::Refuse,
    ),
];

#[cfg(test)]
mod tests {
    use super::{Family, TABLE, kind};
    use crate::domain::Kind;
    use crate::provider::FaultKind;

    /// The kind, without its hint.
    fn name(kind: Option<&FaultKind>) -> &'static str {
        kind.map_or("unknown", FaultKind::name)
    }

    /// Code; its kind for a kick; its kind for a stream.
    const DOCUMENTED: &[(i64, &str, &str)] = &[
        (1, "retry", "retry"),
        (2, "refuse", "refuse"),
        (3, "refuse", "stop"),
        (4, "refuse", "refuse"),
        (7, "throttled", "throttled"),
        (8, "refuse", "unknown"),
        (9, "stop", "unknown"),
        (104, "already so", "unknown"),
        (105, "already so", "unknown"),
        (121, "refuse", "unknown"),
        (122, "refuse", "unknown"),
        (123, "retry", "unknown"),
        (124, "retry", "unknown"),
        (138, "already so", "unknown"),
        (151, "refuse", "unknown"),
        (154, "retry", "unknown"),
        (206, "throttled", "unknown"),
        (207, "throttled", "unknown"),
        (1001, "unknown", "refuse"),
        (1002, "unknown", "refuse"),
        (1003, "unknown", "refuse"),
        (1005, "unknown", "refuse"),
        (1006, "unknown", "refuse"),
        (1008, "refuse", "unknown"),
        (1010, "unknown", "throttled"),
        (1012, "refuse", "unknown"),
        (3000, "unknown", "stop"),
        (3001, "unknown", "retry"),
        (3002, "unknown", "sign again"),
        (3003, "unknown", "stop"),
        (5000, "unknown", "retry"),
        (5001, "unknown", "retry"),
        (5002, "unknown", "retry"),
        (5003, "unknown", "stop"),
        (5004, "unknown", "refuse"),
        (5005, "unknown", "refuse"),
        (5006, "unknown", "retry"),
        (5007, "unknown", "throttled"),
        (5018, "already so", "unknown"),
        (5024, "already so", "unknown"),
        (5201, "refuse", "unknown"),
        (5202, "refuse", "unknown"),
        (30_001, "unknown", "refuse"),
        (30_002, "unknown", "throttled"),
        (30_003, "unknown", "retry"),
        (30_004, "unknown", "stop"),
        (30_005, "unknown", "stop"),
        (30_006, "unknown", "refuse"),
        (30_009, "unknown", "refuse"),
        (30_010, "unknown", "refuse"),
        (30_011, "unknown", "refuse"),
        (40_005, "unknown", "stop"),
        (41_001, "unknown", "retry"),
        (41_002, "unknown", "retry"),
        (41_003, "unknown", "retry"),
        (41_004, "unknown", "refuse"),
        (41_006, "unknown", "refuse"),
        (42_001, "unknown", "retry"),
        (42_002, "unknown", "retry"),
        (42_003, "unknown", "retry"),
        (42_004, "unknown", "retry"),
        (43_001, "unknown", "refuse"),
        (50_001, "already so", "unknown"),
        (50_003, "already so", "unknown"),
        (50_011, "refuse", "unknown"),
        (50_012, "refuse", "unknown"),
        (50_013, "refuse", "unknown"),
        (50_123, "quota", "unknown"),
        (50_124, "already so", "unknown"),
        (100_000_000, "stop", "stop"),
        (100_000_001, "stop", "stop"),
        (100_000_002, "stop", "stop"),
        (100_000_003, "stop", "stop"),
        (100_000_004, "sign again", "sign again"),
        (100_000_005, "stop", "stop"),
        (100_000_006, "stop", "stop"),
        (100_000_007, "stop", "stop"),
        (100_000_008, "stop", "stop"),
        (100_000_009, "stop", "stop"),
        (100_000_010, "stop", "stop"),
        (100_000_011, "stop", "stop"),
        (100_000_012, "retry", "retry"),
        (100_000_013, "stop", "stop"),
        (100_000_014, "stop", "stop"),
        (100_000_015, "retry", "retry"),
        (100_000_016, "stop", "stop"),
        (100_000_017, "stop", "stop"),
        (100_000_018, "unknown", "unknown"),
    ];

    #[test]
    fn every_documented_code_has_its_class() {
        for (code, kick, stream) in DOCUMENTED {
            assert_eq!(name(kind(Kind::User, *code).as_ref()), *kick, "{code} of a kick");
            assert_eq!(name(kind(Kind::Stream, *code).as_ref()), *stream, "{code} of a stream");
        }
    }

    #[test]
    fn the_table_names_each_code_of_a_family_once_and_nothing_undocumented() {
        for family in [Family::Room, Family::Media] {
            let rows = TABLE.iter().filter(|row| row.family == family || row.family == Family::All);
            let mut codes: Vec<i64> = rows.flat_map(|row| row.codes).copied().collect();
            codes.sort_unstable();
            let listed = codes.len();
            codes.dedup();
            assert_eq!(codes.len(), listed);
            for code in codes {
                assert!(DOCUMENTED.iter().any(|(documented, ..)| *documented == code), "{code}");
            }
        }
    }
}
