//! A restriction, flat: target, room, kind, subject, deny.

use schemars::JsonSchema;
use serde::Serialize;

use crate::domain::{Deny, Id, Kind, Restriction, TargetName};

/// A restriction as the keys of a JSON object.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
pub struct RestrictionView<'a> {
    /// The target.
    #[schemars(with = "String")]
    pub target: &'a TargetName,
    /// What kind of subject.
    pub kind: Kind,
    /// The room; null where the restriction holds in the whole app.
    #[schemars(with = "Option<String>")]
    pub room: Option<&'a Id>,
    /// Who or what is restricted.
    #[schemars(with = "String")]
    pub subject: &'a Id,
    /// What is denied; null for a stream.
    pub deny: Deny,
    #[serde(skip)]
    pub(super) restriction: &'a Restriction,
}

impl<'a> From<&'a Restriction> for RestrictionView<'a> {
    fn from(restriction: &'a Restriction) -> Self {
        let Restriction { target, room, subject, deny } = restriction;
        let (kind, room, subject) = (subject.kind, room.as_ref(), &subject.id);
        Self { target, kind, room, subject, deny: *deny, restriction }
    }
}

/// What is denied, in brackets, unless it goes without saying.
pub(super) fn denied(deny: Deny) -> String {
    if deny == Deny::JOIN || deny.is_empty() { String::new() } else { format!(" ({deny})") }
}
