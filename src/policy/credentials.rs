//! `credentials:` of a target: where its secrets come from, never the secrets themselves.

use std::collections::BTreeMap;

use super::Permissions;
use super::fields::{Fields, items};
use super::problem::{Problem, Reporter};
use super::scalar::read_text;
use super::suggest::one_of;
use super::yaml::{At, Node, Value};
use crate::provider::{CredentialSource, Facts};

const SOURCES: [&str; 3] = ["env", "file", "command"];

/// Reads the sources of a target's credentials: exactly those that its provider needs.
pub(super) fn read_credentials(
    target: &Fields<'_, '_>,
    key: At,
    facts: &'static Facts,
    permissions: &Permissions,
    reporter: &mut Reporter<'_>,
) -> BTreeMap<&'static str, CredentialSource> {
    let mut sources = BTreeMap::new();
    let Some((credentials, node)) = target.pair("credentials") else {
        reporter.push(
            Problem::new("credential-missing", key, "the target has no `credentials`")
                .help(one_of(facts.credentials)),
        );
        return sources;
    };
    if report_secrets(node, reporter) {
        return sources;
    }
    let Some(fields) = Fields::open(node, "`credentials`", facts.credentials, reporter) else {
        return sources;
    };
    for &name in facts.credentials {
        if let Some(node) = fields.get(name) {
            let source = read_source(node, name, permissions, reporter);
            sources.extend(source.map(|source| (name, source)));
        } else {
            let message = format!("{} needs the credential `{name}`", facts.title);
            reporter.push(
                Problem::new("credential-missing", credentials.at, message)
                    .help(format!("add `{name}: {{ env: NAME }}`")),
            );
        }
    }
    sources
}

/// Reports every secret that stands where its source should, before anything quotes it.
fn report_secrets(node: &Node<'_>, reporter: &mut Reporter<'_>) -> bool {
    let mut places = Vec::new();
    match &node.value {
        Value::Scalar { text, plain } if !(*plain && text.is_empty()) => places.push(node.at),
        Value::Mapping(pairs) => {
            let scalars =
                pairs.iter().filter(|(_, value)| matches!(value.value, Value::Scalar { .. }));
            places.extend(scalars.map(|(_, value)| value.at));
        }
        Value::Scalar { .. } | Value::Sequence(_) | Value::Broken => {}
    }
    for at in &places {
        reporter.push(secret(*at));
    }
    !places.is_empty()
}

/// The error of a secret in the config.
pub(super) fn secret(at: At) -> Problem {
    Problem::new("secret-in-config", at, "a secret stands in the config")
        .help(
            "name a source instead, such as `{ env: NAME }`; a secret that was committed is no \
             secret any more: replace it at the provider",
        )
        .secret()
}

fn read_source(
    node: &Node<'_>,
    name: &str,
    permissions: &Permissions,
    reporter: &mut Reporter<'_>,
) -> Option<CredentialSource> {
    let fields = Fields::open(node, format_args!("`{name}`"), &SOURCES, reporter)?;
    let mut named = SOURCES.iter().filter_map(|source| fields.pair(source));
    let (Some((key, value)), None) = (named.next(), named.next()) else {
        reporter.push(
            Problem::new(
                "credential-source",
                node.at,
                format!("`{name}` needs exactly one source"),
            )
            .help(one_of(&SOURCES)),
        );
        return None;
    };
    match &*key.text {
        "env" => read_variable(value, reporter),
        "file" => read_path(value, reporter),
        _ => read_command(value, key.at, permissions, reporter),
    }
}

fn read_variable(node: &Node<'_>, reporter: &mut Reporter<'_>) -> Option<CredentialSource> {
    let name = read_text(node, "`env`", reporter)?;
    let legal = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && name.bytes().next().is_some_and(|byte| !byte.is_ascii_digit());
    if !legal {
        reporter.push(
            Problem::new("bad-variable", node.at, "`env` must be the name of a variable")
                .help("letters, digits and `_`, such as `SERVER_SECRET`")
                .secret(),
        );
    }
    legal.then(|| CredentialSource::Env(name.to_owned()))
}

fn read_path(node: &Node<'_>, reporter: &mut Reporter<'_>) -> Option<CredentialSource> {
    let path = read_text(node, "`file`", reporter)?;
    let legal = !path.is_empty() && !path.contains('\0');
    if !legal {
        reporter.push(Problem::new("bad-path", node.at, "`file` must be the path of a file"));
    }
    legal.then(|| CredentialSource::File(path.to_owned()))
}

fn read_command(
    node: &Node<'_>,
    key: At,
    permissions: &Permissions,
    reporter: &mut Reporter<'_>,
) -> Option<CredentialSource> {
    if !permissions.commands {
        reporter.push(
            Problem::new("command-not-allowed", key, "a command needs leave from outside")
                .help("set `OSTRACON_ALLOW_COMMANDS=1` where this workspace is trusted"),
        );
    }
    let mut words = Vec::new();
    let mut legal = true;
    for item in items(node, "`command`", reporter)? {
        match read_text(item, "a word of `command`", reporter) {
            Some(word) if !word.contains('\0') => words.push(word.to_owned()),
            Some(_) => {
                reporter.push(Problem::new("bad-command", item.at, "a word may not hold NUL"));
                legal = false;
            }
            None => legal = false,
        }
    }
    if words.first().is_some_and(String::is_empty) {
        reporter.push(Problem::new("bad-command", node.at, "`command` must start with a program"));
        legal = false;
    }
    legal.then_some(CredentialSource::Command(words))
}
