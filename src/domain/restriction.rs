//! The smallest thing a provider can enforce, and its canonical order and text.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Deny, Id, TargetName};

/// What kind of subject is restricted. The order is that of the names, as the state sorts them.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema,
)]
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
#[derive(
    Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema,
)]
pub struct Subject {
    /// What kind of subject.
    pub kind: Kind,
    /// Its id at the provider.
    #[schemars(with = "String")]
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

/// Why a text names no restriction.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("`{0}` is not the name of a restriction, as in `target/room:lobby/user:42`")]
pub struct NotARestriction(String);

/// Reads what [`Restriction`]'s `Display` writes.
impl FromStr for Restriction {
    type Err = NotARestriction;

    fn from_str(text: &str) -> Result<Self, NotARestriction> {
        read(text).ok_or_else(|| NotARestriction(text.to_owned()))
    }
}

fn read(text: &str) -> Option<Restriction> {
    let mut parts = text.split('/');
    let target = TargetName::parse(parts.next()?)?;
    let mut part = parts.next()?;
    let room = match part.strip_prefix("room:") {
        Some(room) => {
            part = parts.next()?;
            Some(unescaped(room)?)
        }
        None => None,
    };
    let (kind, id) = part.split_once(':')?;
    let subject = Subject { kind: Kind::parse(kind)?, id: unescaped(id)? };
    let deny = match (parts.next(), subject.kind) {
        (Some(deny), _) => {
            let names = deny.strip_prefix("deny:")?.split('+').map(Deny::parse);
            names.reduce(|all, one| Some(all?.union(one?)))??
        }
        // A stream is stopped as a whole.
        (None, Kind::Stream) => Deny::NOTHING,
        (None, Kind::Channel | Kind::Device | Kind::Ip | Kind::User) => Deny::JOIN,
    };
    parts.next().is_none().then_some(Restriction { target, room, subject, deny })
}

fn unescaped(text: &str) -> Option<Id> {
    let mut pieces = text.split('%');
    let mut bytes = pieces.next()?.as_bytes().to_vec();
    for piece in pieces {
        let (digits, rest) = piece.split_at_checked(2)?;
        let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        bytes.push(u8::from_str_radix(digits, 16).ok().filter(|_| is_hex)?);
        bytes.extend_from_slice(rest.as_bytes());
    }
    let text = String::from_utf8(bytes).ok()?;
    (!text.is_empty()).then(|| Id::new(text))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_canonical_text_reads_as_what_it_was_written_from(
            room in proptest::option::of("(?s).{1,9}|[%/:a-f0-9]{1,9}"),
            kind in 0_usize..5,
            id in "(?s).{1,9}|[%/:a-f0-9]{1,9}",
            bits in 1_u8..8,
        ) {
            let kind = Kind::ALL[kind];
            let deny = if kind == Kind::Stream { 0 } else { bits };
            let written = restriction(room.as_deref(), kind, &id, Deny::from_bits(deny).unwrap());
            prop_assert_eq!(written.to_string().parse(), Ok(written));
        }

        #[test]
        fn no_text_at_all_is_a_crash(text in "(?s).{0,20}|t/(room:)?[a-z%:/0-9]{0,20}") {
            let _read = text.parse::<Restriction>();
        }
    }

    #[test]
    fn what_names_no_restriction_is_refused() {
        for text in [
            "",
            "t",
            "t/",
            "t/user",
            "t/user:",
            "t/room:r",
            "t/room:/user:u",
            "t/cat:u",
            "-/user:u",
            "t/user:u/deny:",
            "t/user:u/deny:join+all",
            "t/user:u/deny:join/more",
            "t/user:%4",
            "t/user:%+4",
            "t/user:%é",
            "t/user:%FF",
        ] {
            assert!(text.parse::<Restriction>().is_err(), "{text}");
        }
    }

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
