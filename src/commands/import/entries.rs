//! Rows of a list as entries of a policy: checked one by one, then put together.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::SignedDuration;

use super::mapping::{Field, Mapping};
use super::table::Row;
use crate::domain::{Id, Kind, Moment, Restriction, Subject, TargetName, Until, rfc3339, span};
use crate::policy::{Diagnostic, LONGEST_ENTRY_ID, Place, Severity};
use crate::provider::{Capability, IdRule, Presence};

/// What rows are turned into entries with.
pub(super) struct Terms<'a> {
    /// Which columns fill which keys.
    pub(super) mapping: &'a Mapping,
    /// The targets of all entries, and how each restricts such subjects.
    pub(super) capabilities: &'a [(TargetName, &'static Capability)],
    /// What the subjects are.
    pub(super) kind: Kind,
    /// When that is.
    pub(super) now: Moment,
    /// The offset of times that say none.
    pub(super) zone: Option<&'a str>,
}

/// What the subjects of one entry have in common.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Common {
    /// The `id` of the entry.
    pub(super) id: Option<Arc<str>>,
    /// The room.
    pub(super) room: Option<Id>,
    /// Not before.
    pub(super) from: Option<Moment>,
    /// Until when.
    pub(super) until: Until,
    /// Why.
    pub(super) reason: Option<Arc<str>>,
    /// What it says for people, by key.
    pub(super) meta: Vec<(String, Arc<str>)>,
}

/// What came of a list.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Sorted {
    /// The subjects of each entry.
    pub(super) entries: BTreeMap<Common, BTreeSet<Id>>,
    /// What is wrong with the list.
    pub(super) problems: Vec<Diagnostic>,
    /// How many rows are not among those that count.
    pub(super) left_out: u64,
    /// How many had ended already.
    pub(super) ended: u64,
    /// How many name somebody whom another row names for longer.
    pub(super) repeated: u64,
    /// How many name somebody who is protected.
    pub(super) protected: u64,
}

/// Sorts rows into entries. Whom several rows name is kept until the latest of their ends.
pub(super) fn sort(
    file: &Arc<str>,
    rows: &[Row],
    terms: &Terms<'_>,
    is_protected: impl Fn(&Restriction) -> bool,
) -> Sorted {
    let mut sorted = Sorted::default();
    let mut kept: BTreeMap<(Option<Id>, Id), Common> = BTreeMap::new();
    let mut ids: BTreeMap<Arc<str>, Common> = BTreeMap::new();
    for row in rows {
        let reader = Reader { terms, row };
        match reader.read() {
            Err(wrong) => sorted.problems.push(wrong.at(file)),
            Ok(None) => sorted.left_out += 1,
            Ok(Some((subject, common))) => {
                if common.until.has_passed(terms.now) {
                    sorted.ended += 1;
                    continue;
                }
                if terms.restrictions(&subject, &common).any(|it| is_protected(&it)) {
                    sorted.protected += 1;
                    continue;
                }
                if let Some(id) = &common.id {
                    let first = ids.entry(Arc::clone(id)).or_insert_with(|| common.clone());
                    if *first != common {
                        let place = reader.place(&Field::Id);
                        let message = "an earlier row of this `id` says something else";
                        sorted.problems.push(Wrong::new(place, message).at(file));
                        continue;
                    }
                }
                let key = (common.room.clone(), subject);
                if let Some(other) = kept.get(&key) {
                    sorted.repeated += 1;
                    if other.until >= common.until {
                        continue;
                    }
                }
                kept.insert(key, common);
            }
        }
    }
    for ((_, subject), common) in kept {
        sorted.entries.entry(common).or_default().insert(subject);
    }
    sorted
}

impl Terms<'_> {
    fn restrictions(&self, subject: &Id, common: &Common) -> impl Iterator<Item = Restriction> {
        self.capabilities.iter().map(|(target, capability)| Restriction {
            target: target.clone(),
            room: common.room.clone(),
            subject: Subject { kind: self.kind, id: subject.clone() },
            deny: super::denied(capability),
        })
    }
}

/// What is wrong with a row, and where.
struct Wrong {
    place: (u32, u32),
    message: String,
}

impl Wrong {
    fn new(place: (u32, u32), message: impl Into<String>) -> Self {
        Self { place, message: message.into() }
    }

    fn at(self, file: &Arc<str>) -> Diagnostic {
        let Self { place: (line, column), message } = self;
        Diagnostic {
            severity: Severity::Error,
            code: "bad-row",
            message,
            place: Some(Place { file: Arc::clone(file), line, column }),
            excerpt: None,
            label: None,
            help: None,
        }
    }
}

struct Reader<'a> {
    terms: &'a Terms<'a>,
    row: &'a Row,
}

impl Reader<'_> {
    /// The subject, and the entry it belongs to; `None` if the row is not among those that count.
    fn read(&self) -> Result<Option<(Id, Common)>, Wrong> {
        if let Some(what) = &self.row.broken {
            return Err(Wrong::new((self.row.line, 1), what));
        }
        for (column, values) in self.terms.mapping.only() {
            let held = self.row.cell(column).and_then(|cell| cell.text.as_deref().ok());
            let held = held.unwrap_or_default();
            if !values.iter().any(|value| value.eq_ignore_ascii_case(held)) {
                return Ok(None);
            }
        }
        let subject = self
            .id(&Field::Subject, |capability| Some(capability.id))?
            .ok_or_else(|| self.wrong(&Field::Subject, "is empty"))?;
        let room = self
            .id(&Field::Room, |capability| capability.names_room().then_some(capability.room_id))?;
        let is_required = |capability: &Capability| capability.room == Presence::Required;
        if room.is_none()
            && self.terms.capabilities.iter().any(|(_, capability)| is_required(capability))
        {
            return Err(self.wrong(&Field::Room, "is empty"));
        }
        let (from, until) = (self.from()?, self.until()?);
        if from.zip(until.at()).is_some_and(|(from, until)| from >= until) {
            return Err(self.wrong(&Field::From, "is not before the end"));
        }
        let id = self.value(&Field::Id)?;
        if let Some(Err(what)) = id.map(|id| IdRule::Text(LONGEST_ENTRY_ID).parse(id)) {
            return Err(self.wrong(&Field::Id, &what));
        }
        let mut meta = Vec::new();
        for field in self.terms.mapping.metas() {
            if let (Field::Meta(key), Some(value)) = (field, self.value(field)?) {
                meta.push((key.clone(), value.into()));
            }
        }
        let (id, reason) = (id.map(Into::into), self.reason()?.map(Into::into));
        Ok(Some((subject, Common { id, room, from, until, reason, meta })))
    }

    /// The text of a field: from its column, or else the one that was set for all rows.
    fn value(&self, field: &Field) -> Result<Option<&str>, Wrong> {
        let mapping = self.terms.mapping;
        let cell = mapping.column(field).and_then(|column| self.row.cell(column));
        match cell.map(|cell| cell.text.as_deref()) {
            Some(Ok(text)) => Ok(Some(text)),
            Some(Err(what)) => Err(self.wrong(field, what)),
            None => Ok(mapping.text(field)),
        }
    }

    /// An id that every target takes, in its one spelling.
    fn id(
        &self,
        field: &Field,
        rule: impl Fn(&Capability) -> Option<IdRule>,
    ) -> Result<Option<Id>, Wrong> {
        let Some(text) = self.value(field)? else { return Ok(None) };
        let mut id = None;
        for (target, capability) in self.terms.capabilities {
            let Some(rule) = rule(capability) else {
                let what = format!("is given, and `{target}` restricts such things everywhere");
                return Err(self.wrong(field, &what));
            };
            let read = rule.parse(text);
            let read =
                read.map_err(|what| self.wrong(field, &format!("{what} (for `{target}`)")))?;
            id = Some(read);
        }
        Ok(id)
    }

    fn reason(&self) -> Result<Option<&str>, Wrong> {
        let reason = self.value(&Field::Reason)?;
        let Some(text) = reason else { return Ok(None) };
        if text.contains('\0') {
            return Err(self.wrong(&Field::Reason, "may not hold NUL"));
        }
        let limits = self.terms.capabilities.iter().filter_map(|(target, capability)| {
            capability.reason.filter(|rule| text.len() > rule.max_bytes).map(|rule| (target, rule))
        });
        match limits.into_iter().next() {
            Some((target, rule)) => {
                let (length, most) = (text.len(), rule.max_bytes);
                let what = format!("is {length} bytes long, `{target}` takes at most {most}");
                Err(self.wrong(&Field::Reason, &what))
            }
            None => Ok(reason),
        }
    }

    fn from(&self) -> Result<Option<Moment>, Wrong> {
        let Some(text) = self.value(&Field::From)? else { return Ok(None) };
        let from = instant(text, self.terms.zone).ok_or_else(|| {
            self.wrong(&Field::From, &format!("is {}: {}", shown(text), how_to_say(text)))
        })?;
        Ok(Some(from))
    }

    /// The end: of `until` if that is there, else of `for`.
    fn until(&self) -> Result<Until, Wrong> {
        let cell = |field| self.terms.mapping.column(field).and_then(|it| self.row.cell(it));
        let has_span = cell(&Field::Until).is_none() && cell(&Field::For).is_some();
        if let Some(text) = self.value(&Field::Until)?.filter(|_| !has_span) {
            return match text {
                "never" => Ok(Until::Never),
                text => instant(text, self.terms.zone).map(Until::At).ok_or_else(|| {
                    let what = format!("is {}: {}, or `never`", shown(text), how_to_say(text));
                    self.wrong(&Field::Until, &what)
                }),
            };
        }
        let Some(text) = self.value(&Field::For)? else {
            return Err(self.wrong(&Field::Until, "is empty"));
        };
        let Some(span) = span(text) else {
            let what = format!("is {}: a span is such as `4h` or `3h59m49.2s`", shown(text));
            return Err(self.wrong(&Field::For, &what));
        };
        // Up to the full second: nothing ends early.
        let end = self.terms.now + span;
        let seconds = Moment::from_seconds(0).seconds_to(end);
        Ok(Until::At(Moment::from_seconds(seconds)))
    }

    fn wrong(&self, field: &Field, what: &str) -> Wrong {
        let column = match self.terms.mapping.column(field) {
            Some(column) => format!(" (column `{column}`)"),
            None => String::new(),
        };
        Wrong::new(self.place(field), format!("the {field}{column} {what}"))
    }

    /// Where a field stands; the row, if it stands nowhere.
    fn place(&self, field: &Field) -> (u32, u32) {
        let column = self.terms.mapping.column(field);
        let cell = column.and_then(|column| self.row.any_cell(column));
        cell.map_or((self.row.line, 1), |cell| cell.at)
    }
}

/// What an instant is; for a time without an offset, how to say which.
fn how_to_say(text: &str) -> &'static str {
    match rfc3339(text, Some("Z")) {
        Some(_) => "it has no offset, say it with `--zone`, as in `--zone +02:00`",
        None => "an instant is RFC 3339 with an offset, or seconds since 1970",
    }
}

/// As much of a text as a message bears.
fn shown(text: &str) -> String {
    const MOST: usize = 60;
    let short: String = text.chars().take(MOST).collect();
    let more = if short.len() < text.len() { "…" } else { "" };
    format!("`{short}{more}`")
}

/// The first second of the year 10000, which RFC 3339 cannot write.
const END_OF_TIME: i64 = 253_402_300_800;

/// Reads a date, a date and a time, or seconds since 1970.
fn instant(text: &str, zone: Option<&str>) -> Option<Moment> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number {
        return Moment::parse(&rfc3339(text, zone)?);
    }
    let seconds = text.parse().ok().filter(|seconds| *seconds < END_OF_TIME)?;
    Some(Moment::from_seconds(seconds))
}

/// Reads a span as programs print it: `4h`, `3h59m49.264s`, `-5s`, `30d`.
fn span(text: &str) -> Option<SignedDuration> {
    // A millennium: sums with an instant must stay far from overflow.
    let most = SignedDuration::from_hours(24 * 366 * 1000);
    span::any(text).filter(|span| span.abs() <= most)
}
