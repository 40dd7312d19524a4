//! SHA-256 of what was read.

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};

/// The digest of one file, as lower-case hex.
pub(super) fn of_bytes(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The digest of several files: of their paths and digests in order of path, so that neither
/// the order of discovery nor anything but the files counts.
pub(super) fn of_files(files: &BTreeMap<String, String>) -> String {
    let lines: String = files.iter().map(|(name, digest)| format!("{digest}  {name}\n")).collect();
    format!("sha256:{}", of_bytes(lines.as_bytes()))
}
