//! `validate`: checks every file; needs no state, no network, no credentials.

use super::Context;
use crate::error::Error;
use crate::exit::Exit;
use crate::policy;
use crate::report::count::{counted, grouped};
use crate::report::escape::Terminal;

/// Checks the workspace.
pub fn run(context: &mut Context<'_>) -> Result<Exit, Error> {
    let loaded = policy::load(&context.global.dir, &context.leave());
    let workspace = loaded.map_err(|diagnostics| Error::of_policy(&diagnostics))?;
    for warning in &workspace.warnings {
        let place = warning.source.as_ref().map(|source| format!("{source}: ")).unwrap_or_default();
        let text = format!("{place}{}", warning.message);
        context.console.err.say(&format!("warning[{}]: {}\n", warning.code, Terminal(&text)));
    }
    let restrictions =
        workspace.wanted.chunk_by(|one, other| one.restriction == other.restriction).count() as u64;
    context.console.result(|out| {
        writeln!(
            out,
            "Valid: {}, {}, {}.",
            counted(workspace.config.targets.len() as u64, "target"),
            grouped_entries(workspace.entries),
            counted(restrictions, "restriction"),
        )
    })?;
    Ok(Exit::Done)
}

fn grouped_entries(entries: usize) -> String {
    let word = if entries == 1 { "entry" } else { "entries" };
    format!("{} {word}", grouped(entries as u64))
}
