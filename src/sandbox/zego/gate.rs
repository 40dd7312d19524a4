//! What every ZEGO call must bring: time, nonce, signature, environment.

use std::collections::{BTreeSet, VecDeque};

use jiff::SignedDuration;

use super::SERVER_SECRET;
use super::{Refusal, refusal};
use crate::domain::Moment;
use crate::sandbox::digest::md5_hex;
use crate::sandbox::query::Query;
use crate::sandbox::request_context::RequestContext;

/// The common parameters.
pub(super) const COMMON: [&str; 7] =
    ["Action", "AppId", "SignatureNonce", "Timestamp", "Signature", "SignatureVersion", "IsTest"];

/// How far the clock of a caller may be off, either way.
const SKEW: SignedDuration = SignedDuration::from_mins(10);

/// The environment a call is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Environment {
    Production,
    Test,
}

impl Environment {
    /// Reads `IsTest`, which has no upper or lower case.
    pub(super) fn read(query: &Query) -> Result<Self, Refusal> {
        match query.one("IsTest").map(str::to_ascii_lowercase).as_deref() {
            None | Some("false") => Ok(Self::Production),
            Some("true") => Ok(Self::Test),
            Some(_) => Err(refusal(2, "bad parameter: IsTest")),
        }
    }
}

/// The nonces of an app that a signature of today could carry.
#[derive(Default)]
pub(super) struct Nonces {
    known: BTreeSet<u64>,
    order: VecDeque<(Moment, u64)>,
}

impl Nonces {
    /// Notes a nonce; answers whether it is new.
    fn note(&mut self, nonce: u64, now: Moment) -> bool {
        // A signature is good for ten minutes either side of its time.
        while let Some((since, old)) = self.order.front().copied()
            && now - since > SKEW * 2
        {
            self.order.pop_front();
            self.known.remove(&old);
        }
        let new = self.known.insert(nonce);
        if new {
            self.order.push_back((now, nonce));
        }
        new
    }
}

/// Lets a call in, or says why not.
pub(super) fn admit(
    context: &mut RequestContext<'_>,
    query: &Query,
    app_id: u32,
    nonces: &mut Nonces,
) -> Result<(), Refusal> {
    let timestamp = query.one("Timestamp").ok_or(refusal(100_000_002, "Timestamp empty"))?;
    let seconds: i64 =
        timestamp.parse().map_err(|_not_a_number| refusal(100_000_003, "Timestamp malformed"))?;
    let nonce = query.one("SignatureNonce").ok_or(refusal(100_000_008, "SignatureNonce empty"))?;
    let signature = query.one("Signature").ok_or(refusal(100_000_009, "Signature empty"))?;
    match query.one("SignatureVersion") {
        None => return Err(refusal(100_000_013, "SignatureVersion empty")),
        Some("2.0") => {}
        Some(_) => return Err(refusal(100_000_014, "SignatureVersion unsupported")),
    }
    let off = context.now - Moment::from_seconds(seconds);
    if off.abs() > SKEW {
        return Err(refusal(100_000_004, "signature expired"));
    }
    let wrong = refusal(100_000_005, "signature wrong");
    if signature != sign(app_id, nonce, SERVER_SECRET, seconds) {
        return Err(wrong);
    }
    let bits = u64::from_str_radix(nonce, 16).ok().filter(|_| nonce.len() == 16);
    let Some(bits) = bits else {
        context.broke("a nonce is 16 hexadecimal digits");
        return Err(wrong);
    };
    if !nonces.note(bits, context.now) {
        context.broke(&format!("the nonce `{nonce}` was used before"));
        return Err(wrong);
    }
    Ok(())
}

/// The signature of a call. Business parameters are no part of it.
pub(super) fn sign(app_id: u32, nonce: &str, secret: &str, seconds: i64) -> String {
    md5_hex(format!("{app_id}{nonce}{secret}{seconds}").as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_that_of_the_documented_sample() {
        let signature =
            sign(12345, "4fd24687296dd9f3", "9193cc662a4c0ec135ec71fb57194b38", 1_615_186_943);
        assert_eq!(signature, "43e5cfcca828314675f91b001390566a");
    }

    #[test]
    fn a_nonce_is_forgotten_when_no_signature_can_carry_it_any_more() {
        let mut nonces = Nonces::default();
        let at = Moment::from_seconds;
        assert!(nonces.note(7, at(0)));
        assert!(!nonces.note(7, at(1200)));
        assert!(nonces.note(7, at(1201)));
    }
}
