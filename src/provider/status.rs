//! HTTP statuses, and what they add to a provider's own codes.

use super::{Fault, FaultKind, Response};

/// The fault of an answer without the provider's own code; `denied` is the hint for 401 and 403.
///
/// Its message quotes nothing of the body: the error page of a proxy may repeat a signed URL.
pub(super) fn fault(response: &Response, denied: &'static str) -> Fault {
    let message = if is_success(response) {
        "the answer is not what the provider documents"
    } else {
        "the provider answered with an HTTP status only"
    };
    Fault {
        kind: kind(response, denied),
        code: format!("HTTP {}", response.status),
        has_own_code: false,
        message: message.to_owned(),
        request_id: response.request_id.clone(),
        culprit: None,
        after: response.pause(),
    }
}

/// What to do about an answer with the provider's own code: `known` by the provider's table if
/// the code is in it, else by the status; an unknown code under a success is a refusal.
pub(super) fn weigh(
    known: Option<FaultKind>,
    response: &Response,
    denied: &'static str,
) -> FaultKind {
    match known {
        Some(kind) => kind,
        None if is_success(response) => FaultKind::Refuse,
        None => kind(response, denied),
    }
}

/// What to do about an answer by its status alone.
fn kind(response: &Response, denied: &'static str) -> FaultKind {
    match response.status {
        // Garbage under a success: the call may well have taken effect.
        200..=299 | 500.. => FaultKind::Retry,
        300..=399 => FaultKind::Stop {
            hint: "the endpoint redirects, and redirects are not followed: check `endpoint`",
        },
        401 | 403 => FaultKind::Stop { hint: denied },
        429 => FaultKind::Throttled,
        _ => FaultKind::Refuse,
    }
}

/// Whether the status is one of success.
pub(super) fn is_success(response: &Response) -> bool {
    (200..=299).contains(&response.status)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn response(status: u16) -> Response {
        let retry_after = Some(Duration::from_secs(7));
        let request_id = Some("r-1".to_owned());
        Response { status, date: None, retry_after, request_id, body: b"usersig=secret".to_vec() }
    }

    #[test]
    fn a_bare_status_says_what_to_do() {
        let stop = FaultKind::Stop { hint: "check the key" };
        for (status, kind) in [
            (200, FaultKind::Retry),
            (400, FaultKind::Refuse),
            (401, stop.clone()),
            (403, stop),
            (404, FaultKind::Refuse),
            (429, FaultKind::Throttled),
            (500, FaultKind::Retry),
            (504, FaultKind::Retry),
        ] {
            assert_eq!(fault(&response(status), "check the key").kind, kind, "{status}");
        }
        assert!(matches!(kind(&response(302), ""), FaultKind::Stop { .. }));
    }

    #[test]
    fn a_known_code_is_believed_over_the_status_and_an_unknown_one_is_not() {
        for (known, status, kind) in [
            (Some(FaultKind::Refuse), 500, FaultKind::Refuse),
            (Some(FaultKind::Throttled), 200, FaultKind::Throttled),
            (None, 200, FaultKind::Refuse),
            (None, 400, FaultKind::Refuse),
            (None, 429, FaultKind::Throttled),
            (None, 503, FaultKind::Retry),
        ] {
            assert_eq!(weigh(known, &response(status), ""), kind, "{status}");
        }
    }

    #[test]
    fn the_fault_of_a_bare_status_repeats_nothing_of_the_body() {
        let fault = fault(&response(502), "");
        assert_eq!(fault.code, "HTTP 502");
        assert_eq!(fault.request_id.as_deref(), Some("r-1"));
        assert!(!fault.message.contains("secret"));
        assert_eq!(fault.after, 7, "whatever its kind");
    }
}
