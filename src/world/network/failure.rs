//! Why there is no connection, or no answer on one.

use std::error::Error;
use std::io;

use rustix::io::Errno;

use crate::provider::NoAnswer;

/// Why something failed before anything of a request was sent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Failure {
    words: String,
    /// This machine had no handle left for it.
    pub(super) starved: bool,
}

impl Failure {
    /// What this error and its causes say.
    pub(super) fn of(error: &(dyn Error + 'static)) -> Self {
        let mut words = error.to_string();
        let mut starved = is_starved(error);
        let mut cause = error.source();
        while let Some(error) = cause {
            let said = error.to_string();
            // Some say what their cause says.
            if !words.ends_with(&said) {
                words = format!("{words}: {said}");
            }
            starved |= is_starved(error);
            cause = error.source();
        }
        Self { words, starved }
    }

    /// One that is known in words.
    pub(super) fn said(words: impl Into<String>) -> Self {
        Self { words: words.into(), starved: false }
    }

    /// The same, met there.
    pub(super) fn within(self, place: &str) -> Self {
        Self { words: format!("{place}: {}", self.words), ..self }
    }

    /// What to tell of a request that was never sent because of this.
    pub(super) fn not_sent(self) -> NoAnswer {
        if self.starved { NoAnswer::Starved(self.words) } else { NoAnswer::NotSent(self.words) }
    }

    /// What to tell of a request that may have been sent before this.
    pub(super) fn unknown(self) -> NoAnswer {
        NoAnswer::Unknown(self.words)
    }
}

/// Whether this machine or process had no handle or memory left for a socket.
fn is_starved(error: &(dyn Error + 'static)) -> bool {
    let code = error.downcast_ref::<io::Error>().and_then(io::Error::raw_os_error);
    let ours = [Errno::MFILE, Errno::NFILE, Errno::NOBUFS, Errno::NOMEM];
    code.is_some_and(|code| ours.iter().any(|errno| errno.raw_os_error() == code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("tcp open error")]
    struct Outer(#[source] io::Error);

    #[test]
    fn lack_of_handles_is_this_machines_trouble_however_deep_it_lies() {
        for (errno, starved) in [
            (Errno::MFILE, true),
            (Errno::NFILE, true),
            (Errno::NOBUFS, true),
            (Errno::CONNREFUSED, false),
            (Errno::TIMEDOUT, false),
            (Errno::HOSTUNREACH, false),
        ] {
            let inner = io::Error::from_raw_os_error(errno.raw_os_error());
            let failure = Failure::of(&Outer(inner));
            assert_eq!(failure.starved, starved, "{errno}");
            assert!(failure.words.starts_with("tcp open error: "), "{failure:?}");
            let is_starved = matches!(failure.not_sent(), NoAnswer::Starved(_));
            assert_eq!(is_starved, starved, "{errno}");
        }
    }
}
