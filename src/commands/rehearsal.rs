//! `apply --sandbox`: the whole run against the emulation inside the process.

use std::sync::Arc;

use secrecy::SecretString;

use crate::provider::{Secrets, Target};
use crate::sandbox::{Sandbox, credential};
use crate::world::credentials::Reading;
use crate::world::{Credentials, World};

/// The same world with the emulation in place of the network.
pub(super) fn world(real: &World) -> World {
    let sandbox = Sandbox::new(Arc::clone(&real.clock));
    World { http: Arc::new(sandbox), ..real.clone() }
}

/// The credentials that the emulation knows.
pub(super) struct SandboxCredentials;

impl Credentials for SandboxCredentials {
    fn read<'a>(&'a self, target: &'a Target) -> Reading<'a> {
        let facts = target.provider.facts();
        let mut secrets = Secrets::default();
        for name in facts.credentials {
            let secret = credential(facts.name, name).unwrap_or_default();
            secrets.insert(name, SecretString::from(secret));
        }
        Box::pin(std::future::ready(Ok(secrets)))
    }
}
