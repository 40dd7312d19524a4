//! One policy file, read entry by entry.

use super::entry::{Reading, read_entry};
use super::fields::unknown_key;
use super::problem::{Problem, Scope};
use super::protect::read_protect;
use super::section::Section;
use super::yaml::{At, Key, List, Node, Reader, Root, Value, repeated_key};

/// The keys at the top of a policy file.
const KEYS: [&str; 3] = ["bans", "forbidden_streams", "protect"];

/// A list at the top of a policy file.
#[derive(Clone, Copy)]
enum Part {
    Entries(Section),
    Protect,
}

impl Part {
    fn of(key: &str) -> Option<Self> {
        match key {
            "bans" => Some(Self::Entries(Section::Bans)),
            "forbidden_streams" => Some(Self::Entries(Section::ForbiddenStreams)),
            "protect" => Some(Self::Protect),
            _ => None,
        }
    }
}

/// Reads a policy file; what stands before a syntax error is still checked.
pub(super) fn read_policy(text: &str, reading: &mut Reading<'_, '_>, scope: &mut Scope<'_>) {
    let mut reader = Reader::new(text);
    let end = read_document(&mut reader, reading, scope);
    for problem in reader.take_problems().into_iter().chain(end.err()) {
        scope.push(problem);
    }
}

fn read_document(
    reader: &mut Reader<'_>,
    reading: &mut Reading<'_, '_>,
    scope: &mut Scope<'_>,
) -> Result<(), Problem> {
    match reader.enter()? {
        Root::Empty => return Err(empty_file("`bans: []` says that there is nothing")),
        Root::Other(at) => {
            return Err(Problem::new("wrong-shape", at, "a policy file must be a mapping")
                .help("start with `bans:`, `forbidden_streams:` or `protect:`"));
        }
        Root::Mapping => {}
    }
    let mut seen: Vec<Key<'_>> = Vec::new();
    while let Some(key) = reader.key()? {
        let first = seen.iter().find(|other| other.text == key.text).map(|first| first.at);
        match (Part::of(&key.text), first) {
            (_, Some(first)) => {
                scope.push(repeated_key(&key, first));
                reader.value(key.at)?;
            }
            (None, None) => {
                scope.push(unknown_key(&key, "a policy file", &KEYS));
                reader.value(key.at)?;
            }
            (Some(part), None) => {
                read_part(reader, &key, part, reading, scope)?;
                seen.push(key);
            }
        }
    }
    reader.finish()
}

/// The error of a file in which nothing stands.
pub(super) fn empty_file(help: &str) -> Problem {
    let at = At { line: 1, column: 1, ..At::default() };
    Problem::new("empty-file", at, "this file holds no document").help(help)
}

fn read_part<'t>(
    reader: &mut Reader<'t>,
    key: &Key<'t>,
    part: Part,
    reading: &mut Reading<'_, '_>,
    scope: &mut Scope<'_>,
) -> Result<(), Problem> {
    match reader.list(key.at)? {
        List::Other(Node { value: Value::Sequence(items), .. }) => {
            // Only an alias leads here: a list that stands in place is entered.
            for item in items {
                read_item(&item, part, reading, scope);
            }
        }
        List::Other(node) => report_no_list(&node, &key.text, scope),
        List::Entered => {
            while let Some(item) = reader.item()? {
                for problem in reader.take_problems() {
                    scope.push(problem);
                }
                read_item(&item, part, reading, scope);
            }
        }
    }
    Ok(())
}

fn read_item(item: &Node<'_>, part: Part, reading: &mut Reading<'_, '_>, scope: &mut Scope<'_>) {
    match part {
        Part::Entries(section) => read_entry(item, section, reading, scope),
        Part::Protect => read_protect(item, reading.known, reading.part, scope),
    }
}

/// Reports a list of entries that is none.
fn report_no_list(node: &Node<'_>, name: &str, scope: &mut Scope<'_>) {
    if !matches!(node.value, Value::Broken) {
        let message = format!("`{name}` must be a list, not {}", node.describe());
        scope.push(
            Problem::new("wrong-shape", node.at, message)
                .help(format!("write `{name}: []` where there is none")),
        );
    }
}
