//! `--pull`: keeping the checkout up to date, never merging.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use crate::report::escape::Terminal;

/// A pull that takes longer is given up.
const PATIENCE: Duration = Duration::from_mins(1);

/// The most that is told of what git said.
const LONGEST: usize = 300;

/// Moves the checkout that a directory belongs to forward to what its upstream has; what went
/// wrong, in a line.
pub(super) async fn pull(directory: &Path) -> Result<(), String> {
    let mut git = tokio::process::Command::new("git");
    git.arg("-C").arg(directory).args(["pull", "--quiet", "--ff-only", "--no-rebase"]);
    // Nobody is there to be asked.
    git.env("GIT_TERMINAL_PROMPT", "0").env("GIT_SSH_COMMAND", "ssh -oBatchMode=yes");
    git.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true);
    let ended = tokio::time::timeout(PATIENCE, git.output()).await;
    let output = ended
        .map_err(|_elapsed| format!("git took more than {} s", PATIENCE.as_secs()))?
        .map_err(|error| format!("cannot start git: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let line: String = said.split_whitespace().collect::<Vec<_>>().join(" ");
    let line: String = line.chars().take(LONGEST).collect();
    Err(format!("git {}: {}", output.status, Terminal(&line)))
}
