//! One policy file, read entry by entry.

use super::entry::{Reading, read_entry};
use super::fields::unknown_key;
use super::problem::{Problem, Reporter};
use super::protect::read_protect;
use super::section::Section;
use super::yaml::{At, Key, List, Node, Reader, Root, Value, repeated_key};

/// The keys at the top of a policy file.
const KEYS: [&str; 3] = ["bans", "forbidden_streams", "protect"];

/// A list at the top of a policy file.
#[derive(Clone, Copy)]
enum TopList {
    Entries(Section),
    Protect,
}

impl TopList {
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
pub(super) fn read_policy(text: &str, reading: &mut Reading<'_, '_>, reporter: &mut Reporter<'_>) {
    let mut reader = Reader::new(text);
    let end = read_document(&mut reader, reading, reporter);
    for problem in reader.take_problems().into_iter().chain(end.err()) {
        reporter.push(problem);
    }
}

fn read_document(
    reader: &mut Reader<'_>,
    reading: &mut Reading<'_, '_>,
    reporter: &mut Reporter<'_>,
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
        match (TopList::of(&key.text), first) {
            (_, Some(first)) => {
                reporter.push(repeated_key(&key, first));
                reader.value(key.at)?;
            }
            (None, None) => {
                reporter.push(unknown_key(&key, "a policy file", &KEYS));
                reader.value(key.at)?;
            }
            (Some(list), None) => {
                read_part(reader, &key, list, reading, reporter)?;
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
    list: TopList,
    reading: &mut Reading<'_, '_>,
    reporter: &mut Reporter<'_>,
) -> Result<(), Problem> {
    match reader.list(key.at)? {
        List::Other(Node { value: Value::Sequence(items), .. }) => {
            // Only an alias leads here: a list that stands in place is entered.
            for item in items {
                read_item(&item, list, reading, reporter);
            }
        }
        List::Other(node) => report_no_list(&node, &key.text, reporter),
        List::Entered => {
            while let Some(item) = reader.item()? {
                for problem in reader.take_problems() {
                    reporter.push(problem);
                }
                read_item(&item, list, reading, reporter);
            }
        }
    }
    Ok(())
}

fn read_item(
    item: &Node<'_>,
    list: TopList,
    reading: &mut Reading<'_, '_>,
    reporter: &mut Reporter<'_>,
) {
    match list {
        TopList::Entries(section) => read_entry(item, section, reading, reporter),
        TopList::Protect => read_protect(item, reading.index, reading.policy, reporter),
    }
}

/// Reports a list of entries that is none.
fn report_no_list(node: &Node<'_>, name: &str, reporter: &mut Reporter<'_>) {
    if !matches!(node.value, Value::Broken) {
        let message = format!("`{name}` must be a list, not {}", node.describe());
        reporter.push(
            Problem::new("wrong-shape", node.at, message)
                .help(format!("write `{name}: []` where there is none")),
        );
    }
}
