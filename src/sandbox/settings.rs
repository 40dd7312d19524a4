//! The circumstances of a test that are the same for all services. What the documents of one provider
//! leave open is set in its folder.

use std::collections::BTreeSet;
use std::time::Duration;

use super::Sandbox;

/// How the sandbox behaves.
#[derive(Default)]
pub(super) struct Settings {
    /// Whether rates are lifted.
    pub(super) unlimited: bool,
    /// How long every answer takes.
    pub(super) latency: Duration,
    /// Rooms that do not exist, by provider.
    pub(super) missing_rooms: BTreeSet<(String, String)>,
}

impl Sandbox {
    /// Lifts every rate, for work on throughput.
    #[must_use]
    pub fn unlimited(self) -> Self {
        self.services().settings.unlimited = true;
        self
    }

    /// Sets how long every answer takes.
    pub fn set_latency(&self, latency: Duration) {
        self.services().settings.latency = latency;
    }

    /// Makes a room of this provider one that does not exist. Its bans go with it: a room that is
    /// made again under the same id starts empty.
    pub fn set_missing_room(&self, provider: &str, room: &str) {
        let mut services = self.services();
        services.settings.missing_rooms.insert((provider.to_owned(), room.to_owned()));
        for service in services.all.iter_mut().filter(|service| service.name() == provider) {
            service.close(room);
        }
    }

    /// Makes a room of this provider exist again, as every room does at first.
    pub fn set_existing_room(&self, provider: &str, room: &str) {
        self.services().settings.missing_rooms.remove(&(provider.to_owned(), room.to_owned()));
    }
}
