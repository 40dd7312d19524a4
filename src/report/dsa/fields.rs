//! The fields of a statement of reasons, as the EU's DSA Transparency Database takes them.
//!
//! From <https://transparency.dsa.ec.europa.eu/page/api-documentation> and the checks in
//! <https://github.com/digital-services-act/transparency-database>
//! (`app/Http/Requests/StatementStoreRequest.php`, read 2026-11).

use super::values::{
    AUTOMATED_DECISIONS, CATEGORIES, CONTENT_TYPES, COUNTRIES, KEYWORDS, PROVISIONS, SOURCES,
    VISIBILITIES,
};

/// One field.
#[derive(Clone, Copy, Debug)]
pub(super) struct Field {
    /// Its name in the database; in `meta` it begins with `dsa_`.
    pub(super) name: &'static str,
    pub(super) takes: Takes,
    pub(super) asked: Asked,
    pub(super) about: &'static str,
}

/// What a field takes.
#[derive(Clone, Copy, Debug)]
pub(super) enum Takes {
    OneOf(&'static [&'static str]),
    /// In `meta` with commas between them.
    SomeOf(&'static [&'static str]),
    /// Free text of at most so many characters.
    Text(usize),
    Url,
    Date,
    /// Two capital letters.
    Language,
}

/// Whether a field is asked for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Asked {
    Always,
    Maybe,
    /// What ostracon knows of the restriction, unless it is said.
    Derived,
    /// Where another field has this value, and nowhere else.
    With(&'static str, &'static str),
    /// Not elsewhere than where another field has this value.
    MaybeWith(&'static str, &'static str),
    /// Not where another field has this value.
    MaybeUnless(&'static str, &'static str),
}

/// The longest text of a field that is a web address.
pub(super) const LONGEST_URL: usize = 500;

/// The first day on which content may have been made, and the last of any field.
pub(super) const DAYS: (&str, &str) = ("2000-01-01", "2038-01-01");

const GROUND: &str = "decision_ground";
const ILLEGAL: &str = "DECISION_GROUND_ILLEGAL_CONTENT";
const INCOMPATIBLE: &str = "DECISION_GROUND_INCOMPATIBLE_CONTENT";
const YES_OR_NO: &[&str] = &["Yes", "No"];

/// A field that the next ones may depend on comes before them.
pub(super) const FIELDS: [Field; 25] = [
    Field {
        name: "decision_visibility",
        takes: Takes::SomeOf(VISIBILITIES),
        asked: Asked::Derived,
        about: "What became of the content; of a stream and of a room.",
    },
    Field {
        name: "decision_provision",
        takes: Takes::OneOf(PROVISIONS),
        asked: Asked::Derived,
        about: "What became of the service; of a user, a device and an address.",
    },
    Field {
        name: "decision_account",
        takes: Takes::OneOf(&["DECISION_ACCOUNT_SUSPENDED", "DECISION_ACCOUNT_TERMINATED"]),
        asked: Asked::Derived,
        about: "What became of the account; only where it is said.",
    },
    Field {
        name: "account_type",
        takes: Takes::OneOf(&["ACCOUNT_TYPE_BUSINESS", "ACCOUNT_TYPE_PRIVATE"]),
        asked: Asked::Maybe,
        about: "Whose account it is.",
    },
    Field {
        name: "decision_facts",
        takes: Takes::Text(5_000),
        asked: Asked::Always,
        about: "The facts and circumstances relied on, without personal data.",
    },
    Field {
        name: GROUND,
        takes: Takes::OneOf(&[ILLEGAL, INCOMPATIBLE]),
        asked: Asked::Always,
        about: "Whether the content is illegal, or breaks the terms and conditions.",
    },
    Field {
        name: "decision_ground_reference_url",
        takes: Takes::Url,
        asked: Asked::Maybe,
        about: "Where the law or the terms can be read.",
    },
    Field {
        name: "illegal_content_legal_ground",
        takes: Takes::Text(500),
        asked: Asked::With(GROUND, ILLEGAL),
        about: "The legal ground relied on.",
    },
    Field {
        name: "illegal_content_explanation",
        takes: Takes::Text(2_000),
        asked: Asked::With(GROUND, ILLEGAL),
        about: "Why the content is illegal on that ground.",
    },
    Field {
        name: "incompatible_content_ground",
        takes: Takes::Text(500),
        asked: Asked::With(GROUND, INCOMPATIBLE),
        about: "The clause of the terms relied on.",
    },
    Field {
        name: "incompatible_content_explanation",
        takes: Takes::Text(2_000),
        asked: Asked::With(GROUND, INCOMPATIBLE),
        about: "Why the content breaks that clause.",
    },
    Field {
        name: "incompatible_content_illegal",
        takes: Takes::OneOf(YES_OR_NO),
        asked: Asked::MaybeWith(GROUND, INCOMPATIBLE),
        about: "Whether it is held to be illegal too.",
    },
    Field {
        name: "content_type",
        takes: Takes::SomeOf(CONTENT_TYPES),
        asked: Asked::Always,
        about: "What kind of content it is about.",
    },
    Field {
        name: "content_type_other",
        takes: Takes::Text(500),
        asked: Asked::With("content_type", "CONTENT_TYPE_OTHER"),
        about: "Which other kind.",
    },
    Field {
        name: "content_date",
        takes: Takes::Date,
        asked: Asked::Always,
        about: "The day on which the content was made, or the account.",
    },
    Field {
        name: "content_language",
        takes: Takes::Language,
        asked: Asked::Maybe,
        about: "The language of the content, as ISO 639-1 has it.",
    },
    Field {
        name: "category",
        takes: Takes::OneOf(CATEGORIES),
        asked: Asked::Always,
        about: "What it is about.",
    },
    Field {
        name: "category_addition",
        takes: Takes::SomeOf(CATEGORIES),
        asked: Asked::Maybe,
        about: "What else it is about.",
    },
    Field {
        name: "category_specification",
        takes: Takes::SomeOf(KEYWORDS),
        asked: Asked::Maybe,
        about: "Keywords that say more.",
    },
    Field {
        name: "category_specification_other",
        takes: Takes::Text(500),
        asked: Asked::MaybeWith("category_specification", "KEYWORD_OTHER"),
        about: "Which other keyword.",
    },
    Field {
        name: "territorial_scope",
        takes: Takes::SomeOf(COUNTRIES),
        asked: Asked::Maybe,
        about: "The countries in which it holds.",
    },
    Field {
        name: "source_type",
        takes: Takes::OneOf(SOURCES),
        asked: Asked::Always,
        about: "What led to it: a notice, or an initiative of one's own.",
    },
    Field {
        name: "source_identity",
        takes: Takes::Text(500),
        asked: Asked::MaybeUnless("source_type", "SOURCE_VOLUNTARY"),
        about: "Who gave notice, only where that must be known, and is no person.",
    },
    Field {
        name: "automated_detection",
        takes: Takes::OneOf(YES_OR_NO),
        asked: Asked::Always,
        about: "Whether automated means found the content.",
    },
    Field {
        name: "automated_decision",
        takes: Takes::OneOf(AUTOMATED_DECISIONS),
        asked: Asked::Always,
        about: "Whether automated means took the decision.",
    },
];
