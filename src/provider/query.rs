//! Queries: percent-encoded pairs, in the order they are pushed.

/// A query under construction, without `?`.
#[derive(Default)]
pub(super) struct Query(String);

impl Query {
    /// Adds a pair, both sides percent-encoded.
    pub(super) fn push(&mut self, name: &str, value: &str) {
        self.push_as_is(&encode(name), &encode(value));
    }

    /// Adds a pair that is fit for a query as it stands.
    pub(super) fn push_as_is(&mut self, name: &str, value: &str) {
        if !self.0.is_empty() {
            self.0.push('&');
        }
        self.0.push_str(name);
        self.0.push('=');
        self.0.push_str(value);
    }

    /// The finished query.
    pub(super) fn into_text(self) -> String {
        self.0
    }
}

/// Percent-encodes the UTF-8 of a text, once and strictly: all but the unreserved characters of
/// RFC 3986, with upper-case digits, as signatures over a query demand.
pub(super) fn encode(text: &str) -> String {
    const DIGITS: [char; 16] =
        ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F'];
    let digit = |nibble: u8| DIGITS.get(usize::from(nibble)).copied().unwrap_or_default();
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.extend(['%', digit(byte >> 4), digit(byte & 15)]);
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::{Query, encode};

    #[test]
    fn everything_but_the_unreserved_characters_is_encoded_once() {
        for (text, encoded) in [
            ("AZaz09-_.~", "AZaz09-_.~"),
            (" +*%/=&?#[]:'", "%20%2B%2A%25%2F%3D%26%3F%23%5B%5D%3A%27"),
            ("踢出", "%E8%B8%A2%E5%87%BA"),
            ("\u{7f}\0", "%7F%00"),
            ("%E8", "%25E8"),
        ] {
            assert_eq!(encode(text), encoded, "{text:?}");
        }
    }

    #[test]
    fn a_query_keeps_the_order_and_the_repeats_of_its_pairs() {
        let mut query = Query::default();
        assert_eq!(Query::default().into_text(), "");
        query.push("b[]", "1 2");
        query.push("a", "");
        query.push("b[]", "&");
        query.push_as_is("sig", "x*y");
        assert_eq!(query.into_text(), "b%5B%5D=1%202&a=&b%5B%5D=%26&sig=x*y");
    }
}
