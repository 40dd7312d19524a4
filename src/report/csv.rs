//! CSV that spreadsheets show as it is, and never run.

use std::fmt::{self, Write};

use super::escape::Terminal;

/// Writes a line of RFC 4180.
///
/// A cell that a spreadsheet would take for a formula gets an apostrophe before it, as OWASP
/// advises ("CSV Injection", checked November 2026); so does one that begins with an apostrophe, so
/// that the first one can always be taken away again. Each row is one line, whose cells people see
/// as [`Terminal`] shows them: a log takes no line of it for a command. JSON lines keep every text
/// as it is.
pub fn line(cells: &[impl AsRef<str>], out: &mut dyn Write) -> fmt::Result {
    for (position, cell) in cells.iter().enumerate() {
        if position > 0 {
            out.write_char(',')?;
        }
        write!(out, "{}", Cell(cell.as_ref()))?;
    }
    out.write_str("\r\n")
}

struct Cell<'a>(&'a str);

impl fmt::Display for Cell<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = Terminal(self.0).to_string();
        // The full-width forms count too: some spreadsheets fold them.
        let acts = text.starts_with(['=', '+', '-', '@', '\'', '＝', '＋', '－', '＠']);
        let shield = if acts { "'" } else { "" };
        if acts || text.contains([',', '"', ';']) {
            write!(f, "\"{shield}{}\"", text.replace('"', "\"\""))
        } else {
            f.write_str(&text)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula_and_none_ends_early() {
        for (cell, written) in [
            ("alice", "alice"),
            ("", ""),
            ("a,b", "\"a,b\""),
            ("say \"no\"", "\"say \"\"no\"\"\""),
            ("a\nb", r"a\u{a}b"),
            ("=1+1", "\"'=1+1\""),
            ("@SUM(A1)", "\"'@SUM(A1)\""),
            ("-1", "\"'-1\""),
            ("+1", "\"'+1\""),
            ("\t=1", r"\u{9}=1"),
            ("'=1", "\"''=1\""),
            ("＝1", "\"'＝1\""),
            ("a=1", "a=1"),
        ] {
            assert_eq!(Cell(cell).to_string(), written);
        }
        let mut text = String::new();
        line(&["a", "=b", ""], &mut text).unwrap();
        assert_eq!(text, "a,\"'=b\",\r\n");
    }
}
