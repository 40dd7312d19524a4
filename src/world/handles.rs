//! How many files and connections the process may have open.

/// What is assumed where nobody says.
const USUAL: u64 = 256;

/// Raises the number of handles that the process may have to the most it is allowed, and says how
/// many that is: a login often allows 1,024 of half a million.
pub(super) fn raise() -> u64 {
    rlimit::increase_nofile_limit(u64::MAX).unwrap_or(USUAL)
}
