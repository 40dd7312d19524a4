//! Which columns of a list become which keys of an entry.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// A key of an entry that a column or a text can fill.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Field {
    /// Whom it is about.
    Subject,
    /// In which room.
    Room,
    /// The `id` of the entry.
    Id,
    /// Why.
    Reason,
    /// Not before.
    From,
    /// Until when.
    Until,
    /// For how long from now.
    For,
    /// A key of `meta`.
    Meta(String),
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Subject => f.write_str("subject"),
            Self::Room => f.write_str("room"),
            Self::Id => f.write_str("id"),
            Self::Reason => f.write_str("reason"),
            Self::From => f.write_str("from"),
            Self::Until => f.write_str("until"),
            Self::For => f.write_str("for"),
            Self::Meta(key) => write!(f, "meta.{key}"),
        }
    }
}

impl FromStr for Field {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Ok(match text {
            "subject" => Self::Subject,
            "room" => Self::Room,
            "id" => Self::Id,
            "reason" => Self::Reason,
            "from" => Self::From,
            "until" => Self::Until,
            "for" => Self::For,
            _ => match text.strip_prefix("meta.") {
                Some(key) if !key.is_empty() => Self::Meta(key.to_owned()),
                Some(_) | None => {
                    return Err("the fields are: subject, room, id, reason, from, until, for, \
                                meta.KEY"
                        .to_owned());
                }
            },
        })
    }
}

/// One `FIELD=TEXT` of the command line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Assignment {
    /// The field.
    pub field: Field,
    /// The name of a column, or a text.
    pub value: String,
}

impl FromStr for Assignment {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let Condition { column, value } = text.parse()?;
        Ok(Self { field: column.parse()?, value })
    }
}

/// One `COLUMN=TEXT` of the command line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Condition {
    /// The column.
    pub column: String,
    /// What it must hold.
    pub value: String,
}

impl FromStr for Condition {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            Some((column, value)) if !column.is_empty() && !value.is_empty() => {
                Ok(Self { column: column.to_owned(), value: value.to_owned() })
            }
            Some(_) | None => Err("must be of the form `a=b`".to_owned()),
        }
    }
}

/// Which columns, and which texts where a column is empty, fill the keys of an entry.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Mapping {
    columns: BTreeMap<Field, String>,
    texts: BTreeMap<Field, String>,
    only: BTreeMap<String, Vec<String>>,
}

impl Mapping {
    /// The mapping that was asked for, or what is wrong with it.
    pub(super) fn new(
        columns: &[Assignment],
        texts: &[Assignment],
        only: &[Condition],
    ) -> Result<Self, String> {
        let gather = |assignments: &[Assignment]| {
            let mut gathered = BTreeMap::new();
            for Assignment { field, value } in assignments {
                if gathered.insert(field.clone(), value.clone()).is_some() {
                    return Err(format!("`{field}` is given twice"));
                }
            }
            Ok(gathered)
        };
        let (columns, texts) = (gather(columns)?, gather(texts)?);
        let mut conditions: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for Condition { column, value } in only {
            conditions.entry(column.clone()).or_default().push(value.clone());
        }
        let mapping = Self { columns, texts, only: conditions };
        if !mapping.columns.contains_key(&Field::Subject) {
            return Err("no column is the subject: say `--map subject=COLUMN`".to_owned());
        }
        for field in [Field::Subject, Field::Id] {
            if mapping.texts.contains_key(&field) {
                return Err(format!("`{field}` cannot be the same in every row"));
            }
        }
        match [Field::Until, Field::For].map(|field| mapping.fills(&field)) {
            [false, false] => {
                Err("no row says when it ends: map or set `until` or `for`".to_owned())
            }
            [true, true] if mapping.columns.contains_key(&Field::Until) => Ok(mapping),
            [true, true] => Err("`until` is set, and `for` is given as well".to_owned()),
            [true, false] | [false, true] => Ok(mapping),
        }
    }

    /// Whether a field can have a value.
    pub(super) fn fills(&self, field: &Field) -> bool {
        self.columns.contains_key(field) || self.texts.contains_key(field)
    }

    /// The column of a field.
    pub(super) fn column(&self, field: &Field) -> Option<&str> {
        self.columns.get(field).map(String::as_str)
    }

    /// The text of a field where its column is empty, or where it has none.
    pub(super) fn text(&self, field: &Field) -> Option<&str> {
        self.texts.get(field).map(String::as_str)
    }

    /// The keys of `meta` that can have a value, in order.
    pub(super) fn metas(&self) -> impl Iterator<Item = &Field> {
        let fields = self.columns.keys().chain(self.texts.keys());
        let metas = fields.filter(|field| matches!(field, Field::Meta(_)));
        metas.collect::<std::collections::BTreeSet<_>>().into_iter()
    }

    /// What columns must hold, for a row to count.
    pub(super) fn only(&self) -> &BTreeMap<String, Vec<String>> {
        &self.only
    }

    /// Every column that is named.
    pub(super) fn named(&self) -> impl Iterator<Item = &str> {
        self.columns.values().chain(self.only.keys()).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mapping(columns: &[&str], texts: &[&str]) -> Result<Mapping, String> {
        let parse = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect();
        let (columns, texts): (Vec<Assignment>, Vec<Assignment>) = (parse(columns), parse(texts));
        Mapping::new(&columns, &texts, &[])
    }

    #[test]
    fn a_mapping_says_whom_and_until_when() {
        let whole = mapping(&["subject=ip", "until=end", "meta.b=x"], &["meta.a=y"]).unwrap();
        assert_eq!(whole.column(&Field::Subject), Some("ip"));
        assert_eq!(
            whole.metas().map(ToString::to_string).collect::<Vec<_>>(),
            ["meta.a", "meta.b"]
        );
        for (columns, texts, told) in [
            (&["until=end"][..], &[][..], "no column is the subject"),
            (&["subject=ip"], &[], "no row says when it ends"),
            (&["subject=ip", "subject=id", "until=end"], &[], "`subject` is given twice"),
            (&["subject=ip"], &["until=never", "id=x"], "`id` cannot be the same"),
            (&["subject=ip", "for=x"], &["until=never"], "`for` is given as well"),
        ] {
            assert!(mapping(columns, texts).unwrap_err().contains(told), "{told}");
        }
        for (text, told) in [("subject", "a=b"), ("=x", "a=b"), ("user=x", "subject, room, id")] {
            assert!(text.parse::<Assignment>().unwrap_err().contains(told), "{text}");
        }
    }
}
