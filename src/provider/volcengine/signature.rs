//! Signature V4, as the gateway of Volcengine checks it.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};

use crate::domain::Moment;
use crate::domain::hex::hex;
use crate::provider::{Request, Secrets};

/// Region and service, both fixed by the documentation of livesaas whatever the endpoint.
const REGION: &str = "cn-north-1";
const SERVICE: &str = "livesaas";

/// Signs a request that is complete but for its signature.
///
/// Everything it carries is covered: each header and the host, the body by its hash.
pub(super) fn sign(mut request: Request, secrets: &Secrets, now: Moment) -> Request {
    let body_hash = hex(&Sha256::digest(&request.body));
    let date = timestamp(now);
    request.headers.push(("x-content-sha256", body_hash.clone()));
    request.headers.push(("x-date", date.clone()));
    let mut headers = vec![("host", request.endpoint.authority())];
    headers.extend(request.headers.iter().map(|(name, value)| (*name, value.as_str())));
    headers.sort_unstable();
    let path = format!("{}{}", request.endpoint.path(), request.path);
    let signable = Signable {
        method: request.method.name(),
        path: &path,
        query: &request.query,
        headers: &headers,
        body_hash: &body_hash,
        date: &date,
    };
    let authorization = signable
        .authorization(secrets.expose("access_key_id"), secrets.expose("secret_access_key"));
    request.headers.push(("authorization", authorization));
    request
}

/// What a signature covers.
struct Signable<'a> {
    method: &'a str,
    path: &'a str,
    /// Percent-encoded, sorted by name.
    query: &'a str,
    /// The headers to sign, with lower-case names, sorted.
    headers: &'a [(&'a str, &'a str)],
    body_hash: &'a str,
    /// As in `X-Date`.
    date: &'a str,
}

impl Signable<'_> {
    fn authorization(&self, id: &str, secret: &str) -> String {
        let scope = format!("{}/{REGION}/{SERVICE}/request", self.day());
        let canonical = hex(&Sha256::digest(self.canonical()));
        let to_sign = format!("HMAC-SHA256\n{}\n{scope}\n{canonical}", self.date);
        let [.., key] = key_chain(secret, self.day());
        let signature = hex(&mac(&key, &to_sign));
        let names = self.names();
        format!("HMAC-SHA256 Credential={id}/{scope}, SignedHeaders={names}, Signature={signature}")
    }

    fn canonical(&self) -> String {
        let Self { method, path, query, headers, body_hash, date: _ } = self;
        let lines = headers.iter().flat_map(|(name, value)| [*name, ":", *value, "\n"]);
        let lines: String = lines.collect();
        format!("{method}\n{path}\n{query}\n{lines}\n{}\n{body_hash}", self.names())
    }

    fn names(&self) -> String {
        let names: Vec<_> = self.headers.iter().map(|(name, _)| *name).collect();
        names.join(";")
    }

    fn day(&self) -> &str {
        self.date.split_once('T').map_or(self.date, |(day, _)| day)
    }
}

/// The keys of day, region, service and signing. The secret goes in as given: without a prefix,
/// unlike in AWS4, and not decoded although it looks like Base64.
fn key_chain(secret: &str, day: &str) -> [[u8; 32]; 4] {
    let of_day = mac(secret.as_bytes(), day);
    let of_region = mac(&of_day, REGION);
    let of_service = mac(&of_region, SERVICE);
    [of_day, of_region, of_service, mac(&of_service, "request")]
}

#[expect(clippy::expect_used, reason = "an HMAC takes a key of any length")]
fn mac(key: &[u8], text: &str) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key of any length");
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().into()
}

/// `20250124T104312Z`: the basic form of ISO 8601, in UTC and whole seconds.
fn timestamp(now: Moment) -> String {
    Moment::from_seconds(now.seconds()).to_string().replace(['-', ':'], "")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::query;

    // The vectors agree between Volcengine's Python clients 1.0.229 and 5.0.54, its Node client
    // 1.36.2 where said, and an independent implementation.
    const ID: &str = "AKLTEXAMPLEONLY00000000000000";
    const SECRET: &str = "RXhhbXBsZU9ubHlTZWNyZXRLZXkwMTIzNDU2Nzg5YWJjZGVm";
    const DATE: &str = "20250124T104312Z";
    const UPDATE: &str = "Action=UpdateActivityUserBanStatus&Version=2023-08-01";
    const BOTH: &str = r#"{"ActivityId":1819171234140099,"BanStatus":1,"UserIds":[1820211234043371,1820211234043372],"Cookies":["123","345"]}"#;
    const LIST: &str = "Action=GetActivityBanUsers&ActivityId=1819171234140099&PageItemCount=1000&PageNo=1&Version=2023-08-01";

    const JSON: (&str, &str) = ("content-type", "application/json");
    const HOST: (&str, &str) = ("host", "livesaas.volcengineapi.com");
    const BODY: (&str, &str) = ("x-content-sha256", "");
    const WHEN: (&str, &str) = ("x-date", DATE);

    /// Signed headers, and the signature over them.
    type Vector<'a> = (&'a [(&'a str, &'a str)], &'static str);

    /// Canonical hash and signature; [`BODY`] is given its value here.
    fn signed(method: &str, query: &str, headers: &[(&str, &str)], body: &str) -> [String; 2] {
        let body_hash = hex(&Sha256::digest(body));
        let fill =
            |(name, value)| if (name, value) == BODY { (name, &*body_hash) } else { (name, value) };
        let headers: Vec<_> = headers.iter().copied().map(fill).collect();
        let signable = Signable {
            method,
            path: "/",
            query,
            headers: &headers,
            body_hash: &body_hash,
            date: DATE,
        };
        let authorization = signable.authorization(ID, SECRET);
        let (_, signature) = authorization.rsplit_once("Signature=").unwrap();
        [hex(&Sha256::digest(signable.canonical())), signature.to_owned()]
    }

    #[test]
    fn the_keys_follow_from_each_other() {
        assert_eq!(
            key_chain(SECRET, "20250124").map(|key| hex(&key)),
            [
                "7866b8a6f4dac885a03cd8ae92c7f61b9242be3d41d63b95a5301c99f312c26b",
                "e4e5cc89fe999575274254ab2275c95b96b0d3f4055b72158f08f7b9b94563a6",
                "c3a2094aa081795d4ab31cab0c3f9ac9ea3a11b3ff4c622c9583da92559bfc7d",
                "ff658a56a20db994d55fdce97dc94d165733db705f3147fcf4448d32e34d1cd1",
            ]
        );
    }

    #[test]
    fn canonical_requests_hash_as_the_official_clients_have_them() {
        let [post, _] = signed("POST", UPDATE, &[JSON, HOST, BODY, WHEN], BOTH);
        assert_eq!(post, "d8afdf1eaf934895635b9f96eac0258fff55f0ec8e5dd3363d85a34bb0fb60f8");
        let [get, _] = signed("GET", LIST, &[HOST, BODY, WHEN], "");
        assert_eq!(get, "395b148965ad4780e4211c6eab1cb4ec3445a4574f864db64e39b567803a4cd4");
    }

    #[test]
    fn signatures_are_those_of_the_official_clients() {
        let lift = r#"{"ActivityId":1819171234140099,"BanStatus":0,"BanType":0,"UserIds":[1820211234043371]}"#;
        let account = r#"{"UserIds":[12345,67890],"BanStatus":1}"#;
        let of_account = "Action=UpdateAccountBanStatus&Version=2023-08-01";
        for (query, body, signature) in [
            (UPDATE, BOTH, "d70b1d22f3acdef0d66a1d2acfd421c28654be3781c57c526a6648f85e785f16"),
            (UPDATE, lift, "915ec7776fc93760c8ed2317ba050b1470f12eda36586f8a1e42fc9f6a92995c"),
            (
                of_account,
                account,
                "a576af2992b839e7762e63727fed646969931d11a06cd6d6a710c6eb4603d3e9",
            ),
        ] {
            let [_, ours] = signed("POST", query, &[JSON, HOST, BODY, WHEN], body);
            assert_eq!(ours, signature, "{body}");
        }
        let [_, get] = signed("GET", LIST, &[HOST, BODY, WHEN], "");
        assert_eq!(get, "499471f43156d2bab60ade11b911decee75b9c7d453c0ce74c7174d705d204c3");
    }

    /// Session tokens, other content types, and the fewer headers of the Node client.
    #[test]
    fn any_choice_of_signed_headers_gives_the_signature_of_the_client_that_makes_it() {
        let charset = ("content-type", "application/json; charset=utf-8");
        let token = ("x-security-token", "STSEXAMPLETOKEN==");
        let plain = ("content-type", "text/plain");
        let posts: [Vector; 4] = [
            (
                &[JSON, HOST, BODY, WHEN, token],
                "77dc8e5398220f0f58b0a2356c7c3c9df6c15cd5815b3a8e9d83e2a690ed7069",
            ),
            (
                &[charset, HOST, BODY, WHEN],
                "8660baa6aa056cbaf04b090b9b9a7b93f4b854e3e370372f37f925981babfbb0",
            ),
            (&[BODY, WHEN], "47aa9196c62030a251da12d6fd0b299f650007b9bea7faa6f36056204c208ed8"),
            (
                &[HOST, BODY, WHEN],
                "f3b087d1ed7c09a4bac89a49bdde7a86143a72cc82e86aebdae5d93bdc6bc1ae",
            ),
        ];
        let gets: [Vector; 3] = [
            (
                &[plain, HOST, BODY, WHEN],
                "971c0508a6ff3d83d91f43e6bd07da29a7f3a86b38a77fbc1c11bba5e4880091",
            ),
            (&[WHEN], "7519413dadf0ae81004f5453d6f1f9286a03a41da904a844b0836d7579bcac21"),
            (&[HOST, WHEN], "e5ff004b9f330f58105b6cc2817ca138ce194ec7b3a0c18f8063c051dfe5ac60"),
        ];
        for (headers, signature) in posts {
            assert_eq!(signed("POST", UPDATE, headers, BOTH)[1], signature, "{headers:?}");
        }
        for (headers, signature) in gets {
            assert_eq!(signed("GET", LIST, headers, "")[1], signature, "{headers:?}");
        }
    }

    #[test]
    fn queries_are_encoded_as_the_official_clients_do() {
        assert_eq!(query::encode("a b+c/~*()'!é="), "a%20b%2Bc%2F~%2A%28%29%27%21%C3%A9%3D");
    }

    #[test]
    fn the_date_drops_fractions_of_a_second() {
        let now = Moment::parse("2025-01-24T10:43:12.999Z").unwrap();
        assert_eq!(timestamp(now), DATE);
    }
}
