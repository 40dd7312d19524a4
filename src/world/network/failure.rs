//! Why there is no connection, or no answer on one.

use std::error::Error;
use std::io;
use std::iter;

use rustix::io::Errno;

use super::client::Connected;
use crate::provider::NoAnswer;

type Cause = dyn Error + 'static;

/// Whether a request was not sent because its connection had to be made first, and stands now.
pub(super) fn is_connected(error: &reqwest::Error) -> bool {
    causes(error).any(<Cause>::is::<Connected>)
}

/// What to tell of a request that failed so. The URL is taken out: it carries signatures.
pub(super) fn no_answer(error: reqwest::Error) -> NoAnswer {
    let error = error.without_url();
    let words = if error.is_connect() && error.is_timeout() {
        "no connection in time".to_owned()
    } else {
        words(&error, if error.is_request() { 2 } else { 1 })
    };
    if error.is_connect() && causes(&error).any(is_starved) {
        NoAnswer::Starved(words)
    } else if error.is_connect() || error.is_builder() || causes(&error).any(was_never_begun) {
        NoAnswer::NotSent(words)
    } else {
        NoAnswer::Unknown(words)
    }
}

fn causes(error: &Cause) -> impl Iterator<Item = &Cause> {
    iter::successors(Some(error), |&error| error.source())
}

/// What the causes of an error say, but for so many of the outermost, which only say where it is.
fn words(error: &Cause, outermost: usize) -> String {
    let mut words = String::new();
    for said in causes(error).skip(outermost).map(ToString::to_string) {
        // Some say what their cause says.
        if words.is_empty() {
            words = said;
        } else if !words.ends_with(&said) {
            words = format!("{words}: {said}");
        }
    }
    if words.is_empty() { error.to_string() } else { words }
}

/// Whether hyper says that it never began to write a request: its connection was closed already.
fn was_never_begun(error: &Cause) -> bool {
    let error = error.downcast_ref::<hyper::Error>();
    error.is_some_and(|error| error.is_canceled() || error.is_closed())
}

/// Whether this machine or process had no handle or memory left for a socket.
fn is_starved(error: &Cause) -> bool {
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
            let outer = Outer(io::Error::from_raw_os_error(errno.raw_os_error()));
            assert_eq!(causes(&outer).any(is_starved), starved, "{errno}");
            assert!(words(&outer, 0).starts_with("tcp open error: "), "{errno}");
        }
    }
}
