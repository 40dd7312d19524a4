//! Where the files of the workspace can be read.

use std::fmt::Write as _;

use crate::domain::Source;
use crate::report::escape::Markdown;
use crate::report::escape::clipped;

/// Where the files of the workspace can be read: nowhere, or below a URL.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Links {
    base: Option<String>,
}

/// How much of a file's name is shown.
const LONGEST_NAME: usize = 120;

impl Links {
    /// Links below `base`, an `http` or `https` URL, in the folder `directory` of the repository.
    pub fn below(base: &str, directory: &str) -> Option<Self> {
        let url = url::Url::parse(base).ok()?;
        let is_web = matches!(url.scheme(), "https" | "http") && url.host().is_some();
        let is_bare = url.username().is_empty() && url.password().is_none();
        if !is_web || !is_bare || url.query().is_some() || url.fragment().is_some() {
            return None;
        }
        let mut base = url.as_str().trim_end_matches('/').to_owned();
        let path = encoded_path(directory);
        if !path.is_empty() {
            base.push('/');
            base += &path;
        }
        Some(Self { base: Some(base) })
    }

    /// Where a file can be read; its line goes behind, as in `#L3`.
    pub(super) fn file(&self, file: &str) -> Option<String> {
        let base = self.base.as_ref()?;
        Some(format!("{base}/{}", encoded_path(file)))
    }

    /// A place within Markdown: a link to its line, or its name.
    pub(super) fn to(&self, source: &Source) -> String {
        let Source { file, line, column: _ } = source;
        let name = clipped(file, LONGEST_NAME);
        let name = format!("{}:{line}", Markdown(&name));
        match self.file(file) {
            None => name,
            Some(url) => {
                let url = url.replace('&', "&amp;").replace('\'', "&#39;").replace('@', "&#64;");
                format!("<a href=\"{url}#L{line}\">{name}</a>")
            }
        }
    }
}

/// A path whose parts are percent-encoded, without those that lead nowhere.
pub fn encoded_path(path: &str) -> String {
    let parts = path.split('/').filter(|part| !matches!(*part, "" | "."));
    parts.map(encoded).collect::<Vec<_>>().join("/")
}

/// A part of a path with all but letters, digits and `-._~` percent-encoded.
fn encoded(part: &str) -> String {
    let mut text = String::with_capacity(part.len());
    for byte in part.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _: std::fmt::Result = write!(text, "%{byte:02X}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(file: &str) -> Source {
        Source { file: file.into(), line: 3, column: 1 }
    }

    #[test]
    fn a_place_is_linked_to_its_line() {
        let links = Links::below("https://example.com/o/r/blob/abc/", "./policies").unwrap();
        let url = "https://example.com/o/r/blob/abc/policies/bans/a%20b.yaml#L3";
        assert_eq!(
            links.to(&source("bans/a b.yaml")),
            format!("<a href=\"{url}\">bans/a b.yaml:3</a>")
        );
        assert_eq!(Links::default().to(&source("a.yaml")), "a.yaml:3");
    }

    #[test]
    fn no_name_of_a_file_leaves_its_link() {
        let links = Links::below("https://example.com", "").unwrap();
        let link = links.to(&source("\"><script>@x/../y"));
        assert_eq!(link.matches(['<', '>']).count(), 4, "{link}");
        assert!(!link.contains('@') && !link.contains("\">&#62;<script"), "{link}");
    }

    #[test]
    fn only_the_web_is_linked_to() {
        for base in ["javascript:alert(1)", "example.com", "https://u:p@e.com", "https://e.com?x"] {
            assert_eq!(Links::below(base, ""), None, "{base}");
        }
    }
}
