//! Every command with its arguments, out of the command line's own description.

use std::fmt::Write as _;

use clap::{Arg, ArgAction, Command, CommandFactory as _};
use ostracon::cli::Cli;

use super::cell;

pub(super) fn page() -> String {
    let mut root = Cli::command();
    root.build();
    let mut body = "## For all commands\n\n".to_owned();
    let global: Vec<_> = root.get_arguments().filter(|arg| arg.is_global_set()).collect();
    table(&global, &mut body);
    root.get_subcommands().for_each(|command| section(command, &mut body));
    let about = "Each command, and what it takes. `ostracon help COMMAND` says the same, \
                 `ostracon man` prints a manual page, and the [reference](reference.md) says how \
                 they work together.";
    super::page("Commands", about, &body)
}

fn section(command: &Command, body: &mut String) {
    if command.get_name() == "help" || command.is_hide_set() {
        return;
    }
    let name = command.get_bin_name().unwrap_or_else(|| command.get_name());
    let about = command.get_long_about().or_else(|| command.get_about());
    writeln!(body, "\n## {name}\n").unwrap();
    for paragraph in about.map(ToString::to_string).unwrap_or_default().split("\n\n") {
        writeln!(body, "{}\n", paragraph.trim()).unwrap();
    }
    let usage = command.clone().render_usage().to_string();
    writeln!(body, "```text\n{}\n```", usage.replace("Usage: ", "").trim()).unwrap();
    let own: Vec<_> = command.get_arguments().filter(|arg| is_own(arg)).collect();
    if !own.is_empty() {
        body.push('\n');
        table(&own, body);
    }
    for inner in command.get_subcommands() {
        section(inner, body);
    }
}

fn is_own(arg: &Arg) -> bool {
    !arg.is_global_set()
        && !arg.is_hide_set()
        && !matches!(arg.get_id().as_str(), "help" | "version")
}

fn table(arguments: &[&Arg], body: &mut String) {
    writeln!(body, "| Argument | Meaning |\n|---|---|").unwrap();
    for arg in arguments {
        writeln!(body, "| {} | {} |", form(arg), meaning(arg)).unwrap();
    }
}

/// How an argument is written.
fn form(arg: &Arg) -> String {
    let takes = matches!(arg.get_action(), ArgAction::Set | ArgAction::Append);
    let names = arg.get_value_names().unwrap_or_default();
    let value: Vec<_> = names.iter().map(ToString::to_string).collect();
    let value = if takes { value.join(" ") } else { String::new() };
    match (arg.get_short(), arg.get_long()) {
        (Some(short), Some(long)) => {
            cell(&format!("`-{short}`, `--{long} {value}`")).replace(" `", "`")
        }
        (None, Some(long)) => format!("`{}`", format!("--{long} {value}").trim()),
        _ => format!("`{value}`"),
    }
    .replace(",`", ", `")
}

fn meaning(arg: &Arg) -> String {
    let help = arg.get_long_help().or_else(|| arg.get_help());
    let mut text = cell(&help.map(ToString::to_string).unwrap_or_default());
    let listed = arg.get_possible_values().into_iter().filter(|value| !value.is_hide_set());
    let values: Vec<_> = listed
        .map(|value| {
            let about = value.get_help().map(|help| format!(" ({})", cell(&help.to_string())));
            format!("`{}`{}", value.get_name(), about.unwrap_or_default().replace(".)", ")"))
        })
        .collect();
    let takes = matches!(arg.get_action(), ArgAction::Set | ArgAction::Append);
    if !values.is_empty() && takes && !arg.is_hide_possible_values_set() {
        write!(text, ": {}", values.join(", ")).unwrap();
    }
    let defaults: Vec<_> =
        arg.get_default_values().iter().map(|value| value.to_string_lossy()).collect();
    if !defaults.is_empty() && takes {
        write!(text, "; default `{}`", defaults.join(" ")).unwrap();
    }
    if let Some(variable) = arg.get_env() {
        write!(text, "; or `{}`", variable.to_string_lossy()).unwrap();
    }
    text
}
