//! Lists from elsewhere, row by row: CSV, or one JSON object a line.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

/// How a list is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Shape {
    /// CSV whose first line names the columns.
    Csv,
    /// CSV without such a line: the columns are called `1`, `2` and so on.
    BareCsv,
    /// One JSON object a line; `a.b` is the key `b` of the object at `a`.
    JsonLines,
}

impl Shape {
    /// The shape that the name of a file tells.
    pub(super) fn of(path: &Path, no_header: bool) -> Option<Self> {
        let extension = path.extension()?.to_str()?;
        match extension.to_ascii_lowercase().as_str() {
            "csv" if no_header => Some(Self::BareCsv),
            "csv" => Some(Self::Csv),
            "jsonl" | "ndjson" if !no_header => Some(Self::JsonLines),
            _ => None,
        }
    }
}

/// One row of a list.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Row {
    /// The line it begins on.
    pub(super) line: u32,
    /// What is wrong with the row as a whole.
    pub(super) broken: Option<String>,
    cells: BTreeMap<String, Cell>,
}

/// One value of a row.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Cell {
    /// What it holds, without blanks around it; `Err` for what is no text.
    pub(super) text: Result<String, &'static str>,
    /// Where it stands.
    pub(super) at: (u32, u32),
}

impl Row {
    /// The cell in a column; `None` for an empty one.
    pub(super) fn cell(&self, column: &str) -> Option<&Cell> {
        self.cells.get(column).filter(|cell| cell.text.as_deref() != Ok(""))
    }

    /// The cell in a column, also an empty one.
    pub(super) fn any_cell(&self, column: &str) -> Option<&Cell> {
        self.cells.get(column)
    }

    fn broken(line: u32, what: impl Into<String>) -> Self {
        Self { line, broken: Some(what.into()), cells: BTreeMap::new() }
    }
}

/// A list.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Table {
    /// The columns; `None` where each row has its own.
    pub(super) columns: Option<Vec<String>>,
    /// The rows.
    pub(super) rows: Vec<Row>,
}

/// Reads a list, of which only these columns are wanted.
pub(super) fn read(text: &str, shape: Shape, wanted: &[&str]) -> Table {
    match shape {
        Shape::JsonLines => Table { columns: None, rows: json_rows(text, wanted) },
        Shape::Csv | Shape::BareCsv => csv_rows(text, shape == Shape::BareCsv, wanted),
    }
}

fn csv_rows(text: &str, is_bare: bool, wanted: &[&str]) -> Table {
    let mut reader =
        csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
    let mut columns: Option<Vec<String>> = None;
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                let line = error.position().map_or(0, |it| clamp(it.line()));
                rows.push(Row::broken(line, error.to_string()));
                continue;
            }
        };
        let (raw, line) = beginning(text, record.position());
        let Some(columns) = &columns else {
            let names = record.iter().enumerate();
            let name = |(index, name): (usize, &str)| {
                if is_bare { (index + 1).to_string() } else { name.trim().to_owned() }
            };
            let names: Vec<String> = names.map(name).collect();
            if is_bare {
                rows.push(csv_row((raw, line), &record, (&names, wanted)));
            }
            columns = Some(names);
            continue;
        };
        if record.len() == columns.len() {
            rows.push(csv_row((raw, line), &record, (columns, wanted)));
        } else {
            let (found, known) = (record.len(), columns.len());
            rows.push(Row::broken(line, format!("the row has {found} columns, the first {known}")));
        }
    }
    Table { columns: Some(columns.unwrap_or_default()), rows }
}

fn csv_row(
    (raw, line): (&str, u32),
    record: &csv::StringRecord,
    (columns, wanted): (&[String], &[&str]),
) -> Row {
    let places = places(raw, record.len());
    let mut cells = BTreeMap::new();
    for ((name, value), (below, column)) in columns.iter().zip(record).zip(places) {
        if wanted.contains(&name.as_str()) {
            let cell = Cell {
                text: Ok(value.trim().to_owned()),
                at: (line.saturating_add(below), column),
            };
            cells.insert(name.clone(), cell);
        }
    }
    Row { line, broken: None, cells }
}

/// The text from where a record begins, and the line that is on.
fn beginning<'t>(text: &'t str, position: Option<&csv::Position>) -> (&'t str, u32) {
    let offset = position.and_then(|it| usize::try_from(it.byte()).ok()).unwrap_or(0);
    let tail = text.get(offset..).unwrap_or_default();
    // Half of the line's end before it may still stand there.
    let raw = tail.trim_start_matches(['\r', '\n']);
    let ends = tail.chars().zip(raw.len()..tail.len()).filter(|(char, _)| *char == '\n').count();
    let line = position.map_or(0, csv::Position::line).saturating_add(ends as u64);
    (raw, clamp(line))
}

/// Where each value of a record begins: how many lines below its start, and in which column.
fn places(raw: &str, count: usize) -> Vec<(u32, u32)> {
    let mut places = vec![(0, 1)];
    let (mut below, mut column, mut quoted) = (0_u32, 1_u32, false);
    for char in raw.chars() {
        if places.len() == count {
            break;
        }
        column = column.saturating_add(1);
        match char {
            '"' => quoted = !quoted,
            '\n' => (below, column) = (below.saturating_add(1), 1),
            ',' if !quoted => places.push((below, column)),
            _ => {}
        }
    }
    places
}

fn json_rows(text: &str, wanted: &[&str]) -> Vec<Row> {
    let lines = (1..).zip(text.lines());
    let rows = lines.filter(|(_, text)| !text.trim().is_empty());
    rows.map(|(line, text)| json_row(line, text, wanted)).collect()
}

fn json_row(line: u32, text: &str, wanted: &[&str]) -> Row {
    let object: Value = match serde_json::from_str(text) {
        Ok(object @ Value::Object(_)) => object,
        Ok(Value::Array(_)) => {
            return Row::broken(line, "a row is one JSON object: take the list apart first");
        }
        Ok(_) => return Row::broken(line, "a row is one JSON object"),
        Err(error) => return Row::broken(line, format!("not JSON: {error}")),
    };
    let mut cells = BTreeMap::new();
    for name in wanted {
        let value = object
            .get(*name)
            .or_else(|| name.split('.').try_fold(&object, |value, key| value.get(key)));
        let text_of = match value {
            None | Some(Value::Null) => continue,
            Some(Value::String(text)) => Ok(text.trim().to_owned()),
            Some(Value::Bool(value)) => Ok(value.to_string()),
            Some(Value::Number(number)) if number.is_f64() => {
                Err("is a number with a fraction: quote it in the list")
            }
            Some(Value::Number(number)) => Ok(number.to_string()),
            Some(Value::Array(_)) => Err("is a list"),
            Some(Value::Object(_)) => Err("is an object"),
        };
        // Where its key stands: good enough to find it.
        let key = format!("\"{}\"", name.rsplit('.').next().unwrap_or(name));
        let before = text.split_once(key.as_str()).map_or(0, |(before, _)| before.chars().count());
        let column = u32::try_from(before).unwrap_or(u32::MAX).saturating_add(1);
        cells.insert((*name).to_owned(), Cell { text: text_of, at: (line, column) });
    }
    Row { line, broken: None, cells }
}

fn clamp(line: u64) -> u32 {
    u32::try_from(line).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(row: &Row, column: &str) -> Option<(String, (u32, u32))> {
        row.cell(column).map(|cell| (cell.text.clone().unwrap(), cell.at))
    }

    #[test]
    fn a_csv_is_read_with_its_quotes_and_every_value_has_its_place() {
        let text =
            "#domain,why,end\na.example,\"spam, \"\"and\nmore\"\"\", 2027\n\n\nb.example,,x\n";
        let table = read(text, Shape::Csv, &["#domain", "why", "end"]);
        assert_eq!(table.columns.unwrap(), ["#domain", "why", "end"]);
        let [first, second] = &table.rows[..] else { panic!("{:?}", table.rows) };
        assert_eq!(cell(first, "#domain"), Some(("a.example".into(), (2, 1))));
        assert_eq!(cell(first, "why"), Some(("spam, \"and\nmore\"".into(), (2, 11))));
        assert_eq!(cell(first, "end"), Some(("2027".into(), (3, 9))));
        assert_eq!(cell(second, "why"), None);
        assert_eq!(cell(second, "end"), Some(("x".into(), (6, 12))));
    }

    #[test]
    fn a_row_with_too_few_columns_is_broken_and_the_others_are_read() {
        let table = read("a,b\n1\n2,3\r\n4,5,6\n", Shape::Csv, &["b"]);
        let broken: Vec<_> =
            table.rows.iter().map(|row| (row.line, row.broken.is_some())).collect();
        assert_eq!(broken, [(2, true), (3, false), (4, true)]);
    }

    #[test]
    fn columns_without_names_are_counted() {
        let table = read("x@example.social\ny@example.social\n", Shape::BareCsv, &["1"]);
        assert_eq!(table.rows.len(), 2);
        assert_eq!(cell(&table.rows[0], "1"), Some(("x@example.social".into(), (1, 1))));
    }

    #[test]
    fn a_json_line_gives_texts_numbers_and_keys_of_objects() {
        let text = "{\"id\": 18446744073709551615, \"a\": {\"b\": \"c\"}, \"n\": null, \"f\": 1.5}\n\n\
                    [1]\n{\n";
        let table = read(text, Shape::JsonLines, &["id", "a.b", "n", "f", "a"]);
        let [first, second, third] = &table.rows[..] else { panic!("{:?}", table.rows) };
        assert_eq!(cell(first, "id"), Some(("18446744073709551615".into(), (1, 2))));
        assert_eq!(cell(first, "a.b"), Some(("c".into(), (1, 36))));
        assert_eq!(cell(first, "n"), None);
        assert!(first.cell("f").unwrap().text.is_err() && first.cell("a").unwrap().text.is_err());
        assert_eq!((second.line, third.line), (3, 4));
        assert!(second.broken.is_some() && third.broken.is_some());
    }

    #[test]
    fn the_name_of_a_file_tells_its_shape() {
        for (name, no_header, shape) in [
            ("a.csv", false, Some(Shape::Csv)),
            ("a.CSV", true, Some(Shape::BareCsv)),
            ("a.jsonl", false, Some(Shape::JsonLines)),
            ("a.jsonl", true, None),
            ("a.json", false, None),
            ("a", false, None),
        ] {
            assert_eq!(Shape::of(Path::new(name), no_header), shape, "{name}");
        }
    }
}
