//! What each documented code means, in one table.
//!
//! Sources: the pages of the three calls, the overview of the REST API, the public error codes
//! (60000–79999), and for the private codes beyond those pages the names in Tencent's own console
//! `TUILiveKit_Manager` (read August 2026).

use crate::provider::{Call, FaultKind, Verb};

/// What a person can do when HTTP itself says 401 or 403.
pub(super) const DENIED: &str = "check `sdk_app_id`, `identifier`, `secret_key` and `endpoint`";

/// What to do about a code; `None` for one that is not documented.
pub(super) fn kind(call: &Call, code: i64) -> Option<FaultKind> {
    let row = TABLE.iter().find(|row| row.codes.contains(&code))?;
    Some(match (&row.means, call.verb) {
        (Means::Always(kind), _) => kind.clone(),
        (Means::NoRoom, Verb::Impose | Verb::Renew) => FaultKind::WaitForRoom,
        (Means::NoRoom, Verb::Lift | Verb::List) => FaultKind::AlreadySo,
        (Means::Banned, Verb::Impose | Verb::Renew) if call.items.len() == 1 => {
            FaultKind::AlreadySo
        }
        (Means::Banned, Verb::Impose | Verb::Renew | Verb::Lift | Verb::List) => FaultKind::Refuse,
    })
}

struct Row {
    codes: &'static [i64],
    means: Means,
}

/// What a code means, and what that depends on.
enum Means {
    /// The same for every call.
    Always(FaultKind),
    /// The room does not exist. A ban has to wait for it; of a lift and a list it is the answer:
    /// bans live and die with their room, so nothing is held there.
    NoRoom,
    /// A member is banned already. Of a ban of that member alone it is the answer; of a larger
    /// one it does not say which member is meant, nor whether the others were banned.
    Banned,
}

const fn always(codes: &'static [i64], kind: FaultKind) -> Row {
    Row { codes, means: Means::Always(kind) }
}

const fn stop(codes: &'static [i64], hint: &'static str) -> Row {
    always(codes, FaultKind::Stop { hint })
}

const THROTTLED: FaultKind = FaultKind::Throttled;

static TABLE: &[Row] = &[
    // The URL cannot be read; the resource is unknown; no SDKAppID in the URL.
    stop(
        &[60_002, 60_009, 60_012],
        "check that `endpoint` and the proxies before it pass path and query unchanged",
    ),
    // The body cannot be read; an account in it is not text.
    always(&[60_003, 60_015], FaultKind::Refuse),
    stop(&[60_004, 60_005], "check `identifier` and `secret_key`"),
    stop(&[60_006], "check `sdk_app_id`: Tencent says it is not valid"),
    // Calls too frequent; the app's calls too frequent; "too frequent, try later", twice.
    always(&[60_007, 60_011, 60_018, 60_019], THROTTLED),
    // Time-out; Tencent could not read its own answer; account swap timed out.
    always(&[60_008, 60_013, 60_014], FaultKind::Retry),
    stop(&[60_010], "make `identifier` an App administrator in the console"),
    stop(&[60_016, 60_017], "enable the app in the console: Tencent has disabled it or its calls"),
    stop(&[60_020], "renew the app's plan: it counts 5 minutes after the purchase"),
    stop(&[60_021], "add the address that calls come from to the app's list of allowed ones"),
    // The UserSig has expired.
    always(&[70_001], FaultKind::SignAgain),
    stop(
        &[70_003],
        "check that the proxies before `endpoint` pass the query whole: the UserSig cannot be read",
    ),
    stop(&[70_009], "check `secret_key`: it is that of another `sdk_app_id`"),
    stop(&[70_013], "check `identifier`: the UserSig is that of another one"),
    stop(&[70_014], "check `sdk_app_id`: the UserSig is that of another one"),
    stop(
        &[70_016, 70_020],
        "check `region` and `sdk_app_id`: this data centre does not know the app",
    ),
    stop(&[70_050], "correct `secret_key`, then wait a minute: too many UserSigs have failed"),
    stop(&[70_051], "choose another `identifier`: Tencent has blocked this one"),
    // An account unknown to the app. A member's at least as likely as the caller's, so the
    // member is looked for.
    always(&[70_107], FaultKind::Refuse),
    // Internal error.
    always(&[100_001], FaultKind::Retry),
    // Invalid parameter.
    always(&[100_002], FaultKind::Refuse),
    Row { codes: &[100_004], means: Means::NoRoom },
    // Not a member; no permission, as over the owner of a room; wrong type of room.
    always(&[100_005, 100_006, 100_015], FaultKind::Refuse),
    stop(&[100_007], "buy a package with the live SDK for this app"),
    always(&[100_012], THROTTLED),
    // A limit of the package.
    always(&[100_013], FaultKind::Quota),
    Row { codes: &[100_016], means: Means::Banned },
    // Room ids taken, room full, tags, muted, passwords, administrators: of other calls.
    always(&[100_003, 100_008, 100_009, 100_010, 100_011], FaultKind::Refuse),
    always(&[100_017, 100_018, 100_019, 100_020], FaultKind::Refuse),
];

#[cfg(test)]
mod tests {
    use super::{Means, TABLE, kind};
    use crate::domain::{Deny, Id, Kind, Until};
    use crate::provider::{Call, Cursor, FaultKind, Item, Verb};

    fn call(verb: Verb, members: usize) -> Call {
        Call {
            verb,
            kind: Kind::User,
            room: Some(Id::new("r")),
            deny: Deny::JOIN,
            reason: None,
            until: Until::Never,
            items: vec![Item { id: Id::new("u"), rule: None }; members],
            cursor: Cursor::START,
        }
    }

    /// The kind, without its hint.
    fn name(kind: Option<&FaultKind>) -> &'static str {
        kind.map_or("unknown", FaultKind::name)
    }

    /// Every documented code that means the same for every call.
    const DOCUMENTED: &[(i64, &str)] = &[
        (60_002, "stop"),
        (60_003, "refuse"),
        (60_004, "stop"),
        (60_005, "stop"),
        (60_006, "stop"),
        (60_007, "throttled"),
        (60_008, "retry"),
        (60_009, "stop"),
        (60_010, "stop"),
        (60_011, "throttled"),
        (60_012, "stop"),
        (60_013, "retry"),
        (60_014, "retry"),
        (60_015, "refuse"),
        (60_016, "stop"),
        (60_017, "stop"),
        (60_018, "throttled"),
        (60_019, "throttled"),
        (60_020, "stop"),
        (60_021, "stop"),
        (70_001, "sign again"),
        (70_003, "stop"),
        (70_009, "stop"),
        (70_013, "stop"),
        (70_014, "stop"),
        (70_016, "stop"),
        (70_020, "stop"),
        (70_050, "stop"),
        (70_051, "stop"),
        (70_107, "refuse"),
        (100_001, "retry"),
        (100_002, "refuse"),
        (100_003, "refuse"),
        (100_005, "refuse"),
        (100_006, "refuse"),
        (100_007, "stop"),
        (100_008, "refuse"),
        (100_009, "refuse"),
        (100_010, "refuse"),
        (100_011, "refuse"),
        (100_012, "throttled"),
        (100_013, "quota"),
        (100_015, "refuse"),
        (100_017, "refuse"),
        (100_018, "refuse"),
        (100_019, "refuse"),
        (100_020, "refuse"),
        (60_001, "unknown"),
        (100_100, "unknown"),
        (100_200, "unknown"),
        (100_400, "unknown"),
    ];

    #[test]
    fn every_documented_code_has_its_class() {
        for verb in [Verb::Impose, Verb::Renew, Verb::Lift, Verb::List] {
            for (code, expected) in DOCUMENTED {
                assert_eq!(name(kind(&call(verb, 1), *code).as_ref()), *expected, "{code}");
            }
        }
    }

    #[test]
    fn a_missing_room_is_waited_for_by_bans_and_settles_lifts_and_lists() {
        for (verb, expected) in [
            (Verb::Impose, FaultKind::WaitForRoom),
            (Verb::Renew, FaultKind::WaitForRoom),
            (Verb::Lift, FaultKind::AlreadySo),
            (Verb::List, FaultKind::AlreadySo),
        ] {
            assert_eq!(kind(&call(verb, 2), 100_004), Some(expected), "{verb:?}");
        }
    }

    #[test]
    fn a_member_banned_already_settles_a_ban_of_that_member_only() {
        assert_eq!(kind(&call(Verb::Impose, 1), 100_016), Some(FaultKind::AlreadySo));
        assert_eq!(kind(&call(Verb::Impose, 2), 100_016), Some(FaultKind::Refuse));
        assert_eq!(kind(&call(Verb::Lift, 1), 100_016), Some(FaultKind::Refuse));
    }

    #[test]
    fn the_table_names_each_code_once_and_nothing_undocumented() {
        let mut codes: Vec<i64> = TABLE.iter().flat_map(|row| row.codes).copied().collect();
        codes.sort_unstable();
        let listed = codes.len();
        codes.dedup();
        assert_eq!(codes.len(), listed);
        for row in TABLE.iter().filter(|row| matches!(row.means, Means::Always(_))) {
            for code in row.codes {
                assert!(DOCUMENTED.iter().any(|(documented, _)| documented == code), "{code}");
            }
        }
    }
}
