//! `import`: what is in force already, and lists from elsewhere, as policy.

mod adopt;
mod entries;
mod list;
mod mapping;
mod place;
mod table;

use std::path::PathBuf;
use std::time::Duration;

use super::Context;
use super::apply::span;
use crate::domain::{Deny, Kind, rfc3339};
use crate::error::Error;
use crate::exit::Exit;
use crate::provider::Capability;
pub use mapping::{Assignment, Condition, Field};

/// What `import` takes.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "With `--from` a list becomes policy, and nothing else happens. Without it, \
                        restrictions that the providers hold and the state does not know are taken \
                        over, into the policy and into the state, without a call that changes \
                        anything."
)]
pub struct Args {
    /// The policy file to make, in the workspace, as in `bans/imported.yaml`
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,

    /// Look at this target only, or with `--from` restrict at it; may be given several times
    #[arg(long, value_name = "NAME")]
    pub target: Vec<String>,

    /// Look in this room too, where lists are per room; may be given several times
    #[arg(long, value_name = "ROOM")]
    pub room: Vec<String>,

    /// Wait this long for a run to finish
    #[arg(long, value_name = "SPAN", default_value = "0s", value_parser = span)]
    pub lock_timeout: Duration,

    /// What is made of a list.
    #[command(flatten)]
    pub list: ListArgs,
}

/// What `import --from` takes.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Lists from elsewhere")]
pub struct ListArgs {
    /// Make policy of this list, `.csv` or `.jsonl` (one JSON object a line)
    #[arg(long, value_name = "LIST", requires_all = ["target", "map"], conflicts_with_all = ["room", "lock_timeout"])]
    pub from: Option<PathBuf>,

    /// Which column fills which field, as in `subject=ip,until=expires,meta.list=origin`
    #[arg(long, value_name = "FIELD=COLUMN", value_delimiter = ',', requires = "from")]
    pub map: Vec<Assignment>,

    /// A text for a field that has no column, or where that is empty, as in `until=never`
    #[arg(long, value_name = "FIELD=TEXT", requires = "from")]
    pub set: Vec<Assignment>,

    /// The offset of dates and times that say none, as in `+02:00` or `Z`
    #[arg(long, value_name = "OFFSET", requires = "from", allow_hyphen_values = true, value_parser = zone)]
    pub zone: Option<String>,

    /// Take only rows in which a column holds this, in any case; several for one column: any
    #[arg(long, value_name = "COLUMN=TEXT", value_delimiter = ',', requires = "from")]
    pub only: Vec<Condition>,

    /// What the subjects are
    #[arg(long, value_name = "KIND", default_value = "user", requires = "from", value_parser = kind)]
    pub kind: Kind,

    /// Know that such a ban reaches everybody there (an address, a channel)
    #[arg(long, requires = "from")]
    pub wide: bool,

    /// The first line is a row too; the columns are called `1`, `2` and so on
    #[arg(long, requires = "from")]
    pub no_header: bool,

    /// Leave out rows that no policy can say, instead of stopping
    #[arg(long, requires = "from")]
    pub skip_bad: bool,
}

/// Takes foreign restrictions over, or makes policy of a list.
pub fn run(context: &mut Context<'_>, args: &Args) -> Result<Exit, Error> {
    super::block_on(run_within(context, args))?
}

/// The same within the caller's runtime.
pub async fn run_within(context: &mut Context<'_>, args: &Args) -> Result<Exit, Error> {
    match &args.list.from {
        Some(from) => list::run(context, args, from),
        None => adopt::run(context, args).await,
    }
}

/// What an entry denies that does not say so.
fn denied(capability: &Capability) -> Deny {
    if capability.deny.is_empty() { Deny::NOTHING } else { Deny::JOIN }
}

fn zone(text: &str) -> Result<String, String> {
    let is_offset = text.starts_with(['+', '-']) || text == "Z";
    let is_offset = is_offset && rfc3339("2026-12-20", Some(text)).is_some();
    is_offset
        .then(|| text.to_owned())
        .ok_or_else(|| "an offset is such as `+02:00`, or `Z`".to_owned())
}

fn kind(text: &str) -> Result<Kind, String> {
    Kind::parse(text).ok_or_else(|| "one of: user, device, ip, channel, stream".to_owned())
}
