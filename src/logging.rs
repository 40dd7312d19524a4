//! Logs: to stderr, only when asked for, never a secret in them.

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer as _, fmt};

use crate::cli::{Global, LogFormat};

/// Starts logging as the command line says; a second start in one process changes nothing. A
/// service has nothing but its log to speak by.
pub fn start(global: &Global, is_service: bool) {
    let level = match global.verbose.saturating_add(u8::from(is_service)) {
        0 => LevelFilter::WARN,
        1 => LevelFilter::INFO,
        2 => LevelFilter::DEBUG,
        _ => LevelFilter::TRACE,
    };
    // Our own only: a library's logs may quote URLs, which carry signatures.
    let ours = Targets::new().with_target("ostracon", level);
    // Never coloured: logs go to files and CI, and a reader greps them.
    let layer = fmt::layer()
        .with_writer(std::io::stderr)
        .with_target(false)
        .with_ansi(false)
        // Nobody may be there to read them: that stops nothing.
        .log_internal_errors(false);
    let registry = tracing_subscriber::registry();
    let _started_before = match global.log_format {
        LogFormat::Text => registry.with(layer.with_filter(ours)).try_init(),
        LogFormat::Json => registry.with(layer.json().with_filter(ours)).try_init(),
    };
}
