//! What each provider says, in its own words, to a call it does not carry out.

use ostracon::provider::Method;
use ostracon::sandbox::{Incoming, InjectedFault};

/// What is said.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Word {
    /// No, whatever may come.
    Refused,
    /// Not yet.
    Waiting,
    /// The room can hold no more.
    Full,
    /// Nothing this app asks for is done.
    Stopped,
}

/// What the provider that gets this call says; `None` where it has no such words.
pub(super) fn say(it: &Incoming, word: Word) -> Option<InjectedFault> {
    let words = if it.path.contains("kicking-rule") {
        AGORA
    } else if it.path.contains("live_engine") {
        TENCENT
    } else if it.query.contains("Action=UpdateActivityUserBanStatus") {
        VOLCENGINE
    } else if it.query.contains("RTCStreams") {
        STREAMS
    } else {
        KICKS
    };
    let (_, status, body) = words.iter().find(|(known, ..)| *known == word)?;
    Some(InjectedFault::Say { status: *status, body })
}

/// Whether a call changes something.
pub(super) fn is_write(it: &Incoming) -> bool {
    let reads = it.path.ends_with("get_banned_member_list")
        || it.query.contains("Action=GetActivityBanUsers")
        || (it.method == Method::Get && it.path.contains("kicking-rule"));
    !reads
}

type Words = &'static [(Word, u16, &'static str)];

const TENCENT: Words = &[
    (
        Word::Refused,
        200,
        r#"{"ActionStatus":"FAIL","ErrorCode":100006,"ErrorInfo":"no permission"}"#,
    ),
    (
        Word::Waiting,
        200,
        r#"{"ActionStatus":"FAIL","ErrorCode":100004,"ErrorInfo":"room not exist"}"#,
    ),
    (Word::Full, 200, r#"{"ActionStatus":"FAIL","ErrorCode":100013,"ErrorInfo":"paid limit"}"#),
    (
        Word::Stopped,
        200,
        r#"{"ActionStatus":"FAIL","ErrorCode":60010,"ErrorInfo":"not an administrator"}"#,
    ),
];

const VOLCENGINE: Words = &[
    (
        Word::Refused,
        400,
        r#"{"ResponseMetadata":{"RequestId":"x","Error":{"Code":"InvalidParameter","Message":"no"}}}"#,
    ),
    (
        Word::Waiting,
        400,
        r#"{"ResponseMetadata":{"RequestId":"x","Error":{"Code":"InvalidParameter.UserIdNotRegistered","Message":"UserId 2 is not registered in the activity"}}}"#,
    ),
    (
        Word::Full,
        400,
        r#"{"ResponseMetadata":{"RequestId":"x","Error":{"Code":"QuotaExceeded.UserIdOverLimit","Message":"full"}}}"#,
    ),
    (
        Word::Stopped,
        403,
        r#"{"ResponseMetadata":{"RequestId":"x","Error":{"Code":"AccessDenied","Message":"no"}}}"#,
    ),
];

const STREAMS: Words = &[
    (Word::Refused, 200, r#"{"Code":30009,"Message":"naming rules","RequestId":"x"}"#),
    (Word::Stopped, 200, r#"{"Code":100000009,"Message":"no signature","RequestId":"x"}"#),
];

const KICKS: Words = &[
    (Word::Refused, 200, r#"{"Code":3,"Message":"too long","RequestId":"x"}"#),
    (Word::Stopped, 200, r#"{"Code":100000009,"Message":"no signature","RequestId":"x"}"#),
];

const AGORA: Words = &[
    (Word::Refused, 400, r#"{"status":"failed","message":"no"}"#),
    (Word::Stopped, 401, r#"{"message":"Invalid authentication credentials"}"#),
];
