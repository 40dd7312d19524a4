//! What each documented status means, in one table.
//!
//! Sources: the page of response status codes and those of the four methods. There are no error
//! codes beside the HTTP status, only messages, of which one is documented (`invalid appid`).

use crate::provider::{Call, Fault, FaultKind, Response, Verb, status};

/// The fault of an answer whose body says this, if it says anything.
pub(super) fn fault(call: &Call, response: &Response, message: Option<&str>) -> Fault {
    let bare = status::fault(response, DENIED);
    Fault {
        kind: classify(call, response, message.unwrap_or_default()),
        message: message.map_or(bare.message, str::to_owned),
        ..bare
    }
}

const DENIED: &str = "check `customer_id`, `customer_secret` and `app_id` of the target";
const FORBIDDEN: &str = "Agora does not authorise the account for this call: ask its support";
const APP: &str = "check `app_id` of the target";
const URL: &str = "check the target's `endpoint`: there is no such call";

struct Row {
    status: &'static [u16],
    /// Lower-case phrases of which the message holds one; none where the message does not matter.
    says: &'static [&'static str],
    asked: Asked,
    kind: FaultKind,
}

/// Which calls a row is about.
#[derive(Clone, Copy)]
enum Asked {
    Anything,
    ToRenew,
    ToLift,
}

use Asked::{Anything, ToLift, ToRenew};

/// How a message may say that a rule is gone; its words are not documented.
const MISSING: &[&str] = &["not exist", "not found", "no such", "invalid id", "invalid rule"];

/// How a message speaks of the app rather than of a rule. From such a one it must never be
/// concluded that a rule is gone.
const OF_THE_APP: &[&str] = &["appid", "app id", "app_id", "application", "project"];

/// The first row that fits says what to do. A 200 gets here if its body denies success.
static TABLE: [Row; 14] = [
    row(&[400], &["invalid appid", "invalid app id"], Anything, FaultKind::Stop { hint: APP }),
    row(&[200, 400], OF_THE_APP, Anything, FaultKind::Refuse),
    row(&[200, 400], MISSING, ToRenew, FaultKind::RuleGone),
    row(&[200, 400], MISSING, ToLift, FaultKind::AlreadySo),
    row(&[200, 400], &[], Anything, FaultKind::Refuse),
    row(&[401], &[], Anything, FaultKind::Stop { hint: DENIED }),
    row(&[403], &[], Anything, FaultKind::Stop { hint: FORBIDDEN }),
    row(&[404], OF_THE_APP, Anything, FaultKind::Stop { hint: APP }),
    row(&[404], &[], ToRenew, FaultKind::RuleGone),
    row(&[404], &[], ToLift, FaultKind::AlreadySo),
    row(&[404], &[], Anything, FaultKind::Stop { hint: URL }),
    row(&[415], &[], Anything, FaultKind::Refuse),
    row(&[429], &[], Anything, FaultKind::Throttled),
    row(&[500, 504], &[], Anything, FaultKind::Retry),
];

const fn row(
    status: &'static [u16],
    says: &'static [&'static str],
    asked: Asked,
    kind: FaultKind,
) -> Row {
    Row { status, says, asked, kind }
}

fn classify(call: &Call, response: &Response, message: &str) -> FaultKind {
    let message = message.to_lowercase();
    let fits = |row: &&Row| {
        row.status.contains(&response.status)
            && (row.says.is_empty() || row.says.iter().any(|phrase| message.contains(phrase)))
            && row.asked.fits(call.verb)
    };
    let row = TABLE.iter().find(fits);
    status::weigh(row.map(|row| row.kind.clone()), response, DENIED)
}

impl Asked {
    fn fits(self, verb: Verb) -> bool {
        match self {
            Self::Anything => true,
            Self::ToRenew => verb == Verb::Renew,
            Self::ToLift => verb == Verb::Lift,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::domain::{Deny, Kind, Until};
    use crate::provider::Cursor;

    const LIST: Verb = Verb::List;

    fn kind(verb: Verb, status: u16, message: Option<&str>) -> FaultKind {
        let (kind, deny, until) = (Kind::User, Deny::JOIN, Until::Never);
        let call = Call {
            verb,
            kind,
            room: None,
            deny,
            reason: None,
            until,
            items: Vec::new(),
            cursor: Cursor::START,
        };
        let retry_after = Some(Duration::from_secs(3));
        let body = Vec::new();
        let response = Response { status, date: None, retry_after, request_id: None, body };
        fault(&call, &response, message).kind
    }

    fn stop(hint: &'static str) -> FaultKind {
        FaultKind::Stop { hint }
    }

    #[test]
    fn every_documented_status_says_what_to_do_whatever_was_asked() {
        for (status, message, expected) in [
            (200, None, FaultKind::Refuse),
            (200, Some("bad luck"), FaultKind::Refuse),
            (400, None, FaultKind::Refuse),
            (400, Some("invalid appid"), stop(APP)),
            (400, Some("App ID does not exist"), FaultKind::Refuse),
            (401, Some("Invalid authentication credentials"), stop(DENIED)),
            (403, None, stop(FORBIDDEN)),
            (404, Some("no such project"), stop(APP)),
            (415, None, FaultKind::Refuse),
            (422, None, FaultKind::Refuse),
            (429, None, FaultKind::Throttled),
            (500, Some("rule not found"), FaultKind::Retry),
            (502, None, FaultKind::Retry),
            (504, None, FaultKind::Retry),
        ] {
            for verb in [Verb::Impose, Verb::Renew, Verb::Lift, LIST] {
                assert_eq!(kind(verb, status, message), expected, "{status} {verb:?}");
            }
        }
    }

    #[test]
    fn a_rule_that_is_gone_is_made_again_or_needs_no_lift() {
        for (status, message) in [
            (404, None),
            (404, Some("nothing here")),
            (400, Some("Rule does NOT EXIST")),
            (400, Some("rule not found")),
            (400, Some("no such rule")),
            (200, Some("rule 1953 not found")),
        ] {
            assert_eq!(kind(Verb::Renew, status, message), FaultKind::RuleGone, "{message:?}");
            assert_eq!(kind(Verb::Lift, status, message), FaultKind::AlreadySo, "{message:?}");
            let otherwise = if status == 404 { stop(URL) } else { FaultKind::Refuse };
            assert_eq!(kind(Verb::Impose, status, message), otherwise, "{message:?}");
            assert_eq!(kind(LIST, status, message), otherwise, "{message:?}");
        }
    }

    #[test]
    fn a_fault_says_the_providers_message_or_that_there_is_none() {
        let call = Call {
            verb: LIST,
            kind: Kind::User,
            room: None,
            deny: Deny::JOIN,
            reason: None,
            until: Until::Never,
            items: Vec::new(),
            cursor: Cursor::START,
        };
        let request_id = Some("x-1".to_owned());
        let response =
            Response { status: 403, date: None, retry_after: None, request_id, body: Vec::new() };
        let said = fault(&call, &response, Some("no"));
        assert_eq!((&*said.code, &*said.message), ("HTTP 403", "no"));
        assert_eq!(said.request_id.as_deref(), Some("x-1"));
        let bare = fault(&call, &response, None);
        assert_eq!(bare.message, "the provider answered with an HTTP status only");
    }
}
