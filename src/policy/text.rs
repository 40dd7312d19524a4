//! Bytes of a file as text: UTF-8, with or without a byte order mark.

use std::sync::Arc;

use super::diagnostic::{Diagnostic, Place};
use super::problem::SourceFile;

/// Takes the bytes of a file as text.
pub(super) fn decode(
    name: &str,
    bytes: Vec<u8>,
    quotable: bool,
) -> Result<SourceFile, Box<Diagnostic>> {
    let name: Arc<str> = name.into();
    match String::from_utf8(bytes) {
        Ok(mut text) => {
            if text.starts_with('\u{feff}') {
                text.remove(0);
            }
            Ok(SourceFile { name, text, quotable })
        }
        Err(error) => {
            let good = error.utf8_error().valid_up_to();
            let good = error.as_bytes().get(..good).unwrap_or_default();
            Err(not_utf8(name, &String::from_utf8_lossy(good)).into())
        }
    }
}

fn not_utf8(file: Arc<str>, good: &str) -> Diagnostic {
    let good = good.strip_prefix('\u{feff}').unwrap_or(good);
    let line = good.bytes().filter(|byte| *byte == b'\n').count() + 1;
    let last = good.rsplit('\n').next().unwrap_or_default();
    let number = |size: usize| u32::try_from(size).unwrap_or(u32::MAX);
    let place = Place { file, line: number(line), column: number(last.chars().count() + 1) };
    Diagnostic { place: Some(place), ..Diagnostic::bare("not-utf8", "the text stops being UTF-8") }
        .with_help("save the file as UTF-8")
}
