//! The real clock, chance and process.

use std::sync::Arc;

use super::{Clock, Network, Process, Random, Uptime, World};
use crate::domain::Moment;

/// The clock of this machine.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
    fn now(&self) -> Moment {
        Moment::from_millis(jiff::Timestamp::now().as_millisecond())
    }

    #[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
    fn uptime(&self) -> Option<Uptime> {
        let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
        let uptime = std::fs::read_to_string("/proc/uptime").ok()?;
        // A container may be shown an uptime of its own.
        let namespaces = ["/proc/self/ns/pid", "/proc/self/ns/time"].map(|path| {
            let link = std::fs::read_link(path).unwrap_or_default();
            link.to_string_lossy().into_owned()
        });
        Uptime::of_linux(&boot, &namespaces, &uptime)
    }
}

/// The chance of this machine.
#[derive(Clone, Copy, Debug)]
pub struct SystemRandom;

impl Random for SystemRandom {
    fn bits(&self) -> u64 {
        // Without a source of chance the clock is the best there is: nonces must differ, and the
        // signature does not rest on them.
        getrandom::u64().unwrap_or_else(|_| SystemClock.now().millis().unsigned_abs())
    }
}

impl World {
    /// The real world.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    pub fn real() -> Self {
        let text = |text: std::ffi::OsString| text.into_string().ok();
        let env = std::env::vars_os().filter_map(|(name, value)| Some((text(name)?, text(value)?)));
        let env: std::collections::BTreeMap<String, String> = env.collect();
        let user = ["USER", "LOGNAME"].into_iter().find_map(|name| env.get(name).cloned());
        Self {
            clock: Arc::new(SystemClock),
            http: Arc::new(Network::new(super::handles::raise())),
            random: Arc::new(SystemRandom),
            directory: std::env::current_dir().unwrap_or_default(),
            process: Process {
                user: user.or_else(user_number).unwrap_or_else(|| "unknown".to_owned()),
                host: gethostname::gethostname().to_string_lossy().into_owned(),
                pid: std::process::id(),
            },
            env: Arc::new(env),
        }
    }
}

/// The account by its number, where the environment does not name it, as in a container.
fn user_number() -> Option<String> {
    use std::os::unix::fs::MetadataExt as _;
    let process = std::fs::metadata("/proc/self").ok()?;
    Some(format!("uid-{}", process.uid()))
}
