//! SHA-256 of what was read.

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};

use crate::domain::hex::hex;

/// The digest of one file, as lower-case hex.
pub(super) fn of_bytes(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
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
