//! Enforcements as rows.

use std::collections::BTreeSet;
use std::sync::Arc;

use tokio_postgres::{Client, Row};

use super::columns::{Cell, Rows, insert, names, unnest};
use crate::domain::{
    Action, Deny, Doubt, Enforcement, Evidence, Held, Id, Lapse, Moment, Restriction, RuleId,
    Subject, TargetName, Twin, Until,
};
use crate::store::remembered::{asked_of, asked_text};
use crate::store::tables::Kind;

/// How many columns name a restriction: the first ones.
const KEY: usize = 5;

/// The columns of a row, in the order in which they are written and read.
pub(super) const COLUMNS: [(&str, Kind); 21] = [
    ("target", Kind::Text),
    ("room", Kind::Text),
    ("kind", Kind::Text),
    ("subject", Kind::Text),
    ("deny", Kind::Number),
    ("until", Kind::Number),
    ("reason", Kind::Text),
    ("entry", Kind::Text),
    ("since", Kind::Number),
    ("written", Kind::Number),
    ("lapse", Kind::Number),
    ("rule", Kind::Text),
    ("evidence", Kind::Text),
    ("twin_since", Kind::Number),
    ("twin_asked", Kind::Text),
    ("doubt", Kind::Text),
    ("doubt_since", Kind::Number),
    ("doubt_lapse", Kind::Number),
    ("doubt_asked", Kind::Text),
    ("waiting", Kind::Number),
    ("seen", Kind::Number),
];

/// The columns that name a restriction.
pub(super) fn key() -> &'static [(&'static str, Kind)] {
    COLUMNS.get(..KEY).unwrap_or_default()
}

/// Writes rows over earlier ones about the same restrictions.
pub(super) fn put() -> String {
    let sets =
        COLUMNS.iter().skip(KEY).map(|(name, _)| format!("\"{name}\" = excluded.\"{name}\""));
    let sets = sets.collect::<Vec<_>>().join(", ");
    format!(
        "{} ON CONFLICT ({}) DO UPDATE SET {sets}",
        insert("enforcement", &COLUMNS),
        names(key())
    )
}

/// Drops the rows about restrictions.
pub(super) fn drop_rows() -> String {
    let same = key().iter().map(|(name, _)| format!("old.\"{name}\" = new.\"{name}\""));
    let same = same.collect::<Vec<_>>().join(" AND ");
    format!("DELETE FROM ostracon.enforcement AS old USING {} WHERE {same}", unnest(key()))
}

/// The cells that name a restriction.
pub(super) fn cells_of(restriction: &Restriction) -> [Cell; KEY] {
    let Restriction { target, room, subject, deny } = restriction;
    [
        Cell::text(target.as_str()),
        Cell::text(room.as_ref().map_or("", Id::as_str)),
        Cell::text(subject.kind.name()),
        Cell::text(subject.id.as_str()),
        Cell::Number(Some(deny.bits().into())),
    ]
}

/// Adds a row.
pub(super) fn add(row: &Enforcement, rows: &mut Rows) {
    let Enforcement { restriction, until, reason, entry, held, doubt, waiting } = row;
    let (held, doubt) = (held.as_ref(), doubt.as_ref());
    let twin = held.and_then(|held| held.twin.as_ref());
    let moment = |at: Option<Moment>| Cell::Number(at.map(Moment::millis));
    let rule = held.and_then(|held| held.rule.as_ref()).map(ToString::to_string);
    let known = [
        moment(until.at()),
        Cell::optional(reason.as_deref()),
        Cell::optional(entry.as_deref()),
        moment(held.map(|held| held.since)),
        moment(held.map(|held| held.written)),
        moment(held.and_then(|held| held.lapse.at())),
        Cell::optional(rule.as_deref()),
        Cell::optional(held.map(|held| held.evidence.name())),
        moment(twin.map(|twin| twin.since)),
        Cell::Text(twin.map(|twin| asked_text(&twin.asked))),
        Cell::optional(doubt.map(|doubt| doubt.action.name())),
        moment(doubt.map(|doubt| doubt.since)),
        moment(doubt.and_then(|doubt| doubt.lapse.at())),
        Cell::Text(doubt.map(|doubt| asked_text(&doubt.asked))),
        moment(*waiting),
        moment(held.and_then(|held| held.seen)),
    ];
    rows.push(cells_of(restriction).into_iter().chain(known));
}

/// All rows, in the canonical order of restrictions.
pub(super) fn query() -> String {
    let (columns, key) = (names(&COLUMNS), names(key()));
    format!("SELECT {columns} FROM ostracon.enforcement ORDER BY {key}")
}

/// How many rows each target has.
pub(super) async fn count(client: &Client) -> Result<Vec<Row>, tokio_postgres::Error> {
    client
        .query_typed("SELECT target, count(*) FROM ostracon.enforcement GROUP BY target", &[])
        .await
}

/// Reads rows one after the other, with one copy of what neighbours have in common.
#[derive(Default)]
pub(super) struct Reader {
    target: Option<TargetName>,
    room: Option<Id>,
    entry: Option<Arc<str>>,
    reasons: BTreeSet<Arc<str>>,
}

/// How many reasons are remembered: a state of which each row has its own gains nothing by it.
const MOST_REASONS: usize = 1000;

impl Reader {
    /// Reads a row; `None` if it means nothing.
    pub(super) fn enforcement(&mut self, row: &Row) -> Option<Enforcement> {
        let number = |index: usize| row.get::<_, Option<i64>>(index);
        let moment = |index: usize| number(index).map(Moment::from_millis);
        let text = |index: usize| row.get::<_, Option<&str>>(index);
        let lapse = |index: usize| moment(index).map_or(Lapse::Open, Lapse::At);
        let held = match (moment(8), moment(9)) {
            (Some(since), Some(written)) => Some(Held {
                since,
                written,
                lapse: lapse(10),
                rule: text(11).map(RuleId::new),
                evidence: Evidence::parse(text(12)?)?,
                twin: match moment(13) {
                    Some(since) => Some(Twin { since, asked: asked_of(text(14)?)? }),
                    None => None,
                },
                seen: moment(20),
            }),
            (None, _) | (_, None) => None,
        };
        let doubt = match moment(16) {
            Some(since) => Some(Doubt {
                action: Action::parse(text(15)?)?,
                since,
                lapse: lapse(17),
                asked: asked_of(text(18)?)?,
            }),
            None => None,
        };
        Some(Enforcement {
            restriction: self.restriction(row)?,
            until: moment(5).map_or(Until::Never, Until::At),
            reason: text(6).map(|reason| self.reason(reason)),
            entry: text(7).map(|entry| self.entry(entry)),
            held,
            doubt,
            waiting: moment(19),
        })
    }

    fn restriction(&mut self, row: &Row) -> Option<Restriction> {
        let text = |index: usize| row.get::<_, &str>(index);
        let (target, room) = (text(0), text(1));
        if self.target.as_ref().is_none_or(|known| known.as_str() != target) {
            self.target = Some(TargetName::parse(target)?);
        }
        if self.room.as_ref().map_or("", Id::as_str) != room {
            self.room = (!room.is_empty()).then(|| Id::new(room));
        }
        let kind = crate::domain::Kind::parse(text(2))?;
        Some(Restriction {
            target: self.target.clone()?,
            room: self.room.clone(),
            subject: Subject { kind, id: Id::new(text(3)) },
            deny: Deny::from_bits(u8::try_from(row.get::<_, i64>(4)).ok()?)?,
        })
    }

    fn entry(&mut self, text: &str) -> Arc<str> {
        match &self.entry {
            Some(known) if **known == *text => Arc::clone(known),
            Some(_) | None => Arc::clone(self.entry.insert(text.into())),
        }
    }

    fn reason(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.reasons.get(text) {
            return Arc::clone(known);
        }
        let reason: Arc<str> = text.into();
        if self.reasons.len() < MOST_REASONS {
            self.reasons.insert(Arc::clone(&reason));
        }
        reason
    }
}
