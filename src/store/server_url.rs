//! The URL of a state on a server, and the password that goes with it, which nothing shows.

use std::fmt;
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret as _, SecretString};

use super::StateError;

/// Where a server's state is, as `postgresql://USER@HOST:PORT/DATABASE`.
#[derive(Clone)]
pub struct ServerUrl {
    /// The URL without its password.
    shown: String,
    password: Option<SecretString>,
    /// The file of passwords, as every client of such servers reads it.
    passfile: Option<PathBuf>,
}

/// How such a URL begins.
const SCHEMES: [&str; 2] = ["postgresql://", "postgres://"];

impl ServerUrl {
    /// Whether a text means such a URL, right or wrong.
    pub fn is_meant_by(text: &str) -> bool {
        SCHEMES.iter().any(|scheme| text.starts_with(scheme))
    }

    /// Reads a URL; the password is taken out of it, or, where it has none, from `PGPASSWORD`.
    pub fn parse(
        text: &str,
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, StateError> {
        let scheme = SCHEMES.iter().find(|scheme| text.starts_with(**scheme));
        let (Some(rest), false) =
            (scheme.and_then(|scheme| text.strip_prefix(*scheme)), text.contains(char::is_control))
        else {
            return Err(StateError::NotAUrl("it is not `postgresql://…`".to_owned()));
        };
        let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        let (user, host) =
            authority.rsplit_once('@').map_or((None, authority), |(user, host)| (Some(user), host));
        let (user, own) = match user
            .map(|user| user.split_once(':').map_or((user, None), |(user, it)| (user, Some(it))))
        {
            None => (None, None),
            Some((user, password)) => (Some(user), password),
        };
        let at = user.map(|user| format!("{user}@")).unwrap_or_default();
        let (path, asked) = password_of(path);
        let own = own.map(percent_decoded).or(asked);
        let password = own.or_else(|| variable("PGPASSWORD"));
        Ok(Self {
            shown: format!("postgresql://{at}{host}{path}"),
            password: password.map(SecretString::from),
            passfile: variable("PGPASSFILE")
                .map(PathBuf::from)
                .or_else(|| variable("HOME").map(|home| Path::new(&home).join(".pgpass"))),
        })
    }

    /// The URL without its password.
    pub(super) fn shown(&self) -> &str {
        &self.shown
    }

    /// The file of passwords.
    pub(super) fn passfile(&self) -> Option<&Path> {
        self.passfile.as_deref()
    }

    /// The password, if there is one.
    pub(super) fn password(&self) -> Option<&str> {
        self.password.as_ref().map(SecretString::expose_secret)
    }
}

/// The password that a file of passwords has for a connection: lines of
/// `host:port:database:user:password`, where `*` is any, and `\\` escapes.
pub(super) fn password_in(file: &str, wanted: [&str; 4]) -> Option<String> {
    let fields_of = |line: &str| {
        let (mut fields, mut escaped) = (vec![String::new()], false);
        for char in line.chars() {
            match (char, escaped) {
                ('\\', false) => escaped = true,
                // The password is what is left.
                (':', false) if fields.len() <= wanted.len() => fields.push(String::new()),
                (char, _) => {
                    escaped = false;
                    if let Some(field) = fields.last_mut() {
                        field.push(char);
                    }
                }
            }
        }
        fields
    };
    let lines = file.lines().filter(|line| !line.starts_with('#')).map(fields_of);
    let mut lines = lines.filter(|fields| fields.len() == wanted.len() + 1);
    let found = lines.find(|fields| {
        fields.iter().zip(wanted).all(|(field, wanted)| field == "*" || field == wanted)
    });
    found?.pop()
}

/// Takes a `password=…` out of the query of a path.
fn password_of(path: &str) -> (String, Option<String>) {
    let Some((path, query)) = path.split_once('?') else { return (path.to_owned(), None) };
    let (mut kept, mut password) = (Vec::new(), None);
    for pair in query.split('&') {
        match pair.strip_prefix("password=") {
            Some(text) => password = Some(percent_decoded(text)),
            None => kept.push(pair),
        }
    }
    let query = if kept.is_empty() { String::new() } else { format!("?{}", kept.join("&")) };
    (format!("{path}{query}"), password)
}

/// The text that `%XX` stand for.
fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let mut ahead = rest.clone();
        let pair = (byte == b'%').then(|| (ahead.next(), ahead.next()));
        let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
        let value = pair.and_then(|(high, low)| u8::try_from(digit(high)? * 16 + digit(low)?).ok());
        match value {
            Some(value) => {
                bytes.push(value);
                rest = ahead;
            }
            None => bytes.push(byte),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Where, not with which password.
impl PartialEq for ServerUrl {
    fn eq(&self, other: &Self) -> bool {
        self.shown == other.shown
    }
}

impl Eq for ServerUrl {}

impl fmt::Display for ServerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl fmt::Debug for ServerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_password_is_taken_out_of_the_url_and_never_shown() {
        for (text, shown, password) in [
            ("postgresql://ann:s%40c@h/db", "postgresql://ann@h/db", Some("s@c")),
            ("postgres://ann@h:5/db?a=b", "postgresql://ann@h:5/db?a=b", Some("env")),
            ("postgresql:///db?host=/s&password=x%zz", "postgresql:///db?host=/s", Some("x%zz")),
            ("postgresql://a:b@c@h,i/db", "postgresql://a@h,i/db", Some("b@c")),
        ] {
            let url = ServerUrl::parse(text, &|_| Some("env".to_owned())).unwrap();
            assert_eq!((url.to_string().as_str(), url.password()), (shown, password), "{text}");
            assert_eq!(format!("{url:?}"), shown);
        }
        assert!(ServerUrl::parse("mysql://h", &|_| None).is_err());
        assert!(ServerUrl::parse("postgresql://h\n", &|_| None).is_err());
    }

    #[test]
    fn a_password_file_is_read_as_others_read_it() {
        let file = "# h:1:d:u:no\nh:1:d:u:a:b\\:c\\\\\n*:*:*:v:any\nshort:1\n";
        assert_eq!(password_in(file, ["h", "1", "d", "u"]).as_deref(), Some("a:b:c\\"));
        assert_eq!(password_in(file, ["i", "2", "e", "v"]).as_deref(), Some("any"));
        assert_eq!(password_in(file, ["i", "2", "e", "w"]), None);
    }
}
