//! Writes keys and values in the one layout: two spaces a level, comments where they were.

use super::tree::{Comment, Item, Lead, Pair, Syntax, Written};

/// How much further each level is indented.
const STEP: usize = 2;

/// Writes a text whose top is this.
pub(super) fn write(value: &Syntax<'_>) -> String {
    let mut writer = Writer { text: String::new() };
    if let Syntax::Mapping { pairs, tail } = value {
        writer.mapping(pairs, tail, 0);
    }
    let end = writer.text.trim_end().len();
    writer.text.truncate(end);
    writer.text.push('\n');
    writer.text
}

/// An item as it is written, without what stands above it.
pub(super) fn item_text(item: &Item<'_>) -> String {
    let mut writer = Writer { text: "-".to_owned() };
    writer.node(&item.node, item.column, 0);
    writer.text
}

struct Writer {
    text: String,
}

impl Writer {
    fn indent(&mut self, indent: usize) {
        self.text.extend(std::iter::repeat_n(' ', indent));
    }

    fn lines(&mut self, lines: &Lead<'_>, indent: usize) {
        for line in lines {
            if !line.is_empty() {
                self.indent(indent);
                self.text.push_str(line);
            }
            self.text.push('\n');
        }
    }

    /// Writes the keys of a mapping; before the first one the line is indented already if it stands
    /// behind a dash.
    fn mapping(&mut self, pairs: &[Pair<'_>], tail: &Lead<'_>, indent: usize) {
        for pair in pairs {
            let is_behind_dash = self.text.ends_with("- ");
            if !is_behind_dash {
                self.lines(&pair.lead, indent);
                self.indent(indent);
            }
            self.text.push_str(pair.key);
            self.text.push(':');
            self.node(&pair.node, pair.column, indent);
        }
        self.lines(tail, indent);
    }

    fn sequence(&mut self, items: &[Item<'_>], tail: &Lead<'_>, indent: usize) {
        for item in items {
            self.lines(&item.lead, indent);
            self.indent(indent);
            self.text.push('-');
            self.node(&item.node, item.column, indent);
        }
        self.lines(tail, indent);
    }

    /// Writes what stands behind a colon or dash that was in this column and now is indented so.
    fn node(&mut self, node: &Written<'_>, column: usize, indent: usize) {
        if !node.anchor.is_empty() {
            self.text.push(' ');
            self.text.push_str(node.anchor);
        }
        match &node.value {
            Syntax::Text(text) => {
                if !text.is_empty() {
                    self.text.push(' ');
                    self.put(text, column, indent);
                }
                self.comment(node.comment, column, indent);
            }
            Syntax::Mapping { pairs, tail } if self.text.ends_with('-') => {
                self.text.push(' ');
                self.mapping(pairs, tail, indent + STEP);
            }
            Syntax::Mapping { pairs, tail } => {
                self.comment(node.comment, column, indent);
                self.mapping(pairs, tail, indent + STEP);
            }
            Syntax::Sequence { items, tail } => {
                self.comment(node.comment, column, indent);
                self.sequence(items, tail, indent + STEP);
            }
        }
    }

    /// Writes a text of perhaps several lines, all but the first of them as far from where it begins
    /// as they were.
    fn put(&mut self, text: &str, column: usize, indent: usize) {
        for (index, line) in text.split('\n').enumerate() {
            let line = line.trim_end_matches('\r');
            if index == 0 {
                self.text.push_str(line);
                continue;
            }
            self.text.push('\n');
            let bare = line.trim_start_matches(' ');
            if !bare.is_empty() {
                self.indent((line.len() - bare.len() + indent).saturating_sub(column));
                self.text.push_str(bare);
            }
        }
    }

    /// Ends a line, with its comment: where it was if it can, so that those below each other stay so.
    fn comment(&mut self, comment: Option<Comment<'_>>, column: usize, indent: usize) {
        if let Some(comment) = comment {
            let line = self.text.rsplit('\n').next().unwrap_or_default();
            let width = line.chars().count();
            let before = (comment.column + indent).saturating_sub(column);
            let gap = if comment.gap == 1 { 1 } else { before.saturating_sub(width).max(1) };
            self.indent(gap);
            self.text.push_str(comment.text);
        }
        self.text.push('\n');
    }
}
