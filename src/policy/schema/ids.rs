//! Ids, by the rule of a provider: their shape, and some that somebody might write.

use serde_json::{Value, json};

use super::value::{set, shape, text};
use crate::domain::Kind;
use crate::provider::IdRule;

/// An id of any provider, which is all that can be said where the provider is not known.
pub(super) fn any() -> Value {
    json!({
        "description": "Text, exactly as the provider knows it. What YAML could read as anything \
                        but text or a plain whole number must be quoted.",
        "type": ["string", "integer"],
        "minLength": 1,
    })
}

/// An id by a rule. Where that counts bytes, this counts characters, of which there are fewer.
pub(super) fn of(rule: IdRule) -> Value {
    let words = rule.words();
    let mut schema = text(&format!("Must be {words}."));
    let pattern = match rule {
        IdRule::PrintableAscii(most) => format!("^[ -~]{{1,{most}}}$"),
        IdRule::Text(most) => {
            format!("^[^\\u0000-\\u001f\\u007f-\\u009f]{{1,{most}}}$")
        }
        IdRule::Token(most) => format!("^[A-Za-z0-9_-]{{1,{most}}}$"),
        IdRule::Number(most) => {
            set(&mut schema, "minimum", json!(1));
            set(&mut schema, "maximum", json!(most));
            "^[1-9][0-9]*$".to_owned()
        }
        // What is neither, such as a range or a name; which digits are an address, no pattern says.
        IdRule::Ip => "^([0-9]{1,3}(\\.[0-9]{1,3}){3}|[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*)$".to_owned(),
    };
    shape(&mut schema, &pattern, &words);
    schema
}

/// Two ids of a kind that a rule takes.
pub(super) fn samples(kind: Kind, rule: IdRule) -> Vec<Value> {
    let named = match kind {
        Kind::Channel => ["live-42", "show-7"],
        Kind::Device => ["device-0042", "device-0043"],
        Kind::Ip => ["203.0.113.7", "2001:db8::7"],
        Kind::Stream => ["rtc01", "rtc02"],
        Kind::User => ["alice", "bob"],
    };
    let named = named.into_iter().map(|text| (text.to_owned(), json!(text)));
    let numbers = [589_517_928_u64, 1_820_211_234_043_371, 1_820_211];
    let numbers = numbers.into_iter().map(|number| (number.to_string(), json!(number)));
    let taken = named.chain(numbers).filter(|(text, _)| rule.parse(text).is_ok());
    taken.map(|(_, value)| value).take(2).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::{Provider, REGISTRY};

    #[test]
    fn every_kind_of_every_provider_has_two_samples() {
        for facts in REGISTRY.map(Provider::facts) {
            for capability in facts.capabilities {
                assert_eq!(
                    samples(capability.kind, capability.id).len(),
                    2,
                    "{} {}",
                    facts.name,
                    capability.kind
                );
            }
        }
    }
}
