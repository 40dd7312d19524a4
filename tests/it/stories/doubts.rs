//! Stories about calls that took effect unseen, and what came afterwards.
//!
//! Crossed: what was to be done, by which form, what its repeat met, and whether the policy still
//! wants it when the next run goes well.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::SignedDuration;
use ostracon::exit::Exit;
use ostracon::provider::Method;
use ostracon::sandbox::{Fate, Incoming};

use super::{Story, hours};

/// One form and its codes.
struct Form {
    /// Whose calls these are, and the head of an entry.
    entry: &'static str,
    is_write: fn(&Incoming) -> bool,
    /// Its own words for: refused, not yet, not allowed at all.
    says: [(u16, &'static str); 3],
    /// Whether an `until` that changes asks for a call.
    amends: bool,
}

const TENCENT: Form = Form {
    entry: "target: t, room: r, users: [u1, u2, u3]",
    is_write: |it| it.path.ends_with("ban_member"),
    says: [
        (200, r#"{"ActionStatus":"FAIL","ErrorCode":100006,"ErrorInfo":"no permission"}"#),
        (200, r#"{"ActionStatus":"FAIL","ErrorCode":100004,"ErrorInfo":"room not exist"}"#),
        (200, r#"{"ActionStatus":"FAIL","ErrorCode":60010,"ErrorInfo":"not an administrator"}"#),
    ],
    amends: true,
};

const VOLCENGINE: Form = Form {
    entry: "target: v, room: 1, users: [1, 2, 3]",
    is_write: |it| it.query.contains("UpdateActivityUserBanStatus"),
    says: [
        (
            400,
            r#"{"ResponseMetadata":{"RequestId":"x","Error":{"Code":"InvalidParameter","Message":"no"}}}"#,
        ),
        (
            400,
            r#"{"ResponseMetadata":{"RequestId":"x","Error":{"Code":"InvalidParameter.UserIdNotFound","Message":"userId 2 not found"}}}"#,
        ),
        (
            403,
            r#"{"ResponseMetadata":{"RequestId":"x","Error":{"Code":"AccessDenied","Message":"no"}}}"#,
        ),
    ],
    amends: false,
};

const STREAMS: Form = Form {
    entry: "target: z, streams: [s1, s2, s3]",
    is_write: |it| it.query.contains("RTCStreams"),
    says: [
        (200, r#"{"Code":40001,"Message":"parameter","RequestId":"x"}"#),
        (200, r#"{"Code":42003,"Message":"failed","RequestId":"x"}"#),
        (200, r#"{"Code":100000009,"Message":"signature","RequestId":"x"}"#),
    ],
    amends: false,
};

const AGORA: Form = Form {
    entry: "target: a, room: c, users: [1, 2]",
    is_write: |it| it.path.contains("kicking-rule") && it.method != Method::Get,
    says: [
        (400, r#"{"status":"failed","message":"no"}"#),
        (400, r#"{"status":"failed","message":"not now"}"#),
        (401, r#"{"message":"Invalid authentication credentials"}"#),
    ],
    amends: true,
};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Doing {
    Imposing,
    Amending,
    Renewing,
    Lifting,
}

/// What the attempts after the first meet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Then {
    Refused,
    Waiting,
    Stopped,
    Throttled,
    Unreachable,
    /// It goes on for too long: the deadline comes.
    Late,
    /// Nothing in particular; the process is killed.
    Killed,
}

const THEN: [Then; 7] = [
    Then::Refused,
    Then::Waiting,
    Then::Stopped,
    Then::Throttled,
    Then::Unreachable,
    Then::Late,
    Then::Killed,
];

/// The numbers of the first rules that are made at Agora's.
const RULES: std::ops::Range<i64> = 1950..1970;

/// An entry, if there is one.
fn policy(form: &Form, until: Option<&str>) -> String {
    let key = if form.entry.contains("streams") { "forbidden_streams" } else { "bans" };
    let list =
        until.map_or(" []".to_owned(), |it| format!("\n  - {{ {}, until: {it} }}", form.entry));
    format!("{key}:{list}\n")
}

/// What the lists say meanwhile: if they could be read and were whole, they would tell.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Lists {
    Fail,
    OmitIt,
}

/// Plays a change whose first call takes effect unseen and whose repeats meet something else;
/// whether that came to pass.
fn play(form: &Form, doing: Doing, then: Then, (lists, stays): (Lists, bool)) -> bool {
    let story = Story::new();
    let guards = "guards: { max_lifts: { percent: 100 }, allow_empty: true }\n";
    story.config(&format!("{}{guards}", crate::workspace::CONFIG));
    let (before, after) = match doing {
        Doing::Imposing => (None, Some("2026-12-20T00:00:00Z")),
        Doing::Amending => (Some("2026-11-20T20:00:00Z"), Some("2026-11-21T06:00:00Z")),
        Doing::Renewing => (Some("never"), Some("never")),
        Doing::Lifting => (Some("2026-12-20T00:00:00Z"), None),
    };
    story.policy(&policy(form, before));
    story.apply().ends(Exit::Done);
    story.advance(if doing == Doing::Renewing { hours(13) } else { hours(1) });
    story.policy(&policy(form, after));
    let [refused, waiting, stopped] = form.says;
    let say = |(status, body)| Fate::Say { status, body };
    let second = match then {
        Then::Refused => say(refused),
        Then::Waiting => say(waiting),
        Then::Stopped => say(stopped),
        Then::Throttled => Fate::Throttle(None),
        Then::Unreachable => Fate::Unreachable,
        Then::Late | Then::Killed => Fate::Status(503),
    };
    let is_write = form.is_write;
    let mut lost = BTreeMap::<String, u32>::new();
    if lists == Lists::OmitIt {
        RULES.for_each(|rule| story.sandbox.set_unlisted_rule(rule));
    }
    // The first call of each kind is lost.
    story.sandbox.set_mischief(move |it: &Incoming| {
        if !is_write(it) {
            let fails = lists == Lists::Fail && !lost.is_empty();
            return if fails { Fate::Unreachable } else { Fate::Answer };
        }
        let seen = lost.entry(format!("{:?}", it.method)).or_default();
        *seen += 1;
        if *seen == 1 { Fate::LateStatus(504) } else { second }
    });
    let run = match then {
        Then::Killed => story.crash_after(Duration::from_secs(1)),
        Then::Late => Some(story.apply_with(&["--deadline", "3s"])),
        _ => Some(story.apply()),
    };
    let came_to_pass = run.as_ref().is_none_or(|run| run.exit != Exit::Done);
    story.calm();
    RULES.for_each(|rule| story.sandbox.set_listed_rule(rule));
    story.advance(SignedDuration::from_secs(70));
    story.policy(&policy(
        form,
        if stays { after } else { before.filter(|_| doing == Doing::Lifting) },
    ));
    let next = story.apply();
    assert_eq!(
        next.exit,
        Exit::Done,
        "{doing:?} {then:?} {stays} {}: {run:#?} {next:#?}",
        form.entry
    );
    assert_eq!(story.held(), story.wanted(), "{doing:?} {then:?} {stays} {}", form.entry);
    story.settled();
    came_to_pass
}

#[test]
fn what_took_effect_unseen_is_never_forgotten_whatever_its_repeat_meets() {
    for (name, form) in
        [("tencent", TENCENT), ("volcengine", VOLCENGINE), ("zego", STREAMS), ("agora", AGORA)]
    {
        for doing in [Doing::Imposing, Doing::Amending, Doing::Renewing, Doing::Lifting] {
            let calls = match doing {
                Doing::Imposing | Doing::Lifting => true,
                Doing::Amending => form.amends,
                Doing::Renewing => name == "agora",
            };
            for then in THEN.into_iter().filter(|_| calls) {
                let mut happened = false;
                for (lists, stays) in [
                    (Lists::Fail, true),
                    (Lists::Fail, false),
                    (Lists::OmitIt, true),
                    (Lists::OmitIt, false),
                ] {
                    happened |= play(&form, doing, then, (lists, stays));
                }
                // Who is told of a lift that its room or user is gone is told that nothing is held.
                let proof = doing == Doing::Lifting && then == Then::Waiting;
                assert!(happened || proof, "{name} {doing:?} {then:?} never came to pass");
            }
        }
    }
}
