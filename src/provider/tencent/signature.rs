//! The `UserSig` of an App administrator: a signed claim about who calls, zipped for a query.

use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::ZlibEncoder;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::json;
use sha2::Sha256;

/// Who claims what for how long.
pub(super) struct Claim<'a> {
    /// The administrator's account.
    pub(super) identifier: &'a str,
    /// The app: a decimal number.
    pub(super) app: &'a str,
    /// Since when, in Unix seconds.
    pub(super) time: i64,
    /// For how many seconds.
    pub(super) expire: i64,
}

impl Claim<'_> {
    /// The `UserSig`, with nothing in it that a query must escape.
    ///
    /// Version 2, as Tencent's libraries `tls-sig-api-v2` make it (checked August 2026). The
    /// substitution is theirs and not that of base64url: `/` turns into `-`.
    pub(super) fn user_sig(&self, key: &str) -> String {
        let Self { identifier, app, time, expire } = self;
        let claim = json!({
            "TLS.ver": "2.0",
            "TLS.identifier": identifier,
            "TLS.sdkappid": app.parse::<u64>().unwrap_or_default(),
            "TLS.time": time,
            "TLS.expire": expire,
            "TLS.sig": self.sign(key),
        });
        STANDARD
            .encode(zip(&claim.to_string()))
            .replace('+', "*")
            .replace('/', "-")
            .replace('=', "_")
    }

    /// The signature inside. The key is used as the text that it is, although it looks like hex.
    #[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
    fn sign(&self, key: &str) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).expect("a key of any length");
        mac.update(self.text().as_bytes());
        STANDARD.encode(mac.finalize().into_bytes())
    }

    /// What is signed: every line ends, the last one too.
    fn text(&self) -> String {
        let Self { identifier, app, time, expire } = self;
        format!(
            "TLS.identifier:{identifier}\nTLS.sdkappid:{app}\nTLS.time:{time}\nTLS.expire:{expire}\n"
        )
    }
}

#[expect(clippy::expect_used, reason = "writing to memory cannot fail")]
fn zip(text: &str) -> Vec<u8> {
    let mut zip = ZlibEncoder::new(Vec::new(), Compression::default());
    zip.write_all(text.as_bytes()).expect("memory takes everything");
    zip.finish().expect("memory takes everything")
}

#[cfg(test)]
pub(super) mod tests {
    use std::io::Read as _;

    use serde_json::Value;

    use super::*;

    /// What a `UserSig` claims.
    pub(in crate::provider::tencent) fn unzip(user_sig: &str) -> Value {
        let base64 = user_sig.replace('*', "+").replace('-', "/").replace('_', "=");
        let zip = STANDARD.decode(base64).unwrap();
        assert_eq!(zip[0], 0x78, "a zlib stream");
        let mut text = String::new();
        flate2::read::ZlibDecoder::new(&zip[..]).read_to_string(&mut text).unwrap();
        serde_json::from_str(&text).unwrap()
    }

    /// A claim, its key, its `TLS.sig`, and the `UserSig` of Tencent's Node and Python libraries.
    const VECTORS: [(Claim<'_>, &str, &str, [&str; 2]); 2] = [
        (
            Claim {
                identifier: "administrator",
                app: "1400000000",
                time: 1_700_000_000,
                expire: 86_400,
            },
            "5bd2850fff3ecb11d7c805251c51ee463a25727bddc2385f3fa8bfee1bb93b5e",
            "yLAe+w7WUeUuqbV9h/TX78u21oTGi+i9Zp1u3PpnY60=",
            [
                "eJyrVgrxCdYrSy1SslIy0jNQ0gHzM1NS80oy0zLBwokpuZl5mcUlRYkl*UVQBcUp2YkFBZkpSlaGJgZQAJEpycxNVbIyNEcVTa0oyCxKVbKyMDOBCRVnpitZKVX6OKZql5uHh6aGlhYmhVlm6IdEmFuUGhnmh7hnamdaRhUYlhoHFORFmhnYKtUCAK0SM5I_",
                "eJyrVgrxCdYrSy1SslJQMtIzUNJRAItkpqTmlWSmZUIkElNyM-Myi0uKEkvyi2BKilOyEwsKMlOACgxNDKAAKpdaUZBZlAqUsTAzgQuWZOaChAzN0RQXZ6aDLKn0cUzVLjcPD00NLS1MCrPM0A*JMLcoNTLMD3HP1M60jCowLDUOKMiLNDOwVaoFAD4PNPI_",
            ],
        ),
        (
            Claim {
                identifier: "ban-bot_01",
                app: "20000001",
                time: 1_700_000_000,
                expire: 15_552_000,
            },
            "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
            "TTAwzhdvOiGJ9U2/olTuVSExpdnbeuTXTsCqKzc5EKA=",
            [
                "eJyrVgrxCdYrSy1SslIy0jNQ0gHzM1NS80oy0zLBwkmJebpJ*SXxBoZQ2eKU7MSCgswUJSsjAzAwhIiXZOamKlkZmhtAAUQ0taIgswgkbmpqagQXLc5MV7JSCglxLK-KSCnzz3T3sgw10s-PCSkNC3atKEjJS0otDYkIKXYu9K5KNnX1drRVqgUAv3Iy*A__",
                "eJyrVgrxCdYrSy1SslJQMtIzUNJRAItkpqTmlWSmZUIkkhLzdJPyS*INDGHyxSnZiQUFmSlAWSMDMDCEyqRWFGQWpQLFDU1NTUFyUPGSzFywqLkBFMBMykwHWRES4lhelZFS5p-p7mUZaqSfnxNSGhbsWlGQkpeUWhoSEVLsXOhdlWzq6u1oq1QLADvtNFg_",
            ],
        ),
    ];

    #[test]
    fn the_signed_text_ends_every_line() {
        assert_eq!(
            VECTORS[0].0.text(),
            "TLS.identifier:administrator\nTLS.sdkappid:1400000000\nTLS.time:1700000000\nTLS.expire:86400\n"
        );
    }

    #[test]
    fn a_user_sig_claims_what_those_of_tencents_libraries_claim() {
        for (claim, key, sig, theirs) in VECTORS {
            assert_eq!(claim.sign(key), sig);
            let ours = unzip(&claim.user_sig(key));
            for their in theirs {
                assert_eq!(ours, unzip(their));
            }
        }
    }

    #[test]
    fn a_user_sig_holds_nothing_that_a_query_must_escape() {
        let (claim, key, ..) = &VECTORS[1];
        for time in 0..200 {
            let sig = Claim { time, ..*claim }.user_sig(key);
            assert!(sig.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"*-_".contains(&byte)));
        }
    }
}
