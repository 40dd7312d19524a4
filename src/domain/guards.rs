//! How much one plan may change before it is held back.

use std::collections::BTreeMap;

use jiff::SignedDuration;

/// The limits that the config sets on one plan.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Guards {
    /// How many restrictions may be lifted, per target and overall.
    pub max_lifts: Limit,
    /// How many may be imposed, per target and overall.
    pub max_imposes: Limit,
    /// Whether the files may hold no entry at all while something is in force.
    pub allow_empty: bool,
}

/// The limits by their names in the config, as the state records them; what is not limited is left
/// out.
pub type GuardSettings = BTreeMap<String, String>;

impl Guards {
    /// The limits by their names.
    pub fn settings(&self) -> GuardSettings {
        let Self { max_lifts, max_imposes, allow_empty } = self;
        let limits = [
            ("max_lifts.count", max_lifts.count),
            ("max_lifts.percent", max_lifts.percent),
            ("max_imposes.count", max_imposes.count),
            ("max_imposes.percent", max_imposes.percent),
        ];
        let limits = limits.into_iter();
        let limits = limits.filter_map(|(name, limit)| Some((name, limit?.to_string())));
        let all = limits.chain([("allow_empty", allow_empty.to_string())]);
        all.map(|(name, value)| (name.to_owned(), value)).collect()
    }
}

/// What holds without a `guards` section: lifts of more than 30 % and an empty policy are refused.
impl Default for Guards {
    fn default() -> Self {
        Self {
            max_lifts: Limit { count: None, percent: Some(30) },
            max_imposes: Limit { count: None, percent: None },
            allow_empty: false,
        }
    }
}

/// One limit: either part may be absent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limit {
    /// At most this many.
    pub count: Option<u64>,
    /// At most this many in a hundred of what is in force; counted from 10 in force.
    pub percent: Option<u64>,
}

impl Limit {
    /// No limit.
    pub const NONE: Self = Self { count: None, percent: None };
}

/// How far an order may go; beyond that it takes a review.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OrderLimits {
    /// How long one may stand.
    pub max: SignedDuration,
    /// How many subjects one may name.
    pub subjects: u64,
}

impl OrderLimits {
    /// The limits by their names, where they are not the usual ones.
    pub fn settings(&self) -> GuardSettings {
        let Self { max, subjects } = self;
        let usual = Self::default();
        let max = (*max != usual.max).then(|| ("orders.max", format!("{max:#}")));
        let subjects =
            (*subjects != usual.subjects).then(|| ("orders.subjects", subjects.to_string()));
        let all = max.into_iter().chain(subjects);
        all.map(|(name, value)| (name.to_owned(), value)).collect()
    }
}

/// What holds without an `orders` section (design §8).
impl Default for OrderLimits {
    fn default() -> Self {
        Self { max: SignedDuration::from_hours(72), subjects: 50 }
    }
}
