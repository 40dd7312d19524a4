//! One rule, as the list shows it.

use serde_json::Value;

use super::FACTS;
use crate::domain::{Deny, Id, Kind, Lapse, Moment};
use crate::provider::Listed;

/// The names of what a rule denies, in canonical order.
pub(super) const PRIVILEGES: [(Deny, &str); 3] = [
    (Deny::JOIN, "join_channel"),
    (Deny::PUBLISH_AUDIO, "publish_audio"),
    (Deny::PUBLISH_VIDEO, "publish_video"),
];

/// Reads a rule; `None` for one that cannot be ours or that nothing can be done with.
///
/// Ours are of the four documented combinations of selectors, and have a number and an end.
/// `updateAt` is not read: in the official sample it is eight hours off.
pub(super) fn read(rule: &Value) -> Option<Listed> {
    let (kind, id, room) = match ["ip", "cname", "uid"].map(|key| selector(rule, key)) {
        [Some(ip), None, None] => (Kind::Ip, ip, None),
        [None, Some(cname), None] => (Kind::Channel, cname, None),
        [None, room, Some(uid)] => (Kind::User, uid, room),
        [None, None, None] | [Some(_), _, _] => return None,
    };
    let capability = FACTS.capability(kind)?;
    let number = rule.get("id").and_then(integer).filter(|id| *id > 0)?;
    Some(Listed {
        kind,
        id: capability.id.parse(&id).ok()?,
        room: room.map(Id::new),
        deny: deny(rule.get("privileges"))?,
        lapse: Lapse::At(instant(rule, "ts")?),
        rule: Some(number.into()),
        created: instant(rule, "createAt"),
    })
}

/// A whole number, as a number or as text: the documents have ids both ways.
pub(super) fn integer(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.parse().ok())
}

/// What a selector names, if it is set. Samples show `""`, null and absence for one that is not;
/// a `uid` or `ip` of 0 selects nobody either.
fn selector(rule: &Value, key: &str) -> Option<String> {
    let value = rule.get(key)?;
    let text = match value.as_str() {
        Some(text) => text.to_owned(),
        None => value.as_i64()?.to_string(),
    };
    let unset = text.is_empty() || (key != "cname" && text == "0");
    (!unset).then_some(text)
}

/// What is denied; `None` if that is nothing, or something unknown.
///
/// The oldest sample has no `privileges`, from a time when there was only joining to deny.
fn deny(privileges: Option<&Value>) -> Option<Deny> {
    let names = match privileges {
        None | Some(Value::Null) => return Some(Deny::JOIN),
        Some(names) => names.as_array()?,
    };
    let denied = names.iter().try_fold(Deny::NOTHING, |denied, name| {
        let (deny, _) = PRIVILEGES.into_iter().find(|(_, known)| name.as_str() == Some(known))?;
        Some(denied.union(deny))
    })?;
    (!denied.is_empty()).then_some(denied)
}

fn instant(rule: &Value, key: &str) -> Option<Moment> {
    Moment::parse(rule.get(key)?.as_str()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A rule of these selectors and privileges that is otherwise in order.
    fn rule(selectors: &str, privileges: &str) -> Value {
        let text = format!(
            r#"{{"id":1953,{selectors},"ts":"2026-01-09T07:23:06.000Z","privileges":{privileges}}}"#
        );
        serde_json::from_str(&text).unwrap()
    }

    fn subject(selectors: &str) -> Option<String> {
        let Listed { kind, id, room, .. } = read(&rule(selectors, r#"["join_channel"]"#))?;
        Some(format!("{kind} {id} in {}", room.map_or("all".to_owned(), |room| room.to_string())))
    }

    #[test]
    fn the_four_combinations_of_selectors_are_read() {
        for (selectors, expected) in [
            (r#""uid":589517928,"cname":"channel1","ip":"""#, "user 589517928 in channel1"),
            (r#""uid":"589517928","cname":"0","ip":null"#, "user 589517928 in 0"),
            (r#""uid":4294967295,"cname":"""#, "user 4294967295 in all"),
            (r#""uid":0,"cname":"channel1","ip":0"#, "channel channel1 in all"),
            (r#""cname":11,"uid":null"#, "channel 11 in all"),
            (r#""ip":"203.0.113.7","uid":0,"cname":null"#, "ip 203.0.113.7 in all"),
            (r#""ip":"2001:DB8:0::1","uid":"0""#, "ip 2001:db8::1 in all"),
        ] {
            assert_eq!(subject(selectors).as_deref(), Some(expected), "{selectors}");
        }
    }

    #[test]
    fn every_other_combination_is_somebody_elses() {
        for selectors in [
            r#""ip":"203.0.113.7","cname":"11""#,
            r#""ip":"203.0.113.7","uid":1"#,
            r#""ip":"203.0.113.7","cname":"11","uid":1"#,
            r#""ip":"","cname":"","uid":0"#,
            r#""opid":1"#,
            r#""uid":4294967296"#,
            r#""uid":-1"#,
            r#""uid":"7f3c""#,
            r#""ip":"somewhere""#,
        ] {
            assert_eq!(subject(selectors), None, "{selectors}");
        }
    }

    #[test]
    fn privileges_are_a_set_of_known_names() {
        let denied = |privileges| Some(read(&rule(r#""uid":1"#, privileges))?.deny.to_string());
        for (privileges, expected) in [
            (r#"["join_channel"]"#, Some("join")),
            (r#"["publish_video","join_channel"]"#, Some("join+publish_video")),
            (r#"["publish_video","publish_audio"]"#, Some("publish_audio+publish_video")),
            ("null", Some("join")),
            ("[]", None),
            (r#"["join_channel","publish_data"]"#, None),
            (r#""join_channel""#, None),
            ("[1]", None),
        ] {
            assert_eq!(denied(privileges).as_deref(), expected, "{privileges}");
        }
    }

    #[test]
    fn a_rule_without_number_or_end_is_left_out() {
        let read_with = |key: &str, value: Value| {
            let mut rule = rule(r#""uid":1"#, r#"["join_channel"]"#);
            rule[key] = value;
            read(&rule)
        };
        for (key, value) in [
            ("id", Value::Null),
            ("id", 0.into()),
            ("id", "x".into()),
            ("ts", Value::Null),
            ("ts", "soon".into()),
            ("ts", 1.into()),
        ] {
            assert_eq!(read_with(key, value.clone()), None, "{key} {value}");
        }
        let listed = read_with("id", "1954".into()).unwrap();
        assert_eq!(listed.rule, Some(1954.into()));
        assert_eq!(listed.created, None);
    }
}
