//! How many files and connections this process may have open.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Kept free for the state, files, credentials and standard streams.
const RESERVE: u64 = 128;

/// A connection that is being made takes a second handle for a moment: two addresses are tried
/// side by side, and a look-up of a name needs one too.
const EACH: u64 = 2;

/// More connections than the documented rates can use, and fewer than a machine has ports.
const MOST: u64 = 8192;

/// Raises the soft limit of open files to the hard one, and says how many connections fit in it.
pub(super) fn raise() -> usize {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let raised = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
    connections(if raised.is_ok() { maximum } else { current })
}

/// How many connections fit in a limit of open files; `None` is no limit.
fn connections(limit: Option<u64>) -> usize {
    let limit = limit.unwrap_or(u64::MAX);
    let free = limit - RESERVE.min(limit / 2);
    usize::try_from((free / EACH).clamp(1, MOST)).unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_leave_room_for_everything_else() {
        for (limit, expected) in [
            (Some(0), 1),
            (Some(20), 5),
            (Some(64), 16),
            (Some(256), 64),
            (Some(1024), 448),
            (Some(4096), 1984),
            (Some(1 << 20), 8192),
            (Some(u64::MAX), 8192),
            (None, 8192),
        ] {
            assert_eq!(connections(limit), expected, "{limit:?}");
        }
    }

    #[test]
    fn the_soft_limit_is_raised_to_the_hard_one() {
        let connections = raise();
        let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
        assert_eq!(current, maximum);
        assert!(connections > 1);
    }
}
