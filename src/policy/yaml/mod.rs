//! Reads YAML piece by piece.
//!
//! A policy file may hold a million entries, so there is never a tree of a whole file: the caller
//! walks the document's keys and the items of its lists, and gets one small tree at a time.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::problem::{Problem, quote};

mod budget;
mod everyday;
mod granit;
mod node;
mod pieces;
mod place;
mod source;
mod step;
#[cfg(test)]
mod tests;

use budget::{Budget, MOST_BYTES, MOST_VALUES};
pub(super) use node::{At, Key, Node, Value};
pub(super) use pieces::Pieces;
use place::DEEPEST;
use source::Source;
use step::{Anchor, Step};
pub(super) use step::{Event, Piece};

/// As many keys as almost every mapping of a policy has at most.
const FEW_KEYS: usize = 8;

/// Reads one document.
pub(super) struct Reader<'t> {
    source: Source<'t>,
    /// Values that aliases may name; `None` for one too large to be repeated.
    anchors: BTreeMap<Anchor, Option<Node<'t>>>,
    keepable: Budget,
    repeatable: Budget,
    /// Whether it was reported that aliases repeat too much.
    is_spent: bool,
    problems: Vec<Problem>,
}

/// What stands at the top of a document.
pub(super) enum Root {
    /// No document, or one without content.
    Empty,
    /// A mapping, whose keys can now be read.
    Mapping,
    /// Something else.
    Other(At),
}

/// The value of a key that should be a list.
pub(super) enum List<'t> {
    /// A list, whose items can now be read.
    Entered,
    /// Something else.
    Other(Node<'t>),
}

impl<'t> Reader<'t> {
    /// Starts reading a text.
    pub(super) fn new(text: &'t str) -> Self {
        Self {
            source: Source::new(text),
            anchors: BTreeMap::new(),
            keepable: Budget::full(),
            repeatable: Budget::full(),
            is_spent: false,
            problems: Vec::new(),
        }
    }

    /// What was found wrong since the last call and did not stop the reading.
    pub(super) fn take_problems(&mut self) -> Vec<Problem> {
        std::mem::take(&mut self.problems)
    }

    /// Goes to the start of the document.
    pub(super) fn enter(&mut self) -> Result<Root, Problem> {
        loop {
            let Step { event, at } = self.step()?;
            match event {
                Event::DocumentStart => {}
                Event::StreamEnd | Event::DocumentEnd => return Ok(Root::Empty),
                Event::Scalar { plain: true, .. } if at.length == 0 => return Ok(Root::Empty),
                Event::MappingStart { .. } => return Ok(Root::Mapping),
                Event::Scalar { .. }
                | Event::SequenceStart { .. }
                | Event::SequenceEnd
                | Event::MappingEnd
                | Event::Alias(_)
                | Event::UnresolvedAlias(_) => return Ok(Root::Other(at)),
            }
        }
    }

    /// Everything in the mapping at hand.
    pub(super) fn mapping(&mut self) -> Result<Node<'t>, Problem> {
        self.build_mapping(At { line: 1, column: 1, ..At::default() }, 1)
    }

    /// The next key of the mapping at hand; `None` at its end.
    pub(super) fn key(&mut self) -> Result<Option<Key<'t>>, Problem> {
        loop {
            let step = self.step()?;
            if step.event == Event::MappingEnd {
                return Ok(None);
            }
            if let Some(key) = self.read_key(step)? {
                return Ok(Some(key));
            }
            self.skip_value()?;
        }
    }

    /// Enters the list that stands at a key.
    pub(super) fn list(&mut self, key: At) -> Result<List<'t>, Problem> {
        match self.step()? {
            Step { event: Event::SequenceStart { .. }, .. } => Ok(List::Entered),
            step => self.build(step, 1, key).map(List::Other),
        }
    }

    /// The next item of the list at hand; `None` at its end.
    pub(super) fn item(&mut self) -> Result<Option<Node<'t>>, Problem> {
        match self.step()? {
            Step { event: Event::SequenceEnd, .. } => Ok(None),
            step => {
                let at = step.at;
                self.build(step, 2, at).map(Some)
            }
        }
    }

    /// The value that stands at a key.
    pub(super) fn value(&mut self, key: At) -> Result<Node<'t>, Problem> {
        let step = self.step()?;
        self.build(step, 1, key)
    }

    /// Reads to the end of the text, where no second document may start.
    pub(super) fn finish(&mut self) -> Result<(), Problem> {
        loop {
            let Step { event, at } = self.step()?;
            match event {
                Event::StreamEnd => return Ok(()),
                Event::DocumentStart => {
                    return Err(Problem::new(
                        "second-document",
                        at,
                        "a second document starts here",
                    )
                    .help("one file holds one document: move the second to a file of its own"));
                }
                _ => {}
            }
        }
    }

    fn step(&mut self) -> Result<Step<'t>, Problem> {
        self.source.step(&mut self.problems)
    }

    fn build(&mut self, step: Step<'t>, depth: usize, fallback: At) -> Result<Node<'t>, Problem> {
        let Step { event, at } = step;
        // Almost every step: nothing to keep, and nothing that can be wrong.
        if let Event::Scalar { text, plain, anchor: 0 } = event {
            return Ok(scalar(text, plain, at, fallback));
        }
        if depth > DEEPEST && event.is_start() {
            self.problems.push(
                Problem::new("too-deep", at, format!("lists and mappings stand {depth} deep"))
                    .help(place::at_most_deep()),
            );
            self.skip(&event)?;
            return Ok(Node { at, value: Value::Broken });
        }
        let (anchor, node) = match event {
            Event::Scalar { text, plain, anchor } => (anchor, scalar(text, plain, at, fallback)),
            Event::SequenceStart { anchor } => (anchor, self.build_sequence(at, depth)?),
            Event::MappingStart { anchor } => (anchor, self.build_mapping(at, depth)?),
            Event::Alias(anchor) => (0, self.repeat(anchor, at)),
            Event::UnresolvedAlias(name) => {
                let message = format!("no anchor {} stands before this", quote(&name));
                self.problems.push(
                    Problem::new("unknown-anchor", at, message)
                        .help("quote a text that starts with `*`"),
                );
                (0, Node { at, value: Value::Broken })
            }
            Event::DocumentStart
            | Event::DocumentEnd
            | Event::StreamEnd
            | Event::MappingEnd
            | Event::SequenceEnd => {
                return Err(Problem::new("yaml-syntax", at, "a value was expected here"));
            }
        };
        if anchor != 0 {
            let kept = self.keepable.pays_for(&node).then(|| node.clone());
            self.anchors.insert(anchor, kept);
        }
        Ok(node)
    }

    fn build_sequence(&mut self, at: At, depth: usize) -> Result<Node<'t>, Problem> {
        let mut items = Vec::new();
        loop {
            match self.step()? {
                Step { event: Event::SequenceEnd, .. } => {
                    return Ok(Node { at, value: Value::Sequence(items) });
                }
                step => {
                    let place = step.at;
                    items.push(self.build(step, depth + 1, place)?);
                }
            }
        }
    }

    fn build_mapping(&mut self, at: At, depth: usize) -> Result<Node<'t>, Problem> {
        let mut pairs = Vec::with_capacity(FEW_KEYS);
        loop {
            let step = self.step()?;
            if step.event == Event::MappingEnd {
                self.drop_repeated_keys(&mut pairs);
                return Ok(Node { at, value: Value::Mapping(pairs) });
            }
            if let Some(key) = self.read_key(step)? {
                let step = self.step()?;
                let value = self.build(step, depth + 1, key.at)?;
                pairs.push((key, value));
            } else {
                self.skip_value()?;
            }
        }
    }

    fn drop_repeated_keys(&mut self, pairs: &mut Vec<(Key<'t>, Node<'t>)>) {
        // Comparing the few keys that a mapping mostly has with each other costs less than a map.
        let is_few = pairs.len() <= FEW_KEYS;
        let is_repeated = |(index, (key, _)): (usize, &(Key<'_>, Node<'_>))| {
            pairs.iter().take(index).any(|(other, _)| other.text == key.text)
        };
        if is_few && !pairs.iter().enumerate().any(is_repeated) {
            return;
        }
        let mut seen: BTreeMap<Cow<'t, str>, At> = BTreeMap::new();
        let problems = &mut self.problems;
        pairs.retain(|(key, _)| {
            if let Some(first) = seen.get(&key.text) {
                problems.push(repeated_key(key, *first));
                return false;
            }
            seen.insert(key.text.clone(), key.at);
            true
        });
    }

    fn read_key(&mut self, step: Step<'t>) -> Result<Option<Key<'t>>, Problem> {
        let Step { event, at } = step;
        let wrong = match event {
            Event::Scalar { text, plain, anchor: 0 } => {
                if !plain || super::plain::is_text(&text) {
                    return Ok(Some(Key { at, text }));
                }
                Problem::new("key-not-text", at, "a key must be text")
                    .help(format!("quote it: `{}`", super::plain::quoted(&text)))
            }
            Event::Scalar { .. } => {
                Problem::new("key-not-text", at, "a key may not have an anchor")
            }
            Event::Alias(_) | Event::UnresolvedAlias(_) => {
                Problem::new("key-not-text", at, "a key may not be an alias")
            }
            // A mapping would be read for ever if its end never came.
            Event::StreamEnd | Event::DocumentEnd => return Err(ends_too_early(at)),
            event => {
                self.skip(&event)?;
                Problem::new("key-not-text", at, "a key must be a single text")
            }
        };
        self.problems.push(wrong);
        Ok(None)
    }

    fn repeat(&mut self, anchor: Anchor, at: At) -> Node<'t> {
        let broken = Node { at, value: Value::Broken };
        let problem = match self.anchors.get(&anchor) {
            Some(Some(node)) if self.repeatable.pays_for(node) => return node.clone(),
            // Once is enough: what follows in an alias bomb is the same again.
            Some(_) if std::mem::replace(&mut self.is_spent, true) => return broken,
            Some(_) => Problem::new("too-many-aliases", at, "aliases repeat too much in this file")
                .help(format!(
                    "at most {MOST_VALUES} values and {MOST_BYTES} bytes are repeated; \
                     long lists belong in a `.txt` file"
                )),
            None => Problem::new(
                "unknown-anchor",
                at,
                "an alias may repeat neither a list of entries nor what it stands in",
            ),
        };
        self.problems.push(problem);
        broken
    }

    fn skip_value(&mut self) -> Result<(), Problem> {
        let step = self.step()?;
        self.skip(&step.event)
    }

    /// Skips what a start event opened.
    fn skip(&mut self, event: &Event<'t>) -> Result<(), Problem> {
        let mut open = usize::from(event.is_start());
        while open > 0 {
            let Step { event, at } = self.step()?;
            if event.is_start() {
                open += 1;
            } else if matches!(event, Event::SequenceEnd | Event::MappingEnd) {
                open -= 1;
            } else if event == Event::StreamEnd {
                return Err(ends_too_early(at));
            }
        }
        Ok(())
    }
}

/// A single value; where nothing is written, it stands where its key does.
fn scalar(text: Cow<'_, str>, plain: bool, at: At, fallback: At) -> Node<'_> {
    let is_nothing = at.length == 0 && plain;
    let (text, at) = if is_nothing { (Cow::Borrowed(""), fallback) } else { (text, at) };
    Node { at, value: Value::Scalar { text, plain } }
}

/// The error of a key that a mapping has twice.
pub(super) fn repeated_key(key: &Key<'_>, first: At) -> Problem {
    let message = format!("the key {} stands here twice", quote(&key.text));
    Problem::new("duplicate-key", key.at, message).also(first, "first here")
}

/// The error of a text whose parser stopped within a list or mapping.
fn ends_too_early(at: At) -> Problem {
    Problem::new("yaml-syntax", at, "the text ends too early")
}
