//! `UserSig`: the token that says which administrator calls for which app.

use std::io::Read as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::read::ZlibDecoder;
use serde::Deserialize;

use super::SECRET_KEY;
use super::{Refusal, refusal};
use crate::domain::Moment;
use crate::sandbox::digest::hmac_sha256;

/// What is inside a token.
#[derive(Deserialize)]
struct Token {
    #[serde(rename = "TLS.ver")]
    version: String,
    #[serde(rename = "TLS.identifier")]
    identifier: String,
    #[serde(rename = "TLS.sdkappid")]
    app: u32,
    #[serde(rename = "TLS.time")]
    time: i64,
    #[serde(rename = "TLS.expire")]
    expire: i64,
    #[serde(rename = "TLS.sig")]
    signature: String,
}

/// No token is longer when inflated; a bomb is.
const LARGEST: u64 = 16 * 1024;

/// Checks a token against the query it came with.
pub(super) fn check(text: &str, app: u32, who: &str, now: Moment) -> Result<(), Refusal> {
    let token = Token::read(text).ok_or(refusal(70003, "UserSig cannot be parsed"))?;
    if token.app != app {
        return Err(refusal(70014, "SDKAppID is not the one in UserSig"));
    }
    if token.identifier != who {
        return Err(refusal(70013, "identifier is not the one in UserSig"));
    }
    if token.signature != token.sign(SECRET_KEY) {
        return Err(refusal(70009, "UserSig verification failed"));
    }
    if token.time.saturating_add(token.expire) <= now.seconds() {
        return Err(refusal(70001, "UserSig expired"));
    }
    Ok(())
}

impl Token {
    /// Undoes the substitution, which is not base64url, then base64, then zlib, then JSON.
    fn read(text: &str) -> Option<Self> {
        let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"*-_".contains(&byte);
        if !text.bytes().all(legal) {
            return None;
        }
        let base64 = text.replace('*', "+").replace('-', "/").replace('_', "=");
        let packed = STANDARD.decode(base64).ok()?;
        let mut json = Vec::new();
        ZlibDecoder::new(packed.as_slice()).take(LARGEST).read_to_end(&mut json).ok()?;
        let token: Self = serde_json::from_slice(&json).ok()?;
        (token.version == "2.0").then_some(token)
    }

    fn sign(&self, key: &str) -> String {
        let Self { version: _, identifier, app, time, expire, signature: _ } = self;
        let text = format!(
            "TLS.identifier:{identifier}\nTLS.sdkappid:{app}\nTLS.time:{time}\nTLS.expire:{expire}\n"
        );
        STANDARD.encode(hmac_sha256(key.as_bytes(), &text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made by the official libraries for Node and Python.
    const VECTORS: [(&str, &str, &str); 4] = [
        (
            "5bd2850fff3ecb11d7c805251c51ee463a25727bddc2385f3fa8bfee1bb93b5e",
            "administrator",
            "eJyrVgrxCdYrSy1SslIy0jNQ0gHzM1NS80oy0zLBwokpuZl5mcUlRYkl*UVQBcUp2YkFBZkpSlaGJgZQAJEpycxNVbIyNEcVTa0oyCxKVbKyMDOBCRVnpitZKVX6OKZql5uHh6aGlhYmhVlm6IdEmFuUGhnmh7hnamdaRhUYlhoHFORFmhnYKtUCAK0SM5I_",
        ),
        (
            "5bd2850fff3ecb11d7c805251c51ee463a25727bddc2385f3fa8bfee1bb93b5e",
            "administrator",
            "eJyrVgrxCdYrSy1SslJQMtIzUNJRAItkpqTmlWSmZUIkElNyM-Myi0uKEkvyi2BKilOyEwsKMlOACgxNDKAAKpdaUZBZlAqUsTAzgQuWZOaChAzN0RQXZ6aDLKn0cUzVLjcPD00NLS1MCrPM0A*JMLcoNTLMD3HP1M60jCowLDUOKMiLNDOwVaoFAD4PNPI_",
        ),
        (
            "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
            "ban-bot_01",
            "eJyrVgrxCdYrSy1SslIy0jNQ0gHzM1NS80oy0zLBwkmJebpJ*SXxBoZQ2eKU7MSCgswUJSsjAzAwhIiXZOamKlkZmhtAAUQ0taIgswgkbmpqagQXLc5MV7JSCglxLK-KSCnzz3T3sgw10s-PCSkNC3atKEjJS0otDYkIKXYu9K5KNnX1drRVqgUAv3Iy*A__",
        ),
        (
            "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
            "ban-bot_01",
            "eJyrVgrxCdYrSy1SslJQMtIzUNJRAItkpqTmlWSmZUIkkhLzdJPyS*INDGHyxSnZiQUFmSlAWSMDMDCEyqRWFGQWpQLFDU1NTUFyUPGSzFywqLkBFMBMykwHWRES4lhelZFS5p-p7mUZaqSfnxNSGhbsWlGQkpeUWhoSEVLsXOhdlWzq6u1oq1QLADvtNFg_",
        ),
    ];

    #[test]
    fn the_official_tokens_are_read_and_verified() {
        for (key, identifier, text) in VECTORS {
            let token = Token::read(text).unwrap();
            assert_eq!(token.identifier, identifier);
            assert_eq!(token.time, 1_700_000_000);
            assert_eq!(token.signature, token.sign(key));
            assert_ne!(token.signature, token.sign("another key"));
        }
    }

    #[test]
    fn a_token_is_checked_against_app_identifier_key_and_clock() {
        let (_, _, text) = VECTORS[0];
        let now = Moment::from_seconds(1_700_000_000);
        for (text, app, who, code) in [
            (text, 1, "administrator", 70014),
            (text, 1_400_000_000, "somebody", 70013),
            // The vectors are of other keys than the sandbox's.
            (text, 1_400_000_000, "administrator", 70009),
            ("eJyrVgrxCdYrSy1SslIy0jNQ0gHz", 1_400_000_000, "administrator", 70003),
            (&text.replace('*', "+"), 1_400_000_000, "administrator", 70003),
        ] {
            assert_eq!(check(text, app, who, now).map_err(|refusal| refusal.code), Err(code));
        }
    }
}
