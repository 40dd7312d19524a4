//! What encoding a call needs besides the call: a target with its secrets, and a stamp.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use secrecy::{ExposeSecret as _, SecretString};

use super::Target;
use crate::domain::Moment;

/// What makes one attempt of a call unlike every other.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stamp {
    /// The clock at sending.
    pub now: Moment,
    /// Random bits.
    pub nonce: u64,
    /// A number higher than that of every earlier attempt recorded in the state.
    pub sequence: i64,
}

/// The secrets of one target, by the names in its provider's facts.
#[derive(Clone, Default)]
pub struct Secrets(BTreeMap<&'static str, SecretString>);

impl Secrets {
    /// Keeps a secret.
    pub fn insert(&mut self, name: &'static str, secret: SecretString) {
        self.0.insert(name, secret);
    }

    /// The secret of this name; empty if it was never given, which every provider refuses.
    pub fn expose(&self, name: &str) -> &str {
        self.0.get(name).map_or("", |secret| secret.expose_secret())
    }
}

/// Prints names only.
impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// A target that is ready to be called.
#[derive(Debug)]
pub struct Session {
    /// The target.
    pub target: Arc<Target>,
    /// Its secrets.
    pub secrets: Secrets,
    token: Mutex<Option<(i64, Arc<str>)>>,
}

impl Session {
    /// A session of this target.
    pub fn new(target: Arc<Target>, secrets: Secrets) -> Self {
        Self { target, secrets, token: Mutex::new(None) }
    }

    /// The token of this period: made by `make` the first time it is asked for, kept until the
    /// period changes.
    ///
    /// `make` must depend on nothing but the session and the period, so that keeping its result
    /// changes no request.
    pub fn token(&self, period: i64, make: impl FnOnce() -> String) -> Arc<str> {
        let mut kept = self.token.lock().unwrap_or_else(PoisonError::into_inner);
        match &*kept {
            Some((of, token)) if *of == period => Arc::clone(token),
            _ => {
                let token: Arc<str> = make().into();
                *kept = Some((period, Arc::clone(&token)));
                token
            }
        }
    }
}
