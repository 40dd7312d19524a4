//! What the last apply's config and policy said, as text that a state keeps: so that whoever
//! changes a guard is seen, and taking somebody out of `protect` can be guarded.

use std::collections::BTreeSet;

use super::snapshot::ReadPolicy;
use crate::domain::hex::hex;
use crate::domain::{
    BegunChange, GuardSettings, Id, Kind, Moment, ProtectedKey, TargetName, Until, Untils,
};

/// Under which key a state keeps the guards: a JSON object.
pub(super) const GUARDS: &str = "guards";

/// Under which key a state keeps who is protected: a JSON list of target (empty for all), kind
/// and id.
pub(super) const PROTECTED: &str = "protected";

/// Under which key a state keeps which policy was read last: a JSON object.
pub(super) const POLICY: &str = "policy";

/// Under which keys a state keeps changes that were begun: the change digest follows. Each is a JSON
/// object; its operations are hexadecimal digits, sixteen for each.
pub(super) const BEGUN: &str = "begun:";

/// A change that was begun, as text.
pub(super) fn begun_text(change: &BegunChange) -> String {
    let BegunChange { digest: _, files: (policy, config), operations } = change;
    let mut digits = String::with_capacity(operations.len() * 16);
    for operation in operations {
        digits.push_str(&hex(&operation.to_be_bytes()));
    }
    serde_json::json!({ "policy": policy, "config": config, "operations": digits }).to_string()
}

/// Reads what [`begun_text`] wrote under this key.
pub(super) fn begun_of(key: &str, text: &str) -> Option<BegunChange> {
    let object: serde_json::Value = serde_json::from_str(text).ok()?;
    let field = |name: &str| Some(object.get(name)?.as_str()?.to_owned());
    let digits = field("operations")?;
    let operation = |digits: &[u8]| u64::from_str_radix(str::from_utf8(digits).ok()?, 16).ok();
    Some(BegunChange {
        digest: key.strip_prefix(BEGUN)?.to_owned(),
        files: (field("policy")?, field("config")?),
        operations: digits.as_bytes().chunks(16).map(operation).collect::<Option<_>>()?,
    })
}

/// The policy as text.
pub(super) fn policy_text(policy: &ReadPolicy) -> String {
    let ReadPolicy { digest, at } = policy;
    serde_json::json!({ "digest": digest, "at": at.millis() }).to_string()
}

/// Reads what [`policy_text`] wrote.
pub(super) fn policy_of(text: &str) -> Option<ReadPolicy> {
    let object: serde_json::Value = serde_json::from_str(text).ok()?;
    let at = Moment::from_millis(object.get("at")?.as_i64()?);
    Some(ReadPolicy { digest: object.get("digest")?.as_str()?.to_owned(), at })
}

/// The guards as text.
pub(super) fn guards_text(guards: &GuardSettings) -> String {
    let object: serde_json::Map<String, serde_json::Value> =
        guards.iter().map(|(name, value)| (name.clone(), value.clone().into())).collect();
    serde_json::Value::Object(object).to_string()
}

/// Reads what [`guards_text`] wrote.
pub(super) fn guards_of(text: &str) -> Option<GuardSettings> {
    serde_json::from_str(text).ok()
}

/// Who is protected, as text.
pub(super) fn protected_text(keys: &BTreeSet<ProtectedKey>) -> String {
    let text = |key: &ProtectedKey| {
        let ProtectedKey { target, kind, id } = key;
        let target = target.as_ref().map_or("", TargetName::as_str);
        [target.to_owned(), kind.name().to_owned(), id.as_str().to_owned()]
    };
    let list: serde_json::Value = keys.iter().map(|key| text(key).to_vec()).collect();
    list.to_string()
}

/// Reads what [`protected_text`] wrote.
pub(super) fn protected_of(text: &str) -> Option<BTreeSet<ProtectedKey>> {
    let keys: Vec<[String; 3]> = serde_json::from_str(text).ok()?;
    let key = |[target, kind, id]: [String; 3]| {
        let target = if target.is_empty() { None } else { Some(TargetName::parse(&target)?) };
        Some(ProtectedKey { target, kind: Kind::parse(&kind)?, id: Id::new(id) })
    };
    keys.into_iter().map(key).collect()
}

/// Every `until` that was asked for, as text: milliseconds or `never`, with commas between.
pub(super) fn asked_text(asked: &Untils) -> String {
    let text = |until: Until| until.at().map_or("never".to_owned(), |at| at.millis().to_string());
    asked.iter().map(text).collect::<Vec<_>>().join(",")
}

/// Reads what [`asked_text`] wrote.
pub(super) fn asked_of(text: &str) -> Option<Untils> {
    let until = |text: &str| match text {
        "never" => Some(Until::Never),
        _ => text.parse().ok().map(|millis| Until::At(Moment::from_millis(millis))),
    };
    text.split(',').map(until).collect()
}
