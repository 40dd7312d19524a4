//! The smallest thing a provider can enforce, and its canonical order and text.

use std::fmt;

use schemars::JsonSchema;
use serde::Serialize;

use super::{Deny, Id, TargetName};

/// What kind of subject is restricted. The order is that of the names, as the state sorts them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(description = "What kind of subject is restricted.")]
pub enum Kind {
    /// Everybody in a channel.
    Channel,
    /// A device (a Volcengine cookie).
    Device,
    /// Everybody behind an IP address.
    Ip,
    /// A published stream.
    Stream,
    /// A user.
    User,
}

impl Kind {
    /// Every kind, in canonical order.
    pub const ALL: [Self; 5] = [Self::Channel, Self::Device, Self::Ip, Self::Stream, Self::User];

    /// The name, as in plans and in the state.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Channel => "channel",
            Self::Device => "device",
            Self::Ip => "ip",
            Self::Stream => "stream",
            Self::User => "user",
        }
    }

    /// The kind of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Who or what is restricted.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Subject {
    /// What kind of subject.
    pub kind: Kind,
    /// Its id at the provider.
    pub id: Id,
}

/// Target, room, subject and what is denied: the key of everything ostracon knows.
///
/// The derived order is the canonical one; the state sorts its rows alike.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Restriction {
    /// The target at which it is enforced.
    pub target: TargetName,
    /// The room it is limited to; `None` where it holds in the whole app.
    pub room: Option<Id>,
    /// Who or what is restricted.
    pub subject: Subject,
    /// What is denied.
    pub deny: Deny,
}

/// Prints `target/room:lobby/user:42`, and `/deny:…` unless only joining is denied.
///
/// `%`, `/` and control characters in ids are percent-encoded, so that two restrictions never
/// print alike.
impl fmt::Display for Restriction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { target, room, subject: Subject { kind, id }, deny } = self;
        write!(f, "{target}")?;
        if let Some(room) = room {
            write!(f, "/room:{}", Escaped(room))?;
        }
        write!(f, "/{kind}:{}", Escaped(id))?;
        if *deny != Deny::JOIN && !deny.is_empty() {
            write!(f, "/deny:{deny}")?;
        }
        Ok(())
    }
}

struct Escaped<'a>(&'a Id);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for char in self.0.as_str().chars() {
            if matches!(char, '/' | '%') || char.is_control() {
                let mut bytes = [0; 4];
                for byte in char.encode_utf8(&mut bytes).bytes() {
                    write!(f, "%{byte:02X}")?;
                }
            } else {
                write!(f, "{char}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn restriction(room: Option<&str>, kind: Kind, id: &str, deny: Deny) -> Restriction {
        Restriction {
            target: TargetName::parse("t").unwrap(),
            room: room.map(Id::new),
            subject: Subject { kind, id: Id::new(id) },
            deny,
        }
    }

    #[test]
    fn the_canonical_text_tells_every_two_restrictions_apart() {
        let texts = [
            restriction(Some("lobby"), Kind::User, "42", Deny::JOIN),
            restriction(None, Kind::User, "42", Deny::JOIN),
            restriction(Some("a/user:b"), Kind::User, "c", Deny::JOIN),
            restriction(Some("a"), Kind::User, "b/user:c", Deny::JOIN),
            restriction(None, Kind::User, "42", Deny::PUBLISH_AUDIO),
        ]
        .map(|restriction| restriction.to_string());
        assert_eq!(
            texts,
            [
                "t/room:lobby/user:42",
                "t/user:42",
                "t/room:a%2Fuser:b/user:c",
                "t/room:a/user:b%2Fuser:c",
                "t/user:42/deny:publish_audio",
            ]
        );
    }

    #[test]
    fn kinds_sort_by_their_names_as_the_state_does() {
        let mut names = Kind::ALL.map(Kind::name);
        names.sort_unstable();
        assert_eq!(names, Kind::ALL.map(Kind::name));
    }
}
