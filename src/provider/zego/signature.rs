//! The signature of a request: MD5 over app, nonce, secret and time, and nothing of the business.

use md5::{Digest as _, Md5};

/// Signs one request. `app`, `nonce` and `seconds` must be in its query as they are here.
///
/// ZEGO Server API v2, "Signing the request": no separators, 32 lower-case hex digits.
pub(super) fn sign(app: &str, nonce: &str, secret: &str, seconds: i64) -> String {
    let digest: [u8; 16] = Md5::digest(format!("{app}{nonce}{secret}{seconds}")).into();
    format!("{:032x}", u128::from_be_bytes(digest))
}

#[cfg(test)]
mod tests {
    use super::sign;

    #[test]
    fn the_documented_sample_signs_as_documented() {
        let signature =
            sign("12345", "4fd24687296dd9f3", "9193cc662a4c0ec135ec71fb57194b38", 1_615_186_943);
        assert_eq!(signature, "43e5cfcca828314675f91b001390566a");
    }

    #[test]
    fn a_leading_zero_of_the_digest_is_kept() {
        assert_eq!(sign("1", "", "", 19), "07e1cd7dca89a1678042477183b7ac3f");
    }
}
