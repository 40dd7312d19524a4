//! A query, decoded: parameters by name, and those that nobody documented.

use url::form_urlencoded;

/// The parameters of a query, in the order they were sent.
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    /// Decodes a query.
    pub(super) fn parse(query: &str) -> Self {
        Self(form_urlencoded::parse(query.as_bytes()).into_owned().collect())
    }

    /// The value of a parameter; `None` if it is missing or empty.
    pub(super) fn one(&self, name: &str) -> Option<&str> {
        let (_, value) = self.pairs().find(|(known, _)| *known == name)?;
        (!value.is_empty()).then_some(value)
    }

    /// Every value of a parameter.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.pairs().filter(move |(known, _)| *known == name).map(|(_, value)| value)
    }

    /// Every parameter with its value.
    pub(super) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// What is wrong with the names: not among `known`, or repeated although not an array.
    pub(super) fn oddities(&self, known: &[&str]) -> Vec<String> {
        let mut odd = Vec::new();
        for (position, (name, _)) in self.pairs().enumerate() {
            if !known.contains(&name) {
                odd.push(format!("the parameter `{}` is not documented", name.escape_debug()));
            } else if !name.ends_with("[]")
                && self.pairs().take(position).any(|(earlier, _)| earlier == name)
            {
                odd.push(format!("the parameter `{name}` is given twice"));
            }
        }
        odd
    }
}

#[cfg(test)]
mod tests {
    use super::Query;

    #[test]
    fn a_query_is_decoded_and_its_oddities_are_named() {
        let query = Query::parse("A=x%20y&B[]=1&B%5B%5D=2&A=z&C=&D");
        assert_eq!(query.one("A"), Some("x y"));
        assert_eq!(query.all("B[]").collect::<Vec<_>>(), ["1", "2"]);
        assert_eq!(query.one("C"), None);
        assert_eq!(
            query.oddities(&["A", "B[]", "C"]),
            ["the parameter `A` is given twice", "the parameter `D` is not documented"]
        );
    }
}
