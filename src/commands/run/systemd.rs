//! Telling systemd how the service is, where it is one of its units (`Type=notify`).

use std::time::Duration;

use sd_notify::NotifyState;

/// Says that the service is up.
pub(super) fn ready() {
    notify(&[NotifyState::Ready]);
}

/// Says in a line how it is.
pub(super) fn status(text: &str) {
    notify(&[NotifyState::Status(text)]);
}

/// Says that it ends.
pub(super) fn stopping() {
    notify(&[NotifyState::Stopping]);
}

/// Says that it lives.
pub(super) fn alive() {
    notify(&[NotifyState::Watchdog]);
}

/// How often systemd wants to hear that it lives, if at all: twice as often as it would take it
/// for dead.
pub(super) fn watchdog() -> Option<Duration> {
    sd_notify::watchdog_enabled().map(|dead_after| dead_after / 2)
}

fn notify(state: &[NotifyState<'_>]) {
    // Where there is no systemd, nobody is told.
    if let Err(error) = sd_notify::notify(state) {
        tracing::debug!(target: "ostracon", %error, "systemd could not be told");
    }
}
