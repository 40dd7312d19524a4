//! `fmt`: one layout for config and policies, so that a change shows what changes.

use std::io::Read as _;
use std::path::Path;

use super::Context;
use super::whole_file;
use crate::error::Error;
use crate::exit::Exit;
use crate::policy::{self, Formatted};
use crate::report::count::counted;
use crate::report::escape::Terminal;
use crate::report::unified::unified_diff;

/// What `fmt` takes.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The files; `-` for standard input, laid out to standard output [default: the whole workspace]
    #[arg(value_name = "FILE")]
    pub files: Vec<String>,

    /// Change nothing; print what would change, and exit 1 if anything would
    #[arg(long)]
    pub check: bool,

    /// Sort the entries of `bans` and of `forbidden_streams` by `id`, those without one behind
    #[arg(long)]
    pub sort: bool,
}

/// Lays out files.
pub fn run(context: &mut Context<'_>, args: &Args) -> Result<Exit, Error> {
    if args.files == ["-"] {
        return lay_out_input(context, args);
    }
    let directory = &context.global.dir;
    let names =
        args.files.iter().map(|file| name_of(file, directory)).collect::<Result<Vec<_>, _>>()?;
    let (changed, problems) = policy::lay_out(directory, &names, args.sort);
    if !args.check {
        for Formatted { name, new, .. } in &changed {
            whole_file::put_below(&context.global.dir, name, new)?;
        }
    }
    let colors = context.console.colors();
    context.console.result(|out| {
        changed.iter().try_for_each(|Formatted { name, old, new }| {
            if args.check {
                unified_diff((name, old, new), colors, out)
            } else {
                writeln!(out, "{}", Terminal(name))
            }
        })
    })?;
    if !problems.is_empty() {
        return Err(Error::of_policy(&problems));
    }
    if args.check { checked(changed.len()) } else { Ok(Exit::Done) }
}

fn lay_out_input(context: &mut Context<'_>, args: &Args) -> Result<Exit, Error> {
    let mut bytes = Vec::new();
    context
        .console
        .answers
        .read_to_end(&mut bytes)
        .map_err(|error| Error::new(Exit::Error, "cannot read standard input").caused_by(&error))?;
    let Formatted { name, old, new } =
        policy::lay_out_text(bytes, args.sort).map_err(|problems| Error::of_policy(&problems))?;
    if !args.check {
        context.console.out.text(&new);
        return Ok(Exit::Done);
    }
    let colors = context.console.colors();
    context.console.result(|out| unified_diff((&name, &old, &new), colors, out))?;
    checked(usize::from(old != new))
}

fn checked(changed: usize) -> Result<Exit, Error> {
    if changed == 0 {
        return Ok(Exit::Done);
    }
    let files = counted(changed as u64, "file");
    let verb = if changed == 1 { "is" } else { "are" };
    Err(Error::new(Exit::Error, format!("{files} {verb} laid out otherwise"))
        .hint("run `ostracon fmt`"))
}

/// The name of a file from the top of the workspace: as diagnostics have it, or as a shell has.
fn name_of(file: &str, directory: &Path) -> Result<String, Error> {
    let path = Path::new(file);
    let path = path.strip_prefix(directory).unwrap_or(path);
    let name = path.to_str().filter(|_| policy::is_workspace_path(path));
    name.map(str::to_owned).ok_or_else(|| {
        let message = format!("`{}` is no file of the workspace", Terminal(file));
        Error::new(Exit::Usage, message).hint("name the config or a policy file below `--dir`")
    })
}
