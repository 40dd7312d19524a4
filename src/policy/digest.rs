//! SHA-256 of what was read.

use std::collections::BTreeMap;
use std::io::{self, Read};

use sha2::{Digest as _, Sha256};

use crate::domain::hex::hex;

/// The digest of one file, as lower-case hex.
pub(super) fn of_bytes(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// The digest of what is read, as lower-case hex.
pub(super) fn of_reader(mut from: impl Read) -> io::Result<String> {
    let mut digest = Sha256::new();
    let mut piece = vec![0; 1 << 16];
    loop {
        match from.read(&mut piece)? {
            0 => return Ok(hex(&digest.finalize())),
            length => digest.update(piece.get(..length).unwrap_or_default()),
        }
    }
}

/// The digest of several files: of their paths and digests in order of path, so that neither
/// the order of discovery nor anything but the files counts.
pub(super) fn of_files(files: &BTreeMap<String, String>) -> String {
    let mut all = Sha256::new();
    for (name, digest) in files {
        // No path holds a line end, so that two lists of files never read alike.
        for part in [digest, "  ", name, "\n"] {
            all.update(part);
        }
    }
    format!("sha256:{}", hex(&all.finalize()))
}
