//! One statement: what the audit log says of a restriction, and what the entry says in its `meta`.

use serde_json::{Map, Value};

use super::fields::{Asked, DAYS, FIELDS, Field, LONGEST_URL, Takes};
use crate::domain::{Deny, Id, Kind, Moment, Restriction, Until};
use crate::report::pseudonyms::stands_alone;
use crate::store::Event;

/// A statement as the database takes it.
pub type Statement = Map<String, Value>;

/// What becomes of an event.
#[derive(Debug)]
pub enum Made {
    /// A statement.
    Statement(Statement),
    /// None is due: the entry says so.
    Exempt,
    /// None can be made: what is wrong, key by key.
    Incomplete(Vec<String>),
}

/// What begins the keys that are about statements.
const PREFIX: &str = "dsa_";

/// The key that says that no statement is due, and its only value.
const EXEMPT: (&str, &str) = ("dsa", "exempt");

/// A restriction, and what its entry says for people, as a JSON object.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    /// What is restricted.
    pub restriction: &'a Restriction,
    /// Until when.
    pub until: Until,
    /// What the entry says.
    pub meta: Option<&'a str>,
}

/// The statement of an event that imposed something, by what its entry says, and else by
/// `defaults`.
pub fn statement(event: &Event, defaults: &[(String, String)]) -> Made {
    let Event { restriction, until, seq, run, at, .. } = event;
    let case = Case { restriction, until: *until, meta: event.meta.as_deref() };
    let made = of_case(case, defaults);
    let Made::Statement(mut statement) = made else { return made };
    statement.insert("application_date".to_owned(), Value::from(day(*at)));
    statement.insert("puid".to_owned(), Value::from(format!("{run}-{seq}")));
    Made::Statement(statement)
}

/// What keeps a restriction from having a statement, once it is imposed; nothing if it will have
/// one, or is exempt.
pub fn lacking(case: Case<'_>, defaults: &[(String, String)]) -> Vec<String> {
    match of_case(case, defaults) {
        Made::Statement(_) | Made::Exempt => Vec::new(),
        Made::Incomplete(wrong) => wrong,
    }
}

/// The statement but for when it was imposed, and by which run.
fn of_case(case: Case<'_>, defaults: &[(String, String)]) -> Made {
    let said = said(case.meta, defaults);
    let mut drawn = Drawn { case, said: &said, statement: Map::new(), wrong: Vec::new() };
    match said.get(EXEMPT.0).and_then(Value::as_str) {
        Some(value) if value == EXEMPT.1 => return Made::Exempt,
        Some(_) => drawn.wrong.push(format!("`{}` can only be `{}`", EXEMPT.0, EXEMPT.1)),
        None => {}
    }
    for key in said.keys().filter(|key| key.starts_with(PREFIX) && !is_known(key)) {
        drawn.wrong.push(format!("`{key}` is no key of a statement"));
    }
    drawn.draw();
    let Drawn { statement, wrong, .. } = drawn;
    if wrong.is_empty() { Made::Statement(statement) } else { Made::Incomplete(wrong) }
}

/// Whether a key of `meta` is one of a statement.
pub fn is_known(key: &str) -> bool {
    let named = |field: &Field| key.strip_prefix(PREFIX) == Some(field.name);
    key == EXEMPT.0 || FIELDS.iter().any(named)
}

/// What the entry says, and what is said for all.
fn said(meta: Option<&str>, defaults: &[(String, String)]) -> Map<String, Value> {
    let meta = meta.and_then(|meta| serde_json::from_str(meta).ok());
    let mut said: Map<String, Value> = meta.unwrap_or_default();
    for (key, value) in defaults {
        if !said.contains_key(key) {
            said.insert(key.clone(), Value::from(value.as_str()));
        }
    }
    said
}

/// A statement in the making.
struct Drawn<'a> {
    case: Case<'a>,
    said: &'a Map<String, Value>,
    statement: Statement,
    wrong: Vec<String>,
}

impl Drawn<'_> {
    fn draw(&mut self) {
        for field in &FIELDS {
            if self.is_asked_for(field) {
                self.read(field);
            }
        }
        let decided = |name: &str| self.statement.contains_key(name);
        if !DECISIONS.iter().any(|(name, _)| decided(name)) {
            let (name, value) = decision(self.case.restriction, self.case.until);
            self.statement.insert(name.to_owned(), value);
        }
        for (name, end) in DECISIONS {
            if self.statement.contains_key(name)
                && let Some(until) = self.case.until.at()
            {
                self.statement.insert(end.to_owned(), Value::from(last_day(until)));
            }
        }
    }

    /// Whether the database wants a field here; what it would drop is not even read.
    fn is_asked_for(&self, field: &Field) -> bool {
        match field.asked {
            Asked::Always | Asked::Maybe | Asked::Derived => true,
            Asked::With(other, value) | Asked::MaybeWith(other, value) => self.says(other, value),
            Asked::MaybeUnless(other, value) => !self.says(other, value),
        }
    }

    fn says(&self, field: &str, value: &str) -> bool {
        match self.statement.get(field) {
            Some(Value::Array(values)) => values.iter().any(|it| it == value),
            said => said.is_some_and(|it| it == value),
        }
    }

    fn read(&mut self, field: &Field) {
        let key = format!("{PREFIX}{}", field.name);
        let text = self.said.get(&key).and_then(Value::as_str).unwrap_or_default().trim();
        if text.is_empty() {
            if matches!(field.asked, Asked::Always | Asked::With(..)) {
                self.wrong.push(format!("`{key}` is missing"));
            }
            return;
        }
        match value(field.takes, text, self.case.restriction) {
            Ok(value) => {
                self.statement.insert(field.name.to_owned(), value);
            }
            Err(wrong) => self.wrong.push(format!("`{key}` {wrong}")),
        }
    }
}

/// A text as the value of a field, or what is wrong with it; the text itself is not quoted, since
/// it may name somebody.
fn value(takes: Takes, text: &str, restriction: &Restriction) -> Result<Value, String> {
    match takes {
        Takes::OneOf(known) => {
            let known = known.contains(&text).then(|| Value::from(text));
            known.ok_or_else(|| "is no value that the database knows".to_owned())
        }
        Takes::SomeOf(known) => {
            let parts: Vec<_> = text.split(',').map(str::trim).collect();
            if parts.iter().any(|part| !known.contains(part)) {
                return Err("has a value that the database does not know".to_owned());
            }
            // None twice, in the order in which the database knows them.
            let some = known.iter().filter(|it| parts.contains(it)).map(|it| Value::from(*it));
            Ok(Value::Array(some.collect()))
        }
        Takes::Text(most) => {
            if text.chars().count() > most {
                return Err(format!("is longer than {most} characters"));
            }
            if names(text, restriction) {
                return Err("names somebody: the database may hold no personal data".to_owned());
            }
            Ok(Value::from(text))
        }
        Takes::Url => {
            let url = url::Url::parse(text).ok().filter(url::Url::has_host);
            let is_web = url.is_some_and(|url| matches!(url.scheme(), "http" | "https"));
            let fits = is_web && text.chars().count() <= LONGEST_URL && !names(text, restriction);
            fits.then(|| Value::from(text)).ok_or_else(|| "is no web address".to_owned())
        }
        Takes::Date => {
            let (first, last) = DAYS;
            let is_day = text.len() == first.len() && text.parse::<jiff::civil::Date>().is_ok();
            let fits = is_day && (first..=last).contains(&text);
            let words = || format!("is no day from {first} to {last}, as in `2026-11-20`");
            fits.then(|| Value::from(text)).ok_or_else(words)
        }
        Takes::Language => {
            let fits = text.len() == 2 && text.bytes().all(|it| it.is_ascii_uppercase());
            let words = || "is no language, as in `EN`".to_owned();
            fits.then(|| Value::from(text)).ok_or_else(words)
        }
    }
}

/// Whether a text names whom a restriction is about, or has an e-mail address in it.
fn names(text: &str, restriction: &Restriction) -> bool {
    // Shorter ids are words of every text.
    const SHORT: usize = 4;
    let Restriction { target: _, room, subject, deny: _ } = restriction;
    let ids = room.iter().chain([&subject.id]).map(Id::as_str).filter(|id| id.len() >= SHORT);
    let stands =
        |id: &str| text.match_indices(id).any(|(at, _)| stands_alone(text, at, at + id.len()));
    let is_address = |word: &str| {
        word.split_once('@').is_some_and(|(name, host)| !name.is_empty() && host.contains('.'))
    };
    ids.into_iter().any(stands) || text.split_whitespace().any(is_address)
}

/// The decisions that a restriction can be, and where their ends go.
pub(super) const DECISIONS: [(&str, &str); 3] = [
    ("decision_visibility", "end_date_visibility_restriction"),
    ("decision_provision", "end_date_service_restriction"),
    ("decision_account", "end_date_account_restriction"),
];

/// Which decision a restriction is, where nobody has said it.
fn decision(restriction: &Restriction, until: Until) -> (&'static str, Value) {
    let Restriction { target: _, room, subject, deny } = restriction;
    let is_total = room.is_none() && deny.contains(Deny::JOIN);
    let provision = match (is_total, until.at().is_some()) {
        (true, true) => "DECISION_PROVISION_TOTAL_SUSPENSION",
        (true, false) => "DECISION_PROVISION_TOTAL_TERMINATION",
        (false, true) => "DECISION_PROVISION_PARTIAL_SUSPENSION",
        (false, false) => "DECISION_PROVISION_PARTIAL_TERMINATION",
    };
    match subject.kind {
        Kind::Stream | Kind::Channel => {
            ("decision_visibility", Value::from(vec!["DECISION_VISIBILITY_CONTENT_DISABLED"]))
        }
        Kind::User | Kind::Device | Kind::Ip => ("decision_provision", Value::from(provision)),
    }
}

/// The day of an instant, in UTC.
fn day(at: Moment) -> String {
    at.to_string().split('T').next().unwrap_or_default().to_owned()
}

/// The day on which something ends: the last that the database takes, if it is later.
fn last_day(until: Moment) -> String {
    day(until).min(DAYS.1.to_owned())
}
