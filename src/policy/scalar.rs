//! Reads single values: text, a number, a yes or no, a span of time.

use std::fmt;

use jiff::SignedDuration;

use super::plain::{Plain, classify, is_canonical, quoted};
use super::problem::{Problem, Reporter, quote};
use super::yaml::{Node, Value};
use crate::domain::span;

/// The text of a value whose meaning must not depend on quotes: an id, a reason, a name.
pub(super) fn read_text<'n>(
    node: &'n Node<'_>,
    what: impl fmt::Display,
    reporter: &mut Reporter<'_>,
) -> Option<&'n str> {
    let Value::Scalar { text, plain } = &node.value else {
        return wrong(node, what, "text", reporter);
    };
    let taken_for = match if *plain { classify(text) } else { Plain::Text } {
        Plain::Text | Plain::Integer => return Some(text),
        Plain::Null => "null",
        Plain::Bool => "a yes or no",
        Plain::Number => "a number",
        Plain::Time => "a date or time",
    };
    let problem = if text.is_empty() {
        Problem::new("no-value", node.at, format!("{what} has no value"))
    } else {
        let message =
            format!("{what} must be text, but YAML readers take {} for {taken_for}", quote(text));
        Problem::new("quote-it", node.at, message).help(format!("quote it: `{}`", quoted(text)))
    };
    reporter.push(problem);
    None
}

/// `true` or `false`.
pub(super) fn read_bool(
    node: &Node<'_>,
    what: impl fmt::Display,
    reporter: &mut Reporter<'_>,
) -> Option<bool> {
    match &node.value {
        Value::Scalar { text, plain: true } if text == "true" => Some(true),
        Value::Scalar { text, plain: true } if text == "false" => Some(false),
        _ => wrong(node, what, "`true` or `false`", reporter),
    }
}

/// A whole number within limits.
pub(super) fn read_number(
    node: &Node<'_>,
    what: impl fmt::Display,
    limits: (u64, u64),
    reporter: &mut Reporter<'_>,
) -> Option<u64> {
    let (least, most) = limits;
    match &node.value {
        Value::Scalar { text, plain: true } if is_canonical(text) => {
            let number = text.parse::<u64>().ok().filter(|number| (least..=most).contains(number));
            if number.is_none() {
                let message = format!("{what} must be from {least} to {most}");
                reporter.push(Problem::new("out-of-range", node.at, message));
            }
            number
        }
        _ => wrong(node, what, "a whole number", reporter),
    }
}

/// A span of time such as `15m` or `1h30m`.
pub(super) fn read_span(
    node: &Node<'_>,
    what: impl fmt::Display,
    reporter: &mut Reporter<'_>,
) -> Option<SignedDuration> {
    let Value::Scalar { text, .. } = &node.value else {
        return wrong(node, what, "a span of time such as `15m`", reporter);
    };
    let span = span::lasting(text);
    if span.is_none() {
        let message = format!("{what} must be a span of time, not {}", quote(text));
        reporter.push(
            Problem::new("bad-duration", node.at, message)
                .help("write whole numbers with `d`, `h`, `m` or `s`, such as `15m` or `1h30m`"),
        );
    }
    span
}

/// Reports a value of the wrong shape, unless that was done already.
pub(super) fn wrong<T>(
    node: &Node<'_>,
    what: impl fmt::Display,
    wanted: &str,
    reporter: &mut Reporter<'_>,
) -> Option<T> {
    if !matches!(node.value, Value::Broken) {
        let message = match &node.value {
            Value::Scalar { text, plain: true } if text.is_empty() => {
                reporter.push(
                    Problem::new("no-value", node.at, format!("{what} has no value"))
                        .help(format!("it must be {wanted}")),
                );
                return None;
            }
            Value::Scalar { text, .. } if !text.is_empty() => {
                format!("{what} must be {wanted}, not {}", quote(text))
            }
            Value::Scalar { .. } | Value::Sequence(_) | Value::Mapping(_) | Value::Broken => {
                format!("{what} must be {wanted}, not {}", node.describe())
            }
        };
        reporter.push(Problem::new("wrong-shape", node.at, message));
    }
    None
}
