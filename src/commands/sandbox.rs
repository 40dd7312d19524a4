//! `sandbox`: serves the emulation of the four providers on a loopback port.

use std::net::Ipv4Addr;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use super::Context;
use crate::error::Error;
use crate::exit::Exit;
use crate::provider::REGISTRY;
use crate::sandbox::{Sandbox, credential, serve};

/// What `sandbox` takes.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The port on 127.0.0.1; 0 takes any that is free
    #[arg(long, value_name = "N", default_value_t = 8700)]
    pub port: u16,

    /// Refuse no call for coming too fast, as for measuring
    #[arg(long)]
    pub unlimited: bool,
}

/// Serves the emulation until it is interrupted.
pub fn run(context: &mut Context<'_>, args: &Args) -> Result<Exit, Error> {
    let failed = |error: std::io::Error| {
        let message = format!("cannot serve on 127.0.0.1:{}", args.port);
        Error::new(Exit::Error, message).caused_by(&error)
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(failed)?.block_on(async {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, args.port)).await.map_err(failed)?;
        let port = listener.local_addr().map_err(failed)?.port();
        // Before it says that it listens: whoever reads that may interrupt it at once.
        let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
        let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
        context.console.result(|out| introduce(port, out))?;
        let sandbox = Sandbox::new(Arc::clone(&context.world.clock));
        let sandbox = if args.unlimited { sandbox.unlimited() } else { sandbox };
        tokio::select! {
            served = serve(sandbox, listener) => served.map(|()| Exit::Done).map_err(failed),
            _ = interrupt.recv() => Ok(Exit::Interrupted),
            _ = terminate.recv() => Ok(Exit::Terminated),
        }
    })
}

/// Says where it listens and which credentials it takes.
fn introduce(port: u16, out: &mut dyn std::fmt::Write) -> std::fmt::Result {
    writeln!(out, "All four providers at http://127.0.0.1:{port} until interrupted.")?;
    writeln!(out, "Any app id is taken, with these credentials:")?;
    for provider in REGISTRY {
        let facts = provider.facts();
        for name in facts.credentials {
            let secret = credential(facts.name, name).unwrap_or_default();
            writeln!(out, "  {:<11} {name:<18} {secret}", facts.name)?;
        }
    }
    Ok(())
}
