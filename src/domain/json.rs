//! JSON in which every character shows: what acts on a terminal or hides is escaped.

use std::io;

use serde::Serialize;
use serde_json::Serializer;
use serde_json::ser::{CompactFormatter, Formatter, PrettyFormatter};

use super::acts_or_hides;

/// Writes a value over several lines.
pub fn to_writer_pretty(out: impl io::Write, value: &impl Serialize) -> serde_json::Result<()> {
    let formatter = Plain(PrettyFormatter::new());
    value.serialize(&mut Serializer::with_formatter(out, formatter))
}

/// Writes a value in one line.
pub fn to_writer(out: impl io::Write, value: &impl Serialize) -> serde_json::Result<()> {
    value.serialize(&mut Serializer::with_formatter(out, Plain(CompactFormatter)))
}

/// A formatter whose texts hold no character that acts or hides.
struct Plain<F>(F);

impl<F: Formatter> Formatter for Plain<F> {
    fn write_string_fragment<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let mut rest = fragment;
        while let Some((at, character)) = rest.char_indices().find(|(_, it)| acts_or_hides(*it)) {
            let (plain, acting) = rest.split_at(at);
            self.0.write_string_fragment(writer, plain)?;
            for unit in character.encode_utf16(&mut [0; 2]) {
                write!(writer, "\\u{unit:04x}")?;
            }
            rest = acting.get(character.len_utf8()..).unwrap_or_default();
        }
        self.0.write_string_fragment(writer, rest)
    }

    fn begin_array<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_array(writer)
    }

    fn end_array<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_array(writer)
    }

    fn begin_array_value<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        self.0.begin_array_value(writer, first)
    }

    fn end_array_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_array_value(writer)
    }

    fn begin_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object(writer)
    }

    fn end_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object(writer)
    }

    fn begin_object_key<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        self.0.begin_object_key(writer, first)
    }

    fn end_object_key<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object_key(writer)
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object_value(writer)
    }

    fn end_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object_value(writer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_acts_is_escaped_and_reads_back_as_it_was() {
        let every: String = (0..0x11_0000).filter_map(char::from_u32).collect();
        for written in [pretty(&every), compact(&every)] {
            assert!(!written.chars().any(|it| acts_or_hides(it) && it != '\n'));
            assert_eq!(serde_json::from_str::<String>(&written).unwrap(), every);
        }
        assert_eq!(compact("a\u{202e}b\u{9b}\u{e0041}"), r#""a\u202eb\u009b\udb40\udc41""#);
    }

    #[test]
    fn what_shows_is_written_as_ever() {
        let value = serde_json::json!({ "a": [1, "käse", [], {}], "b": { "c": null } });
        assert_eq!(pretty(&value), serde_json::to_string_pretty(&value).unwrap());
        assert_eq!(compact(&value), value.to_string());
    }

    fn pretty(value: &(impl Serialize + ?Sized)) -> String {
        let mut out = Vec::new();
        to_writer_pretty(&mut out, &value).unwrap();
        String::from_utf8(out).unwrap()
    }

    fn compact(value: &(impl Serialize + ?Sized)) -> String {
        let mut out = Vec::new();
        to_writer(&mut out, &value).unwrap();
        String::from_utf8(out).unwrap()
    }
}
