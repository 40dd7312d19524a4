//! A part as bytes, for the shelf.
//!
//! Only parts about which there is nothing to say are kept: a file with a warning, or with an item
//! of `protect`, is read anew each time.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::known::Known;
use super::mark::ListMark;
use super::part::Part;
use super::yaml::At;
use crate::domain::{Deny, Id, Kind, Moment, Source, TargetName, Until, Wanted};

/// A part, with each text that several have in common once.
#[derive(Serialize, Deserialize)]
struct Stored<'a> {
    entries: usize,
    lists: Vec<ListMark>,
    /// Targets, rooms, reasons; the first is empty and stands for none.
    #[serde(borrow)]
    texts: Vec<Cow<'a, str>>,
    wide: Vec<(u32, Place, usize)>,
    #[serde(borrow)]
    ids: Vec<(&'a str, Place)>,
    #[serde(borrow)]
    wanted: Vec<Row<'a>>,
}

/// Line, column, offset and length.
type Place = (u32, u32, u32, u32);

#[derive(Serialize, Deserialize)]
struct Row<'a> {
    target: u32,
    room: u32,
    kind: u8,
    #[serde(borrow)]
    ids: Vec<&'a str>,
    deny: u8,
    from: Option<i64>,
    until: Option<i64>,
    reason: u32,
    entry: Option<&'a str>,
    line: u32,
    column: u32,
}

impl Part {
    /// The part as bytes; `None` if there is something to say about it.
    pub(super) fn to_bytes(&self) -> Option<Vec<u8>> {
        if !self.findings.is_empty() || !self.protections.is_empty() {
            return None;
        }
        let mut texts = Texts::default();
        let stored = Stored {
            entries: self.entries,
            lists: self.lists.clone(),
            wide: self
                .wide
                .iter()
                .map(|(target, (at, count))| (texts.number(target.as_str()), place(*at), *count))
                .collect(),
            ids: self.ids.iter().map(|(id, at)| (&**id, place(*at))).collect(),
            wanted: self.wanted.iter().map(|wanted| row(wanted, &mut texts)).collect(),
            texts: texts.in_order(),
        };
        postcard::to_stdvec(&stored).ok()
    }

    /// The part of a file of this name that bytes tell of; `None` if they do not.
    pub(super) fn of_bytes(file: Arc<str>, bytes: &[u8], known: &Known) -> Option<Self> {
        let stored: Stored<'_> = postcard::from_bytes(bytes).ok()?;
        let texts: Vec<Arc<str>> = stored.texts.iter().map(|text| Arc::from(&**text)).collect();
        let text = |number: u32| texts.get(usize::try_from(number).ok()?);
        let optional = |number: u32| if number == 0 { Some(None) } else { text(number).map(Some) };
        let mut names = BTreeMap::new();
        let mut target = |number: u32| -> Option<TargetName> {
            if let Some(name) = names.get(&number) {
                return Some(TargetName::clone(name));
            }
            let (name, _) = known.targets.get_key_value(&TargetName::parse(text(number)?)?)?;
            names.insert(number, name.clone());
            Some(name.clone())
        };
        let mut part = Self::new(file);
        part.entries = stored.entries;
        part.lists = stored.lists;
        for (number, place, count) in stored.wide {
            part.wide.insert(target(number)?, (at(place), count));
        }
        for (id, place) in stored.ids {
            part.ids.push((id.into(), at(place)));
        }
        let moment = |millis: Option<i64>| millis.map(Moment::from_millis);
        for row in stored.wanted {
            let kind = Kind::ALL.into_iter().find(|kind| *kind as u8 == row.kind)?;
            let reason = match row.reason.checked_sub(1) {
                Some(number) => Some(Arc::clone(text(number)?)),
                None => None,
            };
            let file = Arc::clone(&part.file);
            part.wanted.push(Wanted {
                target: target(row.target)?,
                room: optional(row.room)?.map(|room| Id::new(Arc::clone(room))),
                kind,
                ids: row.ids.into_iter().map(Id::new).collect(),
                deny: Deny::from_bits(row.deny)?,
                from: moment(row.from),
                until: moment(row.until).map_or(Until::Never, Until::At),
                reason,
                entry: row.entry.map(Into::into),
                source: Source { file, line: row.line, column: row.column },
            });
        }
        Some(part)
    }
}

fn row<'a>(wanted: &'a Wanted, texts: &mut Texts<'a>) -> Row<'a> {
    Row {
        target: texts.number(wanted.target.as_str()),
        room: texts.number(wanted.room.as_ref().map_or("", Id::as_str)),
        kind: wanted.kind as u8,
        ids: wanted.ids.iter().map(Id::as_str).collect(),
        deny: wanted.deny.bits(),
        from: wanted.from.map(Moment::millis),
        until: wanted.until.at().map(Moment::millis),
        reason: wanted.reason.as_ref().map_or(0, |reason| 1 + texts.number(reason)),
        entry: wanted.entry.as_deref(),
        line: wanted.source.line,
        column: wanted.source.column,
    }
}

/// The texts of a part, each once.
struct Texts<'a> {
    numbers: BTreeMap<&'a str, u32>,
    texts: Vec<Cow<'a, str>>,
}

impl Default for Texts<'_> {
    fn default() -> Self {
        Self { numbers: BTreeMap::from([("", 0)]), texts: vec![Cow::Borrowed("")] }
    }
}

impl<'a> Texts<'a> {
    fn number(&mut self, text: &'a str) -> u32 {
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        let number = u32::try_from(self.texts.len()).unwrap_or(u32::MAX);
        self.numbers.insert(text, number);
        self.texts.push(Cow::Borrowed(text));
        number
    }

    fn in_order(self) -> Vec<Cow<'a, str>> {
        self.texts
    }
}

fn place(At { line, column, offset, length }: At) -> Place {
    (line, column, offset, length)
}

fn at((line, column, offset, length): Place) -> At {
    At { line, column, offset, length }
}
