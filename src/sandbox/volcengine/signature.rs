//! Volcengine's Signature V4, as a server verifies it.

use jiff::SignedDuration;

use super::{ACCESS_KEY_ID, SECRET_ACCESS_KEY};
use super::{Refusal, gateway, refusal};
use crate::domain::Moment;
use crate::sandbox::Incoming;
use crate::sandbox::digest::{hex, hmac_sha256, sha256_hex};
use crate::sandbox::query::Query;
use crate::sandbox::request_context::RequestContext;
use crate::sandbox::service::names_account;

/// How long a signature lives, either way.
const LIFETIME: SignedDuration = SignedDuration::from_mins(15);

/// What the `Authorization` header says.
pub(super) struct Authorization<'a> {
    access_key_id: &'a str,
    date: &'a str,
    scope: &'a str,
    signed_headers: &'a str,
    signature: &'a str,
}

/// Checks the signature of a request; answers the access key id it was made with.
pub(super) fn check(context: &mut RequestContext<'_>) -> Result<String, Refusal> {
    let (incoming, now) = (context.incoming, context.now);
    let header = incoming.header("authorization");
    let header = header.ok_or_else(|| gateway(401, 100_003, "MissingAuthenticationToken"))?;
    let invalid = || refusal(400, "InvalidAuthorization", "the header cannot be used");
    let authorization = Authorization::read(header).ok_or_else(invalid)?;
    if authorization.scope != format!("{}/cn-north-1/livesaas/request", authorization.date) {
        return Err(refusal(400, "InvalidCredential", "the scope is wrong"));
    }
    if !names_account(authorization.access_key_id, ACCESS_KEY_ID) {
        return Err(gateway(401, 100_009, "InvalidAccessKey"));
    }
    let stamp = incoming.header("x-date");
    let stamp = stamp.ok_or_else(|| gateway(400, 100_004, "MissingRequestInfo"))?;
    let outdated = || gateway(400, 100_006, "InvalidTimestamp");
    let signed_at = read_stamp(stamp).ok_or_else(outdated)?;
    if (now - signed_at).abs() > LIFETIME || !stamp.starts_with(authorization.date) {
        return Err(outdated());
    }
    let mut signed = authorization.signed_headers.split(';');
    if !["host", "x-date"].iter().all(|needed| signed.clone().any(|name| name == *needed)) {
        context.broke("`host` and `x-date` must be among the signed headers");
        return Err(invalid());
    }
    if signed.any(|name| name != "host" && incoming.header(name).is_none()) {
        return Err(gateway(400, 100_004, "MissingRequestInfo"));
    }
    if authorization.signature != sign(incoming, &authorization, stamp, SECRET_ACCESS_KEY)? {
        return Err(mismatch());
    }
    Ok(authorization.access_key_id.to_owned())
}

fn mismatch() -> Refusal {
    gateway(401, 100_010, "SignatureDoesNotMatch")
}

impl<'a> Authorization<'a> {
    /// Reads the header.
    pub(super) fn read(header: &'a str) -> Option<Self> {
        let rest = header.strip_prefix("HMAC-SHA256 Credential=")?;
        let (credential, rest) = rest.split_once(", SignedHeaders=")?;
        let (signed_headers, signature) = rest.split_once(", Signature=")?;
        let (access_key_id, scope) = credential.split_once('/')?;
        let (date, _) = scope.split_once('/')?;
        Some(Self { access_key_id, date, scope, signed_headers, signature })
    }
}

/// Reads `YYYYMMDDThhmmssZ`.
fn read_stamp(text: &str) -> Option<Moment> {
    let digits = |from: usize, to: usize| text.get(from..to);
    if text.len() != 16 {
        return None;
    }
    Moment::parse(&format!(
        "{}-{}-{}{}:{}:{}",
        digits(0, 4)?,
        digits(4, 6)?,
        digits(6, 8)?,
        digits(8, 11)?,
        digits(11, 13)?,
        digits(13, 16)?,
    ))
}

/// The signature that the request should carry.
pub(super) fn sign(
    incoming: &Incoming,
    authorization: &Authorization<'_>,
    stamp: &str,
    secret: &str,
) -> Result<String, Refusal> {
    let hash = sha256_hex(&incoming.body);
    if incoming.header("x-content-sha256").is_some_and(|announced| announced != hash) {
        return Err(mismatch());
    }
    let Authorization { date, scope, signed_headers, access_key_id: _, signature: _ } =
        authorization;
    let headers = signed_headers.split(';').fold(String::new(), |text, name| {
        let value = match name {
            "host" => incoming.host.as_str(),
            _ => incoming.header(name).unwrap_or_default(),
        };
        format!("{text}{name}:{value}\n")
    });
    let canonical = format!(
        "{}\n{}\n{}\n{headers}\n{signed_headers}\n{hash}",
        incoming.method.name(),
        incoming.path,
        canonical_query(&incoming.query),
    );
    let text = format!("HMAC-SHA256\n{stamp}\n{scope}\n{}", sha256_hex(canonical.as_bytes()));
    // The secret is taken as it is: no prefix, no decoding.
    let key = [*date, "cn-north-1", "livesaas", "request"]
        .into_iter()
        .fold(secret.as_bytes().to_vec(), |key, part| hmac_sha256(&key, part));
    Ok(hex(&hmac_sha256(&key, &text)))
}

/// The query sorted by name, with everything but the unreserved characters of RFC 3986 encoded.
fn canonical_query(query: &str) -> String {
    let query = Query::parse(query);
    let mut pairs: Vec<String> =
        query.pairs().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
    pairs.sort_unstable();
    pairs.join("&")
}

fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push('%');
            encoded.push_str(&hex(&[byte]).to_ascii_uppercase());
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::Method;

    const SECRET: &str = "RXhhbXBsZU9ubHlTZWNyZXRLZXkwMTIzNDU2Nzg5YWJjZGVm";
    const BODY: &str = concat!(
        r#"{"ActivityId":1819171234140099,"BanStatus":1,"#,
        r#""UserIds":[1820211234043371,1820211234043372],"Cookies":["123","345"]}"#
    );
    const UPDATE: &str = "Action=UpdateActivityUserBanStatus&Version=2023-08-01";
    /// Deliberately in another order than the canonical one.
    const LIST: &str = "Version=2023-08-01&Action=GetActivityBanUsers\
                        &ActivityId=1819171234140099&PageNo=1&PageItemCount=1000";

    fn signature(method: Method, query: &str, body: &str, signed_headers: &str) -> String {
        let stamp = "20250124T104312Z";
        let incoming = Incoming {
            method,
            host: "livesaas.volcengineapi.com".into(),
            path: "/".into(),
            query: query.into(),
            headers: [
                ("content-type", "application/json"),
                ("x-content-sha256", &sha256_hex(body.as_bytes())),
                ("x-date", stamp),
                ("x-security-token", "STSEXAMPLETOKEN=="),
            ]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .to_vec(),
            body: body.into(),
        };
        let scope = "20250124/cn-north-1/livesaas/request";
        let header = format!(
            "HMAC-SHA256 Credential=AKLTEXAMPLE/{scope}, SignedHeaders={signed_headers}, Signature=x"
        );
        let authorization = Authorization::read(&header).unwrap();
        sign(&incoming, &authorization, stamp, SECRET).unwrap()
    }

    #[test]
    fn signatures_agree_with_those_of_the_official_clients() {
        let lift = r#"{"ActivityId":1819171234140099,"BanStatus":0,"BanType":0,"UserIds":[1820211234043371]}"#;
        let all = "content-type;host;x-content-sha256;x-date";
        for (method, query, body, signed, expected) in [
            (Method::Post, UPDATE, BODY, all, {
                "d70b1d22f3acdef0d66a1d2acfd421c28654be3781c57c526a6648f85e785f16"
            }),
            (
                Method::Post,
                UPDATE,
                BODY,
                "content-type;host;x-content-sha256;x-date;x-security-token",
                { "77dc8e5398220f0f58b0a2356c7c3c9df6c15cd5815b3a8e9d83e2a690ed7069" },
            ),
            (Method::Post, UPDATE, BODY, "x-content-sha256;x-date", {
                "47aa9196c62030a251da12d6fd0b299f650007b9bea7faa6f36056204c208ed8"
            }),
            (Method::Post, UPDATE, BODY, "host;x-content-sha256;x-date", {
                "f3b087d1ed7c09a4bac89a49bdde7a86143a72cc82e86aebdae5d93bdc6bc1ae"
            }),
            (Method::Get, LIST, "", "host;x-content-sha256;x-date", {
                "499471f43156d2bab60ade11b911decee75b9c7d453c0ce74c7174d705d204c3"
            }),
            (Method::Get, LIST, "", "host;x-date", {
                "e5ff004b9f330f58105b6cc2817ca138ce194ec7b3a0c18f8063c051dfe5ac60"
            }),
            (Method::Post, UPDATE, lift, all, {
                "915ec7776fc93760c8ed2317ba050b1470f12eda36586f8a1e42fc9f6a92995c"
            }),
        ] {
            assert_eq!(signature(method, query, body, signed), expected, "{query} {signed}");
        }
    }

    #[test]
    fn a_query_is_encoded_as_the_official_clients_encode_it() {
        assert_eq!(encode("a b+c/~*()'!é="), "a%20b%2Bc%2F~%2A%28%29%27%21%C3%A9%3D");
        assert_eq!(canonical_query("b=%2B&a=x%20y"), "a=x%20y&b=%2B");
    }

    #[test]
    fn a_stamp_is_a_compact_instant() {
        assert_eq!(read_stamp("20250124T104312Z"), Moment::parse("2025-01-24T10:43:12Z"));
        for bad in ["", "20250124T104312", "2025-01-24T10:43Z", "20251324T104312Z"] {
            assert_eq!(read_stamp(bad), None, "{bad}");
        }
    }
}
