//! `run`: a service that keeps time.
//!
//! [`Service::keep_time`] is all of it: what woke it, the files, a pass, when next. A pass plans as
//! `apply` does, and lets what is to be done begin at each account that is free; what is under way
//! there ends when all is done, or when something more urgent comes up.

mod agenda;
mod board;
mod checkout;
mod git;
mod held;
mod metrics;
mod outcome;
mod pass;
mod serve;
mod service;
mod systemd;
mod underway;
mod watch;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::task::AbortHandle;
use tokio::time::sleep;

use self::board::Board;
pub use self::metrics::sample as sample_metrics;
pub use self::service::Service;
use self::watch::Watch;
use super::Context;
use super::apply::{in_runtime, span};
use crate::apply::{Cause, Shutdown};
use crate::error::Error;
use crate::exit::Exit;

/// What `run` takes.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Look at the files at least this often, though nothing says that they have changed
    #[arg(long, value_name = "SPAN", default_value = "30s", value_parser = span)]
    pub every: Duration,

    /// Serve metrics, health and pages here; another address than loopback needs a token in
    /// `OSTRACON_PAGE_TOKEN`
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8600")]
    pub listen: SocketAddr,

    /// Before each look, move the git checkout forward to its upstream; never merges
    #[arg(long)]
    pub pull: bool,
}

/// Reconciles until it is told to end.
pub fn run(context: &mut Context<'_>, args: &Args) -> Result<Exit, Error> {
    in_runtime(run_within(context, args))
}

/// Something that the service did not ask for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Nudge {
    /// The files may have changed.
    Files,
    /// Somebody wants everything to be read anew.
    Reload,
}

/// Where nudges come in.
type Nudges = UnboundedSender<Nudge>;

/// What goes on beside the service, until it ends.
struct Beside(Vec<AbortHandle>);

impl Drop for Beside {
    fn drop(&mut self) {
        self.0.iter().for_each(AbortHandle::abort);
    }
}

async fn run_within(context: &mut Context<'_>, args: &Args) -> Result<Exit, Error> {
    let token = serve::token(context.world, args.listen)?;
    let cannot = |error: std::io::Error| {
        Error::new(Exit::Error, format!("cannot serve on {}", args.listen)).caused_by(&error)
    };
    let listener = TcpListener::bind(args.listen).await.map_err(cannot)?;
    let address = listener.local_addr().map_err(cannot)?;
    let shutdown = Shutdown::default();
    let (nudges, inbox) = unbounded_channel();
    let mut watch = Watch::new(&context.global.dir, nudges.clone());
    let mut service = Service::new(context, args.every, (shutdown.clone(), inbox))?;
    let board = Arc::clone(&service.board);
    let pages = serve::Pages::new(context, token, Arc::clone(&board));
    let mut beside = vec![
        tokio::spawn(watch_signals(shutdown, nudges.clone())).abort_handle(),
        tokio::spawn(serve::serve(pages, listener)).abort_handle(),
        tokio::spawn(tell_systemd(Arc::clone(&board))).abort_handle(),
    ];
    let (directory, every, pulls) = (context.global.dir.clone(), args.every, args.pull);
    let keep_up = async move {
        loop {
            if pulls && let Err(error) = git::pull(&directory).await {
                board.metrics.pull_failed();
                tracing::warn!(target: "ostracon", error, "the checkout could not be pulled");
            }
            watch.follow();
            sleep(every).await;
        }
    };
    beside.push(tokio::spawn(keep_up).abort_handle());
    let _beside = Beside(beside);
    tracing::info!(target: "ostracon", "serving on http://{address}");
    systemd::ready();
    let ended = service.keep_time().await;
    systemd::stopping();
    ended
}

/// What to do when signals come: the first that ends the service does so cleanly.
async fn watch_signals(shutdown: Shutdown, nudges: Nudges) {
    let (Ok(mut interrupt), Ok(mut terminate), Ok(mut hangup)) = (
        signal(SignalKind::interrupt()),
        signal(SignalKind::terminate()),
        signal(SignalKind::hangup()),
    ) else {
        return;
    };
    loop {
        tokio::select! {
            _ = interrupt.recv() => shutdown.request(Cause::Interrupted),
            _ = terminate.recv() => shutdown.request(Cause::Terminated),
            _ = hangup.recv() => if nudges.send(Nudge::Reload).is_err() { return },
        }
    }
}

/// Lets systemd know that the service lives, as long as it does.
async fn tell_systemd(board: Arc<Board>) {
    let Some(every) = systemd::watchdog() else { return };
    loop {
        if board.is_alive() {
            systemd::alive();
        }
        sleep(every).await;
    }
}
