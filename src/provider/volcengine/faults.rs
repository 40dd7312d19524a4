//! What each documented code means, in one table.
//!
//! Sources: the pages of both calls, the error codes of livesaas and the public error codes of the
//! gateway. Codes are told by their text, not by the HTTP status: throttling comes as 429, 400 or
//! 200, and some errors of the caller wear a 500.

use crate::domain::Id;
use crate::provider::{Call, Fault, FaultKind, Response, Verb, status};

/// The fault that the provider's own code and message say.
pub(super) fn fault(call: &Call, code: &str, message: &str, response: &Response) -> Fault {
    let culprit = if code == NOT_REGISTERED { named_item(call, message) } else { None };
    Fault {
        kind: classify(call, code, response),
        code: code.to_owned(),
        has_own_code: true,
        message: message.to_owned(),
        request_id: response.request_id.clone(),
        culprit,
        after: response.pause(),
    }
}

/// What to do about an answer that denies access without a code that says why.
pub(super) const DENIED: &str =
    "check the target's access key, what it may do, and the target's `endpoint`";

const CREDENTIALS: &str = "check `access_key_id` and `secret_access_key` of the target";
const PERMISSION: &str = "let the owner of the access key edit live control (直播控制) in livesaas \
                          and see the activity";
const FEATURE: &str = "bans by API need the custom edition (定制版) of livesaas";
const ENDPOINT: &str = "check the target's `endpoint`: what answers there does not know the call";

const NOT_REGISTERED: &str = "InvalidParameter.UserIdNotRegistered";

struct Row {
    code: Code,
    asked: Asked,
    kind: FaultKind,
}

/// Which codes a row is about.
enum Code {
    Is(&'static str),
    StartsWith(&'static str),
    Contains(&'static str),
}

/// Which calls a row is about.
#[derive(Clone, Copy)]
enum Asked {
    Anything,
    ToImpose,
    ToLift,
    ToLiftOne,
    ToLiftOrList,
}

use Asked::{Anything, ToImpose, ToLift, ToLiftOne, ToLiftOrList};
use Code::{Contains, Is, StartsWith};

/// The first row that fits says what to do.
static TABLE: [Row; 43] = [
    // Throttling, by account or by call, under whatever status (RequestLimitExceeded, Throttling,
    // FlowLimitExceeded, AccountFlowLimitExceeded).
    row(Contains("FlowLimit"), Anything, THROTTLED),
    row(Contains("RequestLimitExceeded"), Anything, THROTTLED),
    row(Contains("Throttl"), Anything, THROTTLED),
    row(Is("InvalidTimestamp"), Anything, FaultKind::SignAgain),
    // Raised only if all subjects of the call are so already; users and devices never share one.
    row(Is("InvalidParameter.UserIdBanned"), ToImpose, FaultKind::AlreadySo),
    row(Is("InvalidParameter.CookieBanned"), ToImpose, FaultKind::AlreadySo),
    row(Is("InvalidParameter.UserIdUnbanned"), ToLift, FaultKind::AlreadySo),
    row(Is("InvalidParameter.CookieUnbanned"), ToLift, FaultKind::AlreadySo),
    // Somebody who never entered cannot be banned yet, and holds no ban. Whether the others of a
    // batch were lifted is not documented, so a batch is not taken for done: it is refused with
    // the culprit named, and once the culprit goes alone, its lift is done.
    row(Is(NOT_REGISTERED), ToImpose, FaultKind::Wait),
    row(Is(NOT_REGISTERED), ToLiftOne, FaultKind::AlreadySo),
    row(Is(NOT_REGISTERED), Anything, FaultKind::Refuse),
    // An activity that is gone holds no ban.
    row(Is("InvalidParameter.ActivityNotExist"), ToLiftOrList, FaultKind::AlreadySo),
    row(Is("InvalidParameter.ActivityNotExist"), Anything, FaultKind::RefuseRoom),
    row(Is("InvalidParameter.ActivityHasBeenDeleted"), ToLiftOrList, FaultKind::AlreadySo),
    row(Is("InvalidParameter.ActivityHasBeenDeleted"), Anything, FaultKind::RefuseRoom),
    row(Is("InvalidParameter.ActivityIdInvalid"), Anything, FaultKind::RefuseRoom),
    row(Is("InvalidParameter.ArrayOverLimit"), Anything, FaultKind::Refuse),
    // Also `InvalidParameter.%sInvalid`, which comes with a 500 and is the caller's error still.
    row(StartsWith("InvalidParameter"), Anything, FaultKind::Refuse),
    row(StartsWith("MissingParameter"), Anything, FaultKind::Refuse),
    row(StartsWith("QuotaExceeded."), Anything, FaultKind::Quota),
    row(Is("OperationDenied.FeatureAccess"), Anything, stop(FEATURE)),
    // The key may see other activities: one that is hidden from it must not hold up the rest.
    row(Is("OperationDenied.ActivityModuleWithoutPermission"), Anything, FaultKind::RefuseRoom),
    row(StartsWith("OperationDenied"), Anything, stop(PERMISSION)),
    row(Is("AccessDenied"), Anything, stop(PERMISSION)),
    row(Is("LackPolicy"), Anything, stop(PERMISSION)),
    row(Is("LackProjectPolicy"), Anything, stop(PERMISSION)),
    row(Is("InvalidAccessKey"), Anything, stop(CREDENTIALS)),
    row(Is("InvalidClientTokenId"), Anything, stop(CREDENTIALS)),
    row(Is("InvalidAuthorization"), Anything, stop(CREDENTIALS)),
    row(Is("InvalidCredential"), Anything, stop(CREDENTIALS)),
    row(Is("InvalidSecretToken"), Anything, stop(CREDENTIALS)),
    row(Is("MissingAuthenticationToken"), Anything, stop(CREDENTIALS)),
    row(Is("MissingSignature"), Anything, stop(CREDENTIALS)),
    row(Is("SignatureDoesNotMatch"), Anything, stop(CREDENTIALS)),
    row(Is("InvalidActionOrVersion"), Anything, stop(ENDPOINT)),
    row(Is("MethodNotAllowed"), Anything, stop(ENDPOINT)),
    row(Is("MissingRequestInfo"), Anything, stop(ENDPOINT)),
    row(Is("ServiceNotFound"), Anything, stop(ENDPOINT)),
    row(Is("FailToConnect"), Anything, FaultKind::Retry),
    row(StartsWith("InternalError"), Anything, FaultKind::Retry),
    row(StartsWith("InternalServiceError"), Anything, FaultKind::Retry),
    row(StartsWith("ServiceUnavailable"), Anything, FaultKind::Retry),
    row(Contains("Timeout"), Anything, FaultKind::Retry),
];

const THROTTLED: FaultKind = FaultKind::Throttled;

const fn stop(hint: &'static str) -> FaultKind {
    FaultKind::Stop { hint }
}

const fn row(code: Code, asked: Asked, kind: FaultKind) -> Row {
    Row { code, asked, kind }
}

fn classify(call: &Call, code: &str, response: &Response) -> FaultKind {
    let row = TABLE.iter().find(|row| row.code.fits(code) && row.asked.fits(call));
    status::weigh(row.map(|row| row.kind.clone()), response, DENIED)
}

impl Code {
    fn fits(&self, code: &str) -> bool {
        match self {
            Self::Is(text) => code == *text,
            Self::StartsWith(text) => code.starts_with(text),
            Self::Contains(text) => code.contains(text),
        }
    }
}

impl Asked {
    fn fits(self, call: &Call) -> bool {
        match (self, call.verb) {
            (Self::Anything, _)
            | (Self::ToImpose, Verb::Impose | Verb::Renew)
            | (Self::ToLift, Verb::Lift)
            | (Self::ToLiftOrList, Verb::Lift | Verb::List) => true,
            (Self::ToLiftOne, Verb::Lift) => call.items.len() == 1,
            (Self::ToImpose, Verb::Lift | Verb::List)
            | (Self::ToLift | Self::ToLiftOne, Verb::Impose | Verb::Renew | Verb::List)
            | (Self::ToLiftOrList, Verb::Impose | Verb::Renew) => false,
        }
    }
}

/// The subject of the call that a message like `UserId 42 is not registered …` names.
fn named_item(call: &Call, message: &str) -> Option<Id> {
    message.split(|char: char| !char.is_ascii_digit()).find_map(|number| {
        call.items.iter().find(|item| item.id.as_str() == number).map(|item| item.id.clone())
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::domain::{Deny, Kind, Until};
    use crate::provider::{Cursor, Item};

    const LIST: Verb = Verb::List;

    fn call(verb: Verb, ids: &[&str]) -> Call {
        let items = ids.iter().map(|id| Item { id: Id::new(*id), rule: None }).collect();
        let (kind, room) = (Kind::User, Some(Id::new("1")));
        Call {
            verb,
            kind,
            room,
            deny: Deny::JOIN,
            reason: None,
            until: Until::Never,
            items,
            cursor: Cursor::START,
        }
    }

    fn answer(status: u16) -> Response {
        let retry_after = Some(Duration::from_secs(3));
        Response { status, date: None, retry_after, request_id: None, body: Vec::new() }
    }

    fn kind(verb: Verb, status: u16, code: &str) -> FaultKind {
        fault(&call(verb, &["41", "42"]), code, "", &answer(status)).kind
    }

    #[test]
    fn every_documented_code_says_what_to_do_whatever_was_asked() {
        let codes = [
            (400, "MissingParameter", FaultKind::Refuse),
            (401, "MissingAuthenticationToken", stop(CREDENTIALS)),
            (400, "MissingRequestInfo", stop(ENDPOINT)),
            (401, "MissingSignature", stop(CREDENTIALS)),
            (400, "InvalidTimestamp", FaultKind::SignAgain),
            (403, "InvalidTimestamp", FaultKind::SignAgain),
            (404, "ServiceNotFound", stop(ENDPOINT)),
            (404, "InvalidActionOrVersion", stop(ENDPOINT)),
            (405, "MethodNotAllowed", stop(ENDPOINT)),
            (401, "InvalidAccessKey", stop(CREDENTIALS)),
            (401, "InvalidClientTokenId", stop(CREDENTIALS)),
            (401, "SignatureDoesNotMatch", stop(CREDENTIALS)),
            (400, "InvalidAuthorization", stop(CREDENTIALS)),
            (400, "InvalidCredential", stop(CREDENTIALS)),
            (401, "InvalidSecretToken", stop(CREDENTIALS)),
            (403, "LackPolicy", stop(PERMISSION)),
            (401, "LackProjectPolicy", stop(PERMISSION)),
            (403, "LackProjectPolicy", stop(PERMISSION)),
            (403, "AccessDenied", stop(PERMISSION)),
            (403, "OperationDenied.FeatureAccess", stop(FEATURE)),
            (409, "OperationDenied.ActivityModuleWithoutPermission", FaultKind::RefuseRoom),
            (500, "OperationDenied.Whatever", stop(PERMISSION)),
            (500, "InternalError", FaultKind::Retry),
            (502, "InternalServiceError", FaultKind::Retry),
            (502, "FailToConnect", FaultKind::Retry),
            (503, "ServiceUnavailableTemp", FaultKind::Retry),
            (504, "InternalServiceTimeout", FaultKind::Retry),
            (200, "InternalError", FaultKind::Retry),
            (429, "FlowLimitExceeded", FaultKind::Throttled),
            (429, "AccountFlowLimitExceeded", FaultKind::Throttled),
            (400, "AccountFlowLimitExceeded", FaultKind::Throttled),
            (200, "AccountFlowLimitExceeded", FaultKind::Throttled),
            (429, "RequestLimitExceeded", FaultKind::Throttled),
            (400, "Throttling.User", FaultKind::Throttled),
            (400, "InvalidParameter.ArrayOverLimit", FaultKind::Refuse),
            (400, "InvalidParameter.ActivityIdInvalid", FaultKind::RefuseRoom),
            (500, "InvalidParameter.BanStatusInvalid", FaultKind::Refuse),
            (500, "InvalidParameter.TimeoutInvalid", FaultKind::Refuse),
            (400, "QuotaExceeded.UserIdOverLimit", FaultKind::Quota),
            (400, "QuotaExceeded.CookieOverLimit", FaultKind::Quota),
        ];
        for (status, code, expected) in codes {
            for verb in [Verb::Impose, Verb::Renew, Verb::Lift, LIST] {
                assert_eq!(kind(verb, status, code), expected, "{status} {code} {verb:?}");
            }
        }
    }

    #[test]
    fn what_is_so_already_depends_on_what_was_asked() {
        for (code, imposing, lifting, listing) in [
            ("UserIdBanned", FaultKind::AlreadySo, FaultKind::Refuse, FaultKind::Refuse),
            ("CookieBanned", FaultKind::AlreadySo, FaultKind::Refuse, FaultKind::Refuse),
            ("UserIdUnbanned", FaultKind::Refuse, FaultKind::AlreadySo, FaultKind::Refuse),
            ("CookieUnbanned", FaultKind::Refuse, FaultKind::AlreadySo, FaultKind::Refuse),
            ("UserIdNotRegistered", FaultKind::Wait, FaultKind::Refuse, FaultKind::Refuse),
            ("ActivityNotExist", FaultKind::RefuseRoom, FaultKind::AlreadySo, FaultKind::AlreadySo),
            (
                "ActivityHasBeenDeleted",
                FaultKind::RefuseRoom,
                FaultKind::AlreadySo,
                FaultKind::AlreadySo,
            ),
        ] {
            let code = format!("InvalidParameter.{code}");
            let classes = [Verb::Impose, Verb::Lift, LIST].map(|verb| kind(verb, 400, &code));
            assert_eq!(classes, [imposing, lifting, listing], "{code}");
        }
    }

    #[test]
    fn somebody_who_never_entered_is_named_and_alone_needs_no_lift() {
        let message = "UserId 42 is not registered in the activity.";
        let said = |verb, ids: &[&str], message| {
            let fault = fault(&call(verb, ids), NOT_REGISTERED, message, &answer(400));
            (fault.kind, fault.culprit.map(|id| id.to_string()))
        };
        let culprit = || Some("42".to_owned());
        assert_eq!(said(Verb::Impose, &["4", "42"], message), (FaultKind::Wait, culprit()));
        assert_eq!(said(Verb::Lift, &["4", "42"], message), (FaultKind::Refuse, culprit()));
        assert_eq!(said(Verb::Lift, &["42"], message), (FaultKind::AlreadySo, culprit()));
        assert_eq!(said(Verb::Impose, &["4", "2"], message), (FaultKind::Wait, None));
        let masked = "UserId xxx is not registered in the activity.";
        assert_eq!(said(Verb::Lift, &["4", "42"], masked), (FaultKind::Refuse, None));
        assert_eq!(said(Verb::Lift, &["42"], masked), (FaultKind::AlreadySo, None));
    }

    #[test]
    fn an_unknown_code_is_told_by_its_status_and_never_by_a_success() {
        for (status, expected) in [
            (200, FaultKind::Refuse),
            (400, FaultKind::Refuse),
            (401, stop(DENIED)),
            (429, FaultKind::Throttled),
            (503, FaultKind::Retry),
        ] {
            assert_eq!(kind(Verb::Impose, status, "Novel.Code"), expected, "{status}");
        }
    }
}
