//! What a provider takes as an id.

use std::net::IpAddr;

use crate::domain::Id;

/// The rule for one kind of id.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum IdRule {
    /// 1 to this many bytes of printable ASCII.
    PrintableAscii(usize),
    /// 1 to this many bytes of UTF-8 without control characters.
    Text(usize),
    /// 1 to this many of `A-Z a-z 0-9 _ -`.
    Token(usize),
    /// A decimal number from 1 to this, without leading zeros.
    Number(u64),
    /// An IPv4 or IPv6 address.
    Ip,
}

impl IdRule {
    /// Reads an id by this rule, in its canonical spelling; the error says what is wrong.
    pub fn parse(self, text: &str) -> Result<Id, String> {
        match self {
            Self::PrintableAscii(max) => {
                check_length(text, max)?;
                let odd = text.chars().find(|char| !matches!(char, ' '..='~'));
                odd.map_or_else(|| Ok(Id::new(text)), |_| Err("must be printable ASCII".into()))
            }
            Self::Text(max) => {
                check_length(text, max)?;
                let odd = text.chars().any(char::is_control);
                if odd { Err("must have no control characters".into()) } else { Ok(Id::new(text)) }
            }
            Self::Token(max) => {
                check_length(text, max)?;
                let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
                if text.bytes().all(legal) {
                    Ok(Id::new(text))
                } else {
                    Err("may hold only letters, digits, `_` and `-`".into())
                }
            }
            Self::Number(max) => number(text, max),
            Self::Ip => text
                .parse::<IpAddr>()
                .map(|address| Id::new(address.to_string()))
                .map_err(|_not_an_address| "must be an IPv4 or IPv6 address".into()),
        }
    }

    /// The rule in words, for help lines and the reference's table.
    pub fn words(self) -> String {
        match self {
            Self::PrintableAscii(max) => format!("1 to {max} bytes of printable ASCII"),
            Self::Text(max) => format!("1 to {max} bytes without control characters"),
            Self::Token(max) => format!("1 to {max} of `A-Z a-z 0-9 _ -`"),
            Self::Number(max) => format!("a whole number from 1 to {max}"),
            Self::Ip => "an IPv4 or IPv6 address".to_owned(),
        }
    }
}

fn check_length(text: &str, max: usize) -> Result<(), String> {
    match text.len() {
        0 => Err("must not be empty".into()),
        length if length > max => Err(format!("is {length} bytes long, at most {max} are taken")),
        _ => Ok(()),
    }
}

fn number(text: &str, max: u64) -> Result<Id, String> {
    let canonical = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    match text.parse::<u64>() {
        Ok(value) if canonical && value <= max => Ok(Id::new(text)),
        _ => Err(format!("must be a whole number from 1 to {max}")),
    }
}

#[cfg(test)]
mod tests {
    use super::IdRule;

    #[test]
    fn limits_count_bytes_not_characters() {
        assert!(IdRule::Text(6).parse("日本").is_ok());
        assert_eq!(
            IdRule::Text(6).parse("日本語"),
            Err("is 9 bytes long, at most 6 are taken".into())
        );
    }

    #[test]
    fn a_number_is_exact_up_to_its_limit() {
        let rule = IdRule::Number(i64::MAX.unsigned_abs());
        assert!(rule.parse("9223372036854775807").is_ok());
        for bad in
            ["9223372036854775808", "0", "01", "+1", "-1", "1.0", "1e5", "", "99999999999999999999"]
        {
            assert!(rule.parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_ip_has_one_spelling() {
        assert_eq!(IdRule::Ip.parse("2001:DB8:0::1").unwrap().as_str(), "2001:db8::1");
        assert!(IdRule::Ip.parse("203.0.113.07").is_err());
        assert!(IdRule::Ip.parse("203.0.113.0/24").is_err());
    }

    #[test]
    fn each_alphabet_refuses_what_it_cannot_hold() {
        assert!(IdRule::PrintableAscii(48).parse("live 42~").is_ok());
        assert!(IdRule::PrintableAscii(48).parse("é").is_err());
        assert!(IdRule::Text(63).parse("a\tb").is_err());
        assert!(IdRule::Token(256).parse("rtc_01-a").is_ok());
        assert!(IdRule::Token(256).parse("rtc.01").is_err());
    }
}
