//! Reading values back from JSON by the parser that each of them has.

use serde::de::Error as _;
use serde::{Deserialize as _, Deserializer};

/// Reads text and parses it; `what` says what it should have been.
pub(super) fn parsed<'de, D: Deserializer<'de>, T>(
    deserializer: D,
    what: &'static str,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Result<T, D::Error> {
    let text = String::deserialize(deserializer)?;
    parse(&text).ok_or_else(|| D::Error::custom(format_args!("`{text}` is not {what}")))
}
